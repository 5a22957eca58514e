//! The whole OpenAPI document (OpenAPI 3.1, <https://spec.openapis.org/oas/v3.1.0.html>).

use super::{May, Operation, Parts};
use nbcourier_api::Problem;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Failures that every operation has. They are described once.
const COMMON: [(&str, &str, &str); 3] = [
    ("401", "Unknown", "The caller is unknown."),
    (
        "429",
        "TooMany",
        "The caller sends too many requests, or has too many open uploads. `Retry-After` says when to try again.",
    ),
    (
        "5XX",
        "Unavailable",
        "503: the hub or the storage cannot be reached, and `Retry-After` says when to try again. 507: the disk is \
         almost full, and files are refused. 500: stored data is damaged. Nothing was changed.",
    ),
];

const DESCRIPTION: &str = "The API for nbgrader's exchange plugin and other clients. Times are RFC 3339; in replies \
    they are in UTC with six decimals and `Z`. Names in paths are percent-encoded UTF-8. Keys that are not listed here \
    may be added to replies. Without a hub, the token is the name of the caller.";

/// The OpenAPI document of some operations.
#[derive(Clone, serde::Serialize)]
#[serde(transparent)]
pub struct Document(Value);

/// A document that is made when somebody first asks for it. A server that nobody asks saves two megabytes of memory.
pub type LateDocument = LazyLock<Document, Box<dyn FnOnce() -> Document + Send>>;

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "OpenApi".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "This OpenAPI document.",
            "required": ["openapi", "info", "paths"],
        })
    }
}

impl Document {
    /// Returns the document for operations that are served below `prefix`.
    pub fn new(operations: &[Operation], prefix: &str) -> Self {
        let mut parts = Parts::new();
        let mut paths = Map::new();
        for operation in operations {
            let path = format!("/{}", operation.path);
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[operation.method.to_ascii_lowercase()] = described(operation, &mut parts);
        }
        let problem = parts.replied::<Problem<'static>>();
        let schemas = parts.into_schemas();
        let base = prefix.trim_end_matches('/');
        Self(json!({
            "openapi": "3.1.0",
            "info": {
                "title": "nbcourier",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "The exchange nbgrader needs wherever JupyterHub has no shared file system",
                "description": DESCRIPTION,
                "license": { "name": "BSD-3-Clause", "identifier": "BSD-3-Clause" },
            },
            "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
            "security": [{ "token": [] }, { "bearer": [] }, { "session": [], "readingToken": [] }],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "responses": responses(&problem),
                "securitySchemes": security_schemes(),
            },
        }))
    }
}

fn described(operation: &Operation, parts: &mut Parts) -> Value {
    parts.clear();
    (operation.describe)(parts);
    for (status, sentence) in &operation.failures {
        parts.fails(*status, sentence);
    }
    if !matches!(operation.may, May::Everybody | May::ReadersOfDirectory) {
        parts.fails(403, "Permission denied");
    }
    parts.fails(403, "The token or the session does not permit this");
    let mut replies = parts.replies.clone();
    let problem = parts.replied::<Problem<'static>>();
    for (status, sentences) in &parts.failures {
        let failure = failure(&sentences.join(" · "), &problem);
        replies.insert(status.to_string(), failure);
    }
    for (status, name, _) in COMMON {
        let reference = format!("#/components/responses/{name}");
        replies.insert(status.to_owned(), json!({ "$ref": reference }));
    }
    let description = format!("{} {}", operation.may.sentence(), operation.details);
    let mut described = json!({
        "operationId": id(operation),
        "summary": operation.summary,
        "description": description.trim_end(),
        "parameters": parts.parameters,
        "responses": replies,
    });
    if let Some(body) = parts.body.clone() {
        described["requestBody"] = body;
    }
    if operation.method != "GET" {
        described["security"] =
            json!([{ "token": [] }, { "bearer": [] }, { "session": [], "writingToken": [] }]);
    }
    described
}

/// Returns the operation's ID: `get_courses_course_roster` for `GET v1/courses/{course}/roster`.
fn id(operation: &Operation) -> String {
    let words = operation
        .path
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .skip(1);
    let method = operation.method.to_ascii_lowercase();
    [method.as_str()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn failure(description: &str, problem: &Schema) -> Value {
    let content = json!({ Problem::CONTENT_TYPE: { "schema": problem } });
    json!({ "description": description, "content": content })
}

fn responses(problem: &Schema) -> Value {
    COMMON
        .into_iter()
        .map(|(_, name, description)| (name.to_owned(), failure(description, problem)))
        .collect::<Map<_, _>>()
        .into()
}

fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token T`, where T is a token of JupyterHub.",
        },
        "bearer": { "type": "http", "scheme": "bearer", "description": "The same token." },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "nbcourier-session",
            "description": "The cookie of a browser after its login through JupyterHub.",
        },
        "readingToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRF-Token",
            "description": "With a session, for GET: the reading token of a page of this service, in \
                            `<meta name=\"reading-token\">`.",
        },
        "writingToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRF-Token",
            "description": "With a session, for every other method: the writing token of a page of this service, in its \
                            form field `csrf_token`.",
        },
    })
}
