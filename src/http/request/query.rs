//! Query parameters.

use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use crate::http::request::form::Fields;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::future::{Ready, ready};

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

/// Parses the number of a version that an argument names.
///
/// # Errors
///
/// If the argument is not a number.
pub fn version(argument: Option<&str>) -> Result<Option<i64>> {
    let number = argument.map(str::parse).transpose();
    number.map_err(|_| Error::bad("The version is a number"))
}
