//! The stored rows of a stand-alone server for debugging, as tables.

use super::view::{Head, View};
use crate::http::error::Result;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::{Map, Value};

/// A table of the database.
struct Table<'a> {
    name: &'a str,
    columns: Vec<&'a str>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "data.html")]
struct Data<'a> {
    view: &'a View,
    head: Head,
    tables: Vec<Table<'a>>,
}

/// Returns the page with these tables, each of which is a list of objects.
pub fn page(request: &HttpRequest, tables: &Map<String, Value>) -> Result<HttpResponse> {
    let view = View::of(request, None)?;
    view.page(&Data {
        head: Head::new("Data"),
        tables: tables
            .iter()
            .map(|(name, rows)| table(name, rows))
            .collect(),
        view: &view,
    })
}

fn table<'a>(name: &'a str, rows: &'a Value) -> Table<'a> {
    let rows = rows.as_array().into_iter().flatten();
    let rows: Vec<_> = rows.filter_map(Value::as_object).collect();
    let columns = rows.first().map(|row| row.keys().map(String::as_str));
    let text = |value: &Value| {
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string())
    };
    Table {
        name,
        columns: columns.into_iter().flatten().collect(),
        rows: rows
            .iter()
            .map(|row| row.values().map(text).collect())
            .collect(),
    }
}
