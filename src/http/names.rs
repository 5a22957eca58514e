//! The ids in a request's address, parsed.

use super::error::{Error, Result};
use crate::domain::{AssignmentId, CourseId, UserName};
use crate::exchange::submissions::Target;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use std::future::{Ready, ready};

/// `{course}`
pub struct InCourse(pub CourseId);
/// `{course}/{assignment}`
pub struct InAssignment(pub CourseId, pub AssignmentId);
/// `{course}/{user}`
pub struct OfPerson(pub CourseId, pub UserName);
/// `{course}/{assignment}/{user}`
pub struct OfStudent(pub Target);

/// The text of a part of the address. The router leaves some escapes as they are, so those are decoded here.
fn text(request: &HttpRequest, name: &str) -> Result<String> {
    if percent_decode_str(request.uri().path())
        .decode_utf8()
        .is_err()
    {
        return Err(Error::bad("The address is not UTF-8"));
    }
    let part = request.match_info().get(name).unwrap_or_default();
    let text = percent_decode_str(part)
        .decode_utf8()
        .map_err(|_| Error::bad("The address is not UTF-8"))?;
    Ok(text.into_owned())
}

fn course(request: &HttpRequest) -> Result<CourseId> {
    Ok(CourseId::parse(text(request, "course")?)?)
}

fn assignment(request: &HttpRequest) -> Result<AssignmentId> {
    Ok(AssignmentId::parse(text(request, "assignment")?)?)
}

fn user(request: &HttpRequest) -> Result<UserName> {
    Ok(UserName::parse(text(request, "user")?)?)
}

macro_rules! from_address {
    ($type:ident, $request:ident => $parse:expr) => {
        impl FromRequest for $type {
            type Error = Error;
            type Future = Ready<Result<Self>>;

            fn from_request($request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let parse = || Ok($parse);
                ready(parse())
            }
        }
    };
}

from_address!(InCourse, request => Self(course(request)?));
from_address!(InAssignment, request => Self(course(request)?, assignment(request)?));
from_address!(OfPerson, request => Self(course(request)?, user(request)?));
from_address!(OfStudent, request => Self(Target {
    course: course(request)?,
    assignment: assignment(request)?,
    student: user(request)?,
}));
