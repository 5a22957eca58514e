//! `initialize-Data6ase`: the example data of ngshare's stand-alone mode. The route exists only stand-alone.

use crate::http::error::{Error, Result};
use crate::http::pages::{Page, escape};
use crate::http::request::form::Fields;
use crate::http::state::{Debugging, Prefix};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Authenticator;
use nbcourier_exchange::{Exchange, demo};
use serde_json::{Map, Value, json};

/// `GET initialize-Data6ase`
pub async fn initialize(
    authenticator: web::Data<Authenticator>,
    exchange: web::Data<Exchange>,
    prefix: web::Data<Prefix>,
    debugging: web::Data<Debugging>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    if !debugging.0 {
        return Err(Error::DebugOff);
    }
    // A foreign page must not be able to clear the database of a person who visits it.
    authenticator.check_own_page(&request)?;
    let fields = Fields::of_query(&request)?;
    match fields.get("action")? {
        Some("clear") => demo::clear(&exchange).await?,
        Some("init") => demo::init(&exchange).await?,
        Some("dump") => {
            let tables = demo::dump(&exchange).await?;
            let readable = fields.get("human-readable")? == Some("true");
            return if readable {
                page(&prefix, &tables)
            } else {
                Ok(json_reply(tables))
            };
        }
        _ => return Err(Error::bad("action should be clear, init, or dump")),
    }
    Ok(HttpResponse::Ok().json(json!({ "success": true, "message": "done" })))
}

fn json_reply(mut tables: Map<String, Value>) -> HttpResponse {
    tables.insert("success".into(), true.into());
    HttpResponse::Ok().json(tables)
}

fn page(prefix: &Prefix, tables: &Map<String, Value>) -> Result<HttpResponse> {
    let mut html = String::from("<h1>Data</h1>\n");
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
    let page = Page {
        title: "Data",
        prefix: &prefix.0,
        reading_token: None,
    };
    page.around(&html)
}

fn add_row(html: &mut String, element: &str, cells: impl Iterator<Item = String>) {
    html.push_str("<tr>");
    for cell in cells {
        html.extend(["<", element, ">", &escape(&cell), "</", element, ">"]);
    }
    html.push_str("</tr>\n");
}
