//! The name, the description and the delivery of a directory, and its deletion.

use super::{Place, address_of, done, sentence};
use crate::http::error::{Error, Result};
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::request::directory_path::InDirectory;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AccessLevel, DirectoryOwner};
use nbcourier_exchange::directories::{self, Change, DirectoryView, Patch, browsing, parse_name};
use nbcourier_exchange::{DirectoryAddress, Exchange};

#[derive(Template)]
#[template(path = "directory/settings.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    directory: &'a DirectoryView,
    is_of_course: bool,
    retention: Retention,
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
    let (caller, need) = (&reader.caller, AccessLevel::Admin);
    let directory = browsing::directory(&exchange, caller, address, need).await?;
    let (reader, place) = Place::of(reader, &exchange, &directory).await?;
    let view = &reader.view;
    view.page(&Page {
        head: place.head(view, view.say("settings-title"), "settings"),
        is_of_course: matches!(directory.owner, DirectoryOwner::Course(_)),
        retention: **retention,
        done: sentence(view, query.done.as_deref()),
        at: place.at,
        directory: &directory,
        view,
    })
}

/// `POST d/{owner}/{directory}/settings`
pub async fn set(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, need) = (&reader.caller, AccessLevel::Admin);
    browsing::directory(&exchange, caller, address.clone(), need).await?;
    let given = |name: &str| Some(fields.text(name).to_owned()).filter(|text| !text.is_empty());
    let name = fields.text("name");
    if name.is_empty() {
        return Err(Error::bad(reader.view.say("directory-name-missing")));
    }
    // The name that the directory has stays, even if nobody could choose it now.
    let name = if name == address.name.as_str() {
        address.name.clone()
    } else {
        parse_name(name)?
    };
    let description = given("description").map(|text| text.replace("\r\n", "\n"));
    let mut patch = Patch {
        name: Some(name.clone()),
        description: Change::To(description),
        ..Patch::default()
    };
    if matches!(address.owner, DirectoryOwner::Course(_)) {
        patch.deliver = Change::To(given("deliver"));
        patch.deliver_at_start = Some(fields.has("at-start"));
    }
    let renamed = DirectoryAddress {
        owner: address.owner.clone(),
        name,
    };
    directories::change(&exchange, caller, address, patch).await?;
    let at = address_of(&reader.view, &renamed);
    Ok(done(&format!("{at}/settings"), "saved"))
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
