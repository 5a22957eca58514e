//! JSON in requests: bodies, and fields of forms.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use crate::http::request::body::Blocks;
use crate::http::request::form::MAX_FIELDS;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::BytesMut;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// Maximum length of a body about one thing, in bytes.
const SHORT: usize = 64 * 1024;
/// Maximum length of a body with a list, in bytes.
const LONG: usize = MAX_FIELDS;
/// Maximum length of a body that is decoded at once, in bytes. Longer bodies are decoded on a blocking thread.
const AT_ONCE: usize = 16 * 1024;
/// Maximum length in bytes of the reason why JSON is refused.
const LONGEST_REASON: usize = 300;
/// The message about JSON of another form.
const INCORRECT: &str = "Incorrect request format";

/// A JSON body. The handler reads it explicitly, after the checks that need no body.
pub struct JsonBody<T> {
    request: HttpRequest,
    body: web::Payload,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned + Send + 'static> JsonBody<T> {
    /// Reads a body about one thing. Unknown members of objects are ignored.
    pub async fn read(self) -> Result<T> {
        read(&self.request, self.body, SHORT).await
    }

    /// Reads a body of at most so many bytes.
    pub async fn read_within(self, limit: usize) -> Result<T> {
        read(&self.request, self.body, limit).await
    }

    /// Reads a body that is a list.
    pub async fn read_long(self) -> Result<T> {
        read(&self.request, self.body, LONG).await
    }
}

impl<T: JsonSchema> Argument for JsonBody<T> {
    fn describe(parts: &mut Parts) {
        parts.json_body::<T>();
        parts.fails(400, "The body cannot be JSON decoded");
        parts.fails(400, INCORRECT);
        parts.fails(408, "The request stopped coming; nothing was stored");
        parts.fails(
            413,
            "The request is larger than a limit; nothing was stored",
        );
    }
}

impl<T> FromRequest for JsonBody<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Payload::from_request(request, payload).into_inner();
        ready(body.map(|body| Self {
            request: request.clone(),
            body,
            of: PhantomData,
        }))
    }
}

/// Reads the body, whatever its content type. Unknown members of objects are ignored.
async fn read<T: DeserializeOwned + Send + 'static>(
    request: &HttpRequest,
    body: web::Payload,
    limit: usize,
) -> Result<T> {
    let mut blocks = Blocks::of(request, body)?;
    let mut whole = BytesMut::new();
    while let Some(block) = blocks.next().await? {
        if whole.len() + block.len() > limit {
            return Err(Error::FieldTooLarge(limit));
        }
        whole.extend_from_slice(&block);
    }
    if whole.len() <= AT_ONCE {
        return parse_body(&whole);
    }
    compute(move || parse_body(&whole)).await
}

fn parse_body<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(body).map_err(|_| Error::bad("The body is not UTF-8"))?;
    parse_explained(text, "The body cannot be JSON decoded")
}

/// Parses as [`parse`] does, and says which part of the JSON is not as it must be.
pub fn parse_explained<T: DeserializeOwned>(text: &str, not_json: &'static str) -> Result<T> {
    let explained = |sentence: &str, error: &serde_json::Error| {
        let reason = error.to_string();
        let end = reason.floor_char_boundary(LONGEST_REASON);
        Error::bad(format!("{sentence}: {}", &reason[..end]))
    };
    parse_or(
        text,
        |error| explained(not_json, error),
        |error| explained(INCORRECT, error),
    )
}

/// Parses the JSON text of a field without building a tree of values. Fails with `not_json` if it is not JSON, and with
/// `Incorrect request format` if it is other JSON.
pub fn parse<T: DeserializeOwned>(text: &str, not_json: &'static str) -> Result<T> {
    parse_or(text, |_| Error::bad(not_json), |_| Error::bad(INCORRECT))
}

fn parse_or<T: DeserializeOwned>(
    text: &str,
    not_json: impl FnOnce(&serde_json::Error) -> Error,
    other_json: impl FnOnce(&serde_json::Error) -> Error,
) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => other_json(&error),
                Err(error) => not_json(&error),
            }
        } else {
            not_json(&error)
        }
    })
}
