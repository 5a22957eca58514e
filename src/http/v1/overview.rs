//! `v1/courses/{course}/overview`: who has handed in what.

use crate::auth::Caller;
use crate::domain::Rfc3339;
use crate::exchange::Exchange;
use crate::exchange::overview::{self, Assignment, Counts, Feedback, Overview, Student, Work};
use crate::http::error::Result;
use crate::http::names::InCourse;
use crate::http::openapi::Listing;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// A course at a glance.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Overview")]
pub struct Shown {
    /// In the order in which they were made, released or not.
    assignments: Vec<AssignmentAtAGlance>,
    /// Who takes the course, in the order of the roster, and then whoever else handed something in.
    students: Vec<StudentAtAGlance>,
}

/// An assignment, and how many people did what with it.
#[derive(Serialize, JsonSchema)]
struct AssignmentAtAGlance {
    assignment: String,
    opens_at: Option<Rfc3339>,
    due_at: Option<Rfc3339>,
    cutoff_at: Option<Rfc3339>,
    released: bool,
    /// Who handed it in.
    submitted: usize,
    /// Who takes the course and did not.
    missing: usize,
    /// Whose latest submission is late.
    late: usize,
    /// Whose latest submission has feedback.
    feedback: usize,
}

/// Somebody, and what they handed in.
#[derive(Serialize, JsonSchema)]
struct StudentAtAGlance {
    student: String,
    first_name: Option<String>,
    last_name: Option<String>,
    /// Whether they take the course.
    enrolled: bool,
    work: Vec<WorkAtAGlance>,
}

/// What somebody handed in to an assignment.
#[derive(Serialize, JsonSchema)]
struct WorkAtAGlance {
    assignment: String,
    /// The latest.
    submitted_at: Rfc3339,
    /// Whether the latest was in after it was due, an extension counted in.
    late: bool,
    /// How many there are.
    submissions: usize,
    feedback: Feedback,
}

/// `GET v1/courses/{course}/overview`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<Listing<Shown>> {
    let overview = overview::of_course(&exchange, &caller, course).await?;
    let student = |student| shown_student(student, &overview);
    Ok(Listing(Shown {
        assignments: overview.assignments.iter().map(shown_assignment).collect(),
        students: overview.students.iter().map(student).collect(),
    }))
}

fn shown_assignment((assignment, counts): &(Assignment, Counts)) -> AssignmentAtAGlance {
    AssignmentAtAGlance {
        assignment: assignment.name.clone(),
        opens_at: assignment.dates.opens_at.map(Rfc3339),
        due_at: assignment.dates.due_at.map(Rfc3339),
        cutoff_at: assignment.dates.cutoff_at.map(Rfc3339),
        released: assignment.released,
        submitted: counts.submitted,
        missing: counts.missing,
        late: counts.late,
        feedback: counts.feedback,
    }
}

fn shown_student(student: &Student, overview: &Overview) -> StudentAtAGlance {
    // In the order of the assignments.
    let work = overview.assignments.iter().filter_map(|(assignment, _)| {
        let work = student.work.get(&assignment.id)?;
        Some(shown_work(&assignment.name, work))
    });
    StudentAtAGlance {
        student: student.username.clone(),
        first_name: student.first_name.clone(),
        last_name: student.last_name.clone(),
        enrolled: student.enrolled,
        work: work.collect(),
    }
}

fn shown_work(assignment: &str, work: &Work) -> WorkAtAGlance {
    WorkAtAGlance {
        assignment: assignment.to_owned(),
        submitted_at: Rfc3339(work.submitted_at),
        late: work.late,
        submissions: work.submissions,
        feedback: work.feedback,
    }
}
