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
use nbcourier_exchange::overview::{self, Assignment, Counts, Feedback, Place, Student, Work};

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
    let work = overview
        .students
        .iter()
        .map(|student| 1 + student.work.len());
    let lines = overview.assignments.len() + work.sum::<usize>();
    Listing::of(lines, move || {
        let shown = |student| shown_student(student, &overview.assignments);
        CourseOverview {
            students: overview.students.iter().map(shown).collect(),
            assignments: if is_first {
                overview.assignments.iter().map(shown_assignment).collect()
            } else {
                Vec::new()
            },
            next: overview.next.map(cursor),
        }
    })
    .await
}

fn shown_assignment((assignment, counts): &(Assignment, Counts)) -> AssignmentOverview {
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

fn shown_work(assignment: &str, work: &Work) -> SubmissionOverview {
    SubmissionOverview {
        assignment: assignment.to_owned(),
        submitted_at: Rfc3339(work.submitted_at),
        late: work.late,
        submissions: work.submissions,
        feedback: match work.feedback {
            Feedback::None => FeedbackState::None,
            Feedback::Returned => FeedbackState::Returned,
            Feedback::Outdated => FeedbackState::Outdated,
        },
    }
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
