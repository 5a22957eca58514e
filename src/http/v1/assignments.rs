//! `v1/courses/{course}/assignments`.

use super::files::{Trees, TreesTail};
use crate::http::error::Result;
use crate::http::openapi::{Listing, Query};
use crate::http::reply::paging;
use crate::http::request::path::InCourse;
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, Sha256Sum};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::releases::{self, Question, Release};
use nbcourier_exchange::trees::Bundle;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The current releases, in order of release.
#[derive(Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct Assignments {
    assignments: Vec<Shown>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
    /// The files of each tree on this page, in the order in which they were released. Only with `files=true`.
    #[serde(skip_serializing_if = "Trees::is_elsewhere")]
    trees: Trees,
}

/// A released assignment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Assignment")]
struct Shown {
    assignment: String,
    /// The number of the version. It grows with each release of the assignment.
    version: i64,
    released_at: Rfc3339,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// The number of files.
    files: i64,
    /// The total size of the files, in bytes.
    bytes: i64,
    /// The opening time. Students do not see the assignment before it.
    opens_at: Option<Rfc3339>,
    /// The due time. Later submissions are late. Students get their own due time and cut-off.
    due_at: Option<Rfc3339>,
    /// The cut-off. Later submissions are refused.
    cutoff_at: Option<Rfc3339>,
    /// Whether the caller has an extension.
    extended: bool,
}

/// Which assignments are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Wanted {
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
    /// Whether to list the files of the trees. It counts only if it is exactly `true`.
    #[schemars(with = "Option<bool>")]
    files: Option<String>,
}

/// `GET v1/courses/{course}/assignments`: the releases that the caller may see, in order of release.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Wanted>,
) -> Result<Listing<Assignments>> {
    let question = Question {
        course,
        after: paging::cursor(wanted.cursor.as_deref(), |text| text.parse().ok())?,
        at_most: paging::limit(wanted.limit.as_deref(), paging::MOST)?,
        with_files: wanted.files.as_deref() == Some("true"),
    };
    let with_files = question.with_files;
    let page = releases::page(&exchange, &caller, question).await?;
    let (lines, trees) = (page.releases.len(), page.trees);
    let make = move || Assignments {
        assignments: page.releases.into_iter().map(shown).collect(),
        next: page.next.map(|release| release.to_string()),
        trees: Trees,
    };
    if !with_files {
        return Listing::of(lines, make).await;
    }
    let trees = Bundle::new(&exchange, trees);
    Listing::with_tail(lines, make, TreesTail::new(trees)).await
}

fn shown(release: Release) -> Shown {
    Shown {
        assignment: release.assignment,
        version: release.version,
        released_at: Rfc3339(release.released_at),
        tree: release.digest,
        files: release.files,
        bytes: release.bytes,
        opens_at: release.dates.opens_at.map(Rfc3339),
        due_at: release.dates.due_at.map(Rfc3339),
        cutoff_at: release.dates.cutoff_at.map(Rfc3339),
        extended: release.extension.is_some(),
    }
}
