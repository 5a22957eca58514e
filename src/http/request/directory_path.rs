//! Path parameters of directories, parsed, and the preconditions of their changes.

use super::changes_body::parse_path;
use super::path::{InCourse, course, from_address, not_found, text};
use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use nbcourier_domain::{DirectoryName, DirectoryOwner, RelativePath, Sha256Sum};
use nbcourier_exchange::DirectoryAddress;
use nbcourier_exchange::Thing;
use nbcourier_exchange::directories::changes::Condition;
use nbcourier_exchange::sources::CourseDirectory;
use std::future::{Ready, ready};

/// `{owner}/{directory}`.
pub struct InDirectory(pub DirectoryAddress);
/// `{owner}/{directory}` and `{path}`.
pub struct FileIn(pub DirectoryAddress, pub RelativePath);
/// `{owner}/{directory}` and `{version}`.
pub struct VersionOf(pub DirectoryAddress, pub i64);
/// `{course}` and `{name}`, a directory of the course.
pub struct InCourseDirectory(pub CourseDirectory);

fn address(request: &HttpRequest) -> Result<DirectoryAddress> {
    let owner = DirectoryOwner::parse(&text(request, "owner")?);
    let name = DirectoryName::parse(text(request, "directory")?);
    match (owner, name) {
        (Ok(owner), Ok(name)) => Ok(DirectoryAddress { owner, name }),
        // A name that could not be created is not found either.
        _ => Err(not_found(Thing::Directory)),
    }
}

fn course_directory(request: &HttpRequest) -> Result<CourseDirectory> {
    let course = course(request)?;
    let name = text(request, "name").ok();
    // A name that could not be created is not found either.
    let name = name.and_then(|name| DirectoryName::parse(name).ok());
    let name = name.ok_or_else(|| not_found(Thing::Directory))?;
    Ok(CourseDirectory { course, name })
}

fn version(request: &HttpRequest) -> Result<i64> {
    let number = text(request, "version")?.parse().ok();
    number.ok_or_else(|| not_found(Thing::DirectoryVersion))
}

from_address!(InDirectory, request => Self(address(request)?));
from_address!(FileIn, request => Self(address(request)?, parse_path(&text(request, "path")?)?));
from_address!(VersionOf, request => Self(address(request)?, version(request)?));
from_address!(InCourseDirectory, request => Self(course_directory(request)?));

fn in_directory(parts: &mut Parts) {
    parts.in_path("owner", "The name of a person, or `course:COURSE`.");
    parts.in_path("directory", "The name of a directory.");
    parts.fails(400, "The address is not UTF-8");
    parts.fails(404, "Directory not found");
}

impl Argument for InDirectory {
    fn describe(parts: &mut Parts) {
        in_directory(parts);
    }
}

impl Argument for FileIn {
    fn describe(parts: &mut Parts) {
        in_directory(parts);
        parts.in_path("path", "The path of a file, which may have slashes.");
        parts.fails(400, "A sentence that names an illegal path");
        parts.fails(404, "Path not found");
    }
}

impl Argument for VersionOf {
    fn describe(parts: &mut Parts) {
        in_directory(parts);
        parts.number_in_path("version", "The number of a version.");
        parts.fails(404, "Version not found");
    }
}

impl Argument for InCourseDirectory {
    fn describe(parts: &mut Parts) {
        InCourse::describe(parts);
        parts.in_path("name", "The name of a directory of the course.");
        parts.fails(404, "Directory not found");
    }
}

/// The version that `If-Match: "v17"` expects, if the header is there.
pub struct ExpectedVersion(pub Option<i64>);

impl FromRequest for ExpectedVersion {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parse = || {
            let Some(tag) = if_match(request)? else {
                return Ok(Self(None));
            };
            let number = tag.strip_prefix('v').and_then(|number| number.parse().ok());
            let number = number.ok_or_else(|| {
                Error::bad("If-Match is a version in quotation marks, such as \"v17\"")
            });
            Ok(Self(Some(number?)))
        };
        ready(parse())
    }
}

impl Argument for ExpectedVersion {
    fn describe(parts: &mut Parts) {
        parts.in_header(
            "If-Match",
            "The version that must be the current one, such as `\"v17\"`.",
            &serde_json::json!({ "type": "string" }),
        );
        parts.fails(
            400,
            "If-Match is a version in quotation marks, such as \"v17\"",
        );
        parts.fails(
            412,
            "The current version is another one; nothing was changed",
        );
    }
}

/// The content that `If-Match` and `If-None-Match` require of a path.
pub struct FileCondition(pub Condition);

impl FromRequest for FileCondition {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parse = || {
            let absent = request.headers().get(header::IF_NONE_MATCH);
            if let Some(value) = absent {
                if value.as_bytes() == b"*" && !request.headers().contains_key(header::IF_MATCH) {
                    return Ok(Self(Condition::Absent));
                }
                return Err(Error::bad("If-None-Match is * here, without If-Match"));
            }
            let Some(tag) = if_match(request)? else {
                return Ok(Self(Condition::Any));
            };
            let sum = Sha256Sum::parse(&tag)
                .ok_or_else(|| Error::bad("If-Match is the SHA-256 of a file in quotation marks"));
            Ok(Self(Condition::Is(sum?)))
        };
        ready(parse())
    }
}

impl Argument for FileCondition {
    fn describe(parts: &mut Parts) {
        parts.in_header(
            "If-Match",
            "The SHA-256 that the file must have, in quotation marks.",
            &serde_json::json!({ "type": "string" }),
        );
        parts.in_header(
            "If-None-Match",
            "`*` if nothing may have the path.",
            &serde_json::json!({ "enum": ["*"] }),
        );
        parts.fails(400, "If-Match is the SHA-256 of a file in quotation marks");
        parts.fails(400, "If-None-Match is * here, without If-Match");
        parts.fails(
            412,
            "The path is not as the condition requires; nothing was changed (`urn:nbcourier:conflict`)",
        );
    }
}

/// Returns the only tag of `If-Match`, without its quotation marks.
fn if_match(request: &HttpRequest) -> Result<Option<String>> {
    let mut values = request.headers().get_all(header::IF_MATCH);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let tag = value.to_str().ok().map(str::trim);
    let tag = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    match (tag, values.next()) {
        (Some(tag), None) => Ok(Some(tag.to_owned())),
        _ => Err(Error::bad("If-Match is one value in quotation marks here")),
    }
}
