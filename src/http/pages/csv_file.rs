//! Tables that readers save and open in a spreadsheet.

use crate::http::reply::download;
use actix_web::{HttpResponse, HttpResponseBuilder};

/// The mark by which spreadsheets recognise UTF-8.
pub const MARK: &str = "\u{feff}";

/// Returns the beginning of a reply with a table of that name.
pub fn reply(name: &str) -> HttpResponseBuilder {
    let mut reply = HttpResponse::Ok();
    download::as_file(&mut reply, name);
    reply.content_type("text/csv; charset=utf-8");
    reply
}
