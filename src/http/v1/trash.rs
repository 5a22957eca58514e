//! `v1/trash` with deleted courses, and `v1/courses/{course}/trash` with what was deleted in a course. Both hold it
//! until the retention time ends.

use crate::http::error::Result;
use crate::http::openapi::NoContent;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_numbers, parse_numbers};
use crate::http::request::path::{InAssignment, InCourse, InTrash, Numbered, OfSubmission};
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::web;
use nbcourier_api::{
    CourseTrash, DeletedAssignment, DeletedCourse, DeletedCourses, DeletedSubmission, Restored,
};
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, Timestamp};
use nbcourier_exchange::trash::{Kind, Position};
use nbcourier_exchange::{Exchange, courses, trash};

/// `GET v1/trash`: the courses that can be restored, the last deleted first.
pub async fn list_courses(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    Query(wanted): Query<Paging>,
) -> Result<Listing<DeletedCourses>> {
    let (after, at_most) = (wanted.after(parse_position)?, wanted.limit()?);
    let page = courses::trash(&exchange, &caller, retention.0, after, at_most).await?;
    Listing::of(page.courses.len(), move || DeletedCourses {
        courses: page.courses.into_iter().map(deleted_course).collect(),
        next: page.next.map(encode_position),
    })
    .await
}

fn deleted_course(course: courses::DeletedCourse) -> DeletedCourse {
    DeletedCourse {
        id: course.id,
        course: course.name,
        deleted_at: Rfc3339(course.deleted_at),
    }
}

/// Returns the cursor for a position in the trash.
pub fn encode_position(position: Position) -> String {
    encode_numbers(position.deleted_at.micros(), position.id)
}

/// Returns the position in the trash for a cursor.
pub fn parse_position(text: &str) -> Option<Position> {
    let (deleted_at, id) = parse_numbers(text)?;
    Some(Position {
        deleted_at: Timestamp::from_micros(deleted_at),
        id,
    })
}

/// `POST v1/trash/{id}`: restores a course with all its content.
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

/// `GET v1/courses/{course}/trash`: what can be restored, the last deleted first within each kind.
pub async fn list(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<CourseTrash>> {
    let (after, at_most) = (wanted.after(parse_cursor)?, wanted.limit()?);
    let trash = trash::list(&exchange, &caller, course, retention.0, after, at_most).await?;
    let lines = trash.assignments.len() + trash.submissions.len() + trash.feedback.len();
    Listing::of(lines, move || CourseTrash {
        assignments: trash
            .assignments
            .into_iter()
            .map(deleted_assignment)
            .collect(),
        submissions: trash
            .submissions
            .into_iter()
            .map(deleted_submission)
            .collect(),
        feedback: trash.feedback.into_iter().map(deleted_submission).collect(),
        next: trash.next.map(cursor),
    })
    .await
}

fn deleted_assignment(assignment: trash::DeletedAssignment) -> DeletedAssignment {
    DeletedAssignment {
        id: assignment.id,
        assignment: assignment.name,
        deleted_at: Rfc3339(assignment.deleted_at),
        submissions: assignment.submissions,
    }
}

fn cursor((kind, at): (Kind, Position)) -> String {
    let kind = match kind {
        Kind::Assignment => 'a',
        Kind::Submission => 's',
        Kind::Feedback => 'f',
    };
    format!("{kind}{}", encode_position(at))
}

fn parse_cursor(text: &str) -> Option<(Kind, Position)> {
    let kinds = [
        ('a', Kind::Assignment),
        ('s', Kind::Submission),
        ('f', Kind::Feedback),
    ];
    kinds.into_iter().find_map(|(letter, kind)| {
        let position = parse_position(text.strip_prefix(letter)?)?;
        Some((kind, position))
    })
}

fn deleted_submission(submission: trash::DeletedSubmission) -> DeletedSubmission {
    DeletedSubmission {
        id: submission.id,
        assignment: submission.assignment,
        student: submission.student,
        submitted_at: Rfc3339(submission.submitted_at),
        deleted_at: Rfc3339(submission.deleted_at),
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
