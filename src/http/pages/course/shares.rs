//! The pages that members of a course share, for its staff.

use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::shared::{LINKS, List, ListQuery, revoked};
use crate::http::pages::student::submission::to_contents;
use crate::http::pages::view::Head;
use crate::http::request::path::{InCourse, ShareInCourse};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use nbcourier_auth::{Place, Showing, Ticket, Tickets};
use nbcourier_exchange::{Exchange, shares};

/// `GET c/{course}/shares`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let below = query.below()?;
    let page = shares::of_course(&exchange, &caller, course.clone(), below, LINKS).await?;
    view.page(&List {
        head: Head {
            title: view.say("shares-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "shares"),
            ..Head::default()
        },
        page: &page,
        at: view.at(&["c", course.as_str(), "shares"]),
        of_course: true,
        done: query.sentence(&view),
        view: &view,
    })
}

/// Handles `POST c/{course}/shares`: revokes a link.
pub async fn revoke(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, view) = (&reader.caller, &reader.view);
    // A stranger learns nothing by a wrong form.
    shares::of_course(&exchange, caller, course.clone(), None, 1).await?;
    let id: Option<i64> = fields.text("share").parse().ok();
    if id.is_none() {
        return Err(Error::bad(view.say("nothing-chosen")));
    }
    shares::revoke(&exchange, caller, id).await?;
    Ok(revoked(&view.at(&["c", course.as_str(), "shares"])))
}

/// Handles `GET c/{course}/shares/{id}`: leads to a shared page, in the sandbox.
pub async fn look(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    ShareInCourse(course, id): ShareInCourse,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let share = shares::look(&exchange, &caller, course, id).await?;
    let ticket = Ticket {
        place: Place::Share(share.id),
        reader: caller.name().to_string(),
        showing: Showing::Html,
    };
    to_contents(&view, &tickets, &ticket, shares::PAGE)
}
