//! `initialize-Data6ase`: example data, as ngshare's stand-alone mode has it. Registered only stand-alone.

use crate::auth::AuthError;
use crate::exchange::{Exchange, demo};
use crate::http::error::{Error, Result};
use crate::http::pages::escape;
use crate::http::receive::Fields;
use crate::http::server::Debugging;
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

/// `GET initialize-Data6ase`
pub async fn initialize(
    exchange: web::Data<Exchange>,
    debugging: web::Data<Debugging>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    if !debugging.0 {
        return Err(Error::DebugOff);
    }
    // A page elsewhere on the web must not be able to clear the database of whoever visits it.
    let site = request
        .headers()
        .get("Sec-Fetch-Site")
        .and_then(|site| site.to_str().ok());
    if !matches!(site, None | Some("same-origin" | "none")) {
        return Err(AuthError::CrossSite.into());
    }
    let fields = Fields::of_query(&request)?;
    match fields.get("action")? {
        Some("clear") => demo::clear(&exchange).await?,
        Some("init") => demo::init(&exchange).await?,
        Some("dump") => {
            let tables = demo::dump(&exchange).await?;
            let readable = fields.get("human-readable")? == Some("true");
            return Ok(if readable {
                page(&tables)
            } else {
                json_reply(tables)
            });
        }
        _ => return Err(Error::bad("action should be clear, init, or dump")),
    }
    Ok(HttpResponse::Ok().json(json!({ "success": true, "message": "done" })))
}

fn json_reply(mut tables: Map<String, Value>) -> HttpResponse {
    tables.insert("success".into(), true.into());
    HttpResponse::Ok().json(tables)
}

fn page(tables: &Map<String, Value>) -> HttpResponse {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Data</title>\n",
    );
    for (name, rows) in tables {
        let rows: Vec<_> = rows
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .collect();
        html.extend(["<h2>", &escape(name), "</h2>\n<table>\n"]);
        if let Some(first) = rows.first() {
            add_row(&mut html, "th", first.keys().map(Clone::clone));
        }
        for row in rows {
            let text = |value: &Value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            };
            add_row(&mut html, "td", row.values().map(text));
        }
        html.push_str("</table>\n");
    }
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .body(html)
}

fn add_row(html: &mut String, element: &str, cells: impl Iterator<Item = String>) {
    html.push_str("<tr>");
    for cell in cells {
        html.extend(["<", element, ">", &escape(&cell), "</", element, ">"]);
    }
    html.push_str("</tr>\n");
}
