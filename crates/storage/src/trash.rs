//! The trash of a course: assignments, submissions and feedback marked as deleted, until they are restored or purged.
//!
//! What hangs on something in the trash is in it, too, without a mark of its own.

use super::courses::unless_taken;
use super::schema::{assignments, feedback, submissions};
use super::{Connection, Portion, Result};
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::Timestamp;

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    assignments::name,
    submissions::id,
    submissions::student,
    submissions::submitted_at,
);

/// What of the trash is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// What was deleted then or later.
    Since(Timestamp),
    /// What has this row, whenever it was deleted.
    Row(i64),
}

/// A place in the trash, where what was deleted last comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// The row's id.
    pub id: i64,
}

impl Place {
    /// Before everything.
    pub const FIRST: Self = Self {
        deleted_at: Timestamp::MAX,
        id: i64::MAX,
    };
}

/// An assignment in the trash.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The row's id, by which it can be restored.
    pub id: i64,
    /// The name it had.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// How many submissions to it come back with it.
    pub submissions: i64,
}

/// A submission in the trash, or one whose feedback is.
#[derive(Debug, Clone)]
pub struct Work {
    /// The row's id, by which it, or its feedback, can be restored.
    pub id: i64,
    /// The assignment's name.
    pub assignment: String,
    /// Who handed it in.
    pub student: String,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// When it, or its feedback, was deleted.
    pub deleted_at: Timestamp,
}

impl Assignment {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            deleted_at: self.deleted_at,
            id: self.id,
        }
    }
}

impl Work {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            deleted_at: self.deleted_at,
            id: self.id,
        }
    }

    /// Bytes of text in it.
    fn text(&self) -> usize {
        self.assignment.len() + self.student.len()
    }
}

/// Puts an assignment into the trash, with all that was handed in to it. Its name is free at once.
pub fn put_assignment(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(assignments::table.find(id))
        .set(assignments::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Puts a submission into the trash, with its feedback.
pub fn put_submission(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(submissions::table.find(id))
        .set(submissions::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Puts all feedback of a submission into the trash, so that no earlier one is shown in its place; whether there was
/// any.
pub fn put_feedback(conn: &mut Connection, submission: i64, now: Timestamp) -> Result<bool> {
    let marked = diesel::update(
        feedback::table.filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        ),
    )
    .set(feedback::deleted_at.eq(now.micros()))
    .execute(conn)?;
    Ok(marked > 0)
}

/// A portion of the deleted assignments of a course behind a place, the last deleted first; whether there are more.
pub fn assignments(
    conn: &mut Connection,
    course: i64,
    which: Which,
    after: Place,
    portion: Portion,
) -> Result<(Vec<Assignment>, bool)> {
    let mut query = assignments::table
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
        .group_by((assignments::id, assignments::name, assignments::deleted_at))
        .order((assignments::deleted_at.desc(), assignments::id.desc()))
        .select((
            assignments::id,
            assignments::name,
            assignments::deleted_at.assume_not_null(),
            diesel::dsl::count(submissions::id.nullable()),
        ))
        .into_boxed();
    query = match which {
        Which::Since(time) => query.filter(assignments::deleted_at.ge(time.micros())),
        Which::Row(id) => query.filter(assignments::id.eq(id)),
    };
    let rows = query.load_iter::<(i64, String, i64, i64), _>(conn)?;
    let assignment = |(id, name, deleted_at, submissions)| {
        Ok(Assignment {
            id,
            name,
            deleted_at: Timestamp::from_micros(deleted_at),
            submissions,
        })
    };
    portion.take(rows, assignment, |assignment| assignment.name.len())
}

/// A portion of the deleted submissions of a course behind a place, the last deleted first; whether there are more. Those
/// to deleted assignments come back with these.
pub fn submissions(
    conn: &mut Connection,
    course: i64,
    which: Which,
    after: Place,
    portion: Portion,
) -> Result<(Vec<Work>, bool)> {
    let mut query = submissions::table
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
        .order((submissions::deleted_at.desc(), submissions::id.desc()))
        .select((
            submissions::id,
            assignments::name,
            submissions::student,
            submissions::submitted_at,
            submissions::deleted_at.assume_not_null(),
        ))
        .into_boxed();
    query = match which {
        Which::Since(time) => query.filter(submissions::deleted_at.ge(time.micros())),
        Which::Row(id) => query.filter(submissions::id.eq(id)),
    };
    let rows = query.load_iter::<WorkRow, _>(conn)?;
    portion.take(rows, |row| Ok(work(row)), Work::text)
}

/// A portion of the submissions of a course whose feedback was deleted, behind a place, the last deleted first; whether
/// there are more. A submission with several comes once, with the time of the last.
pub fn feedback(
    conn: &mut Connection,
    course: i64,
    which: Which,
    after: Place,
    portion: Portion,
) -> Result<(Vec<Work>, bool)> {
    let behind = sql::<Bool>("(max(`feedback`.`deleted_at`), `submissions`.`id`) < (")
        .bind::<BigInt, _>(after.deleted_at.micros())
        .sql(", ")
        .bind::<BigInt, _>(after.id)
        .sql(")");
    let mut query = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null())
                .and(feedback::deleted_at.is_not_null()),
        )
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
        .into_boxed();
    query = match which {
        Which::Since(time) => query.filter(feedback::deleted_at.ge(time.micros())),
        Which::Row(submission) => query.filter(submissions::id.eq(submission)),
    };
    let rows = query.load_iter::<WorkRow, _>(conn)?;
    portion.take(rows, |row| Ok(work(row)), Work::text)
}

type WorkRow = (i64, String, String, i64, i64);

fn work((id, assignment, student, submitted_at, deleted_at): WorkRow) -> Work {
    Work {
        id,
        assignment,
        student,
        submitted_at: Timestamp::from_micros(submitted_at),
        deleted_at: Timestamp::from_micros(deleted_at),
    }
}

/// Takes an assignment out of the trash; `None` when another one has the name by now.
pub fn restore_assignment(conn: &mut Connection, id: i64) -> Result<Option<()>> {
    unless_taken(
        diesel::update(assignments::table.find(id))
            .set(assignments::deleted_at.eq(None::<i64>))
            .execute(conn)
            .map(drop),
    )
}

/// Takes a submission out of the trash.
pub fn restore_submission(conn: &mut Connection, id: i64) -> Result<()> {
    diesel::update(submissions::table.find(id))
        .set(submissions::deleted_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// Takes all feedback of a submission out of the trash; what was given last is shown.
pub fn restore_feedback(conn: &mut Connection, submission: i64) -> Result<()> {
    diesel::update(feedback::table.filter(feedback::submission_id.eq(submission)))
        .set(feedback::deleted_at.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}

/// How much was removed for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Assignments, with all that hung on them.
    pub assignments: usize,
    /// Submissions beside theirs, with all that hung on them.
    pub submissions: usize,
    /// Feedback beside theirs.
    pub feedback: usize,
}

/// What of a course was deleted so long ago that it goes for good.
#[derive(Debug, Clone, QueryableByName)]
pub struct Expired {
    /// The course's row,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// and its name.
    #[diesel(sql_type = Text)]
    pub course: String,
    /// Whether it goes as a whole.
    #[diesel(sql_type = Bool)]
    pub is_whole: bool,
    /// Assignments with a mark of their own,
    #[diesel(sql_type = BigInt)]
    pub assignments: i64,
    /// submissions,
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
    /// and feedback.
    #[diesel(sql_type = BigInt)]
    pub feedback: i64,
}

/// What was deleted before `limit`, by course.
pub fn expired(conn: &mut Connection, limit: Timestamp) -> Result<Vec<Expired>> {
    let expired = diesel::sql_query(
        "SELECT c.id, c.name AS course, coalesce(c.deleted_at < ?1, 0) AS is_whole,
                sum(kind = 1) AS assignments, sum(kind = 2) AS submissions, sum(kind = 3) AS feedback
            FROM (
                SELECT id AS course_id, 0 AS kind FROM courses WHERE deleted_at < ?1
                UNION ALL SELECT course_id, 1 FROM assignments WHERE deleted_at < ?1
                UNION ALL SELECT a.course_id, 2 FROM submissions s JOIN assignments a ON a.id = s.assignment_id
                    WHERE s.deleted_at < ?1
                UNION ALL SELECT a.course_id, 3 FROM feedback f JOIN submissions s ON s.id = f.submission_id
                    JOIN assignments a ON a.id = s.assignment_id WHERE f.deleted_at < ?1
            ) JOIN courses c ON c.id = course_id
            GROUP BY c.id ORDER BY c.id",
    )
    .bind::<BigInt, _>(limit.micros())
    .load(conn)?;
    Ok(expired)
}

/// Removes what was deleted before `limit`, and all that hangs on it.
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
