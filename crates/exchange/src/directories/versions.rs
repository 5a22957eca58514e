//! The versions of a directory: their listing, labels, and the return of an earlier one.

use crate::audit::Action;
use crate::op::DirectoryOp;
use crate::policy::DirectoryAddress;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AccessLevel, RelativePath, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::Portion;
use nbcourier_storage::directories::{Version, contents, entries, versions};
use serde_json::json;

/// Maximum length of a label in bytes.
const LONGEST_LABEL: usize = 200;

/// A version of a directory.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// The number, from 1.
    pub number: i64,
    /// The time at which it was made.
    pub made_at: Timestamp,
    /// The person who made it.
    pub made_by: String,
    /// The device on which it was made, as its client says.
    pub device: Option<String>,
    /// The message of its maker.
    pub message: Option<String>,
    /// The commit that it was made from, as JSON.
    pub origin: Option<String>,
    /// The label, with which it is kept.
    pub label: Option<String>,
    /// The number of files.
    pub files: i64,
    /// The bytes of all files.
    pub bytes: i64,
    /// The digest of the files as a tree, if it is computed.
    pub digest: Option<Sha256Sum>,
}

impl VersionView {
    pub(super) fn new(row: Version) -> Self {
        Self {
            number: row.number,
            made_at: row.made_at,
            made_by: row.made_by,
            device: row.device,
            message: row.message,
            origin: row.origin,
            label: row.label,
            files: row.size.files,
            bytes: row.size.bytes,
            digest: row.digest,
        }
    }
}

/// A page of versions, the newest first.
#[derive(Debug, Clone)]
pub struct VersionPage {
    /// The versions.
    pub versions: Vec<VersionView>,
    /// The number below which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Returns at most `at_most` kept versions with a number below `below`. With a path, only those in which it changed.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    path: Option<RelativePath>,
    below: Option<i64>,
    at_most: usize,
) -> Result<VersionPage> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, move |op| {
        page(op, path.as_ref(), below, at_most)
    });
    read.await
}

pub(super) fn page(
    op: &mut DirectoryOp<'_>,
    path: Option<&RelativePath>,
    below: Option<i64>,
    at_most: usize,
) -> Result<VersionPage> {
    let (id, below) = (op.directory().id, below.unwrap_or(i64::MAX));
    let portion = Portion::of(at_most);
    let (found, is_more) = match path {
        None => versions::list(op.conn, id, below, portion)?,
        Some(path) => versions::of_path(op.conn, id, path.as_str(), below, portion)?,
    };
    let next = found.last().filter(|_| is_more).map(|last| last.number);
    Ok(VersionPage {
        versions: found.into_iter().map(VersionView::new).collect(),
        next,
    })
}

/// Returns the version with that number, or the current one.
pub(super) fn find(op: &mut DirectoryOp<'_>, number: Option<i64>) -> Result<Version> {
    let head = op.directory().head.clone();
    match number {
        None => Ok(head),
        Some(number) if number == head.number => Ok(head),
        Some(number) => {
            let id = op.directory().id;
            let found = versions::find(op.conn, id, number)?;
            found.ok_or(Error::NotFound(Thing::DirectoryVersion))
        }
    }
}

/// Returns the digest of a version: the one that is noted, or a new one, which is noted afterwards.
pub(super) fn digest_in(
    op: &mut DirectoryOp<'_>,
    number: i64,
    noted: Option<Sha256Sum>,
) -> Result<Sha256Sum> {
    if let Some(digest) = noted {
        return Ok(digest);
    }
    let id = op.directory().id;
    let digest = contents::digest(op.conn, id, number)?;
    op.exchange
        .without_policy()
        .write_later(move |conn| versions::set_digest(conn, id, number, digest));
    Ok(digest)
}

/// Checks the text of a label.
pub(crate) fn check_label(label: &str) -> Result<()> {
    let is_illegal = label.trim().is_empty()
        || label.len() > LONGEST_LABEL
        || label.chars().any(char::is_control);
    if is_illegal {
        return Err(Error::UnusableFact(format!(
            "A label is one line of 1 to {LONGEST_LABEL} bytes"
        )));
    }
    Ok(())
}

/// Sets the label of a version, which is kept as long as it has one. `None` removes the label.
pub async fn set_label(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    number: i64,
    label: Option<String>,
) -> Result<VersionView> {
    if let Some(label) = &label {
        check_label(label)?;
    }
    let set = exchange.write_directory(caller, address, AccessLevel::Write, move |op| {
        let mut version = find(op, Some(number))?;
        let id = op.directory().id;
        versions::set_label(op.conn, id, number, label.as_deref())?;
        version.label.clone_from(&label);
        op.note(
            Action::DirectoryLabelled,
            json!({ "version": number, "label": label }),
        )?;
        Ok(VersionView::new(version))
    });
    set.await
}

/// Gives the next version the files of an earlier one. If the current version has the same files, nothing changes.
pub async fn restore(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    number: i64,
) -> Result<super::Committed> {
    let following = exchange.following.clone();
    let way = exchange.enter_directory(caller, address, AccessLevel::Write);
    let change = move |op: &mut DirectoryOp<'_>| {
        super::commit::refuse_followed(op)?;
        let earlier = find(op, Some(number))?;
        let directory = op.directory().clone();
        let next = directory.head.number + 1;
        let before = contents::distinct_bytes(op.conn, directory.id)?;
        let written = entries::bring_back(op.conn, directory.id, earlier.number, next)?;
        let is_changed = written > 0;
        let mut committed = super::Committed {
            directory: directory.id,
            version: directory.head.number,
            changed: is_changed,
        };
        if !is_changed {
            return Ok((committed, None));
        }
        committed.version = next;
        let size = entries::size_at(op.conn, directory.id, next)?;
        let new = versions::NewVersion {
            by: op.caller.name().as_str(),
            now: Timestamp::now(),
            device: None,
            message: None,
            origin: None,
        };
        versions::advance(op.conn, directory.id, next, &new, size)?;
        let after = contents::distinct_bytes(op.conn, directory.id)?;
        let added = after.saturating_sub(before);
        let quota = &op.exchange.quota;
        let taken = quota.take_for_directory(op.conn, &directory.owner, directory.course, added)?;
        op.note(
            Action::DirectoryReverted,
            json!({ "version": next, "to": number }),
        )?;
        Ok((committed, taken))
    };
    let committed = way.write_then(change, move |(committed, taken)| {
        if let Some(taken) = taken.take() {
            taken.keep();
        }
        if committed.changed {
            following.announce(committed.directory);
        }
    });
    let (committed, _) = committed.await?;
    Ok(committed)
}
