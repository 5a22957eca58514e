//! Path parameters, parsed.

use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use nbcourier_domain::{AssignmentId, CourseId, IllegalName, UserName};
use nbcourier_exchange::submissions::Target;
use nbcourier_exchange::{self as exchange, Thing};
use percent_encoding::percent_decode_str;
use std::future::{Ready, ready};

/// `{course}`.
pub struct InCourse(pub CourseId);
/// `{course}/{assignment}`.
pub struct InAssignment(pub CourseId, pub AssignmentId);
/// `{course}/{user}`, where the user is a student.
pub struct OfStudent(pub CourseId, pub UserName);
/// `{course}/{user}`, where the user is an instructor.
pub struct OfInstructor(pub CourseId, pub UserName);
/// `{course}/{assignment}/{user}`.
pub struct OfWork(pub Target);
/// `{course}/{id}`, where the ID names something in the trash. An unparsable ID is `None` and matches nothing.
pub struct InTrash(pub CourseId, pub Option<i64>);
/// `{course}/{id}`, where the ID names a submission. An unparsable ID is `None` and matches nothing.
pub struct OfSubmission(pub CourseId, pub Option<i64>);

/// `{course}`, for a course to be created.
pub struct NewCourse(pub CourseId);
/// `{course}/{assignment}`, for an assignment to be created.
pub struct NewAssignment(pub CourseId, pub AssignmentId);
/// `{course}/{user}`, for a person to be added.
pub struct NewPerson(pub CourseId, pub UserName);

/// `{id}`, the number of a shared page. An unparsable one is `None` and matches nothing.
pub struct OfShare(pub Option<i64>);
/// `{course}/{id}`, where the ID names a shared page.
pub struct ShareInCourse(pub CourseId, pub Option<i64>);
/// `{token}`, the secret in the link to a shared page.
pub struct OfLink(pub String);

/// `{path}`, which may hold slashes.
pub struct RestOfPath(pub String);

/// `{id}`. An unparsable ID is `None` and matches nothing. Only callers with permission learn that.
pub struct Numbered(pub Option<i64>);

/// Returns the text of a path parameter. The router leaves some percent-escapes, so they are decoded here.
pub(super) fn text(request: &HttpRequest, name: &str) -> Result<String> {
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

fn new_course(request: &HttpRequest) -> Result<CourseId> {
    Ok(CourseId::parse_new(text(request, "course")?)?)
}

fn new_assignment(request: &HttpRequest) -> Result<AssignmentId> {
    Ok(AssignmentId::parse(text(request, "assignment")?)?)
}

fn new_person(request: &HttpRequest) -> Result<UserName> {
    Ok(UserName::parse_new(text(request, "user")?).map_err(IllegalName::from)?)
}

// A name that could not be created is not found either.

pub(super) fn course(request: &HttpRequest) -> Result<CourseId> {
    let text = text(request, "course")?;
    CourseId::parse(text).map_err(|_| not_found(Thing::Course))
}

fn assignment(request: &HttpRequest) -> Result<AssignmentId> {
    new_assignment(request).map_err(|_| not_found(Thing::Assignment))
}

fn person(request: &HttpRequest, thing: Thing) -> Result<UserName> {
    let text = text(request, "user")?;
    UserName::parse(text).map_err(|_| not_found(thing))
}

/// Returns the ID, or `None` if it is unparsable. That matches nothing, so the permission of the caller is decided
/// first.
fn number(request: &HttpRequest) -> Option<i64> {
    let id = request.match_info().get("id");
    id.and_then(|id| id.parse().ok())
}

pub(super) fn not_found(thing: Thing) -> Error {
    exchange::Error::NotFound(thing).into()
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

pub(super) use from_address;

from_address!(InCourse, request => Self(course(request)?));
from_address!(InAssignment, request => Self(course(request)?, assignment(request)?));
from_address!(OfStudent, request => Self(course(request)?, person(request, Thing::Student)?));
from_address!(OfInstructor, request => Self(course(request)?, person(request, Thing::Instructor)?));
from_address!(OfWork, request => Self(Target {
    course: course(request)?,
    assignment: assignment(request)?,
    student: person(request, Thing::Student)?,
}));
from_address!(InTrash, request => Self(course(request)?, number(request)));
from_address!(OfSubmission, request => Self(course(request)?, number(request)));
from_address!(NewCourse, request => Self(new_course(request)?));
from_address!(NewAssignment, request => Self(course(request)?, new_assignment(request)?));
from_address!(NewPerson, request => Self(course(request)?, new_person(request)?));
from_address!(RestOfPath, request => Self(text(request, "path")?));
from_address!(OfShare, request => Self(number(request)));
from_address!(ShareInCourse, request => Self(course(request)?, number(request)));
from_address!(OfLink, request => Self(text(request, "token")?));
from_address!(Numbered, request => Self(text(request, "id")?.parse().ok()));

const COURSE: &str = "The ID of a course.";
const USER: &str = "The name of a person.";

fn in_course(parts: &mut Parts) {
    parts.in_path("course", COURSE);
    parts.fails(400, "The address is not UTF-8");
    parts.fails(404, "Course not found");
}

impl Argument for InCourse {
    fn describe(parts: &mut Parts) {
        in_course(parts);
    }
}

impl Argument for OfStudent {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.in_path("user", USER);
        parts.fails(404, "Student not found");
    }
}

impl Argument for InAssignment {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.in_path("assignment", "The ID of an assignment.");
        parts.fails(404, "Assignment not found");
    }
}

impl Argument for NewAssignment {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.in_path(
            "assignment",
            "The ID of an assignment, which need not exist yet.",
        );
        parts.fails(400, "Illegal assignment id");
    }
}

impl Argument for OfSubmission {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.number_in_path("id", "The number of a submission.");
        parts.fails(404, "Submission not found");
    }
}

impl Argument for OfWork {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.in_path("assignment", "The ID of an assignment.");
        parts.in_path("user", USER);
        parts.fails(404, "Assignment not found");
        parts.fails(404, "Student not found");
    }
}

impl Argument for InTrash {
    fn describe(parts: &mut Parts) {
        in_course(parts);
        parts.number_in_path("id", "The number in the trash.");
    }
}

impl Argument for OfShare {
    fn describe(parts: &mut Parts) {
        parts.number_in_path("id", "The number of the shared page.");
        parts.fails(404, "Shared page not found");
    }
}

impl Argument for Numbered {
    fn describe(parts: &mut Parts) {
        parts.number_in_path("id", "The number of the course in the trash.");
        parts.fails(400, "The address is not UTF-8");
    }
}
