//! Trees: lists of files that never change, each stored once.

use super::backend::prelude::*;
use super::blobs::{self, Ids, Row, to_row};
use super::objects;
use super::schema::{blobs as blob_rows, feedback, releases, submissions, tree_files, trees};
use super::{Error, Result};
use bytes::Bytes;
use diesel::dsl::{auto_type, exists, not};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum, Timestamp, Tree, tree_digest};
use nbcourier_work::Bug;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The maximum number of files per statement.
const CHUNK: usize = 1000;

/// A file of a stored tree.
#[derive(Debug, Clone)]
pub struct File {
    /// The path in the tree.
    pub path: RelativePath,
    /// The row of the file's blob.
    pub blob: Row,
}

/// The blobs that arrived with a tree and have no row yet.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Small blobs, to be stored in the database.
    pub contents: Vec<(BlobRef, Bytes)>,
    /// Blobs whose bytes are durable in files.
    pub files: Vec<BlobRef>,
    /// Blobs whose bytes are durable in objects, with the rows that were written for them. Bytes that are sent again get
    /// other rows.
    pub objects: Mutex<Vec<(i64, BlobRef)>>,
}

impl Arrivals {
    /// Returns the blobs in objects, with their rows.
    pub fn objects(&self) -> MutexGuard<'_, Vec<(i64, BlobRef)>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tree that has a row.
#[derive(Debug, Clone, Copy)]
pub struct Saved {
    /// The ID of the row.
    pub id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

/// Stores a tree with the blobs that arrived for it. Reuses the row of an older tree with the same files.
pub fn save(
    conn: &mut Connection,
    tree: &Tree,
    arrivals: &Arrivals,
    now: Timestamp,
) -> Result<Saved> {
    let digest = tree.digest();
    if let Some(known) = find(conn, digest)? {
        blobs::repair_contents(conn, &arrivals.contents)?;
        return Ok(known);
    }
    let mut ids = receive(conn, arrivals, now)?;
    insert(conn, tree, digest, &mut ids)
}

/// Stores many trees that arrived together.
pub fn save_all<'a>(
    conn: &mut Connection,
    trees: impl IntoIterator<Item = &'a Tree>,
    arrivals: &Arrivals,
    now: Timestamp,
) -> Result<Vec<Saved>> {
    let mut ids = receive(conn, arrivals, now)?;
    let save = |tree: &Tree| {
        let digest = tree.digest();
        match find(conn, digest)? {
            Some(known) => Ok(known),
            None => insert(conn, tree, digest, &mut ids),
        }
    };
    trees.into_iter().map(save).collect()
}

/// Returns the tree with that digest, if it is stored.
pub fn find(conn: &mut Connection, digest: Sha256Sum) -> Result<Option<Saved>> {
    let row = trees::table
        .filter(trees::digest.eq(digest.0.as_slice()))
        .select((trees::id, trees::files, trees::bytes))
        .get_result(conn)
        .optional()?;
    Ok(row.map(|(id, files, bytes)| Saved {
        id,
        digest,
        files,
        bytes,
    }))
}

/// Stores the rows of the arrived blobs. Returns their IDs.
pub fn receive(conn: &mut Connection, arrivals: &Arrivals, now: Timestamp) -> Result<Ids> {
    let mut ids = blobs::record_files(conn, &arrivals.files, now)?;
    ids.extend(blobs::store_contents(conn, &arrivals.contents, now)?);
    ids.extend(objects::confirm(conn, &arrivals.objects())?);
    Ok(ids)
}

/// Inserts the row of a tree. `ids` holds the known rows of blobs; further ones are queried and added.
fn insert(conn: &mut Connection, tree: &Tree, digest: Sha256Sum, ids: &mut Ids) -> Result<Saved> {
    let (files, bytes) = (to_row(tree.entries.len())?, to_row(tree.size())?);
    let inserted = diesel::insert_into(trees::table)
        .values((
            trees::digest.eq(digest.0.as_slice()),
            trees::files.eq(files),
            trees::bytes.eq(bytes),
        ))
        .on_conflict_do_nothing()
        .returning(trees::id)
        .get_result::<i64>(conn)
        .optional()?;
    let Some(id) = inserted else {
        // Another writer was quicker.
        let known = find(conn, digest)?;
        return known
            .ok_or_else(|| Bug::new("a tree that cannot be inserted and is not there").into());
    };
    let blobs = tree.entries.iter().map(|entry| entry.blob.sha256);
    let unknown: Vec<_> = blobs.filter(|blob| !ids.contains_key(blob)).collect();
    ids.extend(blobs::ids(conn, unknown.into_iter())?);
    let rows = (0_i64..)
        .zip(&tree.entries)
        .map(|(position, entry)| {
            let blob = ids.get(&entry.blob.sha256).ok_or_else(|| {
                // With several servers, each knows only its own uploads.
                if conn.is_postgres() {
                    return Error::Overtaken;
                }
                Bug::new("a tree names bytes that were never stored").into()
            })?;
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
    Ok(Saved {
        id,
        digest,
        files,
        bytes,
    })
}

/// Returns the files of a tree, in the order in which they were submitted. It is an error if they do not match the
/// digest.
pub fn files(conn: &mut Connection, tree: i64) -> Result<Arc<[File]>> {
    let files = unchecked(conn, tree)?;
    check(conn, [(tree, &*files)])?;
    Ok(files)
}

/// Returns the same of a tree whose digest is known already, with one statement.
pub fn files_of(conn: &mut Connection, tree: i64, digest: Sha256Sum) -> Result<Arc<[File]>> {
    let files = unchecked(conn, tree)?;
    check_one(&files, &digest.0)?;
    Ok(files)
}

fn unchecked(conn: &mut Connection, tree: i64) -> Result<Arc<[File]>> {
    let rows = tree_files::table
        .inner_join(blob_rows::table)
        .filter(tree_files::tree_id.eq(tree))
        .order(tree_files::position)
        .select(COLUMNS)
        .load_iter::<Columns>(conn)?;
    rows.map(|row| Ok(parse(row?)?.1)).collect()
}

/// Compares the files of a tree with its digest.
fn check_one(files: &[File], digest: &[u8]) -> Result<()> {
    let seen = tree_digest(files.iter().map(|file| (&file.path, file.blob.blob.sha256)));
    if seen.0.as_slice() == digest {
        return Ok(());
    }
    Err(Error::Damaged(
        "the files of a tree are not those it is named for",
    ))
}

/// Compares the files of trees with the digests of the trees.
fn check<'a>(
    conn: &mut Connection,
    files: impl IntoIterator<Item = (i64, &'a [File])>,
) -> Result<()> {
    let files: HashMap<i64, &[File]> = files.into_iter().collect();
    let digests = trees::table
        .filter(among(trees::id, files.keys().copied()))
        .select((trees::id, trees::digest))
        .load::<(i64, Vec<u8>)>(conn)?;
    let digests: HashMap<i64, Vec<u8>> = digests.into_iter().collect();
    for (tree, files) in files {
        let digest = digests.get(&tree);
        let digest = digest.ok_or(Error::Damaged("a tree that something names is not there"))?;
        check_one(files, digest)?;
    }
    Ok(())
}

/// The files of many trees.
#[derive(Debug, Default)]
pub struct FilesOfTrees(HashMap<i64, Arc<[File]>>);

impl FilesOfTrees {
    /// Returns the files of the tree with that row, in the order in which they were submitted. Returns a `Bug` if the
    /// query did not include that tree, since an empty list would look like an empty tree.
    pub fn of(&self, tree: i64) -> Result<Arc<[File]>> {
        let files = self.0.get(&tree);
        let files = files.ok_or_else(|| Bug::new("the files of a tree were not loaded"))?;
        Ok(Arc::clone(files))
    }
}

/// Returns the files of all these trees, for sending them with their contents. It is an error if those of a tree do
/// not match its digest.
pub fn checked_files_of_all(
    conn: &mut Connection,
    trees: impl IntoIterator<Item = i64>,
) -> Result<FilesOfTrees> {
    let found = files_of_all(conn, trees)?;
    check(conn, found.0.iter().map(|(tree, files)| (*tree, &**files)))?;
    Ok(found)
}

/// Returns the files of all these trees. Runs one statement for any number of trees.
pub fn files_of_all(
    conn: &mut Connection,
    trees: impl IntoIterator<Item = i64>,
) -> Result<FilesOfTrees> {
    // A tree without files has no rows.
    let mut found: HashMap<i64, Vec<File>> =
        trees.into_iter().map(|tree| (tree, Vec::new())).collect();
    let rows = tree_files::table
        .inner_join(blob_rows::table)
        .filter(among(tree_files::tree_id, found.keys().copied()))
        .order((tree_files::tree_id, tree_files::position))
        .select(COLUMNS)
        .load_iter::<Columns>(conn)?;
    for row in rows {
        let (tree, file) = parse(row?)?;
        found.entry(tree).or_default().push(file);
    }
    let shared = found.into_iter().map(|(tree, files)| (tree, files.into()));
    Ok(FilesOfTrees(shared.collect()))
}

type Columns = (i64, String, blobs::Columns);
type BlobColumns = (
    blob_rows::id,
    blob_rows::sha256,
    blob_rows::md5,
    blob_rows::size,
    blob_rows::in_database,
    blob_rows::arrived,
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
        blob_rows::arrived,
    ),
);

fn parse((tree, path, blob): Columns) -> Result<(i64, File)> {
    let path = RelativePath::parse_stored(path)
        .map_err(|_| Error::Damaged("an illegal path in a tree"))?;
    let blob = blobs::parse(blob)?;
    Ok((tree, File { path, blob }))
}

/// Returns up to `limit` trees with a row above `after`, by row. Repeated calls visit all trees.
pub fn page(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<Saved>> {
    let rows = trees::table
        .filter(trees::id.gt(after))
        .order(trees::id)
        .limit(limit)
        .select((trees::id, trees::digest, trees::files, trees::bytes))
        .load::<(i64, Vec<u8>, i64, i64)>(conn)?;
    rows.into_iter()
        .map(|(id, digest, files, bytes)| {
            Ok(Saved {
                id,
                digest: blobs::parse_sha256(&digest)?,
                files,
                bytes,
            })
        })
        .collect()
}

/// Corrects the counts in the row of a tree.
pub fn set_counts(conn: &mut Connection, tree: i64, files: i64, bytes: i64) -> Result<()> {
    diesel::update(trees::table.find(tree))
        .set((trees::files.eq(files), trees::bytes.eq(bytes)))
        .execute(conn)?;
    Ok(())
}

/// Returns up to `limit` trees with a row above `after` that no release, submission or feedback uses, by row. Repeated
/// calls visit all such trees.
pub fn unnamed(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<i64>> {
    let found = trees::table
        .filter(trees::id.gt(after))
        .filter(is_unnamed())
        .order(trees::id)
        .limit(limit)
        .select(trees::id)
        .load(conn)?;
    Ok(found)
}

/// Removes those of the trees that no release, submission or feedback uses. Returns their number.
pub fn remove_unnamed(conn: &mut Connection, found: &[i64]) -> Result<usize> {
    let unnamed = trees::table
        .filter(among(trees::id, found.iter().copied()))
        .filter(is_unnamed());
    Ok(diesel::delete(unnamed).execute(conn)?)
}

/// The condition that no release, submission or feedback uses a tree.
#[auto_type]
fn is_unnamed() -> _ {
    let released = releases::table.filter(releases::tree_id.eq(trees::id));
    let handed_in = submissions::table.filter(submissions::tree_id.eq(trees::id));
    let given_back = feedback::table.filter(feedback::tree_id.eq(trees::id));
    not(exists(released))
        .and(not(exists(handed_in)))
        .and(not(exists(given_back)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opening, assignments, courses, migrate};
    use nbcourier_domain::{AssignmentId, CourseId, TreeEntry, UserName};

    fn content(number: u8) -> (BlobRef, Bytes) {
        let blob = BlobRef {
            // The sums need not be right here.
            sha256: Sha256Sum([number; 32]),
            md5: None,
            size: 3,
        };
        (blob, Bytes::from(vec![number; 3]))
    }

    fn tree(number: u8) -> (Tree, Arrivals) {
        let (blob, bytes) = content(number);
        let entry = TreeEntry {
            path: RelativePath::parse("file").unwrap(),
            blob,
        };
        let arrivals = Arrivals {
            contents: vec![(blob, bytes)],
            ..Arrivals::default()
        };
        let entries = vec![entry];
        (Tree { entries }, arrivals)
    }

    #[test]
    fn what_is_named_after_the_clean_up_found_it_stays() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        let conn = &mut conn;
        let (now, later) = (Timestamp::from_micros(1), Timestamp::from_micros(2));
        let ids = [1, 2, 3].map(|number| {
            let (tree, arrivals) = tree(number);
            save(conn, &tree, &arrivals, now).unwrap().id
        });
        assert_eq!(unnamed(conn, 0, 10).unwrap(), ids);
        assert_eq!(unnamed(conn, ids[0], 1).unwrap(), [ids[1]]);
        assert_eq!(blobs::unnamed(conn, later, 0, 10).unwrap(), [0; 0]);

        let kevin = UserName::parse("kevin").unwrap();
        let course = CourseId::parse("course1").unwrap();
        let course = courses::create(conn, &course, now).unwrap().unwrap();
        let name = AssignmentId::parse("challenge").unwrap();
        let id = assignments::obtain(conn, course, &name).unwrap();
        assignments::release(conn, id, ids[1], &kevin, now).unwrap();
        assert_eq!(remove_unnamed(conn, &ids).unwrap(), 2);
        assert_eq!(unnamed(conn, 0, 10).unwrap(), [0; 0]);
        assert_eq!(files(conn, ids[1]).unwrap()[0].path.as_str(), "file");

        assert_eq!(blobs::unnamed(conn, now, 0, 10).unwrap(), [0; 0]);
        let found = blobs::unnamed(conn, later, 0, 10).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            blobs::unnamed(conn, later, found[0], 10).unwrap(),
            [found[1]]
        );
        // The first one arrives again and is named.
        let (again, arrivals) = tree(1);
        let again = save(conn, &again, &arrivals, later).unwrap();
        let removed = blobs::remove_unnamed(conn, later, &found, None).unwrap();
        assert_eq!(removed, (1, 3));
        assert_eq!(files(conn, again.id).unwrap().len(), 1);
    }
}
