//! `v1/directories/{owner}/{directory}/versions` and `…/history`

use crate::http::error::{Error, Result};
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{self, Paging};
use crate::http::request::changes_body::parse_path;
use crate::http::request::directory_path::{InDirectory, VersionOf};
use crate::http::request::json::JsonBody;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Committed, DirectoryVersion, DirectoryVersions, NewLabel};
use nbcourier_auth::Caller;
use nbcourier_domain::{RelativePath, Rfc3339};
use nbcourier_exchange::directories::versions::{self, VersionView};
use nbcourier_exchange::{DirectoryAddress, Exchange, directories};
use schemars::JsonSchema;
use serde::Deserialize;

/// `GET v1/directories/{owner}/{directory}/versions`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    Query(wanted): Query<Paging>,
) -> Result<Listing<DirectoryVersions>> {
    let (cursor, limit) = (wanted.cursor.as_deref(), wanted.limit.as_deref());
    page(&exchange, &caller, address, None, (cursor, limit)).await
}

/// The path whose versions are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct HistoryQuery {
    /// The path of a file or directory.
    path: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// `GET v1/directories/{owner}/{directory}/history`
pub async fn of_path(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    Query(wanted): Query<HistoryQuery>,
) -> Result<Listing<DirectoryVersions>> {
    let path = wanted.path.as_deref();
    let path = path.ok_or_else(|| Error::bad("Please supply path"))?;
    let (cursor, limit) = (wanted.cursor.as_deref(), wanted.limit.as_deref());
    let path = Some(parse_path(path)?);
    page(&exchange, &caller, address, path, (cursor, limit)).await
}

async fn page(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    path: Option<RelativePath>,
    (cursor, limit): (Option<&str>, Option<&str>),
) -> Result<Listing<DirectoryVersions>> {
    let below = paging::cursor(cursor, |text| text.parse().ok())?;
    let at_most = paging::limit(limit, paging::MOST)?;
    let page = versions::list(exchange, caller, address, path, below, at_most).await?;
    Listing::of(page.versions.len(), move || DirectoryVersions {
        versions: page.versions.into_iter().map(shown).collect(),
        next: page.next.map(|number| number.to_string()),
    })
    .await
}

/// `PUT v1/directories/{owner}/{directory}/versions/{version}/label`
pub async fn set_label(
    exchange: web::Data<Exchange>,
    caller: Caller,
    VersionOf(address, number): VersionOf,
    body: JsonBody<NewLabel>,
) -> Result<web::Json<DirectoryVersion>> {
    directories::show(&exchange, &caller, address.clone()).await?;
    let label = body.read().await?.label;
    let version = versions::set_label(&exchange, &caller, address, number, label).await?;
    Ok(web::Json(shown(version)))
}

/// `POST v1/directories/{owner}/{directory}/versions/{version}/restore`
pub async fn restore(
    exchange: web::Data<Exchange>,
    caller: Caller,
    VersionOf(address, number): VersionOf,
) -> Result<web::Json<Committed>> {
    let committed = versions::restore(&exchange, &caller, address, number).await?;
    Ok(web::Json(Committed {
        version: committed.version,
        changed: committed.changed,
    }))
}

fn shown(version: VersionView) -> DirectoryVersion {
    DirectoryVersion {
        version: version.number,
        made_at: Rfc3339(version.made_at),
        made_by: version.made_by,
        device: version.device,
        message: version.message,
        label: version.label,
        files: version.files,
        bytes: version.bytes,
    }
}
