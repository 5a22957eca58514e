//! `initialize-Data6ase`: the example data of ngshare's stand-alone mode. The route exists only stand-alone.

use crate::http::error::{Error, Result};
use crate::http::pages::data;
use crate::http::request::form::Fields;
use crate::http::state::Debugging;
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Authenticator;
use nbcourier_exchange::{Exchange, demo};
use serde_json::{Map, Value, json};

/// `GET initialize-Data6ase`
pub async fn initialize(
    authenticator: web::Data<Authenticator>,
    exchange: web::Data<Exchange>,
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
                data::page(&request, &tables)
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
