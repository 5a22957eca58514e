//! The replies of handlers, with their descriptions for the OpenAPI document.

use super::Parts;
use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use schemars::JsonSchema;
use serde::Serialize;

/// A reply whose type describes its content.
pub trait Answer: Responder + 'static {
    /// Whether the reply grows with a course, so that it is worth compressing.
    const GROWS: bool = false;

    /// Describes the reply to clients.
    fn describe(parts: &mut Parts);
}

impl<T: Serialize + JsonSchema + 'static> Answer for web::Json<T> {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<T>(200, "Done.");
    }
}

/// Status 204: the request succeeded, and the reply has no data.
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Answer for NoContent {
    fn describe(parts: &mut Parts) {
        parts.replies_empty(204, "Done.");
    }
}
