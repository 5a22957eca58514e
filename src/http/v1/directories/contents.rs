//! `v1/directories/{owner}/{directory}/entries`, `…/tree` and `…/files/{path}`

use crate::http::error::{Error, Result};
use crate::http::reply::blob::{self, FileReply};
use crate::http::reply::directory_tar;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::reply::tar::Archive;
use crate::http::request::changes_body::{FileBody, parse_path};
use crate::http::request::directory_path::{FileCondition, FileIn, InDirectory};
use crate::http::request::query::{self, Query};
use actix_web::{HttpRequest, web};
use nbcourier_api::{
    Committed, DirectoryEntries, DirectoryEntry, EntryFile, EntryKind, FileStored,
};
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::changes::{Batch, Operation};
use nbcourier_exchange::directories::contents::{self, EntryQuery, EntryView, PathPattern};
use nbcourier_exchange::directories::ready;
use nbcourier_exchange::files::intake::Intake;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

/// Which entries are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct EntriesQuery {
    /// A version other than the current one.
    #[schemars(with = "Option<i64>")]
    version: Option<String>,
    /// Only the entries below this directory, or only this file.
    path: Option<String>,
    /// `1` for only the entries directly in the directory. The default is `all`.
    #[schemars(with = "Option<DepthWord>")]
    depth: Option<String>,
    /// Only the entries whose paths match. `*` and `?` match within a name, `**` any number of directories.
    glob: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// How deep a listing goes.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "it describes an argument")]
enum DepthWord {
    #[schemars(rename = "1")]
    Flat,
    #[schemars(rename = "all")]
    All,
}

/// `GET v1/directories/{owner}/{directory}/entries`
pub async fn entries(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    Query(wanted): Query<EntriesQuery>,
) -> Result<Listing<DirectoryEntries>> {
    let path = wanted
        .path
        .as_deref()
        .map(|path| path.trim_end_matches('/'));
    let query = EntryQuery {
        version: query::version(wanted.version.as_deref())?,
        below: path
            .filter(|path| !path.is_empty())
            .map(parse_path)
            .transpose()?,
        is_flat: match wanted.depth.as_deref() {
            None | Some("all") => false,
            Some("1") => true,
            Some(_) => return Err(Error::bad("depth is 1 or all")),
        },
        pattern: wanted.glob.as_deref().map(PathPattern::parse).transpose()?,
        after: paging::cursor(wanted.cursor.as_deref(), paging::parse_name)?,
    };
    let at_most = paging::limit(wanted.limit.as_deref(), paging::MOST)?;
    let page = contents::list(&exchange, &caller, address, query, at_most).await?;
    Listing::of(page.entries.len(), move || DirectoryEntries {
        version: page.version,
        entries: page.entries.into_iter().map(entry).collect(),
        next: page.next.as_deref().map(paging::encode_name),
    })
    .await
}

fn entry(view: EntryView) -> DirectoryEntry {
    DirectoryEntry {
        kind: kind(&view),
        file: file(&view),
        path: Cow::Owned(view.path),
        since: view.since,
    }
}

pub(super) fn kind(view: &EntryView) -> EntryKind {
    match view.file {
        Some(_) => EntryKind::File,
        None => EntryKind::Directory,
    }
}

pub(super) fn file(view: &EntryView) -> Option<EntryFile> {
    view.file.map(|file| EntryFile {
        size: file.blob.size,
        sha256: file.blob.sha256,
        md5: file.blob.md5,
        executable: file.executable,
    })
}

/// Which files are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct TreeQuery {
    /// A version other than the current one.
    #[schemars(with = "Option<i64>")]
    version: Option<String>,
    /// Only the files below this directory. Their paths in the archive begin with it.
    path: Option<String>,
}

/// `GET v1/directories/{owner}/{directory}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    Query(wanted): Query<TreeQuery>,
) -> Result<Archive> {
    let version = query::version(wanted.version.as_deref())?;
    let path = wanted
        .path
        .as_deref()
        .map(|path| path.trim_end_matches('/'));
    let below = path.filter(|path| !path.is_empty()).map(parse_path);
    let below = below.transpose()?;
    let found = contents::archive(&exchange, &caller, address, version, below).await?;
    directory_tar::archive(&exchange, found).await
}

/// Which version of a file is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct FileQuery {
    /// A version other than the current one.
    #[schemars(with = "Option<i64>")]
    version: Option<String>,
}

/// `GET v1/directories/{owner}/{directory}/files/{path}`
pub async fn get(
    exchange: web::Data<Exchange>,
    caller: Caller,
    FileIn(address, path): FileIn,
    Query(wanted): Query<FileQuery>,
    request: HttpRequest,
) -> Result<FileReply> {
    let version = query::version(wanted.version.as_deref())?;
    let found = contents::file(&exchange, &caller, address, version, path.clone()).await?;
    blob::file(&exchange, &request, path.as_str(), found).await
}

/// `PUT v1/directories/{owner}/{directory}/files/{path}`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    FileIn(address, path): FileIn,
    FileCondition(condition): FileCondition,
    body: FileBody,
) -> Result<web::Json<FileStored>> {
    let ready = ready(&exchange, &caller, address, None).await?;
    let (blob, parcel) = body.read(&exchange, &path).await?;
    let batch = Batch::of(Operation::Put {
        path,
        sha256: blob.sha256,
        executable: None,
        condition,
    });
    let committed = ready.commit(batch, parcel).await?;
    Ok(web::Json(FileStored {
        version: committed.version,
        changed: committed.changed,
        sha256: blob.sha256,
    }))
}

/// How to remove something.
#[derive(Deserialize, JsonSchema)]
pub struct RemovalQuery {
    /// `true` to remove a directory with everything in it.
    #[schemars(with = "Option<bool>")]
    recursive: Option<String>,
}

/// `DELETE v1/directories/{owner}/{directory}/files/{path}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    FileIn(address, path): FileIn,
    Query(how): Query<RemovalQuery>,
    FileCondition(condition): FileCondition,
) -> Result<web::Json<Committed>> {
    let recursive = match how.recursive.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Error::bad("recursive is true or false")),
    };
    let ready = ready(&exchange, &caller, address, None).await?;
    let batch = Batch::of(Operation::Remove {
        path,
        recursive,
        condition,
    });
    let nothing = Intake::new(&exchange).finish()?;
    let committed = ready.commit(batch, nothing).await?;
    Ok(web::Json(Committed {
        version: committed.version,
        changed: committed.changed,
    }))
}
