//! `v1/trash`: deleted courses, and `v1/courses/{course}/trash`: what was deleted in one, until the retention time is
//! over.

use crate::auth::Caller;
use crate::exchange::trash::Work;
use crate::exchange::{Exchange, courses, trash};
use crate::http::error::Result;
use crate::http::listing;
use crate::http::names::{InAssignment, InCourse, OfSubmission};
use crate::http::server::Retention;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

/// `GET v1/trash`: what can be restored, the last deleted first.
pub async fn list_courses(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let trashed = courses::trash(&exchange, &caller, retention.0).await?;
    let courses: Vec<Value> = trashed
        .into_iter()
        .map(|course| {
            json!({ "id": course.id, "course": course.name, "deleted_at": course.deleted_at.to_rfc3339() })
        })
        .collect();
    let listing = json!({ "success": true, "courses": courses });
    Ok(listing::reply_unless_known(&request, &listing))
}

/// `POST v1/trash/{id}`: brings one back with all that was in it.
pub async fn restore_course(
    exchange: web::Data<Exchange>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    // What is no number is the number of no course; whether the caller may ask at all is decided first.
    let id = request
        .match_info()
        .get("id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(-1);
    courses::restore(&exchange, &caller, id).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}

/// `DELETE v1/courses/{course}/assignments/{assignment}`
pub async fn delete_assignment(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    trash::delete_assignment(&exchange, &caller, course, assignment).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE v1/courses/{course}/submissions/{id}`
pub async fn delete_submission(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    trash::delete_submission(&exchange, &caller, course, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE v1/courses/{course}/submissions/{id}/feedback`
pub async fn delete_feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<HttpResponse> {
    trash::delete_feedback(&exchange, &caller, course, submission).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Serialize)]
struct Listing<'a> {
    assignments: Vec<ShownAssignment<'a>>,
    submissions: Vec<ShownWork<'a>>,
    feedback: Vec<ShownWork<'a>>,
}

#[derive(Serialize)]
struct ShownAssignment<'a> {
    id: i64,
    assignment: &'a str,
    deleted_at: String,
    submissions: i64,
}

#[derive(Serialize)]
struct ShownWork<'a> {
    id: i64,
    assignment: &'a str,
    student: &'a str,
    submitted_at: String,
    deleted_at: String,
}

/// `GET v1/courses/{course}/trash`: what can be restored, of each kind the last deleted first.
pub async fn list(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let trash = trash::list(&exchange, &caller, course, retention.0).await?;
    let assignments = trash.assignments.iter().map(|assignment| ShownAssignment {
        id: assignment.id,
        assignment: &assignment.name,
        deleted_at: assignment.deleted_at.to_rfc3339(),
        submissions: assignment.submissions,
    });
    let listing = Listing {
        assignments: assignments.collect(),
        submissions: trash.submissions.iter().map(shown).collect(),
        feedback: trash.feedback.iter().map(shown).collect(),
    };
    Ok(listing::reply_unless_known(&request, &listing))
}

fn shown(work: &Work) -> ShownWork<'_> {
    ShownWork {
        id: work.id,
        assignment: &work.assignment,
        student: &work.student,
        submitted_at: work.submitted_at.to_rfc3339(),
        deleted_at: work.deleted_at.to_rfc3339(),
    }
}

/// `POST v1/courses/{course}/trash/assignments/{id}`
pub async fn restore_assignment(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    trash::restore_assignment(&exchange, &caller, course, id).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// `POST v1/courses/{course}/trash/submissions/{id}`
pub async fn restore_submission(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    trash::restore_submission(&exchange, &caller, course, id).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// `POST v1/courses/{course}/trash/feedback/{id}`
pub async fn restore_feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<HttpResponse> {
    trash::restore_feedback(&exchange, &caller, course, submission).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}
