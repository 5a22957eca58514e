//! The name, the description and the delivery of a directory, and its deletion.

use super::facts::Given;
use super::{Place, address_of, done, sentence};
use crate::http::error::Result;
use crate::http::pages::failure::reason;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::request::directory_path::InDirectory;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AccessLevel, DirectoryOwner};
use nbcourier_exchange::directories::{self, Change, Patch, browsing};
use nbcourier_exchange::{DirectoryAddress, Exchange};

#[derive(Template)]
#[template(path = "directory/settings.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    is_of_course: bool,
    given: Given,
    retention: Retention,
    problem: Option<String>,
    done: Option<String>,
}

/// The query of a page, with the change that was made before.
#[derive(serde::Deserialize)]
pub struct SettingsQuery {
    done: Option<String>,
}

/// `GET d/{owner}/{directory}/settings`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InDirectory(address): InDirectory,
    Query(query): Query<SettingsQuery>,
) -> Result<HttpResponse> {
    let done = sentence(&reader.view, query.done.as_deref());
    page(reader, &exchange, **retention, address, None, done).await
}

/// Returns the page. A form that is wrong comes back with its fields and the reason.
async fn page(
    reader: Reader,
    exchange: &Exchange,
    retention: Retention,
    address: DirectoryAddress,
    wrong: Option<(Given, String)>,
    done: Option<String>,
) -> Result<HttpResponse> {
    let (caller, need) = (&reader.caller, AccessLevel::Admin);
    let directory = browsing::directory(exchange, caller, address, need).await?;
    let (reader, place) = Place::of(reader, exchange, &directory).await?;
    let view = &reader.view;
    let (given, problem) = match wrong {
        Some((given, problem)) => (given, Some(problem)),
        None => (Given::of_directory(&directory), None),
    };
    let page = Page {
        head: place.head(view, view.say("settings-title"), "settings"),
        is_of_course: matches!(directory.owner, DirectoryOwner::Course(_)),
        at: place.at,
        given,
        retention,
        problem,
        done,
        view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// `POST d/{owner}/{directory}/settings`
pub async fn set(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, need) = (&reader.caller, AccessLevel::Admin);
    browsing::directory(&exchange, caller, address.clone(), need).await?;
    let given = Given::of_form(&fields);
    match change(&exchange, &reader, &address, &given).await {
        Ok(renamed) => {
            let at = address_of(&reader.view, &renamed);
            Ok(done(&format!("{at}/settings"), "saved"))
        }
        Err(error) => {
            let problem = reason(error, &reader.view)?;
            let wrong = Some((given, problem));
            page(reader, &exchange, **retention, address, wrong, None).await
        }
    }
}

/// Gives the directory the name and the facts in the fields. Returns its address with that name.
async fn change(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    address: &DirectoryAddress,
    given: &Given,
) -> Result<DirectoryAddress> {
    // The name that the directory has stays, even if nobody could choose it now.
    let name = if given.name == address.name.as_str() {
        address.name.clone()
    } else {
        given.name(view)?
    };
    let facts = given.facts();
    let mut patch = Patch {
        name: Some(name.clone()),
        description: Change::To(facts.description),
        ..Patch::default()
    };
    if matches!(address.owner, DirectoryOwner::Course(_)) {
        patch.deliver = Change::To(facts.deliver);
        patch.deliver_at_start = Some(facts.deliver_at_start);
    }
    directories::change(exchange, caller, address.clone(), patch).await?;
    Ok(DirectoryAddress {
        owner: address.owner.clone(),
        name,
    })
}

/// Handles `POST d/{owner}/{directory}/delete`: puts the directory into the trash.
pub async fn delete(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, .. } = form;
    directories::delete(&exchange, &reader.caller, address).await?;
    Ok(done(&reader.view.at(&["d", "trash"]), "deleted"))
}
