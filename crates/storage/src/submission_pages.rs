//! Lists the submissions of a course, a page at a time.

use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::dates::{DATES, DatesRow, dates, extension};
use super::schema::{assignments, extensions, feedback, submissions, trees};
use super::{Portion, Result};
use diesel::dsl::{exists, sql};
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};

/// A filter for the submissions of a course. Only submissions to released assignments are listed.
#[derive(Debug, Clone, Default)]
pub struct SubmissionFilter {
    /// Only submissions to the assignment with this row.
    pub assignment: Option<i64>,
    /// Only submissions of this student.
    pub student: Option<UserName>,
    /// Only submissions to assignments that are open to students at this time.
    pub open_at: Option<Timestamp>,
    /// Only submissions after this place, which also determines the order.
    pub after: Option<After>,
    /// Only the latest submission of each student until this time.
    pub latest: Option<Timestamp>,
    /// Only submissions with feedback.
    pub with_feedback: bool,
}

/// The place after which a portion begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// After a submission, oldest first.
    Submission(Place),
    /// After a student, by student.
    Student(String),
}

/// The place of a submission among all: by its time, then by its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The ID of the row.
    pub id: i64,
}

/// A submission in a listing.
#[derive(Debug, Clone)]
pub struct SubmissionRow {
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The student.
    pub student: String,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// Whether it is late, with regard to the student's extension.
    pub late: bool,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

impl SubmissionRow {
    /// Returns the place of the submission.
    pub fn place(&self) -> Place {
        Place {
            submitted_at: self.submitted_at,
            id: self.id,
        }
    }
}

/// Returns a portion of the wanted submissions of a course, and whether there are more. The order is oldest first, or
/// by student after [`After::Student`].
pub fn page(
    conn: &mut Connection,
    course: i64,
    wanted: &SubmissionFilter,
    portion: Portion,
) -> Result<(Vec<SubmissionRow>, bool)> {
    let mut query = submissions::table
        .inner_join(assignments::table)
        .left_join(
            extensions::table.on(extensions::assignment_id
                .eq(submissions::assignment_id)
                .and(extensions::student.eq(submissions::student))),
        )
        .inner_join(trees::table)
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::current_release.is_not_null())
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null()),
        )
        .order((submissions::submitted_at, submissions::id))
        .select((
            submissions::id,
            assignments::name,
            (submissions::student, submissions::submitted_by),
            submissions::submitted_at,
            (
                submissions::tree_id,
                trees::digest,
                trees::files,
                trees::bytes,
            ),
            DATES,
            (
                extensions::due_at.nullable(),
                extensions::cutoff_at.nullable(),
            ),
        ))
        .into_boxed();
    if let Some(assignment) = wanted.assignment {
        query = query.filter(submissions::assignment_id.eq(assignment));
    }
    if let Some(student) = &wanted.student {
        query = query.filter(submissions::student.eq(student.as_str()));
    }
    if let Some(time) = wanted.open_at {
        let opens_at = assignments::opens_at;
        query = query.filter(opens_at.is_null().or(opens_at.le(time.micros())));
    }
    match &wanted.after {
        Some(After::Submission(Place { submitted_at, id })) => {
            let time = submitted_at.micros();
            query = query.filter(submissions::submitted_at.ge(time)).filter(
                submissions::submitted_at
                    .gt(time)
                    .or(submissions::id.gt(id)),
            );
        }
        Some(After::Student(student)) => {
            query = match &wanted.student {
                // Only this student can follow, if their name is after the place at all.
                Some(only) if only.as_str() > student.as_str() => query,
                Some(_) => query.filter(sql::<Bool>("0")),
                None => query.filter(submissions::student.gt(student)),
            };
            query = query.order((submissions::student, submissions::id));
        }
        None => {}
    }
    if let Some(time) = wanted.latest {
        // This passes over the submissions once. A subquery for each submission would pass over all others.
        let of = wanted
            .assignment
            .map_or_else(String::new, |id| format!("AND `assignment_id` = {id} "));
        // Without the hint, SQLite searches one student's submissions through everybody's, in the index by time.
        let by = match wanted.student {
            Some(_) => "INDEXED BY `submissions_by_student` ",
            None => "",
        };
        let is_latest = sql::<Bool>(&format!(
            "(`submissions`.`assignment_id`, `submissions`.`student`, `submissions`.`submitted_at`) IN \
             (SELECT `assignment_id`, `student`, max(`submitted_at`) FROM `submissions` {by}\
             WHERE `deleted_at` IS NULL {of}AND `submitted_at` <= ",
        ))
        .bind::<BigInt, _>(time.micros());
        let groups = " GROUP BY `assignment_id`, `student`)";
        query = match &wanted.student {
            Some(student) => query.filter(
                is_latest
                    .sql(" AND `student` = ")
                    .bind::<Text, _>(student.as_str())
                    .sql(groups),
            ),
            None => query.filter(is_latest.sql(groups)),
        };
    }
    if wanted.with_feedback {
        let shown = feedback::table.filter(
            feedback::submission_id
                .eq(submissions::id)
                .and(feedback::deleted_at.is_null()),
        );
        query = query.filter(exists(shown));
    }
    portion.take(query.load_iter::<Columns>(conn)?, entry, size_of_names)
}

/// Returns the bytes of the names in an entry.
fn size_of_names(entry: &SubmissionRow) -> usize {
    let by = entry.submitted_by.as_ref().map_or(0, String::len);
    entry.assignment.len() + entry.student.len() + by
}

type Columns = (
    i64,
    String,
    (String, Option<String>),
    i64,
    (i64, Vec<u8>, i64, i64),
    DatesRow,
    (Option<i64>, Option<i64>),
);

fn entry(row: Columns) -> Result<SubmissionRow> {
    let (id, assignment, people, submitted_at, tree, of_all, of_student) = row;
    let (tree_id, digest, files, bytes) = tree;
    let (student, submitted_by) = people;
    let submitted_at = Timestamp::from_micros(submitted_at);
    let dates = dates(of_all).extended_by(extension(of_student));
    Ok(SubmissionRow {
        id,
        assignment,
        student,
        submitted_by,
        submitted_at,
        late: dates.is_late(submitted_at),
        tree_id,
        digest: parse_sha256(&digest)?,
        files,
        bytes,
    })
}
