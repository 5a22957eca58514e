//! What is asked of ngshare's database. Its tables are those that ngshare 0.5 and 0.6 make; their foreign keys were never
//! enforced, so that rows may point nowhere.

use super::super::{Error, Result};
use super::database::Database;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// A course.
#[derive(Debug, QueryableByName)]
pub struct Course {
    /// Its row,
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// and its name.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
}

/// A line of a roster.
#[derive(Debug, QueryableByName)]
pub struct Member {
    /// Whose.
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
    /// Its row,
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// its name,
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// and when it is due: no request of ngshare sets that.
    #[diesel(sql_type = Nullable<Text>)]
    pub due: Option<String>,
}

/// A submission.
#[derive(Debug, QueryableByName)]
pub struct Submission {
    /// Its row,
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// its time, naive UTC with six decimals,
    #[diesel(sql_type = Nullable<Text>)]
    pub timestamp: Option<String>,
    /// and whose it is.
    #[diesel(sql_type = Nullable<Text>)]
    pub student: Option<String>,
}

/// A file of a tree.
#[derive(Debug, QueryableByName)]
pub struct File {
    /// Whether there is a row of it.
    #[diesel(sql_type = Bool)]
    pub is_there: bool,
    /// Its path.
    #[diesel(sql_type = Nullable<Text>)]
    pub path: Option<String>,
    /// Its MD5 in hexadecimal digits.
    #[diesel(sql_type = Nullable<Text>)]
    pub checksum: Option<String>,
    /// Its bytes.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub size: Option<i64>,
    /// Its name in the storage directory.
    #[diesel(sql_type = Nullable<Text>)]
    pub stored_as: Option<String>,
}

/// What files may belong to.
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

    /// Of a course, in the order in which ngshare lists them, which is that of their making.
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
        // The column is text though the row's number is meant: only as text it is found by the index.
        let query = diesel::sql_query(query).bind::<Text, _>(number.to_string());
        Ok(query.load(&mut self.conn)?)
    }

    /// How many files there are, each as often as it belongs to something.
    pub fn count_files(&mut self) -> Result<u64> {
        let mut count = 0;
        for owner in [Owner::Assignment, Owner::Submission, Owner::Feedback] {
            count += self.count(&format!("SELECT count(*) AS count FROM {}", owner.table()))?;
        }
        Ok(count)
    }

    /// The names of all files in the storage directory.
    pub fn stored_names(&mut self) -> Result<Vec<String>> {
        let query = "SELECT actual_name AS word FROM files WHERE actual_name IS NOT NULL";
        let rows = diesel::sql_query(query).load::<Word>(&mut self.conn)?;
        Ok(rows.into_iter().map(|row| row.word).collect())
    }

    /// Submissions to assignments that are not there, nor their courses.
    pub fn lost_submissions(&mut self) -> Result<Vec<Submission>> {
        let query = "SELECT _id AS number, timestamp, student_id AS student FROM submissions \
                     WHERE assignment_id IS NULL OR assignment_id NOT IN \
                     (SELECT assignments._id FROM assignments JOIN courses ON courses._id = course_id) ORDER BY _id";
        Ok(diesel::sql_query(query).load(&mut self.conn)?)
    }

    /// Assignments of courses that are not there.
    pub fn lost_assignments(&mut self) -> Result<Vec<Assignment>> {
        let query = "SELECT _id AS number, id AS name, due FROM assignments \
                     WHERE course_id IS NULL OR course_id NOT IN (SELECT _id FROM courses) ORDER BY _id";
        Ok(diesel::sql_query(query).load(&mut self.conn)?)
    }

    /// How many rows there are that say nothing any more: of rosters without a course, of files of nothing.
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
            "ngshare's database cannot be read to its end: {error}. What was brought over so far is here; after the \
             database is repaired, start again"
        ))
    }
}
