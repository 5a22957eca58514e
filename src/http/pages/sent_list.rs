//! A form with a list of people, in a file or as text. It is read into memory.

use super::form::{Fields, TOKEN_FIELD};
use super::reader::Reader;
use crate::http::error::{Error, Result};
use crate::http::request::body::timely;
use crate::http::request::form::malformed;
use crate::http::state::AppState;
use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use nbcourier_auth::{AuthError, SentForm};
use std::future::Future;
use std::pin::Pin;

/// Maximum size of a list in bytes.
pub const LONGEST_LIST: usize = 1024 * 1024;
/// Maximum size of all fields in bytes. A browser writes each end of a line of a text as two characters, and letters of
/// an old encoding become longer.
const LONGEST: usize = 3 * LONGEST_LIST;
/// Maximum number of fields.
const MOST_FIELDS: usize = 20;
/// The field with the file.
const FILE: &str = "file";

/// A form that one of our pages held, and the reader who sent it.
pub struct ListForm {
    /// The sender.
    pub reader: Reader,
    /// The fields that are no file.
    pub fields: Fields,
    /// The content of the file. Empty if none was chosen.
    pub file: Vec<u8>,
    /// Whether the form was longer than is read. Its fields are incomplete then.
    pub is_too_long: bool,
}

impl FromRequest for ListForm {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Payload::from_request(request, payload).into_inner();
        let request = request.clone();
        Box::pin(async move {
            let body = body.map_err(|_| Error::bad("The request has no body"))?;
            Self::read(&request, body).await
        })
    }
}

impl ListForm {
    async fn read(request: &HttpRequest, body: web::Payload) -> Result<Self> {
        let sent = SentForm::of(request).ok_or(AuthError::Anonymous)?;
        let (limit, idle) = {
            let state = AppState::of(request)?;
            (state.max_request_size, state.idle_timeout)
        };
        let mut form = Multipart::new(request.headers(), body);
        let (mut fields, mut file) = (Vec::new(), Vec::new());
        let (mut length, mut number) = (0, 0);
        while let Some(field) = timely(idle, form.next()).await? {
            let mut field = field.map_err(|error| malformed(&error, limit))?;
            number += 1;
            if number > MOST_FIELDS {
                return Err(Error::bad("The form is malformed"));
            }
            let mut value = Vec::new();
            // What is too long is read and dropped, so that the browser shows the reply.
            while let Some(chunk) = timely(idle, field.next()).await? {
                let chunk = chunk.map_err(|error| malformed(&error, limit))?;
                length += chunk.len();
                if length <= LONGEST {
                    value.extend_from_slice(&chunk);
                }
            }
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE {
                file = value;
            } else {
                let value = String::from_utf8(value);
                let value = value.or_else(|_| {
                    if length > LONGEST {
                        Ok(String::new())
                    } else {
                        Err(Error::bad("The form is malformed"))
                    }
                });
                fields.push((name, value?));
            }
        }
        let fields = Fields::new(fields);
        let token = fields.has(TOKEN_FIELD).then(|| fields.text(TOKEN_FIELD));
        let caller = {
            let state = AppState::of(request)?;
            sent.check(&state.authenticator, request, token).await?
        };
        caller.clone().attach(request);
        Ok(Self {
            reader: Reader::of(request, Some(caller))?,
            fields,
            is_too_long: length > LONGEST || file.len() > LONGEST_LIST,
            file,
        })
    }
}
