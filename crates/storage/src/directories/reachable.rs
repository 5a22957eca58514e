//! The directories that a person can read.

use super::{Directory, Row, columns, is_there, parse, with_heads};
use crate::backend::prelude::*;
use crate::courses::number;
use crate::schema::{courses, directories, directory_grants};
use crate::{Portion, Result};
use diesel::dsl::{exists, sql};
use diesel::expression::SqlLiteral;
use diesel::sql_types::{Bool, Text};
use nbcourier_domain::{DirectoryOwner, Role, UserName};
use std::collections::HashMap;

/// A person, as far as it decides which directories they can read.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The name.
    pub name: UserName,
    /// Their groups in the hub.
    pub groups: Vec<String>,
    /// Their roles in courses, by the row of the course.
    pub roles: HashMap<i64, Role>,
    /// Whether they read all directories.
    pub is_admin: bool,
}

/// The reason why a directory can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The person owns it.
    Own,
    /// They are a member of its course, or have a grant.
    Granted,
    /// It is open to everybody.
    Everybody,
}

/// Whether a directory is delivered to the members of its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Whenever their servers start.
    AtStart,
    /// At the start of a server, or on request.
    Any,
}

/// The wanted directories.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of this owner.
    pub owner: Option<DirectoryOwner>,
    /// Only those that can be read for this reason.
    pub reach: Option<Reach>,
    /// Only those that are delivered.
    pub deliver: Option<Delivered>,
    /// Only those with this text in their name or description.
    pub text: Option<String>,
    /// Only those with a row above this one.
    pub after: i64,
}

/// A condition that always holds, or never.
fn constant(holds: bool) -> SqlLiteral<Bool> {
    sql::<Bool>(if holds { "TRUE" } else { "FALSE" })
}

/// The condition that the reader can read a directory, for that reason or for any. It is a macro, since its type cannot
/// be written.
macro_rules! readable {
    ($reader:expr, $reach:expr) => {{
        let (reader, reach): (&Reader, Option<Reach>) = ($reader, $reach);
        let wants = |wanted| constant(reach.is_none_or(|reach: Reach| reach == wanted));
        let with_role = |least: Role| {
            let roles = reader.roles.iter().filter(move |(_, role)| **role >= least);
            let courses = roles.map(|(course, _)| *course);
            directory_grants::role
                .eq(number(least))
                .assume_not_null()
                .and(among(
                    directory_grants::course_id.assume_not_null(),
                    courses,
                ))
        };
        let of_directory =
            || directory_grants::table.filter(directory_grants::directory_id.eq(directories::id));
        let granted = of_directory().filter(
            directory_grants::person
                .eq(reader.name.as_str())
                .assume_not_null()
                .or(among_texts(
                    directory_grants::hub_group.assume_not_null(),
                    &reader.groups,
                ))
                .or(with_role(Role::Student))
                .or(with_role(Role::Assistant))
                .or(with_role(Role::Instructor)),
        );
        let open = of_directory().filter(
            directory_grants::person
                .is_null()
                .and(directory_grants::hub_group.is_null())
                .and(directory_grants::course_id.is_null()),
        );
        let member_of = among(
            directories::course_id.assume_not_null(),
            reader.roles.keys().copied(),
        );
        let is_own = directories::owner
            .eq(reader.name.as_str())
            .assume_not_null();
        constant(reader.is_admin && reach.is_none())
            .or(wants(Reach::Own).and(is_own))
            .or(wants(Reach::Granted).and(member_of.or(exists(granted))))
            .or(wants(Reach::Everybody).and(exists(open)))
    }};
}

/// Returns a portion of the directories that the reader can read, by row, and whether there are more.
pub fn list(
    conn: &mut Connection,
    reader: &Reader,
    filter: &Filter,
    portion: Portion,
) -> Result<(Vec<Directory>, bool)> {
    let (person, course) = match &filter.owner {
        Some(DirectoryOwner::Person(person)) => (Some(person.as_str()), None),
        Some(DirectoryOwner::Course(course)) => (None, Some(course.as_str())),
        None => (None, None),
    };
    let text = filter.text.as_deref().map(str::to_lowercase).map(|text| {
        sql::<Bool>(
            "instr(lower(directories.name || ' ' || coalesce(directories.description, '')), ",
        )
        .bind::<Text, _>(text)
        .sql(") > 0")
    });
    let deliver = filter.deliver.map(|delivered| {
        let any = constant(delivered == Delivered::Any);
        directories::deliver
            .is_not_null()
            .and(directories::deliver_at_start.eq(true).or(any))
    });
    let rows = with_heads()
        .filter(is_there())
        .filter(maybe(
            person.map(|person| directories::owner.eq(person).assume_not_null()),
        ))
        .filter(maybe(course.map(|course| {
            courses::name.nullable().eq(course).assume_not_null()
        })))
        .filter(maybe(text))
        .filter(maybe(deliver))
        .filter(readable!(reader, filter.reach))
        .filter(directories::id.gt(filter.after))
        .order(directories::id)
        .select(columns())
        .at_most(portion.limit())
        .load_iter::<Row>(conn)?;
    portion.take(rows, parse, Directory::text)
}

/// Returns the rows of all directories that the reader can read.
pub fn ids(conn: &mut Connection, reader: &Reader) -> Result<Vec<i64>> {
    Ok(directories::table
        .left_join(courses::table)
        .filter(is_there())
        .filter(readable!(reader, None))
        .select(directories::id)
        .load(conn)?)
}
