//! A course as a student sees it.

use crate::http::error::Result;
use crate::http::pages::course::activity::ActivityQuery;
use crate::http::pages::course::allowance::{Given, Panel};
use crate::http::pages::course::done::Done;
use crate::http::pages::directory::material::Material;
use crate::http::pages::reader::Reader;
use crate::http::pages::sentences::{Line, line};
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use actix_web::HttpResponse;
use askama::Template;
use nbcourier_domain::{CourseId, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::overview::FeedbackState;
use nbcourier_exchange::own_work::{self, OwnAssignment, OwnCourse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// Returns when feedback was first read.
pub fn read_at(view: &View, at: Option<Timestamp>) -> String {
    match at {
        Some(at) => view.say_with("read-at", "time", view.times.short(at).text()),
        None => view.say("not-read"),
    }
}

#[derive(Template)]
#[template(path = "student/course.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    own: &'a OwnCourse,
    /// The student whose page another person opens.
    student: Option<&'a str>,
    /// The allowance of that student, if the reader may change it.
    allowance: Option<Panel>,
    /// The refused submissions of that student.
    refusals: Vec<Line>,
    done: Option<Done>,
    material: Material,
    /// The address of the work on notebooks, if it is counted.
    notebooks: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn distance(&self, at: &Timestamp) -> String {
        self.view.times.distance(*at)
    }

    /// Whether the due time is so near, before or after now, that its distance helps.
    fn is_near(&self, at: &Timestamp) -> bool {
        const WEEK: Duration = Duration::from_hours(7 * 24);
        at.distance(self.view.times.now()) < WEEK
    }

    /// Returns the address of an assignment, for the student of the page.
    fn address(&self, assignment: &str) -> String {
        let address = self.view.assignment(self.course.as_str(), assignment);
        match self.student {
            Some(student) => {
                let name = utf8_percent_encode(student, NON_ALPHANUMERIC);
                format!("{address}?student={name}")
            }
            None => address,
        }
    }

    /// Returns the address of all events that name the student.
    fn activity(&self, student: &str) -> String {
        ActivityQuery::of_person(student).address(self.view, self.course)
    }

    fn is_cut_off(&self, assignment: &OwnAssignment) -> bool {
        assignment.dates.cut_off(self.view.times.now()).is_some()
    }

    fn state(&self, assignment: &OwnAssignment) -> String {
        self.view.say(match &assignment.submitted {
            Some(work) if work.late => "state-submitted-late",
            Some(_) => "state-submitted",
            None => "state-missing",
        })
    }

    /// Returns when the student has read the feedback on the latest submission, for those who teach.
    fn read(&self, assignment: &OwnAssignment) -> Option<String> {
        self.student?;
        let work = assignment.submitted.as_ref()?;
        let is_given = work.feedback == FeedbackState::Returned;
        is_given.then(|| read_at(self.view, assignment.read_at))
    }

    fn feedback(&self, assignment: &OwnAssignment) -> String {
        let state = assignment.submitted.as_ref().map(|work| work.feedback);
        match state {
            Some(FeedbackState::Returned) => self.view.say("feedback-given"),
            Some(FeedbackState::Outdated) => self.view.say("feedback-outdated"),
            _ => "–".to_owned(),
        }
    }
}

/// Returns the course as the reader sees it, or as this student does, with what those who teach may do for the student. The
/// form of the allowance may come back.
pub async fn show(
    exchange: &Exchange,
    reader: Reader,
    course: CourseId,
    student: Option<UserName>,
    (given, done): (Option<Given>, Option<Done>),
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let mut own = own_work::course(exchange, &caller, view.place(&course), student.clone()).await?;
    let material = match &student {
        None => Material::of(exchange, &caller, &view, &course, false).await?,
        Some(_) => Material::default(),
    };
    let refusals = own.refusals.iter();
    let refusals = refusals.map(|event| line(&view, None, event)).collect();
    let is_own = student.is_none();
    let is_counted = is_own && view.is_counted;
    let notebooks = is_counted.then(|| format!("{}/notebooks", view.course(course.as_str())));
    let mut crumbs = vec![view.home_crumb()];
    if student.is_some() {
        crumbs.push(view.course_link(course.as_str()));
    }
    let title = student.as_ref().map(UserName::to_string);
    let title = title.unwrap_or_else(|| view.course_name(course.as_str()));
    let now = own.allowance.take();
    let student_of_panel = student.as_ref().filter(|_| view.may.give_time);
    let allowance = student_of_panel.map(|student| Panel::new(&view, &course, student, now, given));
    let has_problem = allowance
        .as_ref()
        .is_some_and(|panel| panel.problem.is_some());
    let page = Page {
        head: Head {
            title,
            crumbs,
            ..Head::default()
        },
        student: student.as_ref().map(UserName::as_str),
        course: &course,
        own: &own,
        material,
        notebooks,
        allowance,
        refusals,
        done,
        view: &view,
    };
    view.page_of_form(&page, has_problem)
}
