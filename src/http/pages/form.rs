//! Forms of pages. A handler receives a form only if one of our pages held it.

use super::reader::Reader;
use crate::http::error::{Error, Result};
use crate::http::request::body::Blocks;
use crate::http::state::AppState;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use nbcourier_auth::{AuthError, SentForm};
use std::future::Future;
use std::pin::Pin;

/// Maximum size of a form in bytes. Lists of chosen students are the longest fields.
const LONGEST: usize = 1024 * 1024;
/// The field with the writing token of the page.
pub const TOKEN_FIELD: &str = "csrf_token";

/// The fields of a form, in order.
#[derive(Debug, Default, Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns these fields.
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// Returns the last value of a field without blanks around it, or an empty text.
    pub fn text(&self, name: &str) -> &str {
        let field = self.0.iter().rfind(|(given, _)| given == name);
        field.map_or("", |(_, value)| value.trim())
    }

    /// Returns all values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(given, _)| given == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let fields = web::Query::<Vec<(String, String)>>::from_query(text).ok()?;
        Some(Self::new(fields.into_inner()))
    }
}

/// A form that one of our pages held, and the reader who sent it.
pub struct Form {
    /// The sender.
    pub reader: Reader,
    /// The fields.
    pub fields: Fields,
}

impl FromRequest for Form {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Payload::from_request(request, payload).into_inner();
        let request = request.clone();
        Box::pin(async move {
            let sent = SentForm::of(&request).ok_or(AuthError::Anonymous)?;
            let kind = request.content_type();
            if kind != "application/x-www-form-urlencoded" {
                return Err(Error::UnsupportedMediaType(
                    "A form is sent as application/x-www-form-urlencoded",
                ));
            }
            let body = body.map_err(|_| Error::bad("The request has no body"))?;
            let mut blocks = Blocks::of(&request, body)?;
            let mut text = Vec::new();
            while let Some(block) = blocks.next().await? {
                if text.len() + block.len() > LONGEST {
                    return Err(Error::RequestTooLarge(LONGEST as u64));
                }
                text.extend_from_slice(&block);
            }
            let fields = Fields::parse(&text).ok_or_else(|| Error::bad("The form is malformed"))?;
            let state = AppState::of(&request)?;
            let token = fields.has(TOKEN_FIELD).then(|| fields.text(TOKEN_FIELD));
            let caller = sent.check(&state.authenticator, &request, token).await?;
            caller.clone().attach(&request);
            Ok(Self {
                reader: Reader::of(&request, Some(caller))?,
                fields,
            })
        })
    }
}
