//! `v1/courses/{course}/overview`: who has handed in what.

use crate::auth::Caller;
use crate::domain::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::overview::{self, Assignment, Counts, Feedback, Overview, Student, Work};
use crate::http::error::Result;
use crate::http::listing;
use crate::http::names::InCourse;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Shown<'a> {
    assignments: Vec<ShownAssignment<'a>>,
    students: Vec<ShownStudent<'a>>,
}

#[derive(Serialize)]
struct ShownAssignment<'a> {
    assignment: &'a str,
    opens_at: Option<String>,
    due_at: Option<String>,
    cutoff_at: Option<String>,
    released: bool,
    submitted: usize,
    missing: usize,
    late: usize,
    feedback: usize,
}

fn shown_assignment((assignment, counts): &(Assignment, Counts)) -> ShownAssignment<'_> {
    ShownAssignment {
        assignment: &assignment.name,
        opens_at: assignment.dates.opens_at.map(Timestamp::to_rfc3339),
        due_at: assignment.dates.due_at.map(Timestamp::to_rfc3339),
        cutoff_at: assignment.dates.cutoff_at.map(Timestamp::to_rfc3339),
        released: assignment.released,
        submitted: counts.submitted,
        missing: counts.missing,
        late: counts.late,
        feedback: counts.feedback,
    }
}

#[derive(Serialize)]
struct ShownStudent<'a> {
    student: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    enrolled: bool,
    work: Vec<ShownWork<'a>>,
}

#[derive(Serialize)]
struct ShownWork<'a> {
    assignment: &'a str,
    submitted_at: String,
    late: bool,
    submissions: usize,
    feedback: Feedback,
}

fn shown_work<'a>(assignment: &'a str, work: &Work) -> ShownWork<'a> {
    ShownWork {
        assignment,
        submitted_at: work.submitted_at.to_rfc3339(),
        late: work.late,
        submissions: work.submissions,
        feedback: work.feedback,
    }
}

/// `GET v1/courses/{course}/overview`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let overview = overview::of_course(&exchange, &caller, course).await?;
    let students = overview.students.iter();
    let shown = Shown {
        assignments: overview.assignments.iter().map(shown_assignment).collect(),
        students: students
            .map(|student| shown_student(student, &overview))
            .collect(),
    };
    Ok(listing::reply_unless_known(&request, &shown))
}

fn shown_student<'a>(student: &'a Student, overview: &'a Overview) -> ShownStudent<'a> {
    // In the order of the assignments.
    let work = overview.assignments.iter().filter_map(|(assignment, _)| {
        let work = student.work.get(&assignment.id)?;
        Some(shown_work(&assignment.name, work))
    });
    ShownStudent {
        student: &student.username,
        first_name: student.first_name.as_deref(),
        last_name: student.last_name.as_deref(),
        enrolled: student.enrolled,
        work: work.collect(),
    }
}
