//! The dates of assignments, and the extensions of students.
//!
//! Every query that needs a student's dates uses [`with_own_time`], [`own_columns`] and [`dates_of`], so that none forgets
//! the allowance. The rule itself is `Dates::of_student`.

use super::backend::prelude::*;
use super::schema::{allowances, assignments, extensions};
use super::{Portion, Result};
use diesel::dsl::Nullable;
use diesel::upsert::excluded;
use nbcourier_domain::{Allowance, AssignmentId, Dates, Extension, OwnTime, Timestamp, UserName};

/// The columns of [`DATES`].
pub(super) type Columns = (
    assignments::opens_at,
    assignments::due_at,
    assignments::cutoff_at,
);
/// The columns with an assignment's dates.
pub(super) const DATES: Columns = (
    assignments::opens_at,
    assignments::due_at,
    assignments::cutoff_at,
);

/// The values of [`DATES`].
pub(super) type DatesRow = (Option<i64>, Option<i64>, Option<i64>);

pub(super) fn dates((opens_at, due_at, cutoff_at): DatesRow) -> Dates {
    Dates {
        opens_at: opens_at.map(Timestamp::from_micros),
        due_at: due_at.map(Timestamp::from_micros),
        cutoff_at: cutoff_at.map(Timestamp::from_micros),
    }
}

pub(super) fn extension((due_at, cutoff_at): (Option<i64>, Option<i64>)) -> Extension {
    Extension {
        due_at: due_at.map(Timestamp::from_micros),
        cutoff_at: cutoff_at.map(Timestamp::from_micros),
    }
}

/// The students with time of their own for an assignment, by name.
pub type OwnDates = Vec<(String, OwnTime)>;

/// Joins a query that has assignments with the time that a student has of their own. The student is a column or
/// an owned name, since diesel joins no further table to a query that borrows.
macro_rules! with_own_time {
    ($query:expr, $student:expr) => {
        $query
            .left_join(
                $crate::schema::extensions::table.on($crate::schema::extensions::assignment_id
                    .eq($crate::schema::assignments::id)
                    .and($crate::schema::extensions::student.eq($student))),
            )
            .left_join(
                $crate::schema::allowances::table.on($crate::schema::allowances::course_id
                    .eq($crate::schema::assignments::course_id)
                    .and($crate::schema::allowances::student.eq($student))),
            )
    };
}
pub(super) use with_own_time;

/// An hour in microseconds.
pub(super) const HOUR: i64 = 3600 * 1_000_000;

/// Returns the SQL of a student's due time for an assignment `a`, with the extension `x` and the allowance `w`. It is the rule
/// of `Dates::of_student`.
pub(super) fn own_due() -> String {
    let allowed = format!("a.due_at + w.hours * {HOUR}");
    format!(
        "coalesce(CASE WHEN x.due_at >= {allowed} THEN x.due_at ELSE {allowed} END, x.due_at, a.due_at)"
    )
}

/// The columns with the time that a student has of their own.
pub(super) type OwnColumns = (
    Nullable<extensions::student>,
    Nullable<extensions::due_at>,
    Nullable<extensions::cutoff_at>,
    Nullable<allowances::hours>,
);

/// The values of [`own_columns`].
pub(super) type OwnRow = (Option<String>, Option<i64>, Option<i64>, Option<i64>);

/// Returns the columns that [`with_own_time`] adds.
pub(super) fn own_columns() -> OwnColumns {
    (
        extensions::student.nullable(),
        extensions::due_at.nullable(),
        extensions::cutoff_at.nullable(),
        allowances::hours.nullable(),
    )
}

pub(super) fn own_time((student, due_at, cutoff_at, hours): OwnRow) -> OwnTime {
    OwnTime {
        extension: student.map(|_| extension((due_at, cutoff_at))),
        allowance: hours.and_then(Allowance::of_hours),
    }
}

/// Returns the dates that hold for a student.
pub(super) fn dates_of(of_all: DatesRow, own: OwnRow) -> Dates {
    dates(of_all).of_student(own_time(own))
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::micros)
}

/// Sets all dates of an assignment. Creates an unreleased assignment if none of that name exists.
pub fn set(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
    dates: Dates,
) -> Result<()> {
    diesel::insert_into(assignments::table)
        .values((
            assignments::course_id.eq(course),
            assignments::name.eq(assignment.as_str()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    diesel::update(
        assignments::table.filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        ),
    )
    .set((
        assignments::opens_at.eq(micros(dates.opens_at)),
        assignments::due_at.eq(micros(dates.due_at)),
        assignments::cutoff_at.eq(micros(dates.cutoff_at)),
    ))
    .execute(conn)?;
    Ok(())
}

/// Returns the dates of the assignment with that row.
pub fn of_assignment(conn: &mut Connection, assignment: i64) -> Result<Dates> {
    let row = assignments::table
        .find(assignment)
        .filter(assignments::deleted_at.is_null())
        .select(DATES)
        .get_result::<DatesRow>(conn)?;
    Ok(dates(row))
}

/// An extension with the note of its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotedExtension {
    /// The dates.
    pub extension: Extension,
    /// The note, for those who teach.
    pub note: Option<String>,
}

/// Returns the extension of a student, if there is one.
pub fn extension_of(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
) -> Result<Option<NotedExtension>> {
    let row = extensions::table
        .find((assignment, student.as_str()))
        .select((
            (extensions::due_at, extensions::cutoff_at),
            extensions::note,
        ))
        .get_result::<((Option<i64>, Option<i64>), Option<String>)>(conn)
        .optional()?;
    Ok(row.map(|(row, note)| NotedExtension {
        extension: extension(row),
        note,
    }))
}

/// Returns a portion of the extensions of an assignment after a student, by student, and whether there are more.
pub fn extensions(
    conn: &mut Connection,
    assignment: i64,
    after: &str,
    portion: Portion,
) -> Result<(Vec<(String, NotedExtension)>, bool)> {
    let rows = extensions::table
        .filter(
            extensions::assignment_id
                .eq(assignment)
                .and(extensions::student.gt(after)),
        )
        .order(extensions::student)
        .select((
            extensions::student,
            (extensions::due_at, extensions::cutoff_at),
            extensions::note,
        ))
        .at_most(portion.limit())
        .load_iter::<(String, (Option<i64>, Option<i64>), Option<String>)>(conn)?;
    let parse = |(student, row, note)| {
        let extension = extension(row);
        Ok((student, NotedExtension { extension, note }))
    };
    portion.take(rows, parse, |(student, noted)| {
        student.len() + noted.note.as_ref().map_or(0, String::len)
    })
}

/// Sets a student's extension, in place of an earlier one.
pub fn set_extension(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    NotedExtension { extension, note }: &NotedExtension,
) -> Result<()> {
    diesel::insert_into(extensions::table)
        .values((
            extensions::assignment_id.eq(assignment),
            extensions::student.eq(student.as_str()),
            extensions::due_at.eq(micros(extension.due_at)),
            extensions::cutoff_at.eq(micros(extension.cutoff_at)),
            extensions::note.eq(note.as_deref()),
        ))
        .on_conflict((extensions::assignment_id, extensions::student))
        .do_update()
        .set((
            extensions::due_at.eq(excluded(extensions::due_at)),
            extensions::cutoff_at.eq(excluded(extensions::cutoff_at)),
            extensions::note.eq(excluded(extensions::note)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a student's extension. Returns whether there was one.
pub fn remove_extension(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
) -> Result<bool> {
    let removed =
        diesel::delete(extensions::table.find((assignment, student.as_str()))).execute(conn)?;
    Ok(removed > 0)
}
