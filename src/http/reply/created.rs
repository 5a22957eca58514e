//! Replies with a thing that was created, or with one that will be.

use crate::http::openapi::{Answer, Parts};
use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use schemars::JsonSchema;
use serde::Serialize;

/// Status 201, and the thing as JSON.
pub struct Created<T>(pub T);

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Created().json(self.0)
    }
}

impl<T: Serialize + JsonSchema + 'static> Answer for Created<T> {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<T>(201, "Created.");
    }
}

/// Status 202, and facts about the work that was accepted as JSON.
pub struct Accepted<T>(pub T);

impl<T: Serialize> Responder for Accepted<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Accepted().json(self.0)
    }
}

impl<T: Serialize + JsonSchema + 'static> Answer for Accepted<T> {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<T>(202, "Accepted.");
    }
}
