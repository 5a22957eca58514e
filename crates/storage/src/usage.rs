//! Computes how much a course or a person has stored, in bytes of distinct contents. The trash does not count.
//!
//! A course is counted in parts: its releases, the submissions of each student, and its feedback. A content counts
//! once in each part that has it. It does not count only once for the whole course, although it is stored only once:
//! otherwise a student could infer other people's bytes from the remaining quota.

use super::backend::prelude::*;
use super::schema::{blobs, submissions};
use super::{Error, Result};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};

/// The owner of the counted bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// All releases, submissions, feedback and directories of the course with that row.
    Course(i64),
    /// The person's submissions in every course, without contents that the course shows to its students, and their
    /// directories and shared pages.
    Person(UserName),
}

/// A part of a course in which a content counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All releases, including former ones.
    Releases,
    /// The submissions of this student, without contents that the course shows to its students.
    Work(UserName),
    /// All feedback.
    Feedback,
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The trees of the releases in a course, whose row follows.
const RELEASES: &str = "\
    SELECT releases.tree_id FROM releases \
        JOIN assignments ON assignments.id = releases.assignment_id \
        WHERE assignments.deleted_at IS NULL AND assignments.course_id = ";

/// The trees of the feedback in a course, whose row follows.
const FEEDBACK: &str = "\
    SELECT feedback.tree_id FROM feedback \
        JOIN submissions ON submissions.id = feedback.submission_id \
        JOIN assignments ON assignments.id = submissions.assignment_id \
        WHERE assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL \
            AND feedback.deleted_at IS NULL AND assignments.course_id = ";

/// The trees of the submissions in a course and of a student. The row of the course follows, and after ` AND
/// submissions.student = ` the name of the student.
const WORK: &str = "\
    SELECT submissions.tree_id FROM submissions \
        JOIN assignments ON assignments.id = submissions.assignment_id \
        WHERE assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL AND assignments.course_id = ";

/// The trees that are shown to the students of a course at a time, or were shown when their assignment was deleted.
/// Each row has a course and a tree. The time follows, and after it a parenthesis and `)`.
const SHOWN: &str = "\
    SELECT assignments.course_id, releases.tree_id FROM assignments \
        JOIN releases ON releases.id = assignments.current_release \
        WHERE assignments.opens_at IS NULL OR assignments.opens_at <= coalesce(assignments.deleted_at, ";

/// The contents in the current versions of directories, each once for each directory. Each row has a directory and a
/// blob. A condition on the directories follows.
const IN_DIRECTORIES: &str = "\
    SELECT DISTINCT directory_entries.directory_id, directory_entries.blob_id FROM directories \
        JOIN directory_entries ON directory_entries.directory_id = directories.id \
        WHERE directories.deleted_at IS NULL AND directory_entries.until IS NULL \
            AND directory_entries.blob_id IS NOT NULL AND ";

/// The shared pages of a person. The name of the person follows. A link that has ended has no contents, and no row of a
/// content joins `NULL`.
const OF_SHARES: &str = "\
    FROM shares JOIN courses ON courses.id = shares.course_id \
        WHERE courses.deleted_at IS NULL AND shares.made_by = ";

/// Returns all bytes of the owner. It reads all their rows, so callers should use it rarely.
pub fn total(conn: &mut Connection, owner: &Owner) -> Result<u64> {
    let now = Timestamp::now().micros();
    match owner {
        Owner::Course(course) => {
            // `$1` is the time, `$2` the course. SQLite numbers such values by where they occur first.
            let query = format!(
                "WITH shown AS (SELECT DISTINCT tree_files.blob_id FROM tree_files \
                    WHERE tree_files.tree_id IN (SELECT tree_id FROM ({SHOWN}$1)) AS seen WHERE course_id = $2)) \
                 SELECT CAST(coalesce(sum(blobs.size), 0) AS BIGINT) AS bytes FROM ( \
                    SELECT DISTINCT blob_id FROM tree_files WHERE tree_id IN ({RELEASES}$2) \
                    UNION ALL SELECT DISTINCT blob_id FROM tree_files WHERE tree_id IN ({FEEDBACK}$2) \
                    UNION ALL SELECT blob_id FROM (SELECT DISTINCT submissions.student, tree_files.blob_id \
                        FROM submissions JOIN assignments ON assignments.id = submissions.assignment_id \
                        JOIN tree_files ON tree_files.tree_id = submissions.tree_id \
                        WHERE assignments.course_id = $2 AND assignments.deleted_at IS NULL \
                            AND submissions.deleted_at IS NULL \
                            AND tree_files.blob_id NOT IN (SELECT blob_id FROM shown)) AS handed_in \
                    UNION ALL SELECT blob_id FROM ({IN_DIRECTORIES}directories.course_id = $2) AS held \
                 ) AS counted JOIN blobs ON blobs.id = counted.blob_id"
            );
            bytes(
                diesel::sql_query(query)
                    .bind::<BigInt, _>(now)
                    .bind::<BigInt, _>(course)
                    .get_result(conn),
            )
        }
        Owner::Person(person) => {
            // `$1` is the name, `$2` the time.
            let query = format!(
                "SELECT CAST(coalesce(sum(blobs.size), 0) AS BIGINT) AS bytes FROM ( \
                    SELECT DISTINCT assignments.course_id, tree_files.blob_id FROM submissions \
                        JOIN assignments ON assignments.id = submissions.assignment_id \
                        JOIN courses ON courses.id = assignments.course_id \
                        JOIN tree_files ON tree_files.tree_id = submissions.tree_id \
                        WHERE submissions.student = $1 AND submissions.deleted_at IS NULL \
                            AND assignments.deleted_at IS NULL AND courses.deleted_at IS NULL \
                            AND NOT EXISTS (SELECT 1 FROM ({SHOWN}$2)) AS shown \
                                JOIN tree_files AS given ON given.tree_id = shown.tree_id \
                                WHERE shown.course_id = assignments.course_id AND given.blob_id = tree_files.blob_id) \
                    UNION ALL {IN_DIRECTORIES}directories.owner = $1 \
                    UNION ALL SELECT shares.id, shares.page_blob {OF_SHARES}$1 AND shares.expires_at > $2 \
                    UNION ALL SELECT shares.id, shares.source_blob {OF_SHARES}$1 AND shares.expires_at > $2 \
                 ) AS counted JOIN blobs ON blobs.id = counted.blob_id"
            );
            bytes(
                diesel::sql_query(query)
                    .bind::<Text, _>(person.as_str())
                    .bind::<BigInt, _>(now)
                    .get_result(conn),
            )
        }
    }
}

/// Returns the bytes of those contents that already count in that part of the course, or never do. Runs one statement
/// for any number of contents.
///
/// For a student's submissions, the result depends only on what they submitted there and what the course shows to
/// them.
pub fn counted<'a>(
    conn: &mut Connection,
    course: i64,
    part: &Part,
    contents: impl Iterator<Item = &'a Sha256Sum>,
) -> Result<u64> {
    let wanted = blobs::table.filter(among_sums(blobs::sha256, contents));
    let size = sql::<BigInt>("CAST(coalesce(sum(blobs.size), 0) AS BIGINT)");
    let in_trees = sql::<Bool>(
        "EXISTS (SELECT 1 FROM tree_files WHERE tree_files.blob_id = blobs.id AND tree_files.tree_id IN (",
    );
    let total: i64 = match part {
        Part::Releases => wanted
            .filter(in_trees.sql(RELEASES).bind::<BigInt, _>(course).sql("))"))
            .select(size)
            .get_result(conn)?,
        Part::Feedback => wanted
            .filter(in_trees.sql(FEEDBACK).bind::<BigInt, _>(course).sql("))"))
            .select(size)
            .get_result(conn)?,
        Part::Work(student) => {
            let in_trees = in_trees
                .sql(WORK)
                .bind::<BigInt, _>(course)
                .sql(" AND submissions.student = ")
                .bind::<Text, _>(student.as_str())
                .sql(" UNION ALL SELECT tree_id FROM (")
                .sql(SHOWN)
                .bind::<BigInt, _>(Timestamp::now().micros())
                .sql(")) AS seen WHERE course_id = ")
                .bind::<BigInt, _>(course)
                .sql("))");
            wanted.filter(in_trees).select(size).get_result(conn)?
        }
    };
    u64::try_from(total).map_err(|_| Error::Damaged("a negative size"))
}

fn bytes(total: QueryResult<Total>) -> Result<u64> {
    u64::try_from(total?.bytes).map_err(|_| Error::Damaged("a negative size"))
}

/// Returns the number of the student's submissions to the assignment.
pub fn submissions(conn: &mut Connection, assignment: i64, student: &UserName) -> Result<u64> {
    let count: i64 = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::deleted_at.is_null()),
        )
        // This keeps SQLite from scanning everybody's submissions in an index with all selected columns, as in
        // `submissions::list_of`.
        .filter(submissions::tree_id.ge(0))
        .count()
        .get_result(conn)?;
    u64::try_from(count).map_err(|_| Error::Damaged("a negative number of submissions"))
}
