//! The arguments and replies of one operation's handler, as its types describe them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The path of the schemas in the document.
const SCHEMAS: &str = "/components/schemas";
/// The end of a schema's name that would occur twice. schemars uses the same for namesakes.
const AMBIGUOUS: &str = "2";

/// Collects the parts of an operation, and the schemas that they refer to.
pub struct Parts {
    taken: SchemaGenerator,
    replied: SchemaGenerator,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) replies: Map<String, Value>,
    pub(super) failures: BTreeMap<u16, Vec<&'static str>>,
}

impl Parts {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Self {
            taken: settings.clone().for_deserialize().into_generator(),
            replied: settings.for_serialize().into_generator(),
            parameters: Vec::new(),
            body: None,
            replies: Map::new(),
            failures: BTreeMap::new(),
        }
    }

    /// Clears the parts for the next operation. The schemas stay.
    pub(super) fn clear(&mut self) {
        self.parameters.clear();
        self.body = None;
        self.replies.clear();
        self.failures.clear();
    }

    /// Adds a path parameter that is text.
    pub fn in_path(&mut self, name: &'static str, description: &'static str) {
        self.parameter("path", name, description, &json!({ "type": "string" }));
    }

    /// Adds a path parameter that is a number.
    pub fn number_in_path(&mut self, name: &'static str, description: &'static str) {
        let schema = json!({ "type": "integer", "format": "int64" });
        self.parameter("path", name, description, &schema);
    }

    /// Adds an optional header of the request.
    pub fn in_header(&mut self, name: &'static str, description: &'static str, schema: &Value) {
        self.parameter("header", name, description, schema);
    }

    fn parameter(&mut self, place: &str, name: &str, description: &str, schema: &Value) {
        self.parameters.push(json!({
            "name": name,
            "in": place,
            "required": place == "path",
            "description": description,
            "schema": schema,
        }));
    }

    /// Adds the fields of `T` as arguments of the query.
    pub fn in_query<T: JsonSchema>(&mut self) {
        let schema = T::json_schema(&mut self.taken);
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required = |name: &str| {
            let mut names = required.as_array().into_iter().flatten();
            names.any(|required| required == name)
        };
        let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        for (name, schema) in fields {
            let mut schema = schema.clone();
            let description = schema
                .as_object_mut()
                .and_then(|it| it.remove("description"));
            self.parameters.push(json!({
                "name": name,
                "in": "query",
                "required": is_required(name),
                "description": description.unwrap_or_default(),
                "schema": schema,
            }));
        }
    }

    /// Adds a JSON body of this type.
    pub fn json_body<T: JsonSchema>(&mut self) {
        let schema = self.taken.subschema_for::<T>();
        self.body("application/json", &schema);
    }

    /// Adds a content type that the body may have.
    pub fn body(&mut self, content_type: &str, schema: &Schema) {
        let body = self
            .body
            .get_or_insert_with(|| json!({ "required": true, "content": {} }));
        body["content"][content_type] = json!({ "schema": schema });
    }

    /// Returns the schema of a type that occurs in a request body.
    pub fn taken<T: JsonSchema>(&mut self) -> Schema {
        self.taken.subschema_for::<T>()
    }

    /// Adds a reply with this status and JSON of this type.
    pub fn replies_json<T: JsonSchema>(&mut self, status: u16, description: &str) {
        let schema = self.replied.subschema_for::<T>();
        self.replies(status, description, "application/json", &schema);
    }

    /// Adds a reply with this status and content type.
    pub fn replies(&mut self, status: u16, description: &str, content_type: &str, schema: &Schema) {
        let content = json!({ content_type: { "schema": schema } });
        let reply = json!({ "description": description, "content": content });
        self.replies.insert(status.to_string(), reply);
    }

    /// Adds a reply with this status and no body.
    pub fn replies_empty(&mut self, status: u16, description: &str) {
        let reply = json!({ "description": description });
        self.replies.insert(status.to_string(), reply);
    }

    /// Adds a header to the reply with this status, which was added before.
    pub fn with_header(&mut self, status: u16, name: &str, description: &str) {
        let header = json!({ "description": description, "schema": { "type": "string" } });
        if let Some(reply) = self.replies.get_mut(&status.to_string()) {
            reply["headers"][name] = header;
        }
    }

    /// Adds a failure with this status. The sentence is the message that clients get, or describes it.
    pub fn fails(&mut self, status: u16, sentence: &'static str) {
        let sentences = self.failures.entry(status).or_default();
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }

    /// Returns the schema of a type that occurs in a reply.
    pub fn replied<T: JsonSchema>(&mut self) -> Schema {
        self.replied.subschema_for::<T>()
    }

    /// Returns all schemas by their names. A name that means different things in requests and in replies gets an ending
    /// that the tests refuse.
    pub(super) fn into_schemas(mut self) -> Map<String, Value> {
        let mut schemas = self.replied.take_definitions(true);
        for (name, schema) in self.taken.take_definitions(true) {
            let is_other = schemas.get(&name).is_some_and(|other| *other != schema);
            let name = if is_other { name + AMBIGUOUS } else { name };
            schemas.insert(name, schema);
        }
        schemas
    }
}
