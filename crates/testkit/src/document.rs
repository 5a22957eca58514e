//! The OpenAPI document, with which every reply below `v1/` in any test is compared.

use super::{Call, Reply};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

/// Fails if a reply to a request below `v1/` is not in the document.
#[track_caller]
pub fn check(prefix: &str, call: &Call, reply: &Reply) {
    // The document is about to be rewritten, so it is not compared.
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        return;
    }
    let path = call.target().split('?').next().unwrap_or_default();
    let Some(path) = path.strip_prefix(prefix) else {
        return;
    };
    if path.starts_with("v1/")
        && let Some(wrong) = DOCUMENT.complaint(call.method(), path, reply)
    {
        panic!("{wrong}\nfor {} {path}: {reply:?}", call.method());
    }
}

struct Document {
    whole: Value,
    schemas: Schemas,
    /// The schemas by their places in the document.
    places: HashMap<String, SchemaIndex>,
}

const NAME: &str = "mem://openapi.json";

impl Document {
    fn read() -> Self {
        let text = std::fs::read_to_string(path()).expect("openapi.json");
        let mut whole: Value = serde_json::from_str(&text).expect("JSON");
        refuse_unknown_keys(&mut whole);
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler
            .add_resource(NAME, whole.clone())
            .expect("a document");
        let mut schemas = Schemas::new();
        let compile = |place: String| {
            let index = compiler
                .compile(&format!("{NAME}#{place}"), &mut schemas)
                .unwrap_or_else(|error| panic!("{error:#}"));
            (place, index)
        };
        let places = places_of_schemas(&whole).into_iter().map(compile).collect();
        Self {
            whole,
            schemas,
            places,
        }
    }

    fn complaint(&self, method: &str, path: &str, reply: &Reply) -> Option<String> {
        let Some((template, item)) = self.item(path) else {
            let known = matches!(reply.status, 400 | 401 | 404 | 503);
            return (!known).then(|| "no such path in the document".to_owned());
        };
        let method = method.to_ascii_lowercase();
        let Some(operation) = item.get(&method) else {
            let known = matches!(reply.status, 400 | 401 | 405 | 503);
            return (!known).then(|| "no such method in the document".to_owned());
        };
        let status = reply.status.to_string();
        let range = format!("{}XX", &status[..1]);
        let replies = &operation["responses"];
        let key = [status, range]
            .into_iter()
            .find(|key| replies.get(key).is_some());
        let Some(key) = key else {
            return Some("no such status in the document".to_owned());
        };
        let mut place = format!("/paths/{}/{method}/responses/{key}", escaped(template));
        if let Some(elsewhere) = replies[&key]["$ref"].as_str() {
            elsewhere.trim_start_matches('#').clone_into(&mut place);
        }
        let described = self.whole.pointer(&place)?;
        let Some(kinds) = described["content"].as_object() else {
            return (!reply.body.is_empty()).then(|| "a body, and none in the document".to_owned());
        };
        let kind = reply.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        if !kinds.contains_key(kind) {
            return Some(format!("{kind:?} is not in the document"));
        }
        if !kind.ends_with("json")
            || method == "head"
            || reply
                .header("content-encoding")
                .is_some_and(|it| it != "identity")
        {
            return None;
        }
        self.invalid(
            &format!("{place}/content/{}/schema", escaped(kind)),
            &reply.json(),
        )
    }

    /// Returns the template that matches a path, and its entry.
    fn item(&self, path: &str) -> Option<(&str, &Value)> {
        let fits = |template: &str| {
            let wanted: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            let given: Vec<&str> = path.split('/').collect();
            let same = |(wanted, given): (&&str, &&str)| {
                wanted == given || (wanted.starts_with('{') && !given.is_empty())
            };
            // The path of a file may have slashes.
            let has_rest = wanted.last() == Some(&"{path}");
            let is_as_long =
                wanted.len() == given.len() || (has_rest && given.len() > wanted.len());
            is_as_long && wanted.iter().zip(&given).all(same)
        };
        let paths = self.whole["paths"].as_object()?;
        let mut fitting: Vec<_> = paths
            .iter()
            .filter(|(template, _)| fits(template))
            .collect();
        fitting.sort_by_key(|(template, _)| template.matches('{').count());
        let (template, item) = fitting.first()?;
        Some((template, item))
    }

    fn invalid(&self, place: &str, value: &Value) -> Option<String> {
        let result = self.schemas.validate(value, self.places[place]);
        result
            .err()
            .map(|error| format!("not as the document says: {error:#}"))
    }
}

/// Returns the places of the replies' schemas: those of operations, and shared ones.
fn places_of_schemas(document: &Value) -> Vec<String> {
    let mut replies = vec!["/components/responses".to_owned()];
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in item
            .as_object()
            .into_iter()
            .flatten()
            .map(|(method, _)| method)
        {
            replies.push(format!("/paths/{}/{method}/responses", escaped(path)));
        }
    }
    let mut places = Vec::new();
    for place in replies {
        let replies = document.pointer(&place).and_then(Value::as_object);
        for (key, reply) in replies.into_iter().flatten() {
            let kinds = reply["content"].as_object();
            for kind in kinds.into_iter().flatten().map(|(kind, _)| kind) {
                places.push(format!("{place}/{key}/content/{}/schema", escaped(kind)));
            }
        }
    }
    places
}

/// Forbids unknown keys. Clients must accept keys that are not in the document, but the tests allow none.
fn refuse_unknown_keys(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    for schema in schemas.values_mut() {
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = json!(false);
        }
    }
}

/// Escapes a token of a JSON pointer (RFC 6901).
fn escaped(word: &str) -> String {
    word.replace('~', "~0").replace('/', "~1")
}
