//! `v1/openapi.json`: the description of `v1/` for programs.

use crate::http::error::Result;
use crate::http::openapi::{Document, LateDocument};
use crate::http::reply::listing::Listing;
use actix_web::web;

/// `GET v1/openapi.json`
pub async fn show(document: web::Data<LateDocument>) -> Result<Listing<Document>> {
    let document = document.into_inner();
    Listing::of(usize::MAX, move || Document::clone(&document)).await
}
