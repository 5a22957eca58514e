//! `v1/courses/{course}/submissions`: all submissions, in one request.

use super::files::{Trees, TreesTail};
use crate::http::error::{Error, Result};
use crate::http::openapi::{Listing, Query};
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Archive};
use crate::http::request::path::{InCourse, OfSubmission};
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, Rfc3339, Sha256Sum, UserName};
use nbcourier_exchange::submission_pages::{self, Entry, Page, Question};
use nbcourier_exchange::trees::Bundle;
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, submissions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of submissions, oldest first.
#[derive(Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct Submissions {
    submissions: Vec<Submission>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
    /// The files of each tree on this page, in the order in which they were submitted. Only with `files=true`.
    #[serde(skip_serializing_if = "Trees::is_elsewhere")]
    trees: Trees,
}

/// A submission.
#[derive(Serialize, JsonSchema)]
struct Submission {
    /// The number of the submission, unique in the exchange.
    id: i64,
    assignment: String,
    student: String,
    /// The person who submitted for the student. `null` if the student did.
    submitted_by: Option<String>,
    submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    late: bool,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// The number of files.
    files: i64,
    /// The total size of the files, in bytes.
    bytes: i64,
    /// The current feedback.
    feedback: Option<Feedback>,
}

/// The feedback on a submission.
#[derive(Serialize, JsonSchema)]
struct Feedback {
    returned_at: Rfc3339,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// The number of files.
    files: i64,
    /// The total size of the files, in bytes.
    bytes: i64,
}

/// Which submissions are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Wanted {
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
    Query(wanted): Query<Wanted>,
) -> Result<Listing<Submissions>> {
    let not_found = |thing| Error::from(Refusal::NotFound(thing));
    let question = Question {
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
    let with_files = question.with_files;
    let mut page = submission_pages::page(&exchange, &caller, question).await?;
    let lines = page.entries.len();
    if !with_files {
        return Listing::of(lines, move || shown(page)).await;
    }
    let trees = Bundle::new(&exchange, std::mem::take(&mut page.trees));
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

fn shown(page: Page) -> Submissions {
    let one = |entry: Entry| Submission {
        id: entry.id,
        submitted_at: Rfc3339(entry.submitted_at),
        late: entry.late,
        submitted_by: entry.submitted_by,
        tree: entry.digest,
        files: entry.files,
        bytes: entry.bytes,
        feedback: page.feedback.get(&entry.id).map(|feedback| Feedback {
            returned_at: Rfc3339(feedback.returned_at),
            tree: feedback.digest,
            files: feedback.files,
            bytes: feedback.bytes,
        }),
        assignment: entry.assignment,
        student: entry.student,
    };
    Submissions {
        submissions: page.entries.into_iter().map(one).collect(),
        next: page.next.map(paging::encode_submission),
        trees: Trees,
    }
}
