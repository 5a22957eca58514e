//! The queries on ngshare's database. The tables are those of ngshare 0.5 and 0.6. Their foreign keys were never
//! enforced, so rows may point nowhere.

use super::super::{Error, Result};
use super::database::Database;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// A course.
#[derive(Debug, QueryableByName)]
pub struct Course {
    /// The number of the row.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// The name of the course.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
}

/// A member of a course.
#[derive(Debug, QueryableByName)]
pub struct Member {
    /// The name of the member.
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
}

/// An assignment.
#[derive(Debug, QueryableByName)]
pub struct Assignment {
    /// The number of the row.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// The name of the assignment.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// The due time. No request of ngshare sets it.
    #[diesel(sql_type = Nullable<Text>)]
    pub due: Option<String>,
}

/// A submission.
#[derive(Debug, QueryableByName)]
pub struct Submission {
    /// The number of the row.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// The time in UTC, without a zone and with six decimals.
    #[diesel(sql_type = Nullable<Text>)]
    pub timestamp: Option<String>,
    /// The name of the student.
    #[diesel(sql_type = Nullable<Text>)]
    pub student: Option<String>,
}

/// A file of a tree.
#[derive(Debug, QueryableByName)]
pub struct File {
    /// Whether the file's row exists.
    #[diesel(sql_type = Bool)]
    pub is_there: bool,
    /// The path in the tree.
    #[diesel(sql_type = Nullable<Text>)]
    pub path: Option<String>,
    /// The MD5, in hexadecimal digits.
    #[diesel(sql_type = Nullable<Text>)]
    pub checksum: Option<String>,
    /// The size in bytes.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub size: Option<i64>,
    /// The name in the storage directory.
    #[diesel(sql_type = Nullable<Text>)]
    pub stored_as: Option<String>,
}

/// The kinds of things that have files.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    Assignment,
    Submission,
    Feedback,
}

impl Owner {
    const fn table(self) -> &'static str {
        match self {
            Self::Assignment => "assignment_files_assoc_table",
            Self::Submission => "submission_files_assoc_table",
            Self::Feedback => "feedback_files_assoc_table",
        }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

impl Database {
    pub fn courses(&mut self) -> Result<Vec<Course>> {
        let query = "SELECT _id AS number, id AS name FROM courses ORDER BY _id";
        Ok(diesel::sql_query(query).load(&mut self.conn)?)
    }

    /// Returns the members of a course with this role, in the order of their creation. ngshare lists them in the same
    /// order.
    pub fn members(&mut self, course: &str, instructors: bool) -> Result<Vec<Member>> {
        let table = if instructors {
            "instructor_assoc_table"
        } else {
            "student_assoc_table"
        };
        let query = format!(
            "SELECT left_id AS username, first_name, last_name, email FROM {table} WHERE right_id = ? ORDER BY rowid"
        );
        let query = diesel::sql_query(query).bind::<Text, _>(course);
        Ok(query.load(&mut self.conn)?)
    }

    pub fn assignments(&mut self, course: i64) -> Result<Vec<Assignment>> {
        let query = "SELECT _id AS number, id AS name, due FROM assignments WHERE course_id = ? ORDER BY _id";
        let query = diesel::sql_query(query).bind::<BigInt, _>(course);
        Ok(query.load(&mut self.conn)?)
    }

    pub fn submissions(&mut self, assignment: i64) -> Result<Vec<Submission>> {
        let query = "SELECT _id AS number, timestamp, student_id AS student FROM submissions WHERE assignment_id = ? \
                     ORDER BY _id";
        let query = diesel::sql_query(query).bind::<BigInt, _>(assignment);
        Ok(query.load(&mut self.conn)?)
    }

    pub fn files(&mut self, owner: Owner, number: i64) -> Result<Vec<File>> {
        let query = format!(
            "SELECT files._id IS NOT NULL AS is_there, filename AS path, checksum, {size} AS size, actual_name AS stored_as \
             FROM {table} LEFT JOIN files ON files._id = right_id WHERE left_id = ? ORDER BY right_id",
            size = self.size_column,
            table = owner.table(),
        );
        // The column is text although it holds a row's number. The index only finds it as text.
        let query = diesel::sql_query(query).bind::<Text, _>(number.to_string());
        Ok(query.load(&mut self.conn)?)
    }

    /// Returns the number of files. A file counts once for each thing that it belongs to.
    pub fn count_files(&mut self) -> Result<u64> {
        let mut count = 0;
        for owner in [Owner::Assignment, Owner::Submission, Owner::Feedback] {
            count += self.count(&format!("SELECT count(*) AS count FROM {}", owner.table()))?;
        }
        Ok(count)
    }

    /// Returns the names of all files in the storage directory.
    pub fn stored_names(&mut self) -> Result<Vec<String>> {
        let query = "SELECT actual_name AS word FROM files WHERE actual_name IS NOT NULL";
        let rows = diesel::sql_query(query).load::<Word>(&mut self.conn)?;
        Ok(rows.into_iter().map(|row| row.word).collect())
    }

    /// Returns the submissions whose assignment or course does not exist.
    pub fn lost_submissions(&mut self) -> Result<Vec<Submission>> {
        let query = "SELECT _id AS number, timestamp, student_id AS student FROM submissions \
                     WHERE assignment_id IS NULL OR assignment_id NOT IN \
                     (SELECT assignments._id FROM assignments JOIN courses ON courses._id = course_id) ORDER BY _id";
        Ok(diesel::sql_query(query).load(&mut self.conn)?)
    }

    /// Returns the assignments whose course does not exist.
    pub fn lost_assignments(&mut self) -> Result<Vec<Assignment>> {
        let query = "SELECT _id AS number, id AS name, due FROM assignments \
                     WHERE course_id IS NULL OR course_id NOT IN (SELECT _id FROM courses) ORDER BY _id";
        Ok(diesel::sql_query(query).load(&mut self.conn)?)
    }

    /// Returns the number of orphaned rows: members without a course, and files without an owner.
    pub fn count_leftovers(&mut self) -> Result<u64> {
        let mut count = 0;
        for table in ["instructor_assoc_table", "student_assoc_table"] {
            count += self.count(&format!(
                "SELECT count(*) AS count FROM {table} WHERE right_id NOT IN \
                 (SELECT id FROM courses WHERE id IS NOT NULL)"
            ))?;
        }
        for (owner, of) in [
            (Owner::Assignment, "assignments"),
            (Owner::Submission, "submissions"),
            (Owner::Feedback, "submissions"),
        ] {
            count += self.count(&format!(
                "SELECT count(*) AS count FROM {} WHERE CAST(left_id AS INTEGER) NOT IN (SELECT _id FROM {of})",
                owner.table()
            ))?;
        }
        count += self.count(
            "SELECT count(*) AS count FROM files WHERE _id NOT IN (SELECT right_id FROM assignment_files_assoc_table \
             UNION SELECT right_id FROM submission_files_assoc_table \
             UNION SELECT right_id FROM feedback_files_assoc_table)",
        )?;
        Ok(count)
    }

    fn count(&mut self, query: &str) -> Result<u64> {
        let count = diesel::sql_query(query).get_result::<Count>(&mut self.conn)?;
        Ok(u64::try_from(count.count).expect("no count is negative"))
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Source(format!(
            "ngshare's database cannot be read to its end: {error}. Everything imported so far stays. Repair the \
             database, then run the import again"
        ))
    }
}
