//! What handlers reply, and what the document says about it.

use super::Parts;
use crate::http::error::Result;
use crate::http::listing::{Prepared, Tail};
use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use schemars::JsonSchema;
use serde::Serialize;
use std::marker::PhantomData;

/// A reply whose type says what is in it.
pub trait Answer: Responder + 'static {
    /// Whether it grows with a course, so that it is worth compressing.
    const GROWS: bool = false;

    /// What a client gets.
    fn describe(parts: &mut Parts);
}

impl<T: Serialize + JsonSchema + 'static> Answer for web::Json<T> {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<T>(200, "Done.");
    }
}

/// JSON that may be long and asked for often: with an `ETag`, and 304 for who has it already.
pub struct Listing<T>(Prepared, PhantomData<T>);

impl<T: Serialize> Listing<T> {
    /// A listing of so many lines, which is written whole. It is made where it is written.
    pub async fn of(lines: usize, make: impl FnOnce() -> T + Send + 'static) -> Result<Self> {
        Ok(Self(Prepared::new(lines, make).await?, PhantomData))
    }

    /// A listing of so many lines, of which the last member is written as it is sent.
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
        parts.replies_json::<T>(200, "Here it is.");
        parts.with_header(200, "ETag", "Another one means that something changed.");
        parts.replies_empty(304, "Nothing changed since the reply with that `ETag`.");
        parts.with_header(304, "ETag", "The same again.");
    }
}

/// 204: done, and there is nothing to tell.
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
