//! Finds out what the server at an address is. Other servers also send JSON of an exchange's form.

use super::token::is_hexadecimal;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// The header that every reply of an exchange has.
const MARK: &str = "X-NbCourier";
/// The number of hexadecimal digits in an exchange's answer to a challenge.
const PROOF: usize = 64;
/// The beginning of the reply of ngshare 0.6.0 to an unknown address.
const NO_ADDRESS: &[u8] = b"<h1>404 Not Found</h1>";
/// The maximum number of bytes that are read to find out what a server is.
const ENOUGH: usize = 1 << 16;

/// The kind of server at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// An exchange whose replies arrive with the mark. A reply without it comes from a program before the exchange.
    Marked,
    /// An exchange whose mark is removed on the way, or one that is older than the mark.
    Unmarked,
    /// An ngshare.
    Ngshare,
    /// Anything else.
    Stranger,
}

impl Server {
    /// Whether replies without the mark come from an exchange.
    pub(super) const fn speaks_unmarked(self) -> bool {
        matches!(self, Self::Unmarked | Self::Ngshare)
    }
}

/// Whether the reply has the mark of an exchange.
pub(super) fn is_marked(reply: &Response) -> bool {
    reply.headers().contains_key(MARK)
}

/// Whether a reply to a health check with a challenge contains the answer of an exchange.
pub(super) fn has_proof(answer: &Value) -> bool {
    let proof = answer["proof"].as_str();
    proof.is_some_and(|proof| proof.len() == PROOF && is_hexadecimal(proof))
}

/// Returns the kind of the server at the URL. Fails if it does not answer.
pub(super) async fn recognise(http: &reqwest::Client, url: &str) -> reqwest::Result<Server> {
    // The proof depends on the challenge, so that no cache answers in the exchange's place.
    let challenge = [("challenge", uuid::Uuid::new_v4().simple().to_string())];
    let (status, is_marked, body) = glance(http, format!("{url}/healthz"), &challenge).await?;
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status != StatusCode::OK || answer["success"] != true {
        return Ok(Server::Stranger);
    }
    if is_marked {
        return Ok(Server::Marked);
    }
    if has_proof(&answer) {
        return Ok(Server::Unmarked);
    }
    if answer != json!({ "success": true }) {
        return Ok(Server::Stranger);
    }
    // Other servers may have the same health check.
    let (status, _, body) = glance(http, format!("{url}/v1/courses"), &[]).await?;
    if status == StatusCode::NOT_FOUND && body.starts_with(NO_ADDRESS) {
        Ok(Server::Ngshare)
    } else {
        Ok(Server::Stranger)
    }
}

/// Returns the status of a reply, whether it has the mark, and the beginning of its content.
async fn glance(
    http: &reqwest::Client,
    url: String,
    arguments: &[(&str, String)],
) -> reqwest::Result<(StatusCode, bool, Vec<u8>)> {
    let mut reply = http.get(url).query(arguments).send().await?;
    let mut body = Vec::new();
    while body.len() < ENOUGH
        && let Some(part) = reply.chunk().await?
    {
        body.extend_from_slice(&part);
    }
    Ok((reply.status(), is_marked(&reply), body))
}
