//! Trees: lists of files that never change, each stored once.

use super::blobs::{self, Row, to_row};
use super::schema::{blobs as blob_rows, feedback, releases, submissions, tree_files, trees};
use super::{Connection, Error, Result};
use crate::domain::{BlobRef, RelativePath, Timestamp, Tree};
use bytes::Bytes;
use diesel::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Files put into one statement.
const CHUNK: usize = 1000;

/// A file of a stored tree.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it stands.
    pub path: RelativePath,
    /// Its bytes, as the database knows them.
    pub blob: Row,
}

/// What came in with a tree and has no row yet.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Small blobs, to be stored in the database.
    pub contents: Vec<(BlobRef, Bytes)>,
    /// Blobs whose bytes are durable in files.
    pub files: Vec<BlobRef>,
}

/// Stores a tree with what arrived for it; the id of its row, which may be an older tree's with the same files.
pub fn save(
    conn: &mut Connection,
    tree: &Tree,
    arrivals: &Arrivals,
    now: Timestamp,
) -> Result<i64> {
    let digest = tree.digest();
    let known = trees::table
        .filter(trees::digest.eq(digest.0.as_slice()))
        .select(trees::id)
        .get_result(conn)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    blobs::record_files(conn, &arrivals.files, now)?;
    blobs::store_contents(conn, &arrivals.contents, now)?;
    let id: i64 = diesel::insert_into(trees::table)
        .values((
            trees::digest.eq(digest.0.as_slice()),
            trees::files.eq(to_row(tree.entries.len())?),
            trees::bytes.eq(to_row(tree.size())?),
        ))
        .returning(trees::id)
        .get_result(conn)?;
    let blob_ids = blobs::ids(conn, tree.entries.iter().map(|entry| entry.blob.sha256))?;
    let rows = (0_i64..)
        .zip(&tree.entries)
        .map(|(position, entry)| {
            let blob = blob_ids
                .get(&entry.blob.sha256)
                .ok_or(Error::Damaged("a tree names bytes that were never stored"))?;
            Ok((
                tree_files::tree_id.eq(id),
                tree_files::position.eq(position),
                tree_files::path.eq(entry.path.as_str()),
                tree_files::blob_id.eq(*blob),
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(tree_files::table)
            .values(chunk.to_vec())
            .execute(conn)?;
    }
    Ok(id)
}

/// The files of a tree, in the order in which they were handed in.
pub fn files(conn: &mut Connection, tree: i64) -> Result<Vec<File>> {
    let rows = tree_files::table
        .inner_join(blob_rows::table)
        .filter(tree_files::tree_id.eq(tree))
        .order(tree_files::position)
        .select(COLUMNS)
        .load::<Columns>(conn)?;
    rows.into_iter().map(|row| Ok(parse(row)?.1)).collect()
}

/// The files of many trees.
#[derive(Debug, Default)]
pub struct FilesOfTrees(HashMap<i64, Arc<[File]>>);

impl FilesOfTrees {
    /// The files of the tree with that row, in the order in which they were handed in.
    pub fn of(&self, tree: i64) -> Arc<[File]> {
        self.0.get(&tree).cloned().unwrap_or_default()
    }
}

/// The files of all these trees, by one statement however many there are.
pub fn files_of_all(
    conn: &mut Connection,
    trees: impl IntoIterator<Item = i64>,
) -> Result<FilesOfTrees> {
    let rows = tree_files::table
        .inner_join(blob_rows::table)
        .filter(super::among("tree_files.tree_id", trees))
        .order((tree_files::tree_id, tree_files::position))
        .select(COLUMNS)
        .load_iter::<Columns, _>(conn)?;
    let mut found: HashMap<i64, Vec<File>> = HashMap::new();
    for row in rows {
        let (tree, file) = parse(row?)?;
        found.entry(tree).or_default().push(file);
    }
    let shared = found.into_iter().map(|(tree, files)| (tree, files.into()));
    Ok(FilesOfTrees(shared.collect()))
}

type Columns = (i64, String, (i64, Vec<u8>, Vec<u8>, i64, bool));
type BlobColumns = (
    blob_rows::id,
    blob_rows::sha256,
    blob_rows::md5,
    blob_rows::size,
    blob_rows::in_database,
);
const COLUMNS: (tree_files::tree_id, tree_files::path, BlobColumns) = (
    tree_files::tree_id,
    tree_files::path,
    (
        blob_rows::id,
        blob_rows::sha256,
        blob_rows::md5,
        blob_rows::size,
        blob_rows::in_database,
    ),
);

fn parse((tree, path, blob): Columns) -> Result<(i64, File)> {
    let path =
        RelativePath::parse(path).map_err(|_| Error::Damaged("an illegal path in a tree"))?;
    let blob = blobs::parse(blob)?;
    Ok((tree, File { path, blob }))
}

/// Removes the trees that no release, submission or feedback is; their number.
pub fn purge_unnamed(conn: &mut Connection) -> Result<usize> {
    use diesel::dsl::{exists, not};
    let purged = diesel::delete(
        trees::table
            .filter(not(exists(
                releases::table.filter(releases::tree_id.eq(trees::id)),
            )))
            .filter(not(exists(
                submissions::table.filter(submissions::tree_id.eq(trees::id)),
            )))
            .filter(not(exists(
                feedback::table.filter(feedback::tree_id.eq(trees::id)),
            ))),
    )
    .execute(conn)?;
    Ok(purged)
}
