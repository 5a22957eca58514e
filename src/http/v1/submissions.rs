//! `v1/courses/{course}/submissions`: all submissions, in one request.

use super::files::TreesTail;
use super::seen::reading;
use crate::http::error::{Error, Result};
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Archive};
use crate::http::request::path::{InCourse, OfSubmission};
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Submission, SubmissionFeedback, Submissions};
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, Rfc3339, UserName};
use nbcourier_exchange::files::checksums::ChecksummedBundle;
use nbcourier_exchange::submission_pages::{self, ListedSubmission, PageQuery, SubmissionPage};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, submissions};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which submissions are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct SubmissionQuery {
    /// Only submissions to this assignment.
    assignment: Option<String>,
    /// Only submissions of this student. Students without this argument get their own.
    student: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
    /// Whether to list the files of the trees. It counts only if it is exactly `true`.
    #[schemars(with = "Option<bool>")]
    files: Option<String>,
}

/// `GET v1/courses/{course}/submissions`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<SubmissionQuery>,
) -> Result<Listing<Submissions>> {
    let not_found = |thing| Error::from(Refusal::NotFound(thing));
    let query = PageQuery {
        course,
        assignment: wanted
            .assignment
            .map(AssignmentId::parse)
            .transpose()
            .map_err(|_| not_found(Thing::Assignment))?,
        student: wanted
            .student
            .map(UserName::parse)
            .transpose()
            .map_err(|_| not_found(Thing::Student))?,
        after: paging::cursor(wanted.cursor.as_deref(), paging::parse_submission)?,
        at_most: paging::limit(wanted.limit.as_deref(), paging::MOST)?,
        with_files: wanted.files.as_deref() == Some("true"),
    };
    let with_files = query.with_files;
    let mut page = submission_pages::page(&exchange, &caller, query).await?;
    let lines = page.submissions.len();
    if !with_files {
        return Listing::of(lines, move || shown(page)).await;
    }
    let trees = ChecksummedBundle::new(&exchange, std::mem::take(&mut page.trees));
    Listing::with_tail(lines, move || shown(page), TreesTail::new(trees)).await
}

/// `GET v1/courses/{course}/submissions/{id}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<Archive> {
    let found = submissions::tree(&exchange, &caller, course, id).await?;
    tar::tree(&exchange, found).await
}

fn shown(page: SubmissionPage) -> Submissions {
    let one = |entry: ListedSubmission| Submission {
        id: entry.id,
        submitted_at: Rfc3339(entry.submitted_at),
        late: entry.late,
        submitted_by: entry.submitted_by,
        tree: entry.digest,
        files: entry.files,
        bytes: entry.bytes,
        feedback: page
            .feedback
            .get(&entry.id)
            .map(|feedback| SubmissionFeedback {
                returned_at: Rfc3339(feedback.returned_at),
                tree: feedback.digest,
                files: feedback.files,
                bytes: feedback.bytes,
                read: feedback.read.map(reading),
            }),
        assignment: entry.assignment,
        student: entry.student,
    };
    Submissions {
        submissions: page.submissions.into_iter().map(one).collect(),
        next: page.next.map(paging::encode_submission),
        trees: None,
    }
}
