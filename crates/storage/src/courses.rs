//! Courses: creates, lists, deletes and restores them.

use super::backend::prelude::*;
use super::error::unless_taken;
use super::schema::{courses, members};
use super::trash::TrashPosition;
use super::{Error, Portion, Result};
use nbcourier_domain::{CourseId, Role, Sharing, Timestamp, UserName};
use std::collections::HashMap;

/// A course that is not deleted, with one person's role on its manual roster.
#[derive(Debug, Clone)]
pub struct CourseAndRole {
    /// The ID of the row.
    pub id: i64,
    /// The person's role on the manual roster.
    pub role: Option<Role>,
    /// The settings of the course.
    pub settings: Settings,
}

/// A deleted course.
#[derive(Debug, Clone)]
pub struct DeletedCourse {
    /// The ID of the row, by which the course can be restored.
    pub id: i64,
    /// The name of the course when it was deleted.
    pub name: String,
    /// The time of deletion.
    pub deleted_at: Timestamp,
}

/// Returns the course of that name, with the role of `person`. Returns `None` if it does not exist or is deleted.
pub fn find(
    conn: &mut Connection,
    course: &CourseId,
    person: &UserName,
) -> Result<Option<CourseAndRole>> {
    let row = courses::table
        .left_join(
            members::table.on(members::course_id
                .eq(courses::id)
                .and(members::username.eq(person.as_str()))),
        )
        .filter(
            courses::name
                .eq(course.as_str())
                .and(courses::deleted_at.is_null()),
        )
        .select((courses::id, members::role.nullable(), SETTINGS))
        .get_result::<(i64, Option<i16>, SettingsRow)>(conn)
        .optional()?;
    row.map(|(id, number, settings)| {
        Ok(CourseAndRole {
            id,
            role: number.map(role).transpose()?,
            settings: Settings::of_row(settings),
        })
    })
    .transpose()
}

/// Returns the row of the course of that name. Returns `None` if it does not exist or is deleted.
pub fn row(conn: &mut Connection, course: &CourseId) -> Result<Option<i64>> {
    Ok(courses::table
        .filter(
            courses::name
                .eq(course.as_str())
                .and(courses::deleted_at.is_null()),
        )
        .select(courses::id)
        .get_result(conn)
        .optional()?)
}

/// Returns the number of the role in rows. A greater role has a greater number.
pub(super) const fn number(role: Role) -> i16 {
    match role {
        Role::Student => 1,
        Role::Assistant => 2,
        Role::Instructor => 3,
    }
}

/// Returns the role for the number in a row.
pub(super) fn role(number: i16) -> Result<Role> {
    Role::ALL
        .into_iter()
        .find(|role| self::number(*role) == number)
        .ok_or(Error::Damaged("an unknown role"))
}

/// Returns the names of all courses, sorted.
pub fn all(conn: &mut Connection) -> Result<Vec<String>> {
    let names = courses::table
        .filter(courses::deleted_at.is_null())
        .order(courses::name)
        .select(courses::name)
        .load(conn)?;
    Ok(names)
}

/// Returns a portion of the names of all courses after a name, sorted, and whether there are more.
pub fn behind(conn: &mut Connection, after: &str, portion: Portion) -> Result<(Vec<String>, bool)> {
    let rows = courses::table
        .filter(courses::deleted_at.is_null().and(courses::name.gt(after)))
        .order(courses::name)
        .select(courses::name)
        .at_most(portion.limit())
        .load_iter::<String>(conn)?;
    portion.take(rows, Ok, String::len)
}

/// Returns the titles of those of the named courses that have one.
pub fn titles(conn: &mut Connection, names: &[&str]) -> Result<HashMap<String, String>> {
    let rows = courses::table
        .filter(courses::deleted_at.is_null())
        .filter(courses::name.eq_any(names))
        .filter(courses::title.is_not_null())
        .select((courses::name, courses::title.assume_not_null()))
        .load::<(String, String)>(conn)?;
    Ok(rows.into_iter().collect())
}

/// Returns a portion of the courses of `person` after a name, by name, and whether there are more. Each has the
/// person's role, by the manual roster and by `groups` of the hub.
pub fn of_person(
    conn: &mut Connection,
    person: &UserName,
    groups: &[(CourseId, Role)],
    after: &str,
    portion: Portion,
) -> Result<(Vec<(String, Role)>, bool)> {
    let rows = courses::table
        .inner_join(members::table)
        .filter(
            courses::deleted_at
                .is_null()
                .and(members::username.eq(person.as_str()))
                .and(courses::name.gt(after)),
        )
        .order(courses::name)
        .select((courses::name, members::role))
        .at_most(portion.limit())
        .load_iter::<(String, i16)>(conn)?;
    let parse = |(name, number)| Ok((name, role(number)?));
    let (manual, mut is_more) = portion.take(rows, parse, |(name, _)| name.len())?;
    let last = manual
        .last()
        .filter(|_| is_more)
        .map(|(name, _)| name.clone());
    let mut found: std::collections::BTreeMap<String, Role> = manual.into_iter().collect();
    let in_reach = groups.iter().filter(|(course, _)| {
        let name = course.as_str();
        name > after && last.as_deref().is_none_or(|last| name <= last)
    });
    let groups: Vec<_> = in_reach.collect();
    if !groups.is_empty() {
        let existing = courses::table
            .filter(courses::deleted_at.is_null())
            .filter(courses::name.eq_any(groups.iter().map(|(course, _)| course.as_str())))
            .select(courses::name)
            .load::<String>(conn)?;
        for name in existing {
            for (_, role) in groups.iter().filter(|(course, _)| course.as_str() == name) {
                let best = found.entry(name.clone()).or_insert(*role);
                *best = (*best).max(*role);
            }
        }
    }
    is_more |= found.len() > portion.rows;
    Ok((found.into_iter().take(portion.rows).collect(), is_more))
}

/// Returns the roles of `person` in all courses that are not deleted, by the row of the course: those of the manual
/// roster, and those that `groups` of the hub give.
pub fn roles(
    conn: &mut Connection,
    person: &UserName,
    groups: &[(CourseId, Role)],
) -> Result<HashMap<i64, Role>> {
    let manual = courses::table
        .inner_join(members::table)
        .filter(courses::deleted_at.is_null())
        .filter(members::username.eq(person.as_str()))
        .select((courses::id, members::role))
        .load::<(i64, i16)>(conn)?;
    let mut roles = HashMap::new();
    for (course, number) in manual {
        roles.insert(course, role(number)?);
    }
    if groups.is_empty() {
        return Ok(roles);
    }
    let names = groups.iter().map(|(course, _)| course.as_str());
    let by_group = courses::table
        .filter(courses::deleted_at.is_null())
        .filter(among_texts(courses::name, names))
        .select((courses::id, courses::name))
        .load::<(i64, String)>(conn)?;
    for (course, name) in by_group {
        for (_, role) in groups.iter().filter(|(course, _)| course.as_str() == name) {
            let best = roles.entry(course).or_insert(*role);
            *best = (*best).max(*role);
        }
    }
    Ok(roles)
}

/// Creates a course. Returns `None` if one of that name exists.
pub fn create(conn: &mut Connection, course: &CourseId, now: Timestamp) -> Result<Option<i64>> {
    let id = diesel::insert_into(courses::table)
        .values((
            courses::name.eq(course.as_str()),
            courses::created_at.eq(now.micros()),
        ))
        .on_conflict_do_nothing()
        .returning(courses::id)
        .get_result(conn)
        .optional()?;
    Ok(id)
}

/// The settings of a course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The title that people see.
    pub title: Option<String>,
    /// The IANA name of the time zone.
    pub time_zone: Option<String>,
    /// The widest audience for shared pages.
    pub sharing: Sharing,
    /// Whether the work on notebooks is counted.
    pub activity: bool,
}

type SettingsRow = (Option<String>, Option<String>, String, bool);
const SETTINGS: (
    courses::title,
    courses::time_zone,
    courses::sharing,
    courses::activity,
) = (
    courses::title,
    courses::time_zone,
    courses::sharing,
    courses::activity,
);

impl Settings {
    fn of_row((title, time_zone, sharing, activity): SettingsRow) -> Self {
        Self {
            title,
            time_zone,
            // A later program may have stored another word.
            sharing: Sharing::of_word(&sharing).unwrap_or_default(),
            activity,
        }
    }
}

/// Returns the settings of the course with that row.
pub fn settings(conn: &mut Connection, id: i64) -> Result<Settings> {
    let row = courses::table
        .find(id)
        .select(SETTINGS)
        .get_result::<SettingsRow>(conn)?;
    Ok(Settings::of_row(row))
}

/// Sets the settings of the course with that row.
pub fn set_settings(conn: &mut Connection, id: i64, settings: &Settings) -> Result<()> {
    diesel::update(courses::table.find(id))
        .set((
            courses::title.eq(settings.title.as_deref()),
            courses::time_zone.eq(settings.time_zone.as_deref()),
            courses::sharing.eq(settings.sharing.word()),
            courses::activity.eq(settings.activity),
        ))
        .execute(conn)?;
    Ok(())
}

/// Marks a course as deleted.
pub fn mark_deleted(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(courses::table.find(id))
        .set(courses::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Returns a portion of the courses that were deleted at `since` or later, after a place, last deleted first, and
/// whether there are more.
pub fn deleted(
    conn: &mut Connection,
    since: Timestamp,
    after: Option<TrashPosition>,
    portion: Portion,
) -> Result<(Vec<DeletedCourse>, bool)> {
    let after = after.unwrap_or(TrashPosition::FIRST);
    let rows = courses::table
        .filter(courses::deleted_at.ge(since.micros()))
        .filter(courses::deleted_at.le(after.deleted_at.micros()))
        .filter(
            courses::deleted_at
                .lt(after.deleted_at.micros())
                .or(courses::id.lt(after.id)),
        )
        .order((courses::deleted_at.desc(), courses::id.desc()))
        .select((
            courses::id,
            courses::name,
            courses::deleted_at.assume_not_null(),
        ))
        .at_most(portion.limit())
        .load_iter::<(i64, String, i64)>(conn)?;
    let parse = |(id, name, deleted_at)| {
        Ok(DeletedCourse {
            id,
            name,
            deleted_at: Timestamp::from_micros(deleted_at),
        })
    };
    portion.take(rows, parse, |course| course.name.len())
}

/// Returns the name of the deleted course with that row.
pub fn deleted_name(conn: &mut Connection, id: i64) -> Result<Option<String>> {
    let name = courses::table
        .filter(courses::deleted_at.is_not_null().and(courses::id.eq(id)))
        .select(courses::name)
        .get_result(conn)
        .optional()?;
    Ok(name)
}

/// Restores a deleted course. Returns `None` if another course has its name now.
pub fn restore(conn: &mut Connection, id: i64) -> Result<Option<()>> {
    unless_taken(conn.transaction(|conn| {
        diesel::update(courses::table.find(id))
            .set(courses::deleted_at.eq(None::<i64>))
            .execute(conn)?;
        Ok(())
    }))
}

/// Removes the courses that were deleted before `limit`, with everything that belongs to them. Returns their number.
pub fn purge_deleted_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged = diesel::delete(courses::table.filter(courses::deleted_at.lt(limit.micros())))
        .execute(conn)?;
    Ok(purged)
}
