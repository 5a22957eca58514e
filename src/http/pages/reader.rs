//! The reader of a page, as handlers receive them.

use super::view::View;
use crate::http::error::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use nbcourier_auth::{AuthError, Caller};
use std::future::{Ready, ready};

/// A known person who opens a page, and the surroundings of the page for them.
pub struct Reader {
    /// The person.
    pub caller: Caller,
    /// The surroundings of the page.
    pub view: View,
}

impl Reader {
    /// Returns the reader of the request. An unknown person is an error, which leads to the login.
    pub fn of(request: &HttpRequest, caller: Option<Caller>) -> Result<Self> {
        let caller = caller.ok_or(AuthError::Anonymous)?;
        let view = View::of(request, Some(&caller))?;
        Ok(Self { caller, view })
    }
}

impl FromRequest for Reader {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(Self::of(request, caller.ok()))
    }
}
