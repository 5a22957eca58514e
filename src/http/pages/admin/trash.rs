//! The deleted courses, which administrators restore.

use super::{address, head};
use crate::http::error::{Error, Result};
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::redirect::see_other;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::administration;
use nbcourier_exchange::courses::{self, Trash};

/// Maximum number of courses on the page.
const COURSES: usize = 500;

#[derive(Template)]
#[template(path = "admin/trash.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    trash: &'a Trash,
    retention: Retention,
    notice: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    /// Returns the time at which a deleted course is removed for good.
    fn end(&self, deleted_at: &Timestamp) -> Moment {
        self.view.times.day(self.retention.end(*deleted_at))
    }
}

/// Whether a course was restored just now.
#[derive(serde::Deserialize)]
pub struct TrashQuery {
    done: Option<String>,
}

/// `GET admin/trash`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    Query(query): Query<TrashQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let trash = courses::trash(&exchange, &caller, retention.0, None, COURSES).await?;
    view.page(&Page {
        head: head(&view, "trash"),
        address: address(&view, "trash"),
        trash: &trash,
        retention: **retention,
        notice: query.done.map(|_| view.say("done-restored")),
        view: &view,
    })
}

/// Handles `POST admin/trash`: restores one course.
pub async fn restore(exchange: web::Data<Exchange>, form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    administration::require(&exchange, &reader.caller)?;
    let id = fields.text("course");
    if id.is_empty() {
        return Err(Error::bad(reader.view.say("nothing-chosen")));
    }
    courses::restore(&exchange, &reader.caller, id.parse().ok()).await?;
    let back = format!("{}?done=restored#done", address(&reader.view, "trash"));
    Ok(see_other(&back).finish())
}
