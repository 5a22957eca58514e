//! The source sum of a notebook: what its author wrote, without what running it changes.

use nbcourier_domain::Sha256Sum;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The maximum size of a notebook that is read, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The parts of a notebook that count. Others are skipped while it is read.
#[derive(Deserialize)]
struct Notebook {
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "cell_type")]
    kind: String,
    #[serde(default)]
    source: Lines,
    #[serde(default)]
    attachments: Option<Value>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    nbgrader: Option<Value>,
}

/// Whether a file with that name is read as a notebook.
pub fn is_notebook(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "ipynb")
}

/// Returns the SHA-256 of the cells: of each in its order the type, the source, the attachments and nbgrader's
/// metadata. A text that is no notebook has none.
pub fn source_sum(text: &[u8]) -> Option<Sha256Sum> {
    let notebook: Notebook = serde_json::from_slice(text).ok()?;
    let mut hasher = Sha256::new();
    for cell in notebook.cells {
        let source = match cell.source {
            Lines::One(text) => text,
            Lines::Many(lines) => lines.concat(),
        };
        add(&mut hasher, cell.kind.as_bytes());
        add(&mut hasher, source.as_bytes());
        for value in [cell.attachments, cell.metadata.nbgrader] {
            let value = value.unwrap_or_else(|| Value::Object(Map::new()));
            add(&mut hasher, sorted(value).to_string().as_bytes());
        }
    }
    Some(Sha256Sum(hasher.finalize().into()))
}

/// Adds a part with its length, so that no two lists of parts have the same sum.
fn add(hasher: &mut Sha256, part: &[u8]) {
    hasher.update((part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// Returns the value with the members of its objects in the order of their names. Reading it has bounded its depth.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sum(notebook: &Value) -> Sha256Sum {
        source_sum(notebook.to_string().as_bytes()).unwrap()
    }

    fn notebook() -> Value {
        json!({
            "nbformat": 4, "nbformat_minor": 4, "metadata": {},
            "cells": [
                {"cell_type": "code", "source": "a = 1\nb", "outputs": [], "execution_count": null, "metadata": {}},
                {"cell_type": "markdown", "source": ["x"], "metadata": {"nbgrader": {"points": 1, "grade": true}}},
            ]
        })
    }

    #[test]
    fn running_a_notebook_does_not_change_its_source() {
        let mut run = notebook();
        run["nbformat_minor"] = json!(5);
        run["metadata"] = json!({"kernelspec": {"name": "python3"}});
        run["cells"][0]["outputs"] = json!([{"output_type": "stream", "text": ["1"]}]);
        run["cells"][0]["execution_count"] = json!(7);
        run["cells"][0]["id"] = json!("2f1c");
        run["cells"][0]["source"] = json!(["a = 1\n", "b"]);
        run["cells"][0]["metadata"] = json!({"scrolled": true});
        run["cells"][1]["metadata"]["nbgrader"] = json!({"grade": true, "points": 1});
        assert_eq!(sum(&run), sum(&notebook()));
    }

    #[test]
    fn every_change_of_an_author_changes_the_source() {
        type Change = fn(&mut Value);
        let changes: [Change; 6] = [
            |it| it["cells"][0]["source"] = json!("a = 2\nb"),
            |it| it["cells"][0]["cell_type"] = json!("raw"),
            |it| it["cells"][1]["attachments"] = json!({"a.png": {"image/png": "AA=="}}),
            |it| it["cells"][1]["metadata"]["nbgrader"]["points"] = json!(2),
            |it| it["cells"].as_array_mut().unwrap().reverse(),
            |it| drop(it["cells"].as_array_mut().unwrap().pop()),
        ];
        let mut seen = vec![sum(&notebook())];
        for change in changes {
            let mut other = notebook();
            change(&mut other);
            let its = sum(&other);
            assert!(!seen.contains(&its), "{other}");
            seen.push(its);
        }
    }

    #[test]
    fn what_is_no_notebook_has_no_source() {
        let deep = format!("{{\"cells\":{}", "[".repeat(100_000));
        for text in [
            "",
            "{}",
            "[]",
            "{\"cells\": 1}",
            "{\"cells\": [{}]}",
            "\u{0}",
            &deep,
            "{\"cells\": [{\"cell_type\": \"code\", \"source\": 1}]}",
        ] {
            assert_eq!(source_sum(text.as_bytes()), None);
        }
        assert_eq!(source_sum(&[0xff, 0xfe]), None);
    }
}
