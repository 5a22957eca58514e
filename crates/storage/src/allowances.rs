//! The allowances of students: the hours that they always have more in a course.

use super::backend::prelude::*;
use super::dates::OwnDates;
use super::schema::{allowances, courses};
use super::{Error, Portion, Result};
use diesel::upsert::excluded;
use nbcourier_domain::{Allowance, OwnTime, UserName};
use std::collections::BTreeMap;

/// An allowance with the note of its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedAllowance {
    /// The allowance.
    pub allowance: Allowance,
    /// The note, for those who teach.
    pub note: Option<String>,
}

pub(super) fn parse((hours, note): (i64, Option<String>)) -> Result<NotedAllowance> {
    let allowance = Allowance::of_hours(hours);
    let allowance = allowance.ok_or(Error::Damaged("an impossible allowance"))?;
    Ok(NotedAllowance { allowance, note })
}

/// Returns the allowance of a student, if there is one.
pub fn of_student(
    conn: &mut Connection,
    course: i64,
    student: &UserName,
) -> Result<Option<NotedAllowance>> {
    let row = allowances::table
        .find((course, student.as_str()))
        .select((allowances::hours, allowances::note))
        .get_result::<(i64, Option<String>)>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns a portion of the allowances in a course after a student, by student, and whether there are more.
pub fn page(
    conn: &mut Connection,
    course: i64,
    after: &str,
    portion: Portion,
) -> Result<(Vec<(String, NotedAllowance)>, bool)> {
    let rows = allowances::table
        .filter(allowances::course_id.eq(course))
        .filter(allowances::student.gt(after))
        .order(allowances::student)
        .select((allowances::student, (allowances::hours, allowances::note)))
        .at_most(portion.limit())
        .load_iter::<(String, (i64, Option<String>))>(conn)?;
    let parse = |(student, row)| Ok((student, parse(row)?));
    portion.take(rows, parse, |(student, noted)| {
        student.len() + noted.note.as_ref().map_or(0, String::len)
    })
}

/// Sets a student's allowance, in place of an earlier one.
pub fn set(
    conn: &mut Connection,
    course: i64,
    student: &UserName,
    NotedAllowance { allowance, note }: &NotedAllowance,
) -> Result<()> {
    diesel::insert_into(allowances::table)
        .values((
            allowances::course_id.eq(course),
            allowances::student.eq(student.as_str()),
            allowances::hours.eq(allowance.hours()),
            allowances::note.eq(note.as_deref()),
        ))
        .on_conflict((allowances::course_id, allowances::student))
        .do_update()
        .set((
            allowances::hours.eq(excluded(allowances::hours)),
            allowances::note.eq(excluded(allowances::note)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes a student's allowance.
pub fn remove(conn: &mut Connection, course: i64, student: &UserName) -> Result<()> {
    diesel::delete(allowances::table.find((course, student.as_str()))).execute(conn)?;
    Ok(())
}

/// Returns a person's allowances with the names of the courses, including the trash.
pub fn of_person(
    conn: &mut Connection,
    person: &UserName,
) -> Result<Vec<(String, NotedAllowance)>> {
    let rows = allowances::table
        .inner_join(courses::table)
        .filter(allowances::student.eq(person.as_str()))
        .order(allowances::course_id)
        .select((courses::name, (allowances::hours, allowances::note)))
        .load::<(String, (i64, Option<String>))>(conn)?;
    let rows = rows.into_iter();
    rows.map(|(course, row)| Ok((course, parse(row)?)))
        .collect()
}

/// Returns a portion of the students after one, by name, who have time of their own for an assignment: an extension, or
/// an allowance in its course. Also returns whether there are more.
pub fn own_times(
    conn: &mut Connection,
    (course, assignment): (i64, i64),
    after: &str,
    portion: Portion,
) -> Result<(OwnDates, bool)> {
    let (extended, more_extended) = super::dates::extensions(conn, assignment, after, portion)?;
    let (allowed, more_allowed) = page(conn, course, after, portion)?;
    let last_extended = extended.last().filter(|_| more_extended);
    let last_allowed = allowed.last().filter(|_| more_allowed);
    // Behind the end of one list, students of that list may be missing.
    let ends = [
        last_extended.map(|(student, _)| student.clone()),
        last_allowed.map(|(student, _)| student.clone()),
    ];
    let end = ends.into_iter().flatten().min();
    let mut all: BTreeMap<String, OwnTime> = BTreeMap::new();
    for (student, noted) in extended {
        all.entry(student).or_default().extension = Some(noted.extension);
    }
    for (student, noted) in allowed {
        all.entry(student).or_default().allowance = Some(noted.allowance);
    }
    let found = all.len();
    let kept = all
        .into_iter()
        .take_while(|(student, _)| end.as_ref().is_none_or(|end| student <= end))
        .take(portion.rows);
    let kept: OwnDates = kept.collect();
    let is_more = end.is_some() || kept.len() < found;
    Ok((kept, is_more))
}
