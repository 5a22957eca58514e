//! The space that courses, people and the trash take.

use crate::Result;
use crate::backend::prelude::*;
use diesel::sql_types::{BigInt, Text};
use nbcourier_domain::Timestamp;

/// The contents of the trash, and the part that is over its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct TrashSize {
    /// Courses.
    #[diesel(sql_type = BigInt)]
    pub courses: i64,
    /// Assignments that were deleted by themselves.
    #[diesel(sql_type = BigInt)]
    pub assignments: i64,
    /// Submissions, also those of deleted courses and assignments.
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
    /// The bytes of their files. Other work may have the same files.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Submissions that are over their time.
    #[diesel(sql_type = BigInt)]
    pub old_submissions: i64,
    /// The bytes of their files.
    #[diesel(sql_type = BigInt)]
    pub old_bytes: i64,
}

// `$1` is the time before which deleted things are over their time. SQLite keeps the order of a cross join, and so begins
// with the few that are deleted.
const TRASH: &str = "
    SELECT (SELECT count(*) FROM courses WHERE deleted_at IS NOT NULL) AS courses,
        (SELECT count(*) FROM assignments WHERE deleted_at IS NOT NULL) AS assignments,
        count(*) AS submissions,
        CAST(coalesce(sum(bytes), 0) AS BIGINT) AS bytes,
        CAST(coalesce(sum(CASE WHEN deleted_at < $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS old_submissions,
        CAST(coalesce(sum(CASE WHEN deleted_at < $1 THEN bytes ELSE 0 END), 0) AS BIGINT) AS old_bytes
    FROM (SELECT s.deleted_at, t.bytes FROM submissions s CROSS JOIN trees t
            WHERE s.deleted_at IS NOT NULL AND t.id = s.tree_id
        UNION ALL SELECT a.deleted_at, t.bytes FROM assignments a CROSS JOIN submissions s CROSS JOIN trees t
            WHERE a.deleted_at IS NOT NULL AND s.assignment_id = a.id AND s.deleted_at IS NULL AND t.id = s.tree_id
        UNION ALL SELECT c.deleted_at, t.bytes
            FROM courses c CROSS JOIN assignments a CROSS JOIN submissions s CROSS JOIN trees t
            WHERE c.deleted_at IS NOT NULL AND a.course_id = c.id AND a.deleted_at IS NULL
                AND s.assignment_id = a.id AND s.deleted_at IS NULL AND t.id = s.tree_id) AS deleted";

/// Returns the size of the trash. Things that were deleted before `limit` are over their time.
pub fn trash(conn: &mut Connection, limit: Timestamp) -> Result<TrashSize> {
    Ok(diesel::sql_query(TRASH)
        .bind::<BigInt, _>(limit.micros())
        .get_result(conn)?)
}

/// A name with bytes.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Owned {
    /// The user name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// Returns the `at_most` people with the most bytes in different submissions, most first. It reads all submissions.
pub fn largest_people(conn: &mut Connection, at_most: i64) -> Result<Vec<Owned>> {
    Ok(diesel::sql_query(
        "SELECT student AS name, CAST(sum(trees.bytes) AS BIGINT) AS bytes
        FROM (SELECT DISTINCT student, tree_id FROM submissions WHERE deleted_at IS NULL) AS work
            JOIN trees ON trees.id = work.tree_id
        GROUP BY student ORDER BY bytes DESC, name LIMIT $1",
    )
    .bind::<BigInt, _>(at_most)
    .load(conn)?)
}

/// Returns the rows and names of all courses that are not deleted.
pub fn course_rows(conn: &mut Connection) -> Result<Vec<(i64, String)>> {
    use crate::schema::courses;
    Ok(courses::table
        .filter(courses::deleted_at.is_null())
        .order(courses::id)
        .select((courses::id, courses::name))
        .load(conn)?)
}
