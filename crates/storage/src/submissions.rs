//! Submissions, which are written once and never change. These queries do not find submissions in the trash.

use super::backend::prelude::*;
use super::dates::{DATES, DatesRow, OwnRow, dates_of, own_columns, with_own_time};
use super::schema::{assignments, submissions};
use super::{Error, Portion, Result};
use diesel::sql_types::Bool;
use nbcourier_domain::{Dates, Timestamp, UserName};
use std::collections::HashMap;

/// A submission in a listing.
#[derive(Debug, Clone, Queryable)]
pub struct ListedSubmission {
    /// The student.
    pub student_id: String,
    /// The time of submission.
    #[diesel(deserialize_as = Moment)]
    pub timestamp: Timestamp,
}

/// One submission.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct FoundSubmission {
    /// The ID of the row.
    pub id: i64,
    /// The time of submission.
    #[diesel(deserialize_as = Moment)]
    pub submitted_at: Timestamp,
    /// The row of the tree.
    pub tree_id: i64,
}

/// A time as a row holds it, in microseconds since 1970.
pub struct Moment(i64);

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        Self::from_micros(moment.0)
    }
}

impl<DB> Queryable<diesel::sql_types::BigInt, DB> for Moment
where
    DB: diesel::backend::Backend,
    i64: diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>,
{
    type Row = i64;

    fn build(row: i64) -> diesel::deserialize::Result<Self> {
        Ok(Self(row))
    }
}

/// The place of a submission among the others of its student to the assignment.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The dates of the assignment for the student.
    pub dates: Dates,
    /// Whether the student has no later submission.
    pub is_latest: bool,
    /// Whether the assignment is released.
    pub is_released: bool,
}

/// Returns the place of the submission with that row among the others.
pub fn standing_of(conn: &mut Connection, id: i64) -> Result<Standing> {
    let is_latest = diesel::dsl::sql::<Bool>(
        "NOT EXISTS (SELECT 1 FROM submissions AS later WHERE later.assignment_id = submissions.assignment_id \
         AND later.student = submissions.student AND later.submitted_at > submissions.submitted_at \
         AND later.deleted_at IS NULL)",
    );
    let found = submissions::table.inner_join(assignments::table);
    let (of_all, of_student, is_latest, is_released) = with_own_time!(found, submissions::student)
        .filter(submissions::id.eq(id))
        .select((
            DATES,
            own_columns(),
            is_latest,
            assignments::current_release.is_not_null(),
        ))
        .get_result::<(DatesRow, OwnRow, bool, bool)>(conn)?;
    Ok(Standing {
        dates: dates_of(of_all, of_student),
        is_latest,
        is_released,
    })
}

/// Records a submission. `by` is the person who submitted it for the student, if any. Its time is `now`, or just
/// after the student's last one if the clock is behind that. A submission in the trash counts, too, since it may be
/// restored.
pub fn add(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    by: Option<&UserName>,
    tree: i64,
    now: Timestamp,
) -> Result<(i64, Timestamp)> {
    let last: Option<i64> = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str())),
        )
        .select(diesel::dsl::max(submissions::submitted_at))
        .get_result(conn)?;
    let time = last.map_or(now, |last| now.max(Timestamp::from_micros(last).next()));
    let id = insert(conn, assignment, student, by, tree, time)?;
    Ok((id, time))
}

/// Records a submission of a known time. Returns the ID of its row.
pub fn insert(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    by: Option<&UserName>,
    tree: i64,
    time: Timestamp,
) -> Result<i64> {
    let id = diesel::insert_into(submissions::table)
        .values((
            submissions::assignment_id.eq(assignment),
            submissions::student.eq(student.as_str()),
            submissions::submitted_by.eq(by.map(UserName::as_str)),
            submissions::submitted_at.eq(time.micros()),
            submissions::tree_id.eq(tree),
        ))
        .returning(submissions::id)
        .get_result(conn)?;
    Ok(id)
}

/// Returns the students of those of the submissions that belong to the assignment, by row. Runs one statement for any
/// number of submissions.
pub fn students(
    conn: &mut Connection,
    assignment: i64,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, UserName>> {
    let rows = submissions::table
        .filter(among(submissions::id, ids))
        .filter(submissions::assignment_id.eq(assignment))
        .filter(submissions::deleted_at.is_null())
        .select((submissions::id, submissions::student))
        .load_iter::<(i64, String)>(conn)?;
    rows.map(|row| {
        let (id, student) = row?;
        let student =
            UserName::parse(student).map_err(|_| Error::Damaged("an illegal name of a student"))?;
        Ok((id, student))
    })
    .collect()
}

/// Returns a portion of all submissions to an assignment after a line, oldest first, and whether there are more.
pub fn list(
    conn: &mut Connection,
    assignment: i64,
    after: Option<&ListedSubmission>,
    portion: Portion,
) -> Result<(Vec<ListedSubmission>, bool)> {
    let after = after.map(|line| {
        let time = line.timestamp.micros();
        submissions::submitted_at.ge(time).and(
            submissions::submitted_at
                .gt(time)
                .or(submissions::student.gt(line.student_id.as_str())),
        )
    });
    let rows = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::deleted_at.is_null()),
        )
        .filter(maybe(after))
        .order((submissions::submitted_at, submissions::student))
        .select((submissions::student, submissions::submitted_at))
        .at_most(portion.limit())
        .load_iter(conn)?;
    portion.take(rows, Ok, ListedSubmission::text)
}

/// Returns a portion of one student's submissions to an assignment after a line, oldest first, and whether there are
/// more.
pub fn list_of(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    after: Option<&ListedSubmission>,
    portion: Portion,
) -> Result<(Vec<ListedSubmission>, bool)> {
    // Without a line, the condition holds for every row. The statement is the same then, and diesel need not build its
    // text to find it among the prepared ones.
    let after = after.map_or(i64::MIN, |line| line.timestamp.micros());
    let rows = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::submitted_at.gt(after))
                .and(submissions::deleted_at.is_null()),
        )
        // The condition holds for every row. Without it, SQLite would rather scan everybody's submissions in an index
        // with all selected columns than look up a few rows.
        .filter(submissions::tree_id.ge(0))
        .order(submissions::submitted_at)
        .select((submissions::student, submissions::submitted_at))
        .at_most(portion.limit())
        .load_iter(conn)?;
    portion.take(rows, Ok, ListedSubmission::text)
}

impl ListedSubmission {
    /// Returns the approximate number of bytes of its text.
    fn text(&self) -> usize {
        self.student_id.len()
    }
}

/// Whether the student submitted anything in the course.
pub fn any_in_course(conn: &mut Connection, course: i64, student: &UserName) -> Result<bool> {
    let any = diesel::select(diesel::dsl::exists(
        submissions::table.inner_join(assignments::table).filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::deleted_at.is_null()),
        ),
    ))
    .get_result(conn)?;
    Ok(any)
}

/// Whether the student submitted anything to the assignment.
pub fn any_to(conn: &mut Connection, assignment: i64, student: &UserName) -> Result<bool> {
    let any = diesel::select(diesel::dsl::exists(
        submissions::table.filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::deleted_at.is_null()),
        ),
    ))
    .get_result(conn)?;
    Ok(any)
}

/// Returns the student's latest submission.
pub fn latest(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
) -> Result<Option<FoundSubmission>> {
    let newest = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::student.eq(student.as_str()))
                .and(submissions::deleted_at.is_null()),
        )
        .order(submissions::submitted_at.desc())
        .select((
            submissions::id,
            submissions::submitted_at,
            submissions::tree_id,
        ))
        .at_most(1)
        .get_result(conn)
        .optional()?;
    Ok(newest)
}

/// Returns the student's submission of exactly that time.
pub fn at(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    time: Timestamp,
) -> Result<Option<FoundSubmission>> {
    let found = submissions::table
        .filter(submissions::assignment_id.eq(assignment))
        .filter(submissions::student.eq(student.as_str()))
        .filter(submissions::submitted_at.eq(time.micros()))
        .filter(submissions::deleted_at.is_null())
        .select((
            submissions::id,
            submissions::submitted_at,
            submissions::tree_id,
        ))
        .get_result(conn)
        .optional()?;
    Ok(found)
}

/// Whether the student has a submission of exactly that time, including the trash.
pub fn is_taken(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    time: Timestamp,
) -> Result<bool> {
    let taken = diesel::select(diesel::dsl::exists(
        submissions::table
            .filter(submissions::assignment_id.eq(assignment))
            .filter(submissions::student.eq(student.as_str()))
            .filter(submissions::submitted_at.eq(time.micros())),
    ))
    .get_result(conn)?;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opening, assignments, courses, migrate, trees};
    use nbcourier_domain::{CourseId, Tree};

    #[test]
    fn a_later_submission_is_never_earlier_even_if_the_clock_steps_back() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        let (kevin, lawrence) = (
            UserName::parse("kevin").unwrap(),
            UserName::parse("lawrence").unwrap(),
        );
        let noon = Timestamp::parse("2026-01-01 12:00:00.0").unwrap();
        let course = courses::create(&mut conn, &CourseId::parse("course1").unwrap(), noon)
            .unwrap()
            .unwrap();
        let tree = trees::save(
            &mut conn,
            &Tree::default(),
            &trees::Arrivals::default(),
            noon,
        )
        .unwrap()
        .id;
        let name = nbcourier_domain::AssignmentId::parse("challenge").unwrap();
        let id = assignments::obtain(&mut conn, course, &name).unwrap();
        assignments::release(&mut conn, id, tree, &kevin, noon).unwrap();

        let mut add = |student, now| add(&mut conn, id, student, None, tree, now).unwrap().1;
        let first = add(&lawrence, noon);
        let hour_before = Timestamp::from_micros(noon.micros() - 3_600_000_000);
        let second = add(&lawrence, hour_before);
        assert_eq!((first, second), (noon, noon.next()));
        let others = add(&kevin, hour_before);
        assert_eq!(others, hour_before, "everybody has a sequence of their own");
        assert_eq!(
            latest(&mut conn, id, &lawrence)
                .unwrap()
                .unwrap()
                .submitted_at,
            second
        );
    }
}
