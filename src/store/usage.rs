//! How much a course or a person has stored: the bytes of different contents, each counted once however often it was
//! handed in. What is in the trash does not count.

use super::schema::submissions;
use super::{Connection, Error, Result};
use crate::domain::{Sha256Sum, UserName};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// Whose bytes are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// What was ever released, handed in or given back in the course with that row.
    Course(i64),
    /// What the person handed in, in all courses, without what they were given by a release.
    Person(UserName),
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The trees of a course.
const OF_COURSE: &str = "\
    SELECT releases.tree_id FROM releases \
        JOIN assignments ON assignments.id = releases.assignment_id \
        WHERE assignments.course_id = ?1 AND assignments.deleted_at IS NULL \
    UNION SELECT submissions.tree_id FROM submissions \
        JOIN assignments ON assignments.id = submissions.assignment_id \
        WHERE assignments.course_id = ?1 AND assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL \
    UNION SELECT feedback.tree_id FROM feedback \
        JOIN submissions ON submissions.id = feedback.submission_id \
        JOIN assignments ON assignments.id = submissions.assignment_id \
        WHERE assignments.course_id = ?1 AND assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL \
            AND feedback.deleted_at IS NULL";

/// The trees that a person handed in.
const OF_PERSON: &str = "\
    SELECT submissions.tree_id FROM submissions \
        JOIN assignments ON assignments.id = submissions.assignment_id \
        JOIN courses ON courses.id = assignments.course_id \
        WHERE submissions.student = ?1 AND submissions.deleted_at IS NULL \
            AND assignments.deleted_at IS NULL AND courses.deleted_at IS NULL";

/// Whether a release names the blob.
const RELEASED: &str = "\
    EXISTS (SELECT 1 FROM tree_files JOIN releases ON releases.tree_id = tree_files.tree_id \
        WHERE tree_files.blob_id = blobs.id)";

/// All bytes of the owner. It reads through all they have, so it is asked seldom.
pub fn total(conn: &mut Connection, owner: &Owner) -> Result<u64> {
    let query = match owner {
        Owner::Course(_) => format!(
            "SELECT coalesce(sum(size), 0) AS bytes FROM blobs \
             WHERE id IN (SELECT blob_id FROM tree_files WHERE tree_id IN ({OF_COURSE}))"
        ),
        Owner::Person(_) => format!(
            "SELECT coalesce(sum(size), 0) AS bytes FROM blobs \
             WHERE id IN (SELECT blob_id FROM tree_files WHERE tree_id IN ({OF_PERSON})) AND NOT {RELEASED}"
        ),
    };
    bytes(match owner {
        Owner::Course(course) => diesel::sql_query(query)
            .bind::<BigInt, _>(course)
            .get_result(conn),
        Owner::Person(person) => diesel::sql_query(query)
            .bind::<Text, _>(person.as_str())
            .get_result(conn),
    })
}

/// The bytes of those contents that count for the owner already, or never do: by one statement however many they are.
pub fn counted<'a>(
    conn: &mut Connection,
    owner: &Owner,
    contents: impl Iterator<Item = &'a Sha256Sum>,
) -> Result<u64> {
    let names: Vec<String> = contents.map(ToString::to_string).collect();
    let names = serde_json::json!(names).to_string();
    let among = "SELECT coalesce(sum(size), 0) AS bytes FROM blobs \
                 WHERE sha256 IN (SELECT unhex(value) FROM json_each(?2))";
    bytes(match owner {
        Owner::Course(course) => {
            // From the content to its trees, since a course may have very many trees.
            let query = format!(
                "{among} AND EXISTS (SELECT 1 FROM tree_files WHERE tree_files.blob_id = blobs.id AND ( \
                    EXISTS (SELECT 1 FROM releases \
                        JOIN assignments ON assignments.id = releases.assignment_id \
                        WHERE releases.tree_id = tree_files.tree_id AND assignments.course_id = ?1 \
                            AND assignments.deleted_at IS NULL) \
                    OR EXISTS (SELECT 1 FROM submissions \
                        JOIN assignments ON assignments.id = submissions.assignment_id \
                        WHERE submissions.tree_id = tree_files.tree_id AND assignments.course_id = ?1 \
                            AND assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL) \
                    OR EXISTS (SELECT 1 FROM feedback \
                        JOIN submissions ON submissions.id = feedback.submission_id \
                        JOIN assignments ON assignments.id = submissions.assignment_id \
                        WHERE feedback.tree_id = tree_files.tree_id AND assignments.course_id = ?1 \
                            AND assignments.deleted_at IS NULL AND submissions.deleted_at IS NULL \
                            AND feedback.deleted_at IS NULL)))"
            );
            diesel::sql_query(query)
                .bind::<BigInt, _>(course)
                .bind::<Text, _>(names)
                .get_result(conn)
        }
        Owner::Person(person) => {
            let query = format!(
                "{among} AND ({RELEASED} \
                    OR id IN (SELECT blob_id FROM tree_files WHERE tree_id IN ({OF_PERSON})))"
            );
            diesel::sql_query(query)
                .bind::<Text, _>(person.as_str())
                .bind::<Text, _>(names)
                .get_result(conn)
        }
    })
}

fn bytes(total: QueryResult<Total>) -> Result<u64> {
    u64::try_from(total?.bytes).map_err(|_| Error::Damaged("a negative size"))
}

/// How many submissions of the student to the assignment there are.
pub fn submissions(conn: &mut Connection, assignment: i64, student: &UserName) -> Result<u64> {
    let count: i64 = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::deleted_at.is_null()),
        )
        // As in `submissions::list_of`: not through everybody's work in the index that holds all that is asked for.
        .filter(submissions::tree_id.ge(0))
        .count()
        .get_result(conn)?;
    u64::try_from(count).map_err(|_| Error::Damaged("a negative number of submissions"))
}
