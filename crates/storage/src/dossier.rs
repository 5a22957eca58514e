//! Everything that is stored about one person, row by row, including the trash.

use super::Result;
use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::dates::NotedExtension;
use super::schema::{
    assignments, courses, extensions, feedback, feedback_readings, fetches, releases, submissions,
    trees,
};
use super::seen::{ReadingRow, Times, TimesRow, reading, times, times_read};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};

/// The place of an assignment: the name of its course and its own name.
pub type AssignmentNames = (String, String);

/// A submission of the person.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The ID of the row.
    pub id: i64,
    /// The assignment.
    pub place: AssignmentNames,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// Whether the submission, its assignment or its course is in the trash.
    pub is_deleted: bool,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
}

/// Returns all submissions of the person, oldest first.
pub fn submissions(conn: &mut Connection, person: &UserName) -> Result<Vec<Submission>> {
    let in_trash = submissions::deleted_at
        .is_not_null()
        .or(assignments::deleted_at.is_not_null())
        .or(courses::deleted_at.is_not_null());
    let rows = submissions::table
        .inner_join(assignments::table.inner_join(courses::table))
        .inner_join(trees::table)
        .filter(submissions::student.eq(person.as_str()))
        .order(submissions::id)
        .select((
            submissions::id,
            (courses::name, assignments::name),
            submissions::submitted_at,
            submissions::submitted_by,
            in_trash,
            submissions::tree_id,
            trees::digest,
        ))
        .load::<(
            i64,
            AssignmentNames,
            i64,
            Option<String>,
            bool,
            i64,
            Vec<u8>,
        )>(conn)?;
    rows.into_iter()
        .map(
            |(id, place, time, submitted_by, is_deleted, tree_id, digest)| {
                Ok(Submission {
                    id,
                    place,
                    submitted_at: Timestamp::from_micros(time),
                    submitted_by,
                    is_deleted,
                    tree_id,
                    digest: parse_sha256(&digest)?,
                })
            },
        )
        .collect()
}

/// Feedback on a submission.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The ID of the row.
    pub id: i64,
    /// The row of the submission.
    pub submission: i64,
    /// The assignment.
    pub place: AssignmentNames,
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The person who gave it.
    pub returned_by: String,
    /// Whether the feedback itself is in the trash.
    pub is_deleted: bool,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

/// The person's side of the feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackSide {
    /// Feedback that the person received.
    Got,
    /// Feedback that the person gave.
    Gave,
}

/// Returns all feedback that the person received or gave, oldest first.
pub fn feedback(
    conn: &mut Connection,
    person: &UserName,
    side: FeedbackSide,
) -> Result<Vec<Feedback>> {
    type Columns = (
        i64,
        i64,
        AssignmentNames,
        (i64, String, bool),
        (i64, Vec<u8>),
        ReadingRow,
    );
    let by_side = match side {
        FeedbackSide::Got => Either::This(submissions::student.eq(person.as_str())),
        FeedbackSide::Gave => Either::That(feedback::returned_by.eq(person.as_str())),
    };
    let rows = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table.inner_join(courses::table)))
        .inner_join(trees::table)
        .left_join(feedback_readings::table)
        .filter(by_side)
        .order(feedback::id)
        .select((
            feedback::id,
            feedback::submission_id,
            (courses::name, assignments::name),
            (
                feedback::returned_at,
                feedback::returned_by,
                feedback::deleted_at.is_not_null(),
            ),
            (feedback::tree_id, trees::digest),
            reading(),
        ))
        .load::<Columns>(conn)?;
    rows.into_iter()
        .map(|(id, submission, place, given, (tree_id, digest), read)| {
            let (time, returned_by, is_deleted) = given;
            Ok(Feedback {
                id,
                submission,
                place,
                returned_at: Timestamp::from_micros(time),
                returned_by,
                is_deleted,
                tree_id,
                digest: parse_sha256(&digest)?,
                read: times_read(read),
            })
        })
        .collect()
}

/// A version that the person released: its assignment, its number and its time.
pub type Released = (AssignmentNames, i64, Timestamp);

/// Returns all versions that the person released, oldest first.
pub fn releases(conn: &mut Connection, person: &UserName) -> Result<Vec<Released>> {
    let rows = releases::table
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .inner_join(courses::table.on(courses::id.eq(assignments::course_id)))
        .filter(releases::released_by.eq(person.as_str()))
        .order(releases::id)
        .select((
            (courses::name, assignments::name),
            releases::version,
            releases::released_at,
        ))
        .load::<(AssignmentNames, i64, i64)>(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(place, version, time)| (place, version, Timestamp::from_micros(time)))
        .collect())
}

/// A version that the person has fetched: its assignment, its number and the times.
pub type Fetched = (AssignmentNames, i64, Times);

/// Returns all versions that the person has fetched, oldest first.
pub fn fetches(conn: &mut Connection, person: &UserName) -> Result<Vec<Fetched>> {
    let rows = fetches::table
        .inner_join(releases::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .inner_join(courses::table.on(courses::id.eq(assignments::course_id)))
        .filter(fetches::student.eq(person.as_str()))
        .order(fetches::release_id)
        .select((
            (courses::name, assignments::name),
            releases::version,
            (fetches::first_at, fetches::last_at, fetches::times),
        ))
        .load::<(AssignmentNames, i64, TimesRow)>(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(place, version, row)| (place, version, times(row)))
        .collect())
}

/// Returns the person's extensions.
pub fn extensions(
    conn: &mut Connection,
    person: &UserName,
) -> Result<Vec<(AssignmentNames, NotedExtension)>> {
    let rows = extensions::table
        .inner_join(assignments::table.on(assignments::id.eq(extensions::assignment_id)))
        .inner_join(courses::table.on(courses::id.eq(assignments::course_id)))
        .filter(extensions::student.eq(person.as_str()))
        .order(extensions::assignment_id)
        .select((
            (courses::name, assignments::name),
            (extensions::due_at, extensions::cutoff_at),
            extensions::note,
        ))
        .load::<(AssignmentNames, (Option<i64>, Option<i64>), Option<String>)>(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(place, row, note)| {
            let extension = super::dates::extension(row);
            (place, NotedExtension { extension, note })
        })
        .collect())
}
