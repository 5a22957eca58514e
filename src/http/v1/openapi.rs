//! `v1/openapi.json`: what there is below `v1/`, for programs that read it.

use crate::http::error::Result;
use crate::http::openapi::{Document, Listing};
use actix_web::web;

/// `GET v1/openapi.json`
pub async fn show(document: web::Data<Document>) -> Result<Listing<Document>> {
    let document = document.into_inner();
    Listing::of(usize::MAX, move || Document::clone(&document)).await
}
