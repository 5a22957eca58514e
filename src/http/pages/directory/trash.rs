//! The deleted directories that a reader can restore.

use super::{address_of, done, sentence};
use crate::http::error::Result;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::paging;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use crate::http::v1::trash::{encode_position, parse_position};
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::directories::{self, DirectoryView};
use nbcourier_exchange::{DirectoryAddress, Exchange};

/// Maximum number of directories on the page.
const DIRECTORIES: usize = 200;

#[derive(Template)]
#[template(path = "directory/trash.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    found: &'a [DirectoryView],
    retention: Retention,
    next: Option<String>,
    done: Option<String>,
}

impl Page<'_> {
    fn deleted(&self, directory: &DirectoryView) -> Moment {
        let at = directory.deleted_at.unwrap_or(directory.created_at);
        self.view.times.minute(at)
    }

    /// Returns the time at which a deleted directory is removed for good.
    fn end(&self, directory: &DirectoryView) -> Moment {
        let at: Timestamp = directory.deleted_at.unwrap_or(directory.created_at);
        self.view.times.day(self.retention.end(at))
    }
}

/// The part of the list.
#[derive(serde::Deserialize)]
pub struct TrashQuery {
    cursor: Option<String>,
    done: Option<String>,
}

/// `GET d/trash`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    Query(query): Query<TrashQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let after = paging::cursor(query.cursor.as_deref(), parse_position)?;
    let page = directories::trash(&exchange, &caller, retention.0, after, DIRECTORIES).await?;
    let all = view.at(&["d"]);
    let next = page.next.map(encode_position);
    view.page(&Page {
        head: Head {
            title: view.say("trash-title"),
            crumbs: vec![view.link(all.clone(), &view.say("nav-directories"))],
            ..Head::default()
        },
        found: &page.directories,
        retention: **retention,
        next: next.map(|next| format!("{all}/trash?cursor={}", view.segment(&next))),
        done: sentence(&view, query.done.as_deref()),
        view: &view,
    })
}

/// Handles `POST d/trash`: restores a directory.
pub async fn restore(exchange: web::Data<Exchange>, form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let id = fields.text("what").parse().ok();
    let restored = directories::restore(&exchange, &reader.caller, id).await?;
    let address = DirectoryAddress {
        owner: restored.owner,
        name: restored.name,
    };
    Ok(done(&address_of(&reader.view, &address), "untrashed"))
}
