//! An assignment as a student sees it: whether their work arrived, until when they may submit, and which submission
//! counts.

use super::course::read_at;
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use actix_web::HttpResponse;
use askama::Template;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::own_work::{self, OwnDetails};
use nbcourier_exchange::submission_pages::ListedSubmission;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Number of submissions on the page.
const SUBMISSIONS: usize = 50;
/// Maximum number of submissions on the page with all of them.
const ALL: usize = 1000;

#[derive(Template)]
#[template(path = "student/assignment.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    details: &'a OwnDetails,
    /// The other person whose page an instructor opens.
    student: Option<&'a str>,
    address: String,
    /// The address of the page with all submissions.
    all_address: String,
}

/// Whether a student may submit, and whether it would be in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    InTime,
    Late,
    Closed,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn phase(&self) -> Phase {
        let (dates, now) = (self.details.dates, self.view.times.now());
        if dates.cut_off(now).is_some() {
            Phase::Closed
        } else if dates.is_late(now) {
            Phase::Late
        } else {
            Phase::InTime
        }
    }

    fn may_submit(&self) -> bool {
        self.phase() != Phase::Closed
    }

    fn headline(&self) -> String {
        self.view.say(if self.details.submissions.is_empty() {
            "you-have-not-submitted"
        } else {
            "you-have-submitted"
        })
    }

    /// Returns the sentences below the headline.
    fn explanation(&self) -> Vec<String> {
        let (view, dates) = (self.view, self.details.dates);
        let mut said = Vec::new();
        if let Some(newest) = self.details.submissions.first() {
            let time = view.times.minute(newest.submitted_at);
            let key = if newest.late {
                "newest-late"
            } else {
                "newest-in-time"
            };
            said.push(view.say_with(key, "time", time.text()));
        }
        match self.phase() {
            Phase::Closed => {
                if let Some(cutoff) = dates.cutoff_at {
                    let time = view.times.minute(cutoff);
                    said.push(view.say_with("closed-since", "time", time.text()));
                }
            }
            Phase::Late => {
                if let Some(due) = dates.due_at {
                    let distance = view.times.distance(due);
                    said.push(view.say_with("was-due", "distance", &distance));
                }
                said.push(view.say("still-late"));
            }
            Phase::InTime => {
                if let Some(due) = dates.due_at {
                    let distance = view.times.distance(due);
                    said.push(view.say_with("is-due", "distance", &distance));
                }
                if !self.details.submissions.is_empty() {
                    said.push(view.say("may-submit-again"));
                }
            }
        }
        said
    }

    fn state(&self, submission: &ListedSubmission) -> String {
        self.view.say(if submission.late {
            "state-late"
        } else {
            "state-in-time"
        })
    }

    fn counts(&self, submission: &ListedSubmission) -> bool {
        let newest = self.details.submissions.first();
        newest.is_some_and(|newest| newest.id == submission.id)
    }

    /// Returns when the student has read the feedback, for those who teach.
    fn read(&self, submission: &ListedSubmission) -> Option<String> {
        self.student?;
        let given = self.details.feedback.get(&submission.id)?;
        Some(read_at(self.view, given.read.map(|read| read.first_at)))
    }

    fn has_feedback(&self, submission: &ListedSubmission) -> bool {
        self.details.feedback.contains_key(&submission.id)
    }
}

/// The submissions that the page lists.
#[derive(serde::Deserialize)]
pub struct PageQuery {
    all: Option<String>,
}

/// Returns the assignment as the reader sees it, or as the student does for whom an instructor opens it.
pub async fn show(
    exchange: &Exchange,
    reader: Reader,
    (course, assignment): (CourseId, AssignmentId),
    student: Option<UserName>,
    query: &PageQuery,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let most = if query.all.is_some() {
        ALL
    } else {
        SUBMISSIONS
    };
    let details = own_work::assignment(
        exchange,
        &caller,
        view.place(&course),
        assignment.clone(),
        student.clone(),
        most,
    )
    .await?;
    let all_address = student.as_ref().map_or_else(
        || "?all=1".to_owned(),
        |student| {
            let name = utf8_percent_encode(student.as_str(), NON_ALPHANUMERIC);
            format!("?all=1&student={name}")
        },
    );
    view.page(&Page {
        all_address,
        head: Head {
            title: assignment.to_string(),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            ..Head::default()
        },
        address: view.assignment(course.as_str(), assignment.as_str()),
        course: &course,
        details: &details,
        student: student.as_ref().map(UserName::as_str),
        view: &view,
    })
}
