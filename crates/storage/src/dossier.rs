//! All that is stored of one person, row by row, what is in the trash included.

use super::blobs::parse_sha256;
use super::schema::{assignments, courses, extensions, feedback, releases, submissions, trees};
use super::{Connection, Result};
use diesel::prelude::*;
use nbcourier_domain::{Extension, Sha256Sum, Timestamp, UserName};

/// An assignment, by the names of its course and its own.
pub type Place = (String, String);

/// Something the person handed in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The row's id.
    pub id: i64,
    /// To what.
    pub place: Place,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// Who handed it in, where it was not the person.
    pub submitted_by: Option<String>,
    /// Whether it, its assignment or its course is in the trash.
    pub is_deleted: bool,
    /// The row of its tree,
    pub tree_id: i64,
    /// and its name.
    pub digest: Sha256Sum,
}

/// Everything the person handed in, the first one first.
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
        .load::<(i64, Place, i64, Option<String>, bool, i64, Vec<u8>)>(conn)?;
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

/// Something that was given back.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The row's id.
    pub id: i64,
    /// On which submission,
    pub submission: i64,
    /// and to what that was.
    pub place: Place,
    /// When,
    pub returned_at: Timestamp,
    /// and by whom.
    pub returned_by: String,
    /// Whether it is in the trash itself.
    pub is_deleted: bool,
    /// The row of its tree,
    pub tree_id: i64,
    /// and its name.
    pub digest: Sha256Sum,
}

/// Whose feedback is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the person got.
    Got,
    /// What the person gave.
    Gave,
}

/// All feedback that the person got or gave, the first one first.
pub fn feedback(conn: &mut Connection, person: &UserName, side: Side) -> Result<Vec<Feedback>> {
    let mut query = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table.inner_join(courses::table)))
        .inner_join(trees::table)
        .order(feedback::id)
        .select((
            feedback::id,
            feedback::submission_id,
            (courses::name, assignments::name),
            feedback::returned_at,
            feedback::returned_by,
            feedback::deleted_at.is_not_null(),
            feedback::tree_id,
            trees::digest,
        ))
        .into_boxed();
    query = match side {
        Side::Got => query.filter(submissions::student.eq(person.as_str())),
        Side::Gave => query.filter(feedback::returned_by.eq(person.as_str())),
    };
    let rows = query.load::<(i64, i64, Place, i64, String, bool, i64, Vec<u8>)>(conn)?;
    rows.into_iter()
        .map(
            |(id, submission, place, time, returned_by, is_deleted, tree_id, digest)| {
                Ok(Feedback {
                    id,
                    submission,
                    place,
                    returned_at: Timestamp::from_micros(time),
                    returned_by,
                    is_deleted,
                    tree_id,
                    digest: parse_sha256(&digest)?,
                })
            },
        )
        .collect()
}

/// A version that the person released: of what, its number, when.
pub type Released = (Place, i64, Timestamp);

/// Every version that the person released, the first one first.
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
        .load::<(Place, i64, i64)>(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(place, version, time)| (place, version, Timestamp::from_micros(time)))
        .collect())
}

/// The dates that are the person's own.
pub fn extensions(conn: &mut Connection, person: &UserName) -> Result<Vec<(Place, Extension)>> {
    let rows = extensions::table
        .inner_join(assignments::table.on(assignments::id.eq(extensions::assignment_id)))
        .inner_join(courses::table.on(courses::id.eq(assignments::course_id)))
        .filter(extensions::student.eq(person.as_str()))
        .order(extensions::assignment_id)
        .select((
            (courses::name, assignments::name),
            (extensions::due_at, extensions::cutoff_at),
        ))
        .load::<(Place, (Option<i64>, Option<i64>))>(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(place, row)| (place, super::dates::extension(row)))
        .collect())
}
