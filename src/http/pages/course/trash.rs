//! What was deleted in a course, and how long it can be restored.

use super::done::{self, Done};
use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::trash::{self, Trash};

/// Maximum number of items on the page.
const ITEMS: usize = 500;

#[derive(Template)]
#[template(path = "course/trash.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    trash: &'a Trash,
    retention: Retention,
    done: Option<Done>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    /// Returns the time at which a deleted thing is removed for good.
    fn end(&self, deleted_at: &Timestamp) -> Moment {
        self.view.times.day(self.retention.end(*deleted_at))
    }

    fn is_empty(&self) -> bool {
        let Trash {
            assignments,
            submissions,
            feedback,
            ..
        } = self.trash;
        assignments.is_empty() && submissions.is_empty() && feedback.is_empty()
    }
}

/// The request whose changes the page tells.
#[derive(serde::Deserialize)]
pub struct TrashQuery {
    done: Option<String>,
}

/// `GET c/{course}/trash`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InCourse(course): InCourse,
    Query(query): Query<TrashQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let found = trash::list(&exchange, &caller, course.clone(), retention.0, None, ITEMS).await?;
    let done = Done::of(&exchange, &caller, &view, &course, query.done).await?;
    view.page(&Page {
        head: Head {
            title: view.say("trash-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "trash"),
            ..Head::default()
        },
        course: &course,
        trash: &found,
        retention: **retention,
        done,
        view: &view,
    })
}

/// Handles `POST c/{course}/trash`: restores one thing.
pub async fn restore(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, place) = (&reader.caller, course.clone());
    let id = |text: &str| text.parse::<i64>().ok();
    let what = fields.text("what").to_owned();
    match what.split_once(' ') {
        Some(("assignment", number)) => {
            trash::restore_assignment(&exchange, caller, place, id(number)).await?;
        }
        Some(("submission", number)) => {
            trash::restore_submission(&exchange, caller, place, id(number)).await?;
        }
        Some(("feedback", number)) => {
            trash::restore_feedback(&exchange, caller, place, id(number)).await?;
        }
        _ => return Err(Error::bad(reader.view.say("nothing-chosen"))),
    }
    let address = reader.view.course(course.as_str());
    Ok(done::to(&format!("{address}/trash")))
}
