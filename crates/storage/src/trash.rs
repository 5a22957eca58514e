//! The trash of a course: assignments, submissions and feedback that are marked as deleted, until they are restored
//! or purged.
//!
//! Everything that belongs to something in the trash is in the trash, too, without a mark of its own.

use super::backend::prelude::*;
use super::error::unless_taken;
use super::schema::{assignments, feedback, submissions};
use super::{Portion, Result};
use diesel::dsl::{max, sql};
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::Timestamp;

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    assignments::name,
    submissions::id,
    submissions::student,
    submissions::submitted_at,
);

/// A filter for the trash.
#[derive(Debug, Clone, Copy)]
pub enum TrashFilter {
    /// Everything that was deleted at this time or later.
    Since(Timestamp),
    /// The thing with this row, whenever it was deleted.
    Row(i64),
}

/// A place in the trash, whose order is last deleted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrashPosition {
    /// The time of deletion.
    pub deleted_at: Timestamp,
    /// The ID of the row.
    pub id: i64,
}

impl TrashPosition {
    /// The place before everything.
    pub const FIRST: Self = Self {
        deleted_at: Timestamp::MAX,
        id: i64::MAX,
    };
}

/// An assignment in the trash.
#[derive(Debug, Clone)]
pub struct DeletedAssignment {
    /// The ID of the row, by which the assignment can be restored.
    pub id: i64,
    /// The name of the assignment when it was deleted.
    pub name: String,
    /// The time of deletion.
    pub deleted_at: Timestamp,
    /// The number of submissions that are restored with it.
    pub submissions: i64,
}

/// A submission in the trash, or one whose feedback is in the trash.
#[derive(Debug, Clone)]
pub struct DeletedSubmission {
    /// The ID of the row, by which the submission or its feedback can be restored.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The student.
    pub student: String,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The time at which the submission or its feedback was deleted.
    pub deleted_at: Timestamp,
}

impl DeletedAssignment {
    /// Returns its place in the trash.
    pub fn place(&self) -> TrashPosition {
        TrashPosition {
            deleted_at: self.deleted_at,
            id: self.id,
        }
    }
}

impl DeletedSubmission {
    /// Returns its place in the trash.
    pub fn place(&self) -> TrashPosition {
        TrashPosition {
            deleted_at: self.deleted_at,
            id: self.id,
        }
    }

    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        self.assignment.len() + self.student.len()
    }
}

/// Moves an assignment to the trash, with all its submissions. Its name is free at once.
pub fn put_assignment(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(assignments::table.find(id))
        .set(assignments::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Moves a submission to the trash, with its feedback.
pub fn put_submission(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(submissions::table.find(id))
        .set(submissions::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Moves all feedback on a submission to the trash, so that no earlier feedback becomes the current one. Returns its
/// rows.
pub fn put_feedback(conn: &mut Connection, submission: i64, now: Timestamp) -> Result<Vec<i64>> {
    let marked = diesel::update(
        feedback::table.filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        ),
    )
    .set(feedback::deleted_at.eq(now.micros()))
    .returning(feedback::id)
    .load(conn)?;
    Ok(marked)
}

/// Moves these rows of the feedback on a submission to the trash, or restores them.
pub fn mark_feedback(
    conn: &mut Connection,
    submission: i64,
    rows: &[i64],
    deleted_at: Option<Timestamp>,
) -> Result<()> {
    diesel::update(
        feedback::table
            .filter(feedback::submission_id.eq(submission))
            .filter(feedback::id.eq_any(rows)),
    )
    .set(feedback::deleted_at.eq(deleted_at.map(Timestamp::micros)))
    .execute(conn)?;
    Ok(())
}

/// Returns a portion of the deleted assignments of a course after a place, last deleted first, and whether there are
/// more.
pub fn assignments(
    conn: &mut Connection,
    course: i64,
    which: TrashFilter,
    after: TrashPosition,
    portion: Portion,
) -> Result<(Vec<DeletedAssignment>, bool)> {
    let wanted = match which {
        TrashFilter::Since(time) => Either::This(assignments::deleted_at.ge(time.micros())),
        TrashFilter::Row(id) => Either::That(assignments::id.eq(id)),
    };
    let rows = assignments::table
        .left_join(
            submissions::table.on(submissions::assignment_id
                .eq(assignments::id)
                .and(submissions::deleted_at.is_null())),
        )
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_not_null())
                .and(assignments::deleted_at.le(after.deleted_at.micros())),
        )
        .filter(
            assignments::deleted_at
                .lt(after.deleted_at.micros())
                .or(assignments::id.lt(after.id)),
        )
        .filter(wanted)
        .group_by((assignments::id, assignments::name, assignments::deleted_at))
        .order((assignments::deleted_at.desc(), assignments::id.desc()))
        .select((
            assignments::id,
            assignments::name,
            assignments::deleted_at.assume_not_null(),
            diesel::dsl::count(submissions::id.nullable()),
        ))
        .at_most(portion.limit())
        .load_iter::<(i64, String, i64, i64)>(conn)?;
    let assignment = |(id, name, deleted_at, submissions)| {
        Ok(DeletedAssignment {
            id,
            name,
            deleted_at: Timestamp::from_micros(deleted_at),
            submissions,
        })
    };
    portion.take(rows, assignment, |assignment| assignment.name.len())
}

/// Returns a portion of the deleted submissions of a course after a place, last deleted first, and whether there are
/// more. Submissions to deleted assignments are not listed. They return with their assignment.
pub fn submissions(
    conn: &mut Connection,
    course: i64,
    which: TrashFilter,
    after: TrashPosition,
    portion: Portion,
) -> Result<(Vec<DeletedSubmission>, bool)> {
    let wanted = match which {
        TrashFilter::Since(time) => Either::This(submissions::deleted_at.ge(time.micros())),
        TrashFilter::Row(id) => Either::That(submissions::id.eq(id)),
    };
    let rows = submissions::table
        .inner_join(assignments::table)
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_not_null())
                .and(submissions::deleted_at.le(after.deleted_at.micros())),
        )
        .filter(
            submissions::deleted_at
                .lt(after.deleted_at.micros())
                .or(submissions::id.lt(after.id)),
        )
        .filter(wanted)
        .order((submissions::deleted_at.desc(), submissions::id.desc()))
        .select((
            submissions::id,
            assignments::name,
            submissions::student,
            submissions::submitted_at,
            submissions::deleted_at.assume_not_null(),
        ))
        .at_most(portion.limit())
        .load_iter::<WorkRow>(conn)?;
    portion.take(rows, |row| Ok(work(row)), DeletedSubmission::text)
}

/// Returns a portion of the submissions of a course with deleted feedback after a place, last deleted first, and
/// whether there are more. A submission with several deleted feedback rows occurs once, with the time of the last.
pub fn feedback(
    conn: &mut Connection,
    course: i64,
    which: TrashFilter,
    after: TrashPosition,
    portion: Portion,
) -> Result<(Vec<DeletedSubmission>, bool)> {
    let behind = sql::<Bool>("(max(feedback.deleted_at), submissions.id) < (")
        .bind::<BigInt, _>(after.deleted_at.micros())
        .sql(", ")
        .bind::<BigInt, _>(after.id)
        .sql(")");
    let wanted = match which {
        TrashFilter::Since(time) => Either::This(feedback::deleted_at.ge(time.micros())),
        TrashFilter::Row(submission) => Either::That(submissions::id.eq(submission)),
    };
    let rows = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null())
                .and(feedback::deleted_at.is_not_null()),
        )
        .filter(wanted)
        .group_by((
            submissions::id,
            assignments::name,
            submissions::student,
            submissions::submitted_at,
        ))
        .having(behind)
        .order((max(feedback::deleted_at).desc(), submissions::id.desc()))
        .select((
            submissions::id,
            assignments::name,
            submissions::student,
            submissions::submitted_at,
            max(feedback::deleted_at).assume_not_null(),
        ))
        .at_most(portion.limit())
        .load_iter::<WorkRow>(conn)?;
    portion.take(rows, |row| Ok(work(row)), DeletedSubmission::text)
}

type WorkRow = (i64, String, String, i64, i64);

fn work((id, assignment, student, submitted_at, deleted_at): WorkRow) -> DeletedSubmission {
    DeletedSubmission {
        id,
        assignment,
        student,
        submitted_at: Timestamp::from_micros(submitted_at),
        deleted_at: Timestamp::from_micros(deleted_at),
    }
}

/// Restores an assignment from the trash. Returns `None` if another one has its name now.
pub fn restore_assignment(conn: &mut Connection, id: i64) -> Result<Option<()>> {
    unless_taken(conn.transaction(|conn| {
        diesel::update(assignments::table.find(id))
            .set(assignments::deleted_at.eq(None::<i64>))
            .execute(conn)?;
        Ok(())
    }))
}

/// Restores a submission from the trash.
pub fn restore_submission(conn: &mut Connection, id: i64) -> Result<()> {
    diesel::update(submissions::table.find(id))
        .set(submissions::deleted_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// Restores all feedback on a submission from the trash. The newest becomes the current one. Returns the restored rows.
pub fn restore_feedback(conn: &mut Connection, submission: i64) -> Result<Vec<i64>> {
    let deleted = feedback::table.filter(
        feedback::submission_id
            .eq(submission)
            .and(feedback::deleted_at.is_not_null()),
    );
    let restored = diesel::update(deleted)
        .set(feedback::deleted_at.eq(None::<i64>))
        .returning(feedback::id)
        .load(conn)?;
    Ok(restored)
}

/// The numbers of things that were purged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Assignments, with everything that belongs to them.
    pub assignments: usize,
    /// Submissions to other assignments, with everything that belongs to them.
    pub submissions: usize,
    /// Feedback on other submissions.
    pub feedback: usize,
}

/// The expired trash of one course.
#[derive(Debug, Clone, QueryableByName)]
pub struct Expired {
    /// The row of the course.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The name of the course.
    #[diesel(sql_type = Text)]
    pub course: String,
    /// Whether the whole course is purged.
    #[diesel(sql_type = Bool)]
    pub is_whole: bool,
    /// The number of assignments with a mark of their own.
    #[diesel(sql_type = BigInt)]
    pub assignments: i64,
    /// The number of submissions with a mark of their own.
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
    /// The number of feedback rows with a mark of their own.
    #[diesel(sql_type = BigInt)]
    pub feedback: i64,
}

/// Returns everything that was deleted before `limit`, by course.
pub fn expired(conn: &mut Connection, limit: Timestamp) -> Result<Vec<Expired>> {
    let expired = diesel::sql_query(
        "SELECT c.id, c.name AS course, coalesce(c.deleted_at < $1, FALSE) AS is_whole,
                count(*) FILTER (WHERE kind = 1) AS assignments,
                count(*) FILTER (WHERE kind = 2) AS submissions,
                count(*) FILTER (WHERE kind = 3) AS feedback
            FROM (
                SELECT id AS course_id, 0 AS kind FROM courses WHERE deleted_at < $1
                UNION ALL SELECT course_id, 1 FROM assignments WHERE deleted_at < $1
                UNION ALL SELECT a.course_id, 2 FROM submissions s JOIN assignments a ON a.id = s.assignment_id
                    WHERE s.deleted_at < $1
                UNION ALL SELECT a.course_id, 3 FROM feedback f JOIN submissions s ON s.id = f.submission_id
                    JOIN assignments a ON a.id = s.assignment_id WHERE f.deleted_at < $1
            ) AS gone JOIN courses c ON c.id = course_id
            GROUP BY c.id ORDER BY c.id",
    )
    .bind::<BigInt, _>(limit.micros())
    .load(conn)?;
    Ok(expired)
}

/// Purges everything that was deleted before `limit`, with everything that belongs to it.
pub fn purge_before(conn: &mut Connection, limit: Timestamp) -> Result<Purged> {
    let limit = limit.micros();
    let assignments = diesel::delete(assignments::table.filter(assignments::deleted_at.lt(limit)))
        .execute(conn)?;
    let submissions = diesel::delete(submissions::table.filter(submissions::deleted_at.lt(limit)))
        .execute(conn)?;
    let feedback =
        diesel::delete(feedback::table.filter(feedback::deleted_at.lt(limit))).execute(conn)?;
    Ok(Purged {
        assignments,
        submissions,
        feedback,
    })
}
