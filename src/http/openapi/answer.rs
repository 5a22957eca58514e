//! The replies of handlers, with their descriptions for the OpenAPI document.

use super::Parts;
use crate::http::error::Result;
use crate::http::reply::listing::{Prepared, Tail};
use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use schemars::JsonSchema;
use serde::Serialize;
use std::marker::PhantomData;

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

/// JSON that may be long and is asked for often. It has an `ETag`, and clients that have it already get 304.
pub struct Listing<T>(Prepared, PhantomData<T>);

impl<T: Serialize> Listing<T> {
    /// Returns a listing of this many lines. `make` runs where the listing is written, as a whole.
    pub async fn of(lines: usize, make: impl FnOnce() -> T + Send + 'static) -> Result<Self> {
        Ok(Self(Prepared::new(lines, make).await?, PhantomData))
    }

    /// Returns a listing of this many lines. Its last member is written while it is sent.
    pub async fn with_tail(
        lines: usize,
        make: impl FnOnce() -> T + Send + 'static,
        tail: impl Tail,
    ) -> Result<Self> {
        let prepared = Prepared::with_tail(lines, make, tail).await?;
        Ok(Self(prepared, PhantomData))
    }
}

impl<T> Responder for Listing<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.into_reply(request)
    }
}

impl<T: Serialize + JsonSchema + 'static> Answer for Listing<T> {
    const GROWS: bool = true;

    fn describe(parts: &mut Parts) {
        parts.in_header(
            "If-None-Match",
            "The `ETag` of an earlier reply.",
            &serde_json::json!({ "type": "string" }),
        );
        parts.replies_json::<T>(200, "The requested data.");
        parts.with_header(200, "ETag", "It changes when the listing changes.");
        parts.replies_empty(
            304,
            "The listing has not changed since the reply with this `ETag`.",
        );
        parts.with_header(304, "ETag", "The same `ETag`.");
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
