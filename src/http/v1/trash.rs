//! `v1/trash`: deleted courses, and `v1/courses/{course}/trash`: what was deleted in one, until the retention time is
//! over.

use crate::auth::Caller;
use crate::domain::Rfc3339;
use crate::exchange::trash::Work;
use crate::exchange::{Exchange, courses, trash};
use crate::http::error::Result;
use crate::http::names::{InAssignment, InCourse, InTrash, Numbered, OfSubmission};
use crate::http::openapi::{Listing, NoContent};
use crate::http::server::Retention;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// What can be restored, the last deleted first.
#[derive(Serialize, JsonSchema)]
pub struct DeletedCourses {
    courses: Vec<DeletedCourse>,
}

/// A deleted course.
#[derive(Serialize, JsonSchema)]
struct DeletedCourse {
    /// The number by which it is restored.
    id: i64,
    /// The name it had.
    course: String,
    deleted_at: Rfc3339,
}

/// An object without keys.
#[derive(Serialize, JsonSchema)]
pub struct Restored {}

/// `GET v1/trash`: what can be restored, the last deleted first.
pub async fn list_courses(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
) -> Result<Listing<DeletedCourses>> {
    let courses = courses::trash(&exchange, &caller, retention.0)
        .await?
        .into_iter()
        .map(|course| DeletedCourse {
            id: course.id,
            course: course.name,
            deleted_at: Rfc3339(course.deleted_at),
        })
        .collect();
    Listing::of(DeletedCourses { courses }).await
}

/// `POST v1/trash/{id}`: brings one back with all that was in it.
pub async fn restore_course(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Numbered(id): Numbered,
) -> Result<web::Json<Restored>> {
    courses::restore(&exchange, &caller, id).await?;
    Ok(web::Json(Restored {}))
}

/// `DELETE v1/courses/{course}/assignments/{assignment}`
pub async fn delete_assignment(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<NoContent> {
    trash::delete_assignment(&exchange, &caller, course, assignment).await?;
    Ok(NoContent)
}

/// `DELETE v1/courses/{course}/submissions/{id}`
pub async fn delete_submission(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<NoContent> {
    trash::delete_submission(&exchange, &caller, course, id).await?;
    Ok(NoContent)
}

/// `DELETE v1/courses/{course}/submissions/{id}/feedback`
pub async fn delete_feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<NoContent> {
    trash::delete_feedback(&exchange, &caller, course, submission).await?;
    Ok(NoContent)
}

/// What was deleted in a course and can be restored, of each kind the last deleted first.
#[derive(Serialize, JsonSchema)]
pub struct CourseTrash {
    assignments: Vec<DeletedAssignment>,
    submissions: Vec<DeletedWork>,
    /// By the numbers of the submissions it was on.
    feedback: Vec<DeletedWork>,
}

/// A deleted assignment.
#[derive(Serialize, JsonSchema)]
struct DeletedAssignment {
    /// The number by which it is restored.
    id: i64,
    /// The name it had.
    assignment: String,
    deleted_at: Rfc3339,
    /// How many came with it.
    submissions: i64,
}

/// A deleted submission, or deleted feedback on one.
#[derive(Serialize, JsonSchema)]
struct DeletedWork {
    /// The number of the submission.
    id: i64,
    assignment: String,
    student: String,
    submitted_at: Rfc3339,
    deleted_at: Rfc3339,
}

/// `GET v1/courses/{course}/trash`: what can be restored, of each kind the last deleted first.
pub async fn list(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<Listing<CourseTrash>> {
    let trash = trash::list(&exchange, &caller, course, retention.0).await?;
    let assignments = trash.assignments.into_iter();
    let assignments = assignments.map(|assignment| DeletedAssignment {
        id: assignment.id,
        assignment: assignment.name,
        deleted_at: Rfc3339(assignment.deleted_at),
        submissions: assignment.submissions,
    });
    Listing::of(CourseTrash {
        assignments: assignments.collect(),
        submissions: trash.submissions.into_iter().map(shown).collect(),
        feedback: trash.feedback.into_iter().map(shown).collect(),
    })
    .await
}

fn shown(work: Work) -> DeletedWork {
    DeletedWork {
        id: work.id,
        assignment: work.assignment,
        student: work.student,
        submitted_at: Rfc3339(work.submitted_at),
        deleted_at: Rfc3339(work.deleted_at),
    }
}

/// `POST v1/courses/{course}/trash/assignments/{id}`
pub async fn restore_assignment(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InTrash(course, id): InTrash,
) -> Result<web::Json<Restored>> {
    trash::restore_assignment(&exchange, &caller, course, id).await?;
    Ok(web::Json(Restored {}))
}

/// `POST v1/courses/{course}/trash/submissions/{id}`
pub async fn restore_submission(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<web::Json<Restored>> {
    trash::restore_submission(&exchange, &caller, course, id).await?;
    Ok(web::Json(Restored {}))
}

/// `POST v1/courses/{course}/trash/feedback/{id}`
pub async fn restore_feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<web::Json<Restored>> {
    trash::restore_feedback(&exchange, &caller, course, submission).await?;
    Ok(web::Json(Restored {}))
}
