//! The versions of a directory, with labels, and the return of an earlier one.

use super::{Place, address_of, done, sentence};
use crate::http::error::{Error, Result};
use crate::http::pages::failure::reason;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::paging;
use crate::http::request::directory_path::InDirectory;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AccessLevel, Timestamp};
use nbcourier_exchange::directories::versions::{self, VersionPage, VersionView};
use nbcourier_exchange::directories::{DirectoryView, browsing};
use nbcourier_exchange::{DirectoryAddress, Error as Refusal, Exchange, Thing};

/// Maximum number of versions on the page.
const VERSIONS: usize = 100;

#[derive(Template)]
#[template(path = "directory/versions.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    directory: &'a DirectoryView,
    kept: &'a VersionPage,
    may_write: bool,
    /// Whether the reader may make a version.
    may_restore: bool,
    /// The form of a label that comes back.
    wrong: Option<Label>,
    problem: Option<String>,
    done: Option<String>,
}

/// The fields of the form that labels a version.
struct Label {
    version: i64,
    label: String,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn is_current(&self, version: &VersionView) -> bool {
        version.number == self.directory.head.number
    }

    fn label<'a>(&'a self, version: &'a VersionView) -> &'a str {
        let wrong = self.wrong.as_ref();
        match wrong.filter(|wrong| wrong.version == version.number) {
            Some(wrong) => &wrong.label,
            None => version.label.as_deref().unwrap_or_default(),
        }
    }

    fn files(&self, version: &VersionView) -> String {
        self.view.say_with("file-count", "n", version.files)
    }
}

/// The part of the list.
#[derive(serde::Deserialize)]
pub struct VersionsQuery {
    cursor: Option<String>,
    done: Option<String>,
}

/// `GET d/{owner}/{directory}/versions`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let below = paging::cursor(query.cursor.as_deref(), |text| text.parse().ok())?;
    let done = sentence(&reader.view, query.done.as_deref());
    page(reader, &exchange, address, below, done, None).await
}

/// Returns the page with the versions below that number. A label that is wrong comes back with the reason.
async fn page(
    reader: Reader,
    exchange: &Exchange,
    address: DirectoryAddress,
    below: Option<i64>,
    done: Option<String>,
    wrong: Option<(Label, String)>,
) -> Result<HttpResponse> {
    let found = browsing::history(exchange, &reader.caller, address, below, VERSIONS).await?;
    let (directory, page) = found;
    let (reader, place) = Place::of(reader, exchange, &directory).await?;
    let view = &reader.view;
    let (wrong, problem) = wrong.unzip();
    let page = Page {
        head: place.head(view, view.say("directory-versions"), "versions"),
        may_write: place.may >= AccessLevel::Write,
        may_restore: place.may >= AccessLevel::Write && directory.source.is_none(),
        wrong,
        problem,
        done,
        at: place.at,
        directory: &directory,
        kept: &page,
        view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// Handles `POST d/{owner}/{directory}/versions`: labels a version, or makes one with the files of an earlier one.
pub async fn change(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let caller = &reader.caller;
    let need = AccessLevel::Write;
    browsing::directory(&exchange, caller, address.clone(), need).await?;
    let number = fields.text("version").parse();
    let number = number.map_err(|_| Refusal::NotFound(Thing::DirectoryVersion))?;
    let at = address_of(&reader.view, &address);
    let what = match fields.text("step") {
        "label" => {
            let label = Some(fields.text("label").to_owned()).filter(|label| !label.is_empty());
            let given = label.clone().unwrap_or_default();
            let set = versions::set_label(&exchange, caller, address.clone(), number, label);
            if let Err(error) = set.await {
                let problem = reason(error.into(), &reader.view)?;
                let label = Label {
                    version: number,
                    label: given,
                };
                let (below, wrong) = (number.checked_add(1), Some((label, problem)));
                return page(reader, &exchange, address, below, None, wrong).await;
            }
            "labelled"
        }
        "restore" => {
            let committed = versions::restore(&exchange, caller, address, number).await?;
            if committed.changed {
                "restored"
            } else {
                "same"
            }
        }
        _ => return Err(Error::bad(reader.view.say("nothing-chosen"))),
    };
    Ok(done(&format!("{at}/versions"), what))
}
