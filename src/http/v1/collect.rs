//! `v1/courses/{course}/assignments/{assignment}/collect`: the work of a class in one archive.

use crate::auth::Caller;
use crate::domain::{Sha256Sum, Timestamp, UserName};
use crate::exchange::collect::{self, Question, Submission};
use crate::exchange::{Error as Refusal, Exchange, Thing};
use crate::http::error::Result;
use crate::http::names::InAssignment;
use crate::http::receive::Fields;
use crate::http::tar_reply;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Manifest<'a> {
    submissions: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    student: &'a str,
    submitted_at: String,
    late: bool,
    tree: Sha256Sum,
    files: i64,
}

impl<'a> From<&'a Submission> for Line<'a> {
    fn from(submission: &'a Submission) -> Self {
        Self {
            id: submission.id,
            student: &submission.student,
            submitted_at: submission.submitted_at.to_rfc3339(),
            late: submission.late,
            tree: submission.digest,
            files: submission.files,
        }
    }
}

/// `GET v1/courses/{course}/assignments/{assignment}/collect`
pub async fn collect(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let question = Question {
        course,
        assignment,
        student: fields
            .given("student")?
            .map(UserName::parse)
            .transpose()
            .map_err(|_| Refusal::NotFound(Thing::Student))?,
        before: fields.given("before")?.map(Timestamp::parse).transpose()?,
    };
    let submissions = collect::collect(&exchange, &caller, question).await?;
    let manifest = Manifest {
        submissions: submissions.iter().map(Line::from).collect(),
    };
    let parts = submissions.iter().map(Into::into).collect();
    tar_reply::bundle(&exchange, &manifest, parts).await
}
