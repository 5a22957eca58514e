//! Who handed in what, counted: a row for each student and assignment, whatever number of submissions it stands for.

use super::dates::{DATES, DatesRow, dates, extension};
use super::schema::{assignments, extensions, feedback, submissions};
use super::{Connection, Result};
use crate::domain::{Dates, Timestamp};
use diesel::dsl::exists;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// An assignment of a course.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The row's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its dates.
    pub dates: Dates,
    /// Whether it is released.
    pub released: bool,
}

/// The assignments of a course, released or not, in the order in which they were made.
pub fn assignments(conn: &mut Connection, course: i64) -> Result<Vec<Assignment>> {
    let rows = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null()),
        )
        .order(assignments::id)
        .select((
            assignments::id,
            assignments::name,
            DATES,
            assignments::current_release.is_not_null(),
        ))
        .load::<(i64, String, DatesRow, bool)>(conn)?;
    let assignment = |(id, name, row, released)| Assignment {
        id,
        name,
        dates: dates(row),
        released,
    };
    Ok(rows.into_iter().map(assignment).collect())
}

/// What was given back on somebody's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "FeedbackState")]
pub enum Feedback {
    /// Nothing.
    None,
    /// Something on the latest submission.
    Returned,
    /// Something, but only on an earlier submission.
    Outdated,
}

/// What somebody handed in to an assignment.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// When the latest submission was received.
    pub submitted_at: Timestamp,
    /// Whether that was after it was due, an extension counted in.
    pub late: bool,
    /// How many submissions there are.
    pub submissions: usize,
    /// What was given back.
    pub feedback: Feedback,
}

/// The work of each student, by assignment's row.
pub type WorkOfStudents = BTreeMap<String, BTreeMap<i64, Work>>;

/// What was handed in to the assignments of a course, counted as it is read.
pub fn work(conn: &mut Connection, course: i64) -> Result<WorkOfStudents> {
    type Columns = (i64, String, i64, bool, DatesRow, (Option<i64>, Option<i64>));
    let shown = feedback::table.filter(
        feedback::submission_id
            .eq(submissions::id)
            .and(feedback::deleted_at.is_null()),
    );
    let rows = submissions::table
        .inner_join(assignments::table)
        .left_join(
            extensions::table.on(extensions::assignment_id
                .eq(submissions::assignment_id)
                .and(extensions::student.eq(submissions::student))),
        )
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null()),
        )
        .order((submissions::assignment_id, submissions::submitted_at))
        .select((
            submissions::assignment_id,
            submissions::student,
            submissions::submitted_at,
            exists(shown),
            DATES,
            (
                extensions::due_at.nullable(),
                extensions::cutoff_at.nullable(),
            ),
        ))
        .load_iter::<Columns, _>(conn)?;
    let mut students = WorkOfStudents::new();
    for row in rows {
        let (assignment, student, submitted_at, has_feedback, of_all, of_student) = row?;
        let submitted_at = Timestamp::from_micros(submitted_at);
        let of_assignments = students.entry(student).or_default();
        let before = of_assignments.get(&assignment);
        let feedback = match before.map(|work| work.feedback) {
            _ if has_feedback => Feedback::Returned,
            None | Some(Feedback::None) => Feedback::None,
            Some(Feedback::Returned | Feedback::Outdated) => Feedback::Outdated,
        };
        let work = Work {
            submitted_at,
            late: dates(of_all)
                .extended_by(extension(of_student))
                .is_late(submitted_at),
            submissions: before.map_or(0, |work| work.submissions) + 1,
            feedback,
        };
        // Oldest first, so the latest is what stays.
        of_assignments.insert(assignment, work);
    }
    Ok(students)
}
