//! `v1/directories` and `v1/trash/directories`: named sequences of versions that people and courses share.

pub mod changes;
pub mod contents;
pub mod grants;
pub mod versions;

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::created::Created;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{self, Paging};
use crate::http::request::directory_path::InDirectory;
use crate::http::request::json::JsonBody;
use crate::http::request::path::Numbered;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use crate::http::v1::trash::{encode_position, parse_position};
use actix_web::web;
use nbcourier_api::{
    Directories, Directory, DirectoryOwner, DirectoryParent, DirectoryPatch, DirectorySource,
    NewCopy, NewDirectory, OwnerKind, PatchedText,
};
use nbcourier_auth::Caller;
use nbcourier_domain::{self as domain, Rfc3339};
use nbcourier_exchange::directories::{
    self, Change, Delivered, DirectoryFacts, DirectoryFilter, DirectoryView, Patch, Reach,
    parse_name,
};
use nbcourier_exchange::{DirectoryAddress, Exchange};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which directories are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct DirectoryQuery {
    /// Only those of this owner: the name of a person, or `course:COURSE`.
    owner: Option<String>,
    /// Only the caller's own, those that are granted to the caller or belong to a course of the caller, or those that are open to everybody.
    #[schemars(with = "Option<ReachWord>")]
    reach: Option<String>,
    /// Only those that are delivered to the members of their course: at the start of servers, or at all.
    #[schemars(with = "Option<DeliverWord>")]
    deliver: Option<String>,
    /// Only those with this text in their name or description.
    q: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// The reason why a directory can be read.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes an argument")]
enum ReachWord {
    Own,
    Granted,
    Everybody,
}

/// How a directory is delivered.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes an argument")]
enum DeliverWord {
    Start,
    Any,
}

/// Number of directories in a reply without a limit.
const PAGE: usize = 1000;

/// `GET v1/directories`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Query(wanted): Query<DirectoryQuery>,
) -> Result<Listing<Directories>> {
    let filter = DirectoryFilter {
        owner: wanted.owner.as_deref().map(parse_owner).transpose()?,
        reach: match wanted.reach.as_deref() {
            None => None,
            Some("own") => Some(Reach::Own),
            Some("granted") => Some(Reach::Granted),
            Some("everybody") => Some(Reach::Everybody),
            Some(_) => return Err(Error::bad("reach is own, granted or everybody")),
        },
        deliver: match wanted.deliver.as_deref() {
            None => None,
            Some("start") => Some(Delivered::AtStart),
            Some("any") => Some(Delivered::Any),
            Some(_) => return Err(Error::bad("deliver is start or any")),
        },
        text: wanted.q.filter(|text| !text.contains('\0')),
        after: paging::cursor(wanted.cursor.as_deref(), |text| text.parse().ok())?.unwrap_or(0),
    };
    let at_most = paging::limit(wanted.limit.as_deref(), PAGE)?;
    let page = directories::list(&exchange, &caller, filter, at_most).await?;
    Listing::of(page.directories.len(), move || Directories {
        directories: page.directories.into_iter().map(shown).collect(),
        next: page.next.map(|id| id.to_string()),
    })
    .await
}

fn parse_owner(text: &str) -> Result<domain::DirectoryOwner> {
    domain::DirectoryOwner::parse(text).map_err(Error::from)
}

/// `POST v1/directories`
pub async fn create(
    exchange: web::Data<Exchange>,
    caller: Caller,
    body: JsonBody<NewDirectory>,
) -> Result<Created<Directory>> {
    let new = body.read().await?;
    let owner = match new.owner.as_deref() {
        Some(owner) => parse_owner(owner)?,
        None => domain::DirectoryOwner::Person(caller.name().clone()),
    };
    let address = DirectoryAddress {
        owner,
        name: parse_name(&new.name)?,
    };
    let facts = DirectoryFacts {
        description: new.description,
        deliver: new.deliver,
        deliver_at_start: new.deliver_at_start,
    };
    let ready = directories::ready_to_create(&exchange, &caller, address).await?;
    Ok(Created(shown(ready.create(facts).await?)))
}

/// `GET v1/directories/{owner}/{directory}`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
) -> Result<Listing<Directory>> {
    let view = directories::show(&exchange, &caller, address).await?;
    Listing::of(1, move || shown(view)).await
}

/// `PATCH v1/directories/{owner}/{directory}`
pub async fn change(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    body: JsonBody<DirectoryPatch>,
) -> Result<web::Json<Directory>> {
    // A stranger learns nothing by a wrong body.
    directories::show(&exchange, &caller, address.clone()).await?;
    let given = body.read().await?;
    let patch = Patch {
        name: given.name.as_deref().map(parse_name).transpose()?,
        description: patched(given.description),
        deliver: patched(given.deliver),
        deliver_at_start: given.deliver_at_start,
    };
    let view = directories::change(&exchange, &caller, address, patch).await?;
    Ok(web::Json(shown(view)))
}

fn patched(text: PatchedText) -> Change<String> {
    match text {
        PatchedText::Kept => Change::Keep,
        PatchedText::Removed => Change::To(None),
        PatchedText::Set(text) => Change::To(Some(text)),
    }
}

/// `DELETE v1/directories/{owner}/{directory}`
pub async fn delete(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
) -> Result<NoContent> {
    directories::delete(&exchange, &caller, address).await?;
    Ok(NoContent)
}

/// `POST v1/directories/{owner}/{directory}/copies`
pub async fn copy(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    body: JsonBody<NewCopy>,
) -> Result<Created<Directory>> {
    directories::show(&exchange, &caller, address.clone()).await?;
    let new = body.read().await?;
    let name = parse_name(&new.name)?;
    let view = directories::copy(&exchange, &caller, address, new.version, name).await?;
    Ok(Created(shown(view)))
}

/// `GET v1/trash/directories`: the directories that the caller can restore, the last deleted first.
pub async fn trash(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Directories>> {
    let (after, at_most) = (wanted.after(parse_position)?, wanted.limit()?);
    let page = directories::trash(&exchange, &caller, retention.0, after, at_most).await?;
    Listing::of(page.directories.len(), move || Directories {
        directories: page.directories.into_iter().map(shown).collect(),
        next: page.next.map(encode_position),
    })
    .await
}

/// `POST v1/trash/directories/{id}`
pub async fn restore(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Numbered(id): Numbered,
) -> Result<web::Json<Directory>> {
    let view = directories::restore(&exchange, &caller, id).await?;
    Ok(web::Json(shown(view)))
}

fn shown(view: DirectoryView) -> Directory {
    let (kind, name) = match view.owner {
        domain::DirectoryOwner::Person(person) => (OwnerKind::User, person.as_str().to_owned()),
        domain::DirectoryOwner::Course(course) => (OwnerKind::Course, course.as_str().to_owned()),
    };
    Directory {
        id: view.id,
        owner: DirectoryOwner { kind, name },
        name: view.name.as_str().to_owned(),
        description: view.description,
        version: view.head.number,
        tree: view.head.digest,
        files: view.head.files,
        bytes: view.head.bytes,
        changed_at: Rfc3339(view.head.made_at),
        changed_by: view.head.made_by,
        created_at: Rfc3339(view.created_at),
        created_by: view.created_by,
        parent: view
            .parent
            .map(|(id, version)| DirectoryParent { id, version }),
        deliver: view.deliver,
        deliver_at_start: view.deliver_at_start,
        source: view.source.map(|source| DirectorySource {
            url: source.url,
            branch: source.branch.as_ref().map(ToString::to_string),
            folder: source.folder.as_ref().map(ToString::to_string),
            commit: source.commit.as_ref().map(ToString::to_string),
        }),
        may: view.may,
        deleted_at: view.deleted_at.map(Rfc3339),
    }
}
