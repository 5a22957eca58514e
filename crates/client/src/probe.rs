//! Finds out what answers at an address, without a token.

use super::Result;
use super::http::{build, builder, with_causes};
use super::recognition::{has_proof, is_marked};
use bytes::Bytes;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// The timeout of a small request.
const SHORT: Duration = Duration::from_secs(10);
/// The timeout of a request with a large body.
const LONG: Duration = Duration::from_mins(1);

/// A client that examines one address.
pub struct Probe {
    http: reqwest::Client,
    url: String,
}

/// The reply of an exchange to a health check.
#[derive(Debug, Deserialize)]
pub struct Health {
    /// The exchange's answer to the challenge, computed with a key of its own.
    #[serde(default)]
    pub proof: Option<String>,
    /// Whether the reply arrived with the mark of an exchange.
    #[serde(skip)]
    pub is_marked: bool,
}

/// The outcome of sending a large body.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyProbe {
    /// The exchange read the body to its end.
    Arrived,
    /// A reply in the form of an exchange's arrived, and without the mark of one. Other servers send this form too.
    Unmarked,
    /// A server on the way answered instead.
    Refused {
        /// The HTTP status of its reply.
        status: u16,
        /// The name that the server gives itself.
        by: Option<String>,
    },
    /// The connection ended.
    BrokenOff(String),
    /// The timeout expired.
    Slow,
}

impl Probe {
    /// Returns a client for the address. Sends no request yet.
    pub fn new(url: &str) -> Result<Self> {
        let http = build(builder(url).connect_timeout(SHORT))?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Checks for an exchange at the address. The error describes what answered instead.
    pub async fn health(&self, challenge: &str) -> std::result::Result<Health, String> {
        let url = format!("{}/healthz", self.url);
        let request = self.http.get(url).query(&[("challenge", challenge)]);
        let reply = request
            .timeout(SHORT)
            .send()
            .await
            .map_err(|error| with_causes(&error.without_url()))?;
        let status = reply.status();
        if status != StatusCode::OK {
            return Err(format!("the answer is \"{status}\""));
        }
        let is_marked = is_marked(&reply);
        let body = reply.bytes().await;
        let body = body.map_err(|error| with_causes(&error.without_url()))?;
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if value["success"] != true || !(is_marked || has_proof(&value)) {
            return Err("something else answers there".into());
        }
        let health: Health =
            serde_json::from_value(value).map_err(|_| "something else answers there")?;
        Ok(Health {
            is_marked,
            ..health
        })
    }

    /// Sends a body of this many bytes. An exchange reads the body of an unauthenticated request before it refuses.
    pub async fn bring(&self, bytes: u64) -> BodyProbe {
        let body = Bytes::from(vec![0; usize::try_from(bytes).unwrap_or(0)]);
        let request = self.http.post(format!("{}/courses", self.url)).body(body);
        let reply = match request.timeout(LONG).send().await {
            Ok(reply) => reply,
            Err(error) if error.is_timeout() => return BodyProbe::Slow,
            Err(error) => return BodyProbe::BrokenOff(with_causes(&error.without_url())),
        };
        let status = reply.status().as_u16();
        let by = reply.headers().get(reqwest::header::SERVER);
        let by = by.and_then(|by| by.to_str().ok()).map(str::to_owned);
        let is_marked = is_marked(&reply);
        let body = reply.bytes().await.unwrap_or_default();
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        // The exchange's own reply to an unknown caller.
        if status != 401 || value["success"] != false {
            BodyProbe::Refused { status, by }
        } else if is_marked {
            BodyProbe::Arrived
        } else {
            BodyProbe::Unmarked
        }
    }
}
