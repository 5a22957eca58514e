//! Checking that all stored bytes are present and unchanged, and that the rows that name them agree with them.

use crate::{Error, Exchange, Result};
use nbcourier_blobs::{Blobs, Damage, FoundObject, LocalBlobs, ObjectName, RemoteBlobs};
use nbcourier_domain::{BlobRef, Sha256Sum, Tree, TreeEntry};
use nbcourier_storage::directories::{Size, check};
use nbcourier_storage::trees::{File, Saved};
use nbcourier_storage::{self as store, Connection, Store, blobs::Row};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

/// Number of blobs checked between two calls of `progress`.
const PAGE: i64 = 256;
/// Number of trees checked at a time. One tree may have ten thousand files.
const TREES: i64 = 32;
/// Number of versions of directories checked at a time. One may have a hundred thousand files.
const VERSIONS: usize = 8;

/// The result of a check.
#[derive(Debug, Default)]
pub struct FsckReport {
    /// Number of blobs checked.
    pub blobs: u64,
    /// Total bytes of those blobs.
    pub bytes: u64,
    /// Number of trees checked.
    pub trees: u64,
    /// The damaged or missing blobs.
    pub damaged: Vec<DamagedBlob>,
    /// The trees that do not match their rows.
    pub torn: Vec<DamagedTree>,
    /// Number of current and labelled versions of directories checked.
    pub versions: u64,
    /// The versions of directories whose rows do not agree.
    pub torn_versions: Vec<DamagedVersion>,
    /// The faults inside the database file.
    pub database: Vec<String>,
    /// Number of files that no row names, from unfinished or aborted uploads. They are harmless, and `gc` removes them.
    pub unclaimed: u64,
    /// Whether large contents are objects in a bucket instead of files.
    pub are_objects: bool,
    /// Files in the blob directory that are not in a blob's place. They are harmless as well.
    pub strays: Vec<PathBuf>,
    /// The reason why a blob directory could not be listed, so that `unclaimed` is incomplete.
    pub unlisted: Option<String>,
}

/// A damaged or missing blob.
#[derive(Debug, Clone, Copy)]
pub struct DamagedBlob {
    /// The blob as it should be.
    pub blob: BlobRef,
    /// Its ID in the database.
    pub id: i64,
    /// Whether its bytes belong into the database, and not into a file.
    pub in_database: bool,
    /// The fault.
    pub damage: Damage,
}

/// A tree that does not match its row.
#[derive(Debug, Clone, Copy)]
pub struct DamagedTree {
    /// Its ID in the database.
    pub id: i64,
    /// Its digest.
    pub digest: Sha256Sum,
    /// The fault.
    pub fault: Fault,
}

/// A version of a directory whose rows do not agree.
#[derive(Debug, Clone, Copy)]
pub struct DamagedVersion {
    /// The number of the directory.
    pub directory: i64,
    /// The number of the version.
    pub version: i64,
    /// The fault.
    pub fault: VersionFault,
}

/// A fault of a version of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionFault {
    /// Its files do not match the digest that was computed from them.
    OtherFiles,
    /// Its row has other numbers of files, folders and bytes.
    Counts(Size),
    /// So many entries are below a file.
    BelowFiles(i64),
}

/// A fault of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The digest of its files differs from its own.
    OtherFiles,
    /// The actual numbers of its files and of its bytes, which its row states differently.
    Counts(i64, i64),
}

impl FsckReport {
    /// Whether the check found no fault.
    pub fn is_clean(&self) -> bool {
        self.damaged.is_empty()
            && self.database.is_empty()
            && self.torn.is_empty()
            && self.torn_versions.is_empty()
            && self.unlisted.is_none()
    }
}

/// Returns the number of bytes to check.
pub async fn stored_bytes(store: &Store) -> store::Result<u64> {
    store.read(store::blobs::total_bytes).await
}

/// Compares every blob that a row names with its checksum and size, and checks every tree. It changes nothing. The
/// caller must hold the blobs if a clean-up could run at the same time.
pub async fn check(
    store: &Store,
    blobs: &Blobs,
    mut progress: impl FnMut(&FsckReport),
) -> Result<FsckReport> {
    let mut report = FsckReport {
        database: store.read(store::check_integrity).await?,
        are_objects: blobs.remote().is_some(),
        ..FsckReport::default()
    };
    let mut after = 0;
    loop {
        let blobs = blobs.clone();
        let page = store
            .read(move |conn| {
                let rows = store::blobs::page(conn, after, PAGE)?;
                let small: Vec<i64> = rows
                    .iter()
                    .filter(|row| row.in_database)
                    .map(|row| row.id)
                    .collect();
                let contents = store::blobs::contents(conn, &small)?;
                let expected = expected(conn, &blobs, &rows)?;
                let mut checked = Vec::with_capacity(rows.len());
                for row in rows {
                    let damage = if expected.contains(&row.id) {
                        damage(&blobs, &row, contents.get(&row.id))?
                    } else {
                        None
                    };
                    checked.push((row, damage));
                }
                Ok::<_, Error>(checked)
            })
            .await?;
        let Some((last, _)) = page.last() else { break };
        after = last.id;
        for (row, damage) in page {
            report.blobs += 1;
            report.bytes += row.blob.size;
            report.damaged.extend(damage.map(|damage| DamagedBlob {
                blob: row.blob,
                id: row.id,
                in_database: row.in_database,
                damage,
            }));
        }
        progress(&report);
    }
    check_trees(store, &mut report).await?;
    check_versions(store, &mut report).await?;
    let listed = match blobs {
        Blobs::Local(directory) => list(directory).map(Listed::Files),
        Blobs::Remote(bucket) => list_objects(bucket).map(Listed::Objects),
    };
    match listed {
        Ok(Listed::Files((sums, strays))) => {
            report.unclaimed = count_unclaimed(store, sums).await?;
            report.strays = strays;
        }
        Ok(Listed::Objects((names, strays))) => {
            report.unclaimed = count_unclaimed_objects(store, names).await?;
            report.strays = strays.into_iter().map(PathBuf::from).collect();
        }
        Err(error) => report.unlisted = Some(error.to_string()),
    }
    Ok(report)
}

/// Notes which objects are missing or damaged, so that the next one who brings the same bytes sends them. Returns their
/// number.
pub async fn note_damaged_objects(exchange: &Exchange, report: &FsckReport) -> Result<usize> {
    let damaged = report.damaged.iter().filter(|blob| !blob.in_database);
    let ids: Vec<i64> = damaged.map(|blob| blob.id).collect();
    let count = ids.len();
    let note = move |conn: &mut Connection| Ok(store::objects::mark_missing(conn, &ids)?);
    exchange.without_policy().write(note).await?;
    Ok(count)
}

/// Returns the damage of a blob whose bytes are in the database. `content` holds those bytes, if they are there.
pub fn content_damage(blob: &BlobRef, content: Option<&Vec<u8>>) -> Option<Damage> {
    match content {
        None => Some(Damage::Missing),
        Some(content) => check_small(blob, content).err(),
    }
}

fn damage(blobs: &Blobs, row: &Row, content: Option<&Vec<u8>>) -> Result<Option<Damage>> {
    if row.in_database {
        Ok(content_damage(&row.blob, content))
    } else {
        Ok(blobs.verify(row.id, &row.blob)?.err())
    }
}

/// Returns the rows whose bytes should be there. Those of an object may be on their way, until a tree contains it.
fn expected(conn: &mut Connection, blobs: &Blobs, rows: &[Row]) -> store::Result<HashSet<i64>> {
    let (arrived, coming): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.arrived);
    let mut expected: HashSet<i64> = arrived.into_iter().map(|row| row.id).collect();
    if blobs.remote().is_some() && !coming.is_empty() {
        let coming: Vec<i64> = coming.into_iter().map(|row| row.id).collect();
        expected.extend(store::objects::named(conn, &coming)?);
    }
    Ok(expected)
}

async fn check_trees(store: &Store, report: &mut FsckReport) -> store::Result<()> {
    let mut after = 0;
    loop {
        let page = store
            .read(move |conn: &mut Connection| {
                let trees = store::trees::page(conn, after, TREES)?;
                let files = store::trees::files_of_all(conn, trees.iter().map(|tree| tree.id))?;
                let checked = trees
                    .into_iter()
                    .map(|tree| Ok((tree, fault(&tree, &files.of(tree.id)?))));
                checked.collect::<store::Result<Vec<_>>>()
            })
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = last.id;
        report.trees += page.len() as u64;
        let torn = page.into_iter();
        report.torn.extend(torn.filter_map(|(tree, fault)| {
            Some(DamagedTree {
                id: tree.id,
                digest: tree.digest,
                fault: fault?,
            })
        }));
    }
}

async fn check_versions(store: &Store, report: &mut FsckReport) -> store::Result<()> {
    let mut after = (0, 0);
    loop {
        let page = store
            .read(move |conn: &mut Connection| check::versions(conn, after, VERSIONS))
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = (last.directory, last.version.number);
        report.versions += page.len() as u64;
        let torn = page.iter().filter_map(|checked| {
            let fault = if !checked.is_digest_right {
                VersionFault::OtherFiles
            } else if checked.below_files > 0 {
                VersionFault::BelowFiles(checked.below_files)
            } else if checked.size != checked.version.size {
                VersionFault::Counts(checked.size)
            } else {
                return None;
            };
            Some(DamagedVersion {
                directory: checked.directory,
                version: checked.version.number,
                fault,
            })
        });
        report.torn_versions.extend(torn);
    }
}

fn fault(row: &Saved, files: &[File]) -> Option<Fault> {
    let entries = files.iter().map(|file| TreeEntry {
        path: file.path.clone(),
        blob: file.blob.blob,
    });
    let tree = Tree {
        entries: entries.collect(),
    };
    if tree.digest() != row.digest {
        return Some(Fault::OtherFiles);
    }
    let (files, bytes) = (tree.entries.len(), tree.size());
    let counted = (
        i64::try_from(files).unwrap_or(i64::MAX),
        i64::try_from(bytes).unwrap_or(i64::MAX),
    );
    (counted != (row.files, row.bytes)).then_some(Fault::Counts(counted.0, counted.1))
}

/// Returns the names of the files in blobs' places, and the paths of all other files.
fn list(blobs: &LocalBlobs) -> io::Result<(Vec<Sha256Sum>, Vec<PathBuf>)> {
    let mut sums = Vec::new();
    blobs.walk(|file| sums.push(file.sha256))?;
    Ok((sums, blobs.strays()?))
}

/// The names of objects, and those of objects that are not ours.
type ObjectNames = (Vec<ObjectName>, Vec<String>);

/// The files or objects that were found.
enum Listed {
    Files((Vec<Sha256Sum>, Vec<PathBuf>)),
    Objects(ObjectNames),
}

fn list_objects(blobs: &RemoteBlobs) -> io::Result<ObjectNames> {
    let (mut names, mut strays) = (Vec::new(), Vec::new());
    blobs.walk(|found| match found {
        FoundObject::Named(name, _) => names.push(name),
        FoundObject::Stray(name) => strays.push(name),
    })?;
    Ok((names, strays))
}

/// Returns the number of objects without a row that do not wait for their deletion.
async fn count_unclaimed_objects(store: &Store, names: Vec<ObjectName>) -> store::Result<u64> {
    let mut unclaimed = 0;
    for chunk in names.chunks(1000) {
        let names: Vec<_> = chunk.iter().map(|name| (name.id, name.sha256)).collect();
        let found = names.clone();
        let known = store.read(move |conn| {
            let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
            store::objects::known(conn, &ids)
        });
        let known = known.await?;
        unclaimed += names.iter().filter(|name| !known.contains(name)).count() as u64;
    }
    Ok(unclaimed)
}

async fn count_unclaimed(store: &Store, sums: Vec<Sha256Sum>) -> store::Result<u64> {
    let files = sums.len();
    let claimed = store
        .read(move |conn| store::blobs::ids(conn, sums.into_iter()))
        .await?
        .len();
    Ok((files - claimed) as u64)
}

/// Checks a content of the database against its size and checksum.
fn check_small(blob: &BlobRef, content: &[u8]) -> Result<(), Damage> {
    if content.len() as u64 != blob.size {
        return Err(Damage::WrongLength);
    }
    if Sha256::digest(content).as_slice() != blob.sha256.0 {
        return Err(Damage::WrongBytes);
    }
    Ok(())
}
