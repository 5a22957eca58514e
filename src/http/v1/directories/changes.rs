//! `v1/directories/{owner}/{directory}/changes`: the way to write much, and to learn what is new.

use super::contents::{file, kind};
use crate::http::error::{Error, Result};
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::request::changes_body::ChangesBody;
use crate::http::request::directory_path::{ExpectedVersion, InDirectory};
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{ChangedPath, Committed, DirectoryChanges};
use nbcourier_auth::Caller;
use nbcourier_exchange::directories::following::{self, ChangeQuery, ChangeView, LONGEST_WAIT};
use nbcourier_exchange::directories::ready;
use nbcourier_exchange::{Exchange, directories};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::time::Duration;

/// `POST v1/directories/{owner}/{directory}/changes`
pub async fn commit(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    ExpectedVersion(expected): ExpectedVersion,
    body: ChangesBody,
) -> Result<web::Json<Committed>> {
    let ready = ready(&exchange, &caller, address, expected).await?;
    let (batch, parcel) = body.read(&exchange).await?;
    let committed: directories::Committed = ready.commit(batch, parcel).await?;
    Ok(web::Json(Committed {
        version: committed.version,
        changed: committed.changed,
    }))
}

/// Which changes are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct ChangesQuery {
    /// The version that the client knows. The empty directory is version 0.
    #[schemars(with = "Option<i64>", range(min = 0))]
    since: Option<String>,
    /// The number of seconds to wait if nothing has changed.
    #[schemars(with = "Option<u8>", range(max = 25))]
    wait: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// `GET v1/directories/{owner}/{directory}/changes`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    Query(wanted): Query<ChangesQuery>,
) -> Result<Listing<DirectoryChanges>> {
    let since = wanted.since.as_deref().unwrap_or("0").parse();
    let since = since.ok().filter(|since| *since >= 0);
    let wait = wanted.wait.as_deref().unwrap_or("0").parse().ok();
    let wait = wait
        .map(Duration::from_secs)
        .filter(|wait| *wait <= LONGEST_WAIT);
    let query = ChangeQuery {
        since: since.ok_or_else(|| Error::bad("since is the number of a version"))?,
        after: paging::cursor(wanted.cursor.as_deref(), parse_cursor)?,
        at_most: paging::limit(wanted.limit.as_deref(), paging::MOST)?,
        wait: wait.ok_or_else(|| {
            Error::bad(format!(
                "wait is a number of seconds from 0 to {}",
                LONGEST_WAIT.as_secs()
            ))
        })?,
    };
    let page = following::changes(&exchange, &caller, address, query).await?;
    Listing::of(page.changes.len(), move || DirectoryChanges {
        version: page.version,
        changes: page.changes.into_iter().map(shown).collect(),
        next: page
            .next
            .map(|(version, path)| format!("{version}.{}", paging::encode_name(&path))),
    })
    .await
}

fn parse_cursor(text: &str) -> Option<(i64, String)> {
    let (version, path) = text.split_once('.')?;
    Some((version.parse().ok()?, paging::parse_name(path)?))
}

fn shown(change: ChangeView) -> ChangedPath {
    ChangedPath {
        kind: change.now.as_ref().map(kind),
        file: change.now.as_ref().and_then(file),
        removed: change.now.is_none(),
        path: Cow::Owned(change.path),
        version: change.version,
    }
}
