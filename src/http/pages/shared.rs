//! Shared pages: the page around a frame, its contents in a sandbox, and the list of the reader's own links.
//!
//! The contents come from anybody, so no cookie counts for them: the frame gets them with a ticket. Their policy
//! forbids them to run, send or fetch anything. The policy of the page keeps the frame at these addresses.

use super::contents::{policy_address, ticket_over};
use super::form::Form;
use super::reader::Reader;
use super::times::Moment;
use super::view::{Head, View};
use crate::http::error::{Error, Result};
use crate::http::reply::{download, paging, redirect::see_other};
use crate::http::request::path::OfLink;
use crate::http::request::query::Query;
use crate::http::state::Prefix;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::Bytes;
use nbcourier_auth::{Place, Showing, Ticket, Tickets};
use nbcourier_domain::{Audience, Timestamp};
use nbcourier_exchange::shares::{self, SharePage, ShareView};
use nbcourier_exchange::{Exchange, ShareEnd};

/// Number of links on a page of a list.
pub const LINKS: usize = 200;
/// The policy of the contents.
const POLICY: &str = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; \
                      form-action 'none'";

#[derive(Template)]
#[template(path = "shared.html")]
struct Frame<'a> {
    view: &'a View,
    head: Head,
    share: &'a ShareView,
    made_at: Moment,
    expires_at: Moment,
    /// The address of the contents.
    page: String,
    /// The address of the notebook.
    source: Option<String>,
}

/// `GET shared/{token}`
pub async fn show(
    request: HttpRequest,
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    prefix: web::Data<Prefix>,
    OfLink(token): OfLink,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let share = shares::open(&exchange, &caller, &token).await?;
    let ticket = tickets.issue(&Ticket {
        place: Place::Share(share.id),
        reader: caller.name().to_string(),
        showing: Showing::Html,
    })?;
    let page = view.at(&["shared", &token, "page"]);
    let frames = policy_address(&request, &prefix).map(|own| format!("{own}shared/"));
    let template = Frame {
        head: Head::new(share.title.clone()),
        made_at: view.times.minute(share.made_at),
        expires_at: view.times.minute(share.expires_at),
        page: format!("{page}?ticket={ticket}"),
        source: share
            .has_source
            .then(|| view.at(&["shared", &token, "source"])),
        share: &share,
        view: &view,
    };
    view.page_framing(&template, frames.as_deref())
}

/// The right to see the contents.
#[derive(serde::Deserialize)]
pub struct TicketQuery {
    ticket: Option<String>,
}

/// `GET shared/{token}/page`
pub async fn contents(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    OfLink(token): OfLink,
    Query(query): Query<TicketQuery>,
) -> Result<HttpResponse> {
    let ticket = query.ticket.and_then(|text| tickets.open(&text));
    let Some((ticket, Place::Share(id))) = ticket.map(|ticket| (ticket.reader, ticket.place))
    else {
        return ticket_over(&request);
    };
    let page = shares::granted(&exchange, id, Some(&token)).await?;
    log::debug!("{} views the shared page {id}", ticket.escape_debug());
    let mut reply = HttpResponse::Ok();
    reply
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("x-robots-tag", "noindex"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"));
    download::contents(&exchange, reply, Bytes::new(), page).await
}

/// Handles `GET shared/{token}/source`: the notebook, which a browser saves.
pub async fn source(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfLink(token): OfLink,
) -> Result<HttpResponse> {
    let (title, file) = shares::source(&exchange, &reader.caller, &token).await?;
    let title = title.replace('/', "-");
    let name = match title.strip_suffix(".ipynb") {
        Some(_) => title,
        None => format!("{title}.ipynb"),
    };
    download::file(&exchange, &name, file).await
}

/// A list of links.
#[derive(Template)]
#[template(path = "shares.html")]
pub struct List<'a> {
    /// The surroundings of the page.
    pub view: &'a View,
    /// The title and the links above.
    pub head: Head,
    /// The links.
    pub page: &'a SharePage,
    /// The address of the list, to which the forms are sent.
    pub at: String,
    /// Whether the list is that of a course.
    pub of_course: bool,
    /// The sentence about a change that was made before.
    pub done: Option<String>,
}

impl List<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn state(&self, share: &ShareView) -> String {
        let view = self.view;
        match (&share.end, &share.revoked) {
            (None, _) => view.say_with(
                "share-until",
                "time",
                view.times.minute(share.expires_at).text(),
            ),
            (Some(ShareEnd::Revoked), Some((_, by))) => {
                view.say_with("share-revoked-by", "name", by.as_str())
            }
            (Some(end), _) => view.say(end_key(*end)),
        }
    }

    /// Returns the address of the contents.
    fn look(&self, share: &ShareView) -> String {
        let id = share.id.to_string();
        self.view.at(&["c", share.course.as_str(), "shares", &id])
    }

    fn audience(&self, share: &ShareView) -> String {
        audience(self.view, share)
    }
}

impl Frame<'_> {
    fn audience(&self) -> String {
        audience(self.view, self.share)
    }
}

fn audience(view: &View, share: &ShareView) -> String {
    match share.audience {
        Audience::Course => view.say_with("share-for-course", "course", share.course.as_str()),
        Audience::Hub => view.say("share-for-hub"),
    }
}

/// Returns the key of the sentence about a link that has ended.
pub fn end_key(end: ShareEnd) -> &'static str {
    match end {
        ShareEnd::Expired => "share-expired",
        ShareEnd::Revoked => "share-revoked",
        ShareEnd::SwitchedOff => "share-switched-off",
    }
}

/// The part of a list, and the change that was made before.
#[derive(serde::Deserialize)]
pub struct ListQuery {
    /// The number below which the wanted part begins.
    pub cursor: Option<String>,
    /// The change that was made before.
    pub done: Option<String>,
}

impl ListQuery {
    /// Returns the number below which the wanted part begins.
    pub fn below(&self) -> Result<Option<i64>> {
        paging::cursor(self.cursor.as_deref(), |text| text.parse().ok())
    }

    /// Returns the sentence about the change.
    pub fn sentence(&self, view: &View) -> Option<String> {
        let is_revoked = self.done.as_deref() == Some("revoked");
        is_revoked.then(|| view.say("share-revoked-now"))
    }
}

/// Handles `GET shared`: the reader's own links.
pub async fn list(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let page = shares::own(&exchange, &caller, query.below()?, LINKS).await?;
    view.page(&List {
        head: Head {
            title: view.say("shares-own-title"),
            crumbs: vec![view.home_crumb()],
            ..Head::default()
        },
        page: &page,
        at: view.at(&["shared"]),
        of_course: false,
        done: query.sentence(&view),
        view: &view,
    })
}

/// Handles `POST shared`: revokes a link.
pub async fn revoke(exchange: web::Data<Exchange>, form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let id = fields.text("share").parse().ok();
    if id.is_none() {
        return Err(Error::bad(reader.view.say("nothing-chosen")));
    }
    shares::revoke(&exchange, &reader.caller, id).await?;
    Ok(revoked(&reader.view.at(&["shared"])))
}

/// Returns the redirect to a list after a link was revoked.
pub fn revoked(list: &str) -> HttpResponse {
    see_other(&format!("{list}?done=revoked#done")).finish()
}
