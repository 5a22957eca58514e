//! The arguments of handlers, with their descriptions for the OpenAPI document.

use super::Parts;
use crate::http::error::{Error, Result};
use crate::http::request::form::Fields;
use crate::http::request::json;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use nbcourier_auth::Caller;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// A value that a handler takes from a request.
pub trait Argument {
    /// Describes what a client has to send for it.
    fn describe(_: &mut Parts) {}
}

impl<T> Argument for web::Data<T> {}
impl Argument for Caller {}
impl Argument for HttpRequest {}

/// The arguments of the query as the fields of `T`, which are texts. An empty argument counts as absent.
pub struct Query<T>(pub T);

impl<T: JsonSchema> Argument for Query<T> {
    fn describe(parts: &mut Parts) {
        parts.in_query::<T>();
        parts.fails(400, "An argument is invalid");
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request).map(Self))
    }
}

fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T> {
    let fields = Fields::of_query(request)?;
    let texts = fields
        .texts()?
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), Value::from(text)))
        .collect::<Map<_, _>>();
    serde_json::from_value(Value::Object(texts)).map_err(|_| Error::bad("An argument is invalid"))
}

/// A JSON body. The handler reads it explicitly, after the checks that need no body.
pub struct JsonBody<T> {
    request: HttpRequest,
    body: web::Payload,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned + Send + 'static> JsonBody<T> {
    /// Reads a body about one thing. Unknown members of objects are ignored.
    pub async fn read(self) -> Result<T> {
        json::read(&self.request, self.body, json::SHORT).await
    }

    /// Reads a body that is a list.
    pub async fn read_long(self) -> Result<T> {
        json::read(&self.request, self.body, json::LONG).await
    }
}

impl<T: JsonSchema> Argument for JsonBody<T> {
    fn describe(parts: &mut Parts) {
        parts.json_body::<T>();
        parts.fails(400, "The body cannot be JSON decoded");
        parts.fails(400, "Incorrect request format");
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

macro_rules! several {
    ($($argument:ident)*) => {
        impl<$($argument: Argument),*> Argument for ($($argument,)*) {
            fn describe(parts: &mut Parts) {
                $($argument::describe(parts);)*
                let _ = parts;
            }
        }
    };
}

several!();
several!(A);
several!(A B);
several!(A B C);
several!(A B C D);
several!(A B C D E);
several!(A B C D E F);
several!(A B C D E F G);
