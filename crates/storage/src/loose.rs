//! Trees and contents that lost a row which named them. Triggers note them, so that the regular clean-up need not look at all.
//!
//! A noted tree or content may still be named by another row, or be named again. Two changes at the same moment may lose a
//! note. So a clean-up looks at everything once a month.

use super::Result;
use super::backend::prelude::*;
use super::blobs::is_unnamed;
use super::schema::{blobs, clean_ups, loose_blobs, loose_trees};
use nbcourier_domain::Timestamp;

/// Returns up to `limit` trees with a row above `after` that lost a row which named them, by row.
pub fn trees(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<i64>> {
    let found = loose_trees::table
        .filter(loose_trees::tree_id.gt(after))
        .order(loose_trees::tree_id)
        .limit(limit)
        .select(loose_trees::tree_id)
        .load(conn)?;
    Ok(found)
}

/// Returns up to `limit` blobs with a row above `after` that lost a row which named them, by row.
pub fn blobs(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<i64>> {
    let found = loose_blobs::table
        .filter(loose_blobs::blob_id.gt(after))
        .order(loose_blobs::blob_id)
        .limit(limit)
        .select(loose_blobs::blob_id)
        .load(conn)?;
    Ok(found)
}

/// Forgets these trees. Those that nothing named were removed before.
pub fn settle_trees(conn: &mut Connection, looked_at: &[i64]) -> Result<()> {
    let settled = loose_trees::table.filter(among(loose_trees::tree_id, looked_at.iter().copied()));
    diesel::delete(settled).execute(conn)?;
    Ok(())
}

/// Forgets those of these blobs that are named or gone. The others wait until they are old enough.
pub fn settle_blobs(conn: &mut Connection, looked_at: &[i64]) -> Result<()> {
    let waiting: Vec<i64> = blobs::table
        .filter(among(blobs::id, looked_at.iter().copied()))
        .filter(is_unnamed())
        .select(blobs::id)
        .load(conn)?;
    let settled = looked_at.iter().copied().filter(|id| !waiting.contains(id));
    diesel::delete(loose_blobs::table.filter(among(loose_blobs::blob_id, settled)))
        .execute(conn)?;
    Ok(())
}

/// How far the clean-up has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The contents with IDs up to this one were looked at after they had arrived.
    pub blobs_up_to: i64,
    /// The last time at which all trees and contents were looked at.
    pub whole_at: Timestamp,
}

/// Returns how far the clean-up has looked.
pub fn progress(conn: &mut Connection) -> Result<Progress> {
    let (blobs_up_to, whole_at) = clean_ups::table
        .select((clean_ups::blobs_up_to, clean_ups::whole_at))
        .get_result::<(i64, i64)>(conn)?;
    Ok(Progress {
        blobs_up_to,
        whole_at: Timestamp::from_micros(whole_at),
    })
}

/// Records how far the clean-up has looked.
pub fn note(conn: &mut Connection, progress: Progress) -> Result<()> {
    diesel::update(clean_ups::table)
        .set((
            clean_ups::blobs_up_to.eq(progress.blobs_up_to),
            clean_ups::whole_at.eq(progress.whole_at.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Returns the highest ID, at least `after`, below which all blobs arrived earlier than `before`.
pub fn arrived_up_to(conn: &mut Connection, after: i64, before: Timestamp) -> Result<i64> {
    let recent: Option<i64> = blobs::table
        .filter(blobs::id.gt(after))
        .filter(blobs::stored_at.ge(before.micros()))
        .order(blobs::id)
        .select(blobs::id)
        .limit(1)
        .get_result(conn)
        .optional()?;
    if let Some(first) = recent {
        return Ok(first - 1);
    }
    let last: Option<i64> = blobs::table
        .order(blobs::id.desc())
        .select(blobs::id)
        .limit(1)
        .get_result(conn)
        .optional()?;
    Ok(last.unwrap_or(after).max(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Postgres, Purpose};
    use crate::{Database, Opening, Store, migrate};
    use nbcourier_testdb::shared;

    /// Two trees with a file each, a shared page and a directory. The submissions with numbers 1 and 2 have the same tree.
    const ROWS: &str = "
        INSERT INTO blobs (id, sha256, size, in_database, stored_at) VALUES
            (1, $a, 1, true, 1), (2, $b, 1, true, 1), (3, $c, 1, true, 5), (4, $d, 1, true, 1), (5, $e, 1, true, 1);
        INSERT INTO trees (id, digest, files, bytes) VALUES (1, $a, 1, 1), (2, $b, 1, 1);
        INSERT INTO tree_files (tree_id, position, path, blob_id) VALUES (1, 0, 'a', 1), (2, 0, 'b', 2);
        INSERT INTO courses (id, name, created_at) VALUES (1, 'algebra', 1);
        INSERT INTO assignments (id, course_id, name) VALUES (1, 1, 'ps1');
        INSERT INTO submissions (id, assignment_id, student, submitted_at, tree_id) VALUES
            (1, 1, 'ann', 1, 1), (2, 1, 'ben', 2, 1), (3, 1, 'cleo', 3, 2);
        INSERT INTO directories (id, course_id, name, head, created_by, created_at) VALUES (1, 1, 'notes', 1, 'kim', 1);
        INSERT INTO directory_entries (directory_id, path, blob_id, executable, since) VALUES (1, 'd', 4, false, 1);
        INSERT INTO shares (id, token, course_id, made_by, made_at, expires_at, title, audience, page_blob, source_blob)
            VALUES (1, $a, 1, 'ann', 1, 2, 't', 'course', 5, NULL);";

    fn both() -> (tempfile::TempDir, Vec<Connection>) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut sqlite = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(sqlite.sqlite(), &path, Opening::Migrate).unwrap();
        let url = shared().url(&shared().create());
        let postgres = Postgres::parse(&url, None, None).unwrap();
        let database = Database::Postgres(Box::new(postgres.clone()));
        Store::open(&database, Opening::Migrate).unwrap();
        let postgres = postgres.connect(Purpose::Write).unwrap();
        (place, vec![sqlite, postgres])
    }

    #[test]
    fn what_loses_a_name_is_noted_until_it_is_named_or_gone() {
        let (_place, connections) = both();
        for mut conn in connections {
            let conn = &mut conn;
            let mut rows = ROWS.to_owned();
            for (number, letter) in ["$a", "$b", "$c", "$d", "$e"].into_iter().enumerate() {
                let bytes = if conn.is_postgres() {
                    format!("decode('0{number}', 'hex')")
                } else {
                    format!("X'0{number}'")
                };
                rows = rows.replace(letter, &bytes);
            }
            conn.batch_execute(&rows).unwrap();
            let (old, at) = (Timestamp::from_micros(3), Timestamp::from_micros(9));
            assert_eq!(trees(conn, 0, 9).unwrap(), [0; 0]);

            conn.batch_execute("DELETE FROM submissions WHERE id = 1")
                .unwrap();
            assert_eq!(trees(conn, 0, 9).unwrap(), [1]);
            assert_eq!(crate::trees::remove_unnamed(conn, &[1]).unwrap(), 0);
            settle_trees(conn, &[1]).unwrap();
            assert_eq!(trees(conn, 0, 9).unwrap(), [0; 0]);

            conn.batch_execute("DELETE FROM submissions; DELETE FROM directories; UPDATE shares SET page_blob = NULL")
                .unwrap();
            assert_eq!(trees(conn, 0, 9).unwrap(), [1, 2]);
            assert_eq!(trees(conn, 1, 9).unwrap(), [2]);
            assert_eq!(blobs(conn, 0, 9).unwrap(), [4, 5]);
            assert_eq!(crate::trees::remove_unnamed(conn, &[1, 2]).unwrap(), 2);
            conn.batch_execute("INSERT INTO loose_blobs (blob_id) VALUES (3)")
                .unwrap();
            let found = blobs(conn, 0, 9).unwrap();
            assert_eq!(found, [1, 2, 3, 4, 5]);
            let removed = crate::blobs::remove_unnamed(conn, old, &found, None).unwrap();
            assert_eq!(removed, (4, 4));
            settle_blobs(conn, &found).unwrap();
            // It is not old enough.
            assert_eq!(blobs(conn, 0, 9).unwrap(), [3]);

            assert_eq!(arrived_up_to(conn, 0, old).unwrap(), 2);
            assert_eq!(arrived_up_to(conn, 0, at).unwrap(), 3);
            assert_eq!(arrived_up_to(conn, 7, at).unwrap(), 7);
            let noted = Progress {
                blobs_up_to: 2,
                whole_at: at,
            };
            note(conn, noted).unwrap();
            assert_eq!(progress(conn).unwrap(), noted);
        }
    }
}
