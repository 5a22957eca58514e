//! `v1/courses/{course}/feedback` and that on one submission.

use crate::auth::Caller;
use crate::domain::{AssignmentId, Sha256Sum};
use crate::exchange::collect::{self, Feedback, Submission};
use crate::exchange::{Error as Refusal, Exchange, Thing, feedback};
use crate::http::error::Result;
use crate::http::names::{InCourse, OfSubmission};
use crate::http::receive::Fields;
use crate::http::tar_reply;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Manifest<'a> {
    feedback: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    submission: i64,
    assignment: &'a str,
    student: &'a str,
    submitted_at: String,
    returned_at: String,
    tree: Sha256Sum,
    files: i64,
}

impl<'a> From<&'a (Submission, Feedback)> for Line<'a> {
    fn from((submission, feedback): &'a (Submission, Feedback)) -> Self {
        Self {
            submission: submission.id,
            assignment: &submission.assignment,
            student: &submission.student,
            submitted_at: submission.submitted_at.to_rfc3339(),
            returned_at: feedback.returned_at.to_rfc3339(),
            tree: feedback.digest,
            files: feedback.files,
        }
    }
}

/// `GET v1/courses/{course}/feedback`: all the caller may see, in one archive.
pub async fn of_course(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let assignment = fields
        .given("assignment")?
        .map(AssignmentId::parse)
        .transpose()
        .map_err(|_| Refusal::NotFound(Thing::Assignment))?;
    let given_back = collect::feedback(&exchange, &caller, course, assignment).await?;
    let manifest = Manifest {
        feedback: given_back.iter().map(Line::from).collect(),
    };
    let parts = given_back.iter().map(Into::into).collect();
    tar_reply::bundle(&exchange, &manifest, parts).await
}

/// `GET v1/courses/{course}/submissions/{id}/feedback`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let found = feedback::tree(&exchange, &caller, course, id).await?;
    tar_reply::tree(&exchange, found).await
}
