//! What the handler of one operation takes and replies, as its types tell it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where the schemas of the document are.
const SCHEMAS: &str = "/components/schemas";
/// Ends the name of a schema of which there are two; as schemars ends those of namesakes.
const AMBIGUOUS: &str = "2";

/// Collects the parts of an operation, and the schemas that they name.
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

    /// The parts of the next operation begin.
    pub(super) fn clear(&mut self) {
        self.parameters.clear();
        self.body = None;
        self.replies.clear();
        self.failures.clear();
    }

    /// A part of the path, which is text.
    pub fn in_path(&mut self, name: &'static str, description: &'static str) {
        self.parameter("path", name, description, &json!({ "type": "string" }));
    }

    /// A part of the path, which is the number of something.
    pub fn number_in_path(&mut self, name: &'static str, description: &'static str) {
        let schema = json!({ "type": "integer", "format": "int64" });
        self.parameter("path", name, description, &schema);
    }

    /// A header of the request, which may be absent.
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

    /// The fields of `T` are arguments of the query.
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

    /// The body is this JSON.
    pub fn json_body<T: JsonSchema>(&mut self) {
        let schema = self.taken.subschema_for::<T>();
        self.body("application/json", &schema);
    }

    /// The body may be of this content type.
    pub fn body(&mut self, content_type: &str, schema: &Schema) {
        let body = self
            .body
            .get_or_insert_with(|| json!({ "required": true, "content": {} }));
        body["content"][content_type] = json!({ "schema": schema });
    }

    /// What of a request's body is JSON of this type.
    pub fn taken<T: JsonSchema>(&mut self) -> Schema {
        self.taken.subschema_for::<T>()
    }

    /// A reply of this status with this JSON.
    pub fn replies_json<T: JsonSchema>(&mut self, status: u16, description: &str) {
        let schema = self.replied.subschema_for::<T>();
        self.replies(status, description, "application/json", &schema);
    }

    /// A reply of this status and content type.
    pub fn replies(&mut self, status: u16, description: &str, content_type: &str, schema: &Schema) {
        let content = json!({ content_type: { "schema": schema } });
        let reply = json!({ "description": description, "content": content });
        self.replies.insert(status.to_string(), reply);
    }

    /// A reply of this status without a body.
    pub fn replies_empty(&mut self, status: u16, description: &str) {
        let reply = json!({ "description": description });
        self.replies.insert(status.to_string(), reply);
    }

    /// The reply of this status, added before, has a header.
    pub fn with_header(&mut self, status: u16, name: &str, description: &str) {
        let header = json!({ "description": description, "schema": { "type": "string" } });
        if let Some(reply) = self.replies.get_mut(&status.to_string()) {
            reply["headers"][name] = header;
        }
    }

    /// A failure of this status; the sentence as clients get it, or about it.
    pub fn fails(&mut self, status: u16, sentence: &'static str) {
        let sentences = self.failures.entry(status).or_default();
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }

    /// The schema of something in a reply.
    pub fn replied<T: JsonSchema>(&mut self) -> Schema {
        self.replied.subschema_for::<T>()
    }

    /// The schemas that were named, by their names. One that means another thing in requests than in replies gets a
    /// name that the tests refuse.
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
