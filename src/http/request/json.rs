//! Reads JSON request bodies.

use crate::http::error::{Error, Result};
use crate::http::request::form::{self, Blocks, MAX_FIELDS};
use actix_web::{HttpRequest, web};
use bytes::BytesMut;
use serde::de::DeserializeOwned;

/// Maximum length of a body about one thing, in bytes.
pub const SHORT: usize = 64 * 1024;
/// Maximum length of a body with a list, in bytes.
pub const LONG: usize = MAX_FIELDS;
/// Maximum length of a body that is decoded at once, in bytes. Longer bodies are decoded on a blocking thread.
const AT_ONCE: usize = 16 * 1024;

/// Reads the body, whatever its content type. Unknown members of objects are ignored.
pub async fn read<T: DeserializeOwned + Send + 'static>(
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
        return parse(&whole);
    }
    form::decode(move || parse(&whole)).await
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(body).map_err(|_| Error::bad("The body is not UTF-8"))?;
    form::json(text, "The body cannot be JSON decoded")
}
