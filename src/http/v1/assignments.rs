//! `v1/courses/{course}/assignments`.

use super::files::TreesTail;
use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Assignment, Assignments, Dates};
use nbcourier_auth::Caller;
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::checksums::ChecksummedBundle;
use nbcourier_exchange::releases::{self, CurrentRelease, PageQuery};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which assignments are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct AssignmentQuery {
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
    Query(wanted): Query<AssignmentQuery>,
) -> Result<Listing<Assignments>> {
    let query = PageQuery {
        course,
        after: paging::cursor(wanted.cursor.as_deref(), |text| text.parse().ok())?,
        at_most: paging::limit(wanted.limit.as_deref(), paging::MOST)?,
        with_files: wanted.files.as_deref() == Some("true"),
    };
    let with_files = query.with_files;
    let page = releases::page(&exchange, &caller, query).await?;
    let (lines, trees) = (page.releases.len(), page.trees);
    let make = move || Assignments {
        assignments: page.releases.into_iter().map(assignment).collect(),
        next: page.next.map(|release| release.to_string()),
        trees: None,
    };
    if !with_files {
        return Listing::of(lines, make).await;
    }
    let trees = ChecksummedBundle::new(&exchange, trees);
    Listing::with_tail(lines, make, TreesTail::new(trees)).await
}

fn assignment(release: CurrentRelease) -> Assignment {
    let dates = Dates::from(release.dates);
    Assignment {
        assignment: release.assignment,
        version: release.version,
        released_at: Rfc3339(release.released_at),
        tree: release.digest,
        files: release.files,
        bytes: release.bytes,
        opens_at: dates.opens_at,
        due_at: dates.due_at,
        cutoff_at: dates.cutoff_at,
        extended: release.is_extended,
    }
}
