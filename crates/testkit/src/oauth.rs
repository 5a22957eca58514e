//! The hub's side of the OAuth code flow, as strict as JupyterHub 6: a code works once, for the redirect that it was
//! issued for, with the secret of the client and the PKCE verifier.

use super::hub_wire::{HubReply, HubRequest};
use super::setup::{CLIENT_ID, SERVICE_TOKEN};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The cookie by which the hub identifies the person at the browser: its value is the user's token.
pub const HUB_COOKIE: &str = "hub-login";

/// The unused codes, and the faults in the requests so far.
#[derive(Default)]
pub struct Oauth {
    grants: HashMap<String, Grant>,
    given: usize,
    pub complaints: Vec<String>,
}

struct Grant {
    token: String,
    redirect_uri: String,
    challenge: String,
}

impl Oauth {
    /// Handles the browser's request with its hub cookie, and sends the browser back with a code.
    pub fn authorize(&mut self, request: &HubRequest) -> HubReply {
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let argument = arguments(query);
        let get = |name: &str| argument.get(name).cloned().unwrap_or_default();
        self.expect("client_id", &get("client_id"), CLIENT_ID);
        self.expect("response_type", &get("response_type"), "code");
        self.expect(
            "code_challenge_method",
            &get("code_challenge_method"),
            "S256",
        );
        if get("code_challenge").is_empty() || get("state").is_empty() {
            self.complain("a challenge or a state is missing");
        }
        let Some(token) = hub_cookie(request) else {
            return HubReply::new(403, "log in first");
        };
        self.given += 1;
        let code = format!("secret-code-{}", self.given);
        let target = format!("{}?code={code}&state={}", get("redirect_uri"), get("state"));
        let grant = Grant {
            token,
            redirect_uri: get("redirect_uri"),
            challenge: get("code_challenge"),
        };
        self.grants.insert(code, grant);
        HubReply::new(302, "").header("Location", &target)
    }

    /// Exchanges a code for a token.
    pub fn token(&mut self, request: &HubRequest) -> HubReply {
        let argument = arguments(&request.body);
        let get = |name: &str| argument.get(name).cloned().unwrap_or_default();
        let Some(grant) = self.grants.remove(&get("code")) else {
            return self.refuse("an unknown code");
        };
        let digest = Sha256::digest(get("code_verifier").as_bytes());
        if URL_SAFE_NO_PAD.encode(digest) != grant.challenge {
            return self.refuse("a wrong code_verifier");
        }
        if get("client_secret") != SERVICE_TOKEN || get("client_id") != CLIENT_ID {
            return self.refuse("a wrong client");
        }
        if get("redirect_uri") != grant.redirect_uri || get("grant_type") != "authorization_code" {
            return self.refuse("a wrong redirect_uri or grant_type");
        }
        HubReply::json(
            200,
            &json!({"access_token": grant.token, "token_type": "Bearer"}),
        )
    }

    fn refuse(&mut self, why: &str) -> HubReply {
        self.complain(why);
        HubReply::json(400, &json!({"error": "invalid_grant"}))
    }

    fn expect(&mut self, what: &str, is: &str, should_be: &str) {
        if is != should_be {
            self.complain(&format!("{what} is {is:?}, not {should_be:?}"));
        }
    }

    fn complain(&mut self, what: &str) {
        self.complaints.push(what.to_owned());
    }
}

fn hub_cookie(request: &HubRequest) -> Option<String> {
    let cookies = request.header("cookie").split("; ");
    let mut pairs = cookies.filter_map(|cookie| cookie.split_once('='));
    pairs
        .find(|(name, _)| *name == HUB_COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// Returns the pairs of a query or a form.
pub fn arguments(encoded: &str) -> HashMap<String, String> {
    let pairs = encoded.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.replace('+', " ").into_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3));
        let byte = escape
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
