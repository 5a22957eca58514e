//! Operations on everything stored about one person: show, rename, merge, set aside, remove.
//!
//! Each operation is one transaction that records an event in every course concerned. Courses in the trash are changed
//! like the others.

use super::audit::{self, Action};
use super::{Error, Exchange, Mode, Result};
use nbcourier_domain::{Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection, Lock};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The data of a person in a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseFootprint {
    /// The name of the course.
    pub course: String,
    /// Whether the course is in the trash.
    pub is_deleted: bool,
    /// The role on the manual roster.
    pub role: Option<Role>,
    /// The first name on the manual roster.
    pub first_name: Option<String>,
    /// The last name on the manual roster.
    pub last_name: Option<String>,
    /// The e-mail address on the manual roster.
    pub email: Option<String>,
    /// The role in which the person was last seen in the hub's groups.
    pub by_group: Option<Role>,
    /// The number of their submissions, including the trash.
    pub submissions: i64,
    /// The number of times that they got feedback.
    pub feedback: i64,
    /// The number of their extensions.
    pub extensions: i64,
    /// The number of their allowances, which is 0 or 1.
    pub allowances: i64,
    /// The number of versions that they have fetched.
    pub fetched: i64,
    /// The number of starts of their servers that were reported.
    pub starts: i64,
    /// The number of daily sums of their work on notebooks.
    pub activity: i64,
    /// The number of versions that they released.
    pub releases: i64,
    /// The number of submissions that they made for somebody else.
    pub submitted_for_others: i64,
    /// The number of times that they gave feedback to somebody else.
    pub feedback_given: i64,
    /// The number of events that name them.
    pub events: i64,
    id: i64,
}

impl CourseFootprint {
    fn new(row: store::people::InCourse) -> Self {
        Self {
            course: row.course,
            is_deleted: row.is_deleted,
            role: row.role,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            by_group: row.by_group,
            submissions: row.submissions,
            feedback: row.feedback,
            extensions: row.extensions,
            allowances: row.allowances,
            fetched: row.fetched,
            starts: row.starts,
            activity: row.activity,
            releases: row.released,
            submitted_for_others: row.handed_in,
            feedback_given: row.feedback_given,
            events: row.events,
            id: row.id,
        }
    }
}

/// The places where a person's name is stored.
#[derive(Debug, Clone)]
pub struct Footprint {
    /// The name.
    pub name: UserName,
    /// The time at which the hub made their account, if the hub reported it.
    pub account_made_at: Option<Timestamp>,
    /// The courses in which the name is stored.
    pub courses: Vec<CourseFootprint>,
    /// Number of rows with the name that belong to no course.
    pub elsewhere: i64,
    /// The names that keep what was set aside from earlier owners of the name.
    pub former: Vec<UserName>,
}

impl Footprint {
    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.courses.is_empty() && self.elsewhere == 0
    }

    /// Returns the sum of a count over all courses.
    pub fn total(&self, count: impl Fn(&CourseFootprint) -> i64) -> i64 {
        self.courses.iter().map(count).sum()
    }
}

/// The options for the submissions of a person who is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgedSubmissions {
    /// Remove them with the feedback on them.
    Remove,
    /// Keep them under the pseudonym of a former user.
    Keep,
}

/// Returns the places where a person's name is stored.
pub async fn show(exchange: &Exchange, caller: &Caller, person: UserName) -> Result<Footprint> {
    let read = exchange.read_as_admin(caller, move |op| footprint(op.conn, &person));
    read.await
}

pub(super) fn footprint(conn: &mut Connection, person: &UserName) -> Result<Footprint> {
    let beginning = format!("{}{person}:", UserName::FORMER_PREFIX);
    let former = store::people::former(conn, &beginning)?;
    let courses = store::people::in_courses(conn, person)?;
    Ok(Footprint {
        name: person.clone(),
        account_made_at: store::people::account(conn, person)?,
        courses: courses.into_iter().map(CourseFootprint::new).collect(),
        elsewhere: store::people::elsewhere(conn, person)?,
        former: former
            .into_iter()
            .filter(|name| name.was_set_aside_from(person))
            .collect(),
    })
}

/// Renames a person to a name that nothing has yet. Returns what was stored under the old name.
pub async fn rename(
    exchange: &Exchange,
    caller: &Caller,
    from: UserName,
    to: UserName,
    mode: Mode,
) -> Result<Footprint> {
    exchange.policy.require_admin(caller)?;
    require_person(&from)?;
    require_own_name(&to)?;
    exchange
        .try_as_admin(caller, mode, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            conn.lock([Lock::Person(&from), Lock::Person(&to)])?;
            if !footprint(conn, &to)?.is_empty() {
                return Err(Error::NameInUse(to.clone()));
            }
            carry_over(conn, caller, &from, &to, Action::UserRenamed)
        })
        .await
}

/// Renames many people at once, either all or none. An old name may be another person's new name. Returns what was
/// stored under each old name. People without stored data are skipped and have an empty footprint. No name may be an
/// old name twice, or a new name twice.
pub async fn rename_all(
    exchange: &Exchange,
    caller: &Caller,
    names: Vec<(UserName, UserName)>,
    mode: Mode,
) -> Result<Vec<Footprint>> {
    exchange.policy.require_admin(caller)?;
    for (from, to) in &names {
        require_person(from)?;
        require_own_name(to)?;
    }
    exchange
        .try_as_admin(caller, mode, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            let both = names.iter().flat_map(|(from, to)| [from, to]);
            conn.lock(both.map(Lock::Person))?;
            let given_up: HashSet<&UserName> = names.iter().map(|(from, _)| from).collect();
            let mut before = Vec::new();
            for (number, (from, to)) in names.iter().enumerate() {
                if !given_up.contains(to) && !footprint(conn, to)?.is_empty() {
                    return Err(Error::NameInUse(to.clone()));
                }
                let was = footprint(conn, from)?;
                // The next account that uses a name becomes the owner of its data.
                store::people::forget_account(conn, from)?;
                if !was.is_empty() {
                    store::renaming::carry_over(conn, from, &UserName::between_names(number))?;
                }
                before.push(was);
            }
            for (number, (was, (from, to))) in before.iter().zip(&names).enumerate() {
                if was.is_empty() {
                    continue;
                }
                store::people::forget_account(conn, to)?;
                store::renaming::carry_over(conn, &UserName::between_names(number), to)?;
                let detail = json!({ "formerly": from });
                note(conn, caller, Action::UserRenamed, to, was, &detail)?;
            }
            Ok(before)
        })
        .await
}

/// Merges a person's data into another name of the same person. Returns what was stored under the first name.
pub async fn merge(
    exchange: &Exchange,
    caller: &Caller,
    from: UserName,
    into: UserName,
    mode: Mode,
) -> Result<Footprint> {
    exchange.policy.require_admin(caller)?;
    require_person(&from)?;
    require_own_name(&into)?;
    if from == into {
        return Err(Error::SameName(into));
    }
    exchange
        .try_as_admin(caller, mode, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            conn.lock([Lock::Person(&from), Lock::Person(&into)])?;
            carry_over(conn, caller, &from, &into, Action::UserMerged)
        })
        .await
}

/// Merges what was set aside from a name into that name, because both accounts belong to the same person. The next
/// account with the name counts as theirs. Returns what was stored under each name that was set aside.
pub async fn adopt(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    mode: Mode,
) -> Result<Vec<Footprint>> {
    exchange.policy.require_admin(caller)?;
    require_own_name(&person)?;
    exchange
        .try_as_admin(caller, mode, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            conn.lock([Lock::Person(&person)])?;
            let former = footprint(conn, &person)?.former;
            if former.is_empty() && store::people::account(conn, &person)?.is_none() {
                return Err(Error::NothingSetAside(person.clone()));
            }
            store::people::forget_account(conn, &person)?;
            let carry =
                |name: &UserName| carry_over(conn, caller, name, &person, Action::UserMerged);
            former.iter().map(carry).collect()
        })
        .await
}

/// Returns the former names of all people from whom something is set aside.
pub async fn set_aside_names(exchange: &Exchange, caller: &Caller) -> Result<Vec<UserName>> {
    let former = exchange.read_as_admin(caller, |op| {
        Ok(store::people::former(op.conn, UserName::FORMER_PREFIX)?)
    });
    let former = former.await?;
    let mut names: Vec<UserName> = former.iter().filter_map(UserName::name_before).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The result of removing a person.
#[derive(Debug, Clone)]
pub struct PurgeReport {
    /// The places where their name was stored before.
    pub was: Footprint,
    /// The pseudonym that replaces their name in rows that had to stay.
    pub pseudonym: UserName,
}

/// Removes a person for good. Their work as an instructor and the events stay, under a pseudonym that reveals nothing.
/// The next clean-up removes the bytes.
pub async fn purge(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    work: PurgedSubmissions,
    mode: Mode,
) -> Result<PurgeReport> {
    exchange.policy.require_admin(caller)?;
    require_person(&person)?;
    exchange
        .try_as_admin(caller, mode, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            conn.lock([Lock::Person(&person)])?;
            let was = require_something(conn, &person)?;
            let pseudonym = UserName::pseudonym(store::people::number(conn)?);
            match work {
                PurgedSubmissions::Remove => store::renaming::remove(conn, &person)?,
                PurgedSubmissions::Keep => store::renaming::remove_places(conn, &person)?,
            }
            // The details of these events contain other names of the person, or notes about them.
            let actions = [&Action::ABOUT_NAMES[..], &Action::WITH_NOTES].concat();
            let actions: Vec<_> = actions.into_iter().map(Action::word).collect();
            store::events::strip(conn, &person, &actions)?;
            store::events::forget_details(conn, &person)?;
            store::renaming::carry_over(conn, &person, &pseudonym)?;
            store::people::forget_account(conn, &person)?;
            let detail = json!({ "submissions_kept": work == PurgedSubmissions::Keep });
            note(conn, caller, Action::UserPurged, &pseudonym, &was, &detail)?;
            Ok(PurgeReport { was, pseudonym })
        })
        .await
}

/// Moves the data of a name to a name that no user can have. Returns the new name, or `None` if nothing is stored.
pub(super) fn set_aside(
    conn: &mut Connection,
    caller: &Caller,
    person: &UserName,
    action: Action,
) -> Result<Option<UserName>> {
    // Groups belong to the former account. The hub lists the groups of the next one again.
    store::renaming::remove_groups(conn, person)?;
    if footprint(conn, person)?.is_empty() {
        return Ok(None);
    }
    let today = Timestamp::now();
    let mut aside = person.set_aside(today, 1);
    let mut number = 1;
    while !footprint(conn, &aside)?.is_empty() {
        number += 1;
        aside = person.set_aside(today, number);
    }
    carry_over(conn, caller, person, &aside, action)?;
    Ok(Some(aside))
}

fn carry_over(
    conn: &mut Connection,
    caller: &Caller,
    from: &UserName,
    to: &UserName,
    action: Action,
) -> Result<Footprint> {
    let was = require_something(conn, from)?;
    store::renaming::carry_over(conn, from, to)?;
    note(conn, caller, action, to, &was, &json!({ "formerly": from }))?;
    Ok(was)
}

/// Records an event in every course concerned, or a single one if there is no course.
fn note(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    subject: &UserName,
    was: &Footprint,
    detail: &Value,
) -> Result<()> {
    for course in &was.courses {
        let place = Some((course.id, course.course.as_str()));
        audit::note_person(conn, caller, action, subject, place, detail)?;
    }
    if was.courses.is_empty() {
        audit::note_person(conn, caller, action, subject, None, detail)?;
    }
    Ok(())
}

fn require_something(conn: &mut Connection, person: &UserName) -> Result<Footprint> {
    let found = footprint(conn, person)?;
    if found.is_empty() {
        Err(Error::NothingStored(person.clone()))
    } else {
        Ok(found)
    }
}

/// Requires a name that is not an operator's. Operators belong to the machine, and their names stay on what they did.
fn require_person(name: &UserName) -> Result<()> {
    if name.is_reserved() && !name.is_former() && !name.is_service() {
        return Err(Error::ReservedName(name.clone()));
    }
    Ok(())
}

/// Requires a name that a user of the hub can have.
pub(super) fn require_own_name(name: &UserName) -> Result<()> {
    if name.is_reserved() {
        return Err(Error::ReservedName(name.clone()));
    }
    Ok(())
}
