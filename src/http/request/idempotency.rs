//! The `Idempotency-Key` header, which identifies a repeated attempt.

use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use nbcourier_domain::IdempotencyKey;
use std::future::{Ready, ready};

/// The name of the header, from a draft that many services follow (draft-ietf-httpapi-idempotency-key-header).
const HEADER: &str = "Idempotency-Key";

/// The key of the request, if it has one.
pub struct AttemptKey(pub Option<IdempotencyKey>);

impl FromRequest for AttemptKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(HEADER);
        // A header that is not text counts as an empty key, which `parse` refuses.
        let text = header.map(|key| key.to_str().unwrap_or_default());
        let key = text.map(IdempotencyKey::parse).transpose();
        ready(key.map(Self).map_err(Error::from))
    }
}

impl Argument for AttemptKey {
    fn describe(parts: &mut Parts) {
        parts.in_header(
            HEADER,
            "A key that is the same for every attempt at one submission, so that it is stored once.",
            &serde_json::json!({ "type": "string", "pattern": "^[!-~]{1,128}$" }),
        );
        parts.fails(
            400,
            "An Idempotency-Key is 1 to 128 visible ASCII characters",
        );
    }
}
