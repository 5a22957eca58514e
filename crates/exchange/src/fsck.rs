//! Checking that all bytes that were handed in are there, unchanged, and that all that names them fits.

use nbcourier_blobs::{Damage, LocalBlobs};
use nbcourier_domain::{Sha256Sum, Tree, TreeEntry};
use nbcourier_storage::trees::{File, Saved};
use nbcourier_storage::{self as store, Connection, Store, blobs::Row};
use std::io;
use std::path::PathBuf;

/// Blobs looked at between two calls of `progress`.
const PAGE: i64 = 256;
/// Trees looked at at a time; one may have ten thousand files.
const TREES: i64 = 32;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Blobs looked at.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Trees looked at.
    pub trees: u64,
    /// The blobs that are not as they should be.
    pub damaged: Vec<(Row, Damage)>,
    /// The trees that are not.
    pub torn: Vec<(Saved, Fault)>,
    /// What is wrong inside the database file.
    pub database: Vec<String>,
    /// Files no row names: an upload in flight or broken off. They harm nobody; a clean-up removes them.
    pub unclaimed: u64,
    /// Files among the blobs that stand where no blob does. They harm nobody either.
    pub strays: Vec<PathBuf>,
    /// Why a directory of blobs could not be listed, so that files of nobody in it were not counted.
    pub unlisted: Option<String>,
}

/// What is wrong with a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its files are not those that its name is the sum of.
    OtherFiles,
    /// It has as many files, and bytes, as this, and its row says otherwise.
    Counts(i64, i64),
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.damaged.is_empty()
            && self.database.is_empty()
            && self.torn.is_empty()
            && self.unlisted.is_none()
    }
}

/// How many bytes there are to check.
pub async fn stored_bytes(store: &Store) -> store::Result<u64> {
    store.read(store::blobs::total_bytes).await
}

/// Reads every blob that a row names and compares it with its name and size, and looks at every tree; changes nothing.
/// The caller holds the blobs where a clean-up could run meanwhile.
pub async fn check(
    store: &Store,
    blobs: &LocalBlobs,
    mut progress: impl FnMut(&Report),
) -> store::Result<Report> {
    let mut report = Report {
        database: store.read(store::check_integrity).await?,
        ..Report::default()
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
                let checked = rows
                    .into_iter()
                    .map(|row| (row, damage(&blobs, &row, contents.get(&row.id))));
                Ok::<_, store::Error>(checked.collect::<Vec<_>>())
            })
            .await?;
        let Some((last, _)) = page.last() else { break };
        after = last.id;
        for (row, damage) in page {
            report.blobs += 1;
            report.bytes += row.blob.size;
            report.damaged.extend(damage.map(|damage| (row, damage)));
        }
        progress(&report);
    }
    check_trees(store, &mut report).await?;
    match list(blobs) {
        Ok((sums, strays)) => {
            report.unclaimed = count_unclaimed(store, sums).await?;
            report.strays = strays;
        }
        Err(error) => report.unlisted = Some(error.to_string()),
    }
    Ok(report)
}

/// What is wrong with the bytes of a row, which are `content` where they are in the database.
pub fn damage(blobs: &LocalBlobs, row: &Row, content: Option<&Vec<u8>>) -> Option<Damage> {
    if !row.in_database {
        return blobs.verify(&row.blob).err();
    }
    let Some(content) = content else {
        return Some(Damage::Missing);
    };
    super::trees::check_small(&row.blob, content).err()
}

async fn check_trees(store: &Store, report: &mut Report) -> store::Result<()> {
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
        report
            .torn
            .extend(torn.filter_map(|(tree, fault)| Some((tree, fault?))));
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

/// The names of the files that stand where blobs do, and the files that stand elsewhere.
fn list(blobs: &LocalBlobs) -> io::Result<(Vec<Sha256Sum>, Vec<PathBuf>)> {
    let mut sums = Vec::new();
    blobs.walk(|file| sums.push(file.sha256))?;
    Ok((sums, blobs.strays()?))
}

async fn count_unclaimed(store: &Store, sums: Vec<Sha256Sum>) -> store::Result<u64> {
    let files = sums.len();
    let claimed = store
        .read(move |conn| store::blobs::ids(conn, sums.into_iter()))
        .await?
        .len();
    Ok((files - claimed) as u64)
}
