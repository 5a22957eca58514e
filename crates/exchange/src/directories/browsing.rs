//! A directory as people browse it: one folder at a time.

use super::contents::EntryView;
use super::versions::{self, VersionPage, VersionView};
use super::{DirectoryAddress, DirectoryView};
use crate::files::trees::TreeFiles;
use crate::op::DirectoryOp;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AccessLevel, RelativePath};
use nbcourier_identity::Caller;
use nbcourier_storage::Portion;
use nbcourier_storage::directories::{self as rows, entries};
use nbcourier_storage::trees::File;

/// The folder that a caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct FolderQuery {
    /// The version, or `None` for the current one.
    pub version: Option<i64>,
    /// The path of the folder, or `None` for the directory itself.
    pub path: Option<RelativePath>,
    /// Only the entries after this path.
    pub after: Option<String>,
}

/// A part of a folder of a directory.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The directory.
    pub directory: DirectoryView,
    /// The version.
    pub version: VersionView,
    /// The entries directly in the folder, by path. Their files have no MD5 unless it is known.
    pub entries: Vec<EntryView>,
    /// The path after which the next part begins, if there is one.
    pub next: Option<String>,
}

/// Returns at most `at_most` entries of a folder. No file is read.
pub async fn folder(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    query: FolderQuery,
    at_most: usize,
) -> Result<Folder> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, move |op| {
        let version = versions::find(op, query.version)?;
        let place = (op.directory().id, version.number);
        let filter = entries::Filter {
            below: query.path.as_ref().map(RelativePath::as_str),
            is_flat: true,
            after: query.after.as_deref(),
        };
        let (found, is_more) = entries::list(op.conn, place, filter, Portion::of(at_most))?;
        // Entries below a path show that it is a folder.
        if let Some(path) = query.path.as_ref().filter(|_| found.is_empty()) {
            let entry = entries::find(op.conn, place, path.as_str())?;
            if entry.is_none_or(|entry| entry.file.is_some()) {
                return Err(Error::NotFound(Thing::Path));
            }
        }
        let last = found.last().filter(|_| is_more);
        Ok(Folder {
            directory: view(op)?,
            next: last.map(|last| last.path.as_str().to_owned()),
            version: VersionView::new(version),
            entries: found.into_iter().map(EntryView::new).collect(),
        })
    });
    read.await
}

/// Returns a directory that the caller has this level of access to, without the digest of its files.
pub async fn directory(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    need: AccessLevel,
) -> Result<DirectoryView> {
    let read = exchange.read_directory(caller, address, need, |op| view(op));
    read.await
}

/// Returns a directory, and at most `at_most` of its kept versions with a number below `below`, the newest first.
pub async fn history(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    below: Option<i64>,
    at_most: usize,
) -> Result<(DirectoryView, VersionPage)> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, move |op| {
        let page = versions::page(op, None, below, at_most)?;
        Ok((view(op)?, page))
    });
    read.await
}

fn view(op: &DirectoryOp<'_>) -> Result<DirectoryView> {
    DirectoryView::of(op.directory().clone(), op.standing.level)
}

/// Returns a file of a version of the directory with that number, as a tree of only this file. The caller of this
/// function vouches that an operation has granted the version to the reader before.
pub async fn granted(
    exchange: &Exchange,
    directory: i64,
    version: i64,
    path: RelativePath,
) -> Result<Option<TreeFiles>> {
    let read = exchange.without_policy().read(move |conn| {
        let found = rows::by_id(conn, directory)?;
        if found.is_none_or(|found| found.deleted_at.is_some()) {
            return Ok(None);
        }
        let entry = entries::find(conn, (directory, version), path.as_str())?;
        let file = entry.and_then(|entry| Some((entry.path, entry.file?.blob)));
        Ok(file.map(|(path, blob)| TreeFiles::new([File { path, blob }].into())))
    });
    read.await
}
