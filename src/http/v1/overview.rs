//! `v1/courses/{course}/overview`: which students submitted which assignments.

use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{self, Paging};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{
    AssignmentOverview, CourseOverview, Dates, FeedbackState, StudentOverview, SubmissionOverview,
};
use nbcourier_auth::Caller;
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::overview::{
    self, Assignment, Counts, Position, Student, StudentSubmissions,
};

/// `GET v1/courses/{course}/overview`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<CourseOverview>> {
    let after = wanted.after(parse_cursor)?;
    let at_most = wanted.limit()?;
    let is_first = after.is_none();
    let overview = overview::page(&exchange, &caller, course, after, at_most).await?;
    let lines = overview
        .students
        .iter()
        .map(|student| 1 + student.assignments());
    let lines = overview.assignments.len() + lines.sum::<usize>();
    Listing::of(lines, move || {
        let of = |student| student_overview(student, &overview.assignments);
        CourseOverview {
            students: overview.students.iter().map(of).collect(),
            assignments: if is_first {
                overview
                    .assignments
                    .iter()
                    .map(assignment_overview)
                    .collect()
            } else {
                Vec::new()
            },
            next: overview.next.map(cursor),
        }
    })
    .await
}

fn assignment_overview((assignment, counts): &(Assignment, Counts)) -> AssignmentOverview {
    let dates = Dates::from(assignment.dates);
    AssignmentOverview {
        assignment: assignment.name.clone(),
        opens_at: dates.opens_at,
        due_at: dates.due_at,
        cutoff_at: dates.cutoff_at,
        released: assignment.released,
        submitted: counts.submitted,
        missing: counts.missing,
        late: counts.late,
        feedback: counts.feedback,
    }
}

fn submission_overview(assignment: &str, submissions: &StudentSubmissions) -> SubmissionOverview {
    SubmissionOverview {
        assignment: assignment.to_owned(),
        submitted_at: Rfc3339(submissions.submitted_at),
        late: submissions.late,
        submissions: submissions.number,
        feedback: match submissions.feedback {
            overview::FeedbackState::None => FeedbackState::None,
            overview::FeedbackState::Returned => FeedbackState::Returned,
            overview::FeedbackState::Outdated => FeedbackState::Outdated,
        },
    }
}

/// The mark of a person outside the roster in a cursor.
const OTHERS: char = '-';

fn cursor(position: Position) -> String {
    match position {
        Position::Enrolled(position) => paging::encode_position(position),
        Position::Others(name) => format!("{OTHERS}{}", paging::encode_name(&name)),
    }
}

fn parse_cursor(text: &str) -> Option<Position> {
    match text.strip_prefix(OTHERS) {
        Some(name) => paging::parse_name(name).map(Position::Others),
        None => paging::parse_position(text).map(Position::Enrolled),
    }
}

fn student_overview(student: &Student, assignments: &[(Assignment, Counts)]) -> StudentOverview {
    let work = assignments.iter().filter_map(|(assignment, _)| {
        let submissions = student.submissions_to(assignment)?;
        Some(submission_overview(&assignment.name, submissions))
    });
    StudentOverview {
        student: student.username.clone(),
        first_name: student.first_name.clone(),
        last_name: student.last_name.clone(),
        enrolled: student.enrolled,
        work: work.collect(),
    }
}
