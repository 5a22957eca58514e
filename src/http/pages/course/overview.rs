//! A course for those who read all work: how each assignment stands.

use super::starts::Summary;
use super::tabs;
use crate::http::error::Result;
use crate::http::pages::directory::material::Material;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use actix_web::HttpResponse;
use askama::Template;
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::board::{self, CourseSummary};
use nbcourier_exchange::overview::{self, Assignment, Overview};

#[derive(Template)]
#[template(path = "course/overview.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    summary: &'a CourseSummary,
    material: Material,
    starts: Summary,
    /// Whether the work on notebooks is counted.
    is_counted: bool,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn state(&self, assignment: &Assignment) -> String {
        let now = self.view.times.now();
        self.view.say(if !assignment.released {
            "state-not-released"
        } else if !assignment.dates.is_open(now) {
            "state-opens-later"
        } else if assignment.dates.cut_off(now).is_some() {
            "closed"
        } else {
            "state-released"
        })
    }
}

/// Returns the course.
pub async fn show(exchange: &Exchange, reader: Reader, course: CourseId) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let summary = board::summary(exchange, &caller, view.place(&course)).await?;
    let may_make = summary.may.share_files;
    let material = Material::of(exchange, &caller, &view, &course, may_make).await?;
    let starts = Summary::of(exchange, &caller, &view, &course).await?;
    let students = view.say_with("students", "n", summary.students);
    view.page(&Page {
        head: Head {
            title: view.course_name(course.as_str()),
            aside: students,
            crumbs: vec![view.home_crumb()],
            tabs: tabs(&view, &course, "assignments"),
        },
        course: &course,
        summary: &summary,
        material,
        starts,
        is_counted: view.is_counted,
        view: &view,
    })
}

/// Maximum number of students of the page with everybody.
const STUDENTS: usize = 1000;

#[derive(Template)]
#[template(path = "course/everybody.html")]
struct Everybody<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    all: &'a Overview,
}

impl Everybody<'_> {
    /// Returns the sign for a student's work, and the words for it.
    fn cell(&self, student: &overview::Student, assignment: &Assignment) -> (&'static str, String) {
        match student.submissions_to(assignment) {
            None => ("–", self.view.say("state-missing")),
            Some(work) if work.late => ("L", self.view.say("state-late")),
            Some(work) if work.feedback == overview::FeedbackState::Returned => {
                ("F", self.view.say("feedback-given"))
            }
            Some(_) => ("✓", self.view.say("state-in-time")),
        }
    }

    fn name(&self, student: &overview::Student) -> String {
        board::listed_name(
            student.first_name.as_deref(),
            student.last_name.as_deref(),
            &student.username,
        )
    }
}

/// Returns everybody with every assignment.
pub async fn everybody(
    exchange: &Exchange,
    reader: Reader,
    course: CourseId,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let all = overview::page(exchange, &caller, view.place(&course), None, STUDENTS).await?;
    view.page(&Everybody {
        head: Head {
            title: view.say("everybody-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "assignments"),
            ..Head::default()
        },
        course: &course,
        all: &all,
        view: &view,
    })
}
