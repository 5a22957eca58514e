//! Errors as problems (RFC 9457).

use super::ConflictingPath;
use nbcourier_domain::Sha256Sum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An error. A `type` of its own may have more keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Problem<'a> {
    /// The kind of the problem. `about:blank` if the status says everything.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The HTTP status in words.
    pub title: Cow<'a, str>,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for people.
    pub detail: Cow<'a, str>,
    /// With the type `urn:nbcourier:missing-blobs`, the SHA-256 of the bytes to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Cow<'a, [Sha256Sum]>>,
    /// With the type `urn:nbcourier:conflict`, the paths that are not as the change requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<ConflictingPath>>,
    /// With the type `urn:nbcourier:conflict`, the current version of the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl Problem<'_> {
    /// The content type of a problem (RFC 9457, section 3).
    pub const CONTENT_TYPE: &'static str = "application/problem+json";
    /// The type of a problem that its status describes.
    pub const BLANK: &'static str = "about:blank";
    /// The type of a problem about missing bytes.
    pub const MISSING_BLOBS: &'static str = "urn:nbcourier:missing-blobs";
    /// The type of a problem about paths that are not as a change of a directory requires.
    pub const CONFLICT: &'static str = "urn:nbcourier:conflict";
    /// The type of a problem about a directory that follows a repository.
    pub const FROM_SOURCE: &'static str = "urn:nbcourier:from-source";
    /// The type of a problem about a version whose changes are not kept.
    pub const TOO_OLD: &'static str = "urn:nbcourier:too-old";
}
