//! `v1/courses/{course}/overview`: which students submitted which assignments.

use crate::http::error::Result;
use crate::http::openapi::{Listing, Query};
use crate::http::reply::paging::{self, Paging};
use crate::http::request::path::InCourse;
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::overview::{self, Assignment, Counts, Feedback, Place, Student, Work};
use schemars::JsonSchema;
use serde::Serialize;

/// The overview of a course.
#[derive(Serialize, JsonSchema)]
pub struct CourseOverview {
    assignments: Vec<AssignmentOverview>,
    /// All enrolled students, and everybody else who has submitted.
    students: Vec<StudentOverview>,
    /// The `cursor` with which the same request gets the next page of students.
    next: Option<String>,
}

/// An assignment, with numbers of students.
#[derive(Serialize, JsonSchema)]
struct AssignmentOverview {
    assignment: String,
    opens_at: Option<Rfc3339>,
    due_at: Option<Rfc3339>,
    cutoff_at: Option<Rfc3339>,
    released: bool,
    /// The number of students who have submitted.
    submitted: usize,
    /// The number of enrolled students who have not submitted.
    missing: usize,
    /// The number of students whose latest submission is late.
    late: usize,
    /// The number of students with feedback on their latest submission.
    feedback: usize,
}

impl From<&(Assignment, Counts)> for AssignmentOverview {
    fn from((assignment, counts): &(Assignment, Counts)) -> Self {
        Self {
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
}

/// A student with their submissions.
#[derive(Serialize, JsonSchema)]
struct StudentOverview {
    student: String,
    first_name: Option<String>,
    last_name: Option<String>,
    /// Whether the student is enrolled now.
    enrolled: bool,
    /// The student's submissions by assignment, in the order of the assignments.
    work: Vec<WorkOverview>,
}

/// A student's submissions to an assignment.
#[derive(Serialize, JsonSchema)]
struct WorkOverview {
    assignment: String,
    /// The time of the latest submission.
    submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    late: bool,
    /// The number of submissions.
    submissions: usize,
    feedback: Feedback,
}

fn shown_work(assignment: &str, work: &Work) -> WorkOverview {
    WorkOverview {
        assignment: assignment.to_owned(),
        submitted_at: Rfc3339(work.submitted_at),
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
    Query(wanted): Query<Paging>,
) -> Result<Listing<CourseOverview>> {
    let after = wanted.after(parse_cursor)?;
    let at_most = wanted.limit()?;
    let overview = overview::page(&exchange, &caller, course, after, at_most).await?;
    let work = overview
        .students
        .iter()
        .map(|student| 1 + student.work.len());
    let lines = overview.assignments.len() + work.sum::<usize>();
    Listing::of(lines, move || {
        let shown = |student| shown_student(student, &overview.assignments);
        CourseOverview {
            students: overview.students.iter().map(shown).collect(),
            assignments: overview.assignments.iter().map(Into::into).collect(),
            next: overview.next.map(cursor),
        }
    })
    .await
}

/// The mark of a person outside the roster in a cursor.
const OTHERS: char = '-';

fn cursor(place: Place) -> String {
    match place {
        Place::Enrolled(place) => paging::encode_place(place),
        Place::Others(name) => format!("{OTHERS}{}", paging::encode_name(&name)),
    }
}

fn parse_cursor(text: &str) -> Option<Place> {
    match text.strip_prefix(OTHERS) {
        Some(name) => paging::parse_name(name).map(Place::Others),
        None => paging::parse_place(text).map(Place::Enrolled),
    }
}

fn shown_student(student: &Student, assignments: &[(Assignment, Counts)]) -> StudentOverview {
    let work = assignments.iter().filter_map(|(assignment, _)| {
        let work = student.work.get(&assignment.id)?;
        Some(shown_work(&assignment.name, work))
    });
    StudentOverview {
        student: student.username.clone(),
        first_name: student.first_name.clone(),
        last_name: student.last_name.clone(),
        enrolled: student.enrolled,
        work: work.collect(),
    }
}
