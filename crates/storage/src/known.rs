//! People as a course knows them.

use super::Result;
use super::allowances::{NotedAllowance, parse};
use super::backend::prelude::*;
use super::members::{MemberFilter, group};
use super::schema::{allowances, assignments, hub_members, members, submissions};
use diesel::dsl::exists;
use nbcourier_domain::UserName;

/// A person whom a course knows.
#[derive(Debug, Clone)]
pub struct Known {
    /// The allowance of the person, if there is one.
    pub allowance: Option<NotedAllowance>,
}

/// Returns a person who is on the manual roster of a course or in its groups of the hub, or has submitted there. Returns `None`
/// for others.
pub fn find(
    conn: &mut Connection,
    of_course: MemberFilter<'_>,
    person: &UserName,
) -> Result<Option<Known>> {
    let (course, name) = (of_course.course, person.as_str());
    let on_roster = members::table
        .filter(members::course_id.eq(course))
        .filter(members::username.eq(name));
    let in_group = hub_members::table
        .filter(hub_members::course.eq(group(of_course)))
        .filter(hub_members::username.eq(name));
    let submitted = submissions::table
        .inner_join(assignments::table)
        .filter(assignments::course_id.eq(course))
        .filter(assignments::deleted_at.is_null())
        .filter(submissions::student.eq(name))
        .filter(submissions::deleted_at.is_null());
    let own = || allowances::table.find((course, name));
    let (is_known, hours, note) = diesel::select((
        exists(on_roster).or(exists(in_group)).or(exists(submitted)),
        own().select(allowances::hours).single_value(),
        own().select(allowances::note).single_value(),
    ))
    .get_result::<(bool, Option<i64>, Option<String>)>(conn)?;
    if !is_known {
        return Ok(None);
    }
    let allowance = hours.map(|hours| parse((hours, note)));
    Ok(Some(Known {
        allowance: allowance.transpose()?,
    }))
}
