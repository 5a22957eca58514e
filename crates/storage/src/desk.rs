//! The facts that a person wants to see first: what is due, and new feedback.

use super::Result;
use super::backend::prelude::*;
use super::dates::{DATES, DatesRow, OwnRow, dates_of, own_columns, with_own_time};
use super::schema::{assignments, courses, extensions, feedback, submissions};
use diesel::dsl::{count, max, sql};
use diesel::sql_types::{BigInt, Bool, Nullable};
use nbcourier_domain::{Dates, Timestamp, UserName};
use std::collections::HashMap;

/// A released assignment with a due time.
#[derive(Debug, Clone)]
pub struct DueAssignment {
    /// The name of the course.
    pub course: String,
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The dates for this person.
    pub dates: Dates,
}

/// The condition that an assignment is due for a student with an allowance at a time, which follows, or later.
const WITH_ALLOWANCE: &str = "assignments.due_at + allowances.hours * 3600000000 >= ";

/// Returns at most `at_most` released assignments of the courses with these names that are due at `since` or later, for
/// everybody or for this person. The dates are those of the person. They are not sorted.
pub fn due(
    conn: &mut Connection,
    person: &UserName,
    courses: &[&str],
    since: Timestamp,
    at_most: usize,
) -> Result<Vec<DueAssignment>> {
    type Columns = (String, i64, String, DatesRow, OwnRow);
    let since = since.micros();
    let found = assignments::table.inner_join(courses::table);
    let is_due_with_allowance = sql::<Nullable<Bool>>(WITH_ALLOWANCE).bind::<BigInt, _>(since);
    let rows = with_own_time!(found, person.as_str().to_owned())
        .filter(courses::name.eq_any(courses))
        .filter(
            courses::deleted_at
                .is_null()
                .and(assignments::deleted_at.is_null())
                .and(assignments::current_release.is_not_null()),
        )
        .filter(
            assignments::due_at
                .ge(since)
                .or(extensions::due_at.nullable().ge(since))
                .or(is_due_with_allowance),
        )
        .order((assignments::due_at, assignments::id))
        .select((
            courses::name,
            assignments::id,
            assignments::name,
            DATES,
            own_columns(),
        ))
        .at_most(at_most)
        .load::<Columns>(conn)?;
    let parse = |(course, id, assignment, of_all, of_person): Columns| DueAssignment {
        course,
        id,
        assignment,
        dates: dates_of(of_all, of_person),
    };
    Ok(rows.into_iter().map(parse).collect())
}

/// Returns the time of the person's latest submission to each of these assignments, by the row of the assignment.
pub fn latest_of(
    conn: &mut Connection,
    person: &UserName,
    assignments: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Timestamp>> {
    let rows = submissions::table
        .filter(among(submissions::assignment_id, assignments))
        .filter(submissions::student.eq(person.as_str()))
        .filter(submissions::deleted_at.is_null())
        .group_by(submissions::assignment_id)
        .select((submissions::assignment_id, max(submissions::submitted_at)))
        .load::<(i64, Option<i64>)>(conn)?;
    let latest = rows
        .into_iter()
        .filter_map(|(id, at)| Some((id, Timestamp::from_micros(at?))));
    Ok(latest.collect())
}

/// Returns the number of people who have submitted to each of these assignments, by the row of the assignment.
pub fn submitters(
    conn: &mut Connection,
    assignments: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, i64>> {
    let rows = submissions::table
        .filter(among(submissions::assignment_id, assignments))
        .filter(submissions::deleted_at.is_null())
        .group_by(submissions::assignment_id)
        .select((
            submissions::assignment_id,
            count(submissions::student).aggregate_distinct(),
        ))
        .load::<(i64, i64)>(conn)?;
    Ok(rows.into_iter().collect())
}

/// Feedback on a submission of the person.
#[derive(Debug, Clone)]
pub struct RecentFeedback {
    /// The name of the course.
    pub course: String,
    /// The name of the assignment.
    pub assignment: String,
    /// The row of the submission.
    pub submission: i64,
    /// The time of the feedback.
    pub returned_at: Timestamp,
}

/// Returns at most `at_most` pieces of feedback that the person got at `since` or later, newest first, on submissions to
/// assignments that are released, and open at `now`.
pub fn recent_feedback(
    conn: &mut Connection,
    person: &UserName,
    since: Timestamp,
    now: Timestamp,
    at_most: usize,
) -> Result<Vec<RecentFeedback>> {
    let rows = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table.inner_join(courses::table)))
        .filter(submissions::student.eq(person.as_str()))
        .filter(
            feedback::deleted_at
                .is_null()
                .and(submissions::deleted_at.is_null())
                .and(assignments::deleted_at.is_null())
                .and(courses::deleted_at.is_null())
                .and(assignments::current_release.is_not_null()),
        )
        .filter(
            assignments::opens_at
                .is_null()
                .or(assignments::opens_at.le(now.micros())),
        )
        .filter(feedback::returned_at.ge(since.micros()))
        .order(feedback::returned_at.desc())
        .select((
            courses::name,
            assignments::name,
            submissions::id,
            feedback::returned_at,
        ))
        .at_most(at_most)
        .load::<(String, String, i64, i64)>(conn)?;
    let parse = |(course, assignment, submission, returned_at)| RecentFeedback {
        course,
        assignment,
        submission,
        returned_at: Timestamp::from_micros(returned_at),
    };
    Ok(rows.into_iter().map(parse).collect())
}
