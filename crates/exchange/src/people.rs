//! What is stored of one person: shown, given another name, united with somebody else's, removed.
//!
//! Each of these is one transaction that leaves an event in every course it concerns. Courses in the trash are changed
//! like the others.

use super::audit::{self, Action};
use super::{Error, Exchange, Result};
use nbcourier_domain::{Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection};
use serde_json::{Value, json};
use std::collections::HashSet;

pub use nbcourier_storage::people::InCourse;

/// Where somebody's name stands.
#[derive(Debug, Clone)]
pub struct Footprint {
    /// Theirs.
    pub name: UserName,
    /// When the hub made their account, where it told that.
    pub account_made_at: Option<Timestamp>,
    /// In which courses.
    pub courses: Vec<InCourse>,
    /// How many lines name them that belong to no course.
    pub elsewhere: i64,
    /// Under which names is kept what earlier owners of the name left.
    pub former: Vec<UserName>,
}

impl Footprint {
    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.courses.is_empty() && self.elsewhere == 0
    }

    /// How much of something there is in all courses together.
    pub fn total(&self, count: impl Fn(&InCourse) -> i64) -> i64 {
        self.courses.iter().map(count).sum()
    }
}

/// What becomes of the work of somebody who is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It is removed, too, with the feedback on it.
    Remove,
    /// It stays, as that of a former user without a name.
    Keep,
}

/// Where somebody's name stands.
pub async fn show(exchange: &Exchange, caller: &Caller, person: UserName) -> Result<Footprint> {
    exchange.policy.require_admin(caller)?;
    let read = exchange.store.read(move |conn| footprint(conn, &person));
    read.await
}

pub(super) fn footprint(conn: &mut Connection, person: &UserName) -> Result<Footprint> {
    let beginning = format!("{}{person}:", UserName::FORMER_PREFIX);
    let former = store::people::former(conn, &beginning)?;
    Ok(Footprint {
        name: person.clone(),
        account_made_at: store::people::account(conn, person)?,
        courses: store::people::in_courses(conn, person)?,
        elsewhere: store::people::elsewhere(conn, person)?,
        former: former
            .into_iter()
            .filter(|name| name.was_set_aside_from(person))
            .collect(),
    })
}

/// Gives somebody another name, which nothing may have yet; what there was of the old one. Unless `really`, nothing is
/// changed.
pub async fn rename(
    exchange: &Exchange,
    caller: &Caller,
    from: UserName,
    to: UserName,
    really: bool,
) -> Result<Footprint> {
    exchange.policy.require_admin(caller)?;
    require_person(&from)?;
    require_own_name(&to)?;
    let caller = caller.clone();
    try_out(exchange, really, move |conn| {
        if !footprint(conn, &to)?.is_empty() {
            return Err(Error::NameInUse(to));
        }
        carry_over(conn, &caller, &from, &to, Action::UserRenamed)
    })
    .await
}

/// Gives many people other names at once, all or nobody: a name that somebody gives up here may be somebody else's new one.
/// What there was of each old name; people of whom nothing is stored are passed over, and have an empty one. No name may
/// be given up, or be given, twice.
pub async fn rename_all(
    exchange: &Exchange,
    caller: &Caller,
    names: Vec<(UserName, UserName)>,
    really: bool,
) -> Result<Vec<Footprint>> {
    exchange.policy.require_admin(caller)?;
    for (from, to) in &names {
        require_person(from)?;
        require_own_name(to)?;
    }
    let caller = caller.clone();
    try_out(exchange, really, move |conn| {
        let given_up: HashSet<&UserName> = names.iter().map(|(from, _)| from).collect();
        let mut before = Vec::new();
        for (number, (from, to)) in names.iter().enumerate() {
            if !given_up.contains(to) && !footprint(conn, to)?.is_empty() {
                return Err(Error::NameInUse(to.clone()));
            }
            let was = footprint(conn, from)?;
            // Whoever has the next account of a name is the one who has what is there.
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
            note(conn, &caller, Action::UserRenamed, to, was, &detail)?;
        }
        Ok(before)
    })
    .await
}

/// Gives somebody what there is of somebody else, who is the same person; what there was of that one.
pub async fn merge(
    exchange: &Exchange,
    caller: &Caller,
    from: UserName,
    into: UserName,
    really: bool,
) -> Result<Footprint> {
    exchange.policy.require_admin(caller)?;
    require_person(&from)?;
    require_own_name(&into)?;
    if from == into {
        return Err(Error::SameName(into));
    }
    let caller = caller.clone();
    try_out(exchange, really, move |conn| {
        carry_over(conn, &caller, &from, &into, Action::UserMerged)
    })
    .await
}

/// Gives whoever has the name now back what was set aside of it, since they are the same person, and takes the next
/// account of the name for theirs; what there was of each name.
pub async fn adopt(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    really: bool,
) -> Result<Vec<Footprint>> {
    exchange.policy.require_admin(caller)?;
    require_own_name(&person)?;
    let caller = caller.clone();
    try_out(exchange, really, move |conn| {
        let former = footprint(conn, &person)?.former;
        if former.is_empty() && store::people::account(conn, &person)?.is_none() {
            return Err(Error::NothingSetAside(person));
        }
        store::people::forget_account(conn, &person)?;
        let carry = |name: &UserName| carry_over(conn, &caller, name, &person, Action::UserMerged);
        former.iter().map(carry).collect()
    })
    .await
}

/// Everybody of whom something is set aside, by the names they had.
pub async fn set_aside_names(exchange: &Exchange, caller: &Caller) -> Result<Vec<UserName>> {
    exchange.policy.require_admin(caller)?;
    let former = exchange
        .store
        .read(|conn| store::people::former(conn, UserName::FORMER_PREFIX))
        .await?;
    let mut names: Vec<UserName> = former.iter().filter_map(UserName::name_before).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// What came of removing somebody.
#[derive(Debug, Clone)]
pub struct Removed {
    /// What there was.
    pub was: Footprint,
    /// The name in the place of theirs where something had to stay.
    pub pseudonym: UserName,
}

/// Removes somebody for good. What they did as an instructor stays for the others, and events tell what happened, both
/// under a name that says nothing. The bytes go with the next clean-up.
pub async fn purge(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    work: Work,
    really: bool,
) -> Result<Removed> {
    exchange.policy.require_admin(caller)?;
    require_person(&person)?;
    let caller = caller.clone();
    try_out(exchange, really, move |conn| {
        let was = require_something(conn, &person)?;
        let pseudonym = UserName::pseudonym(store::people::number(conn)?);
        match work {
            Work::Remove => store::renaming::remove(conn, &person)?,
            Work::Keep => store::renaming::remove_places(conn, &person)?,
        }
        // What these say are names that the person had.
        let actions = Action::ABOUT_NAMES.map(Action::word);
        store::events::strip(conn, &person, &actions)?;
        store::renaming::carry_over(conn, &person, &pseudonym)?;
        store::people::forget_account(conn, &person)?;
        let detail = json!({ "submissions_kept": work == Work::Keep });
        note(conn, &caller, Action::UserPurged, &pseudonym, &was, &detail)?;
        Ok(Removed { was, pseudonym })
    })
    .await
}

/// Keeps what there is of the name under another one that nobody can have, which it returns; `None` where there is
/// nothing.
pub(super) fn set_aside(
    conn: &mut Connection,
    caller: &Caller,
    person: &UserName,
    action: Action,
) -> Result<Option<UserName>> {
    // Groups tell where the account was, and those of the next one are told anew.
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

/// Notes it in every course concerned, or once for none.
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

/// Operators are of the machine: what they did stays under their names.
fn require_person(name: &UserName) -> Result<()> {
    if name.is_reserved() && !name.is_former() && !name.is_service() {
        return Err(Error::ReservedName(name.clone()));
    }
    Ok(())
}

/// The name must be one that a user of the hub can have.
pub(super) fn require_own_name(name: &UserName) -> Result<()> {
    if name.is_reserved() {
        return Err(Error::ReservedName(name.clone()));
    }
    Ok(())
}

/// Runs a change and, unless it is meant, undoes it: what it would have come to is exact.
pub(super) async fn try_out<T: Send + 'static>(
    exchange: &Exchange,
    really: bool,
    change: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    enum Undone<T> {
        Meant(T),
        Failed(Error),
    }
    impl<T> From<store::Error> for Undone<T> {
        fn from(error: store::Error) -> Self {
            Self::Failed(error.into())
        }
    }
    impl<T> From<diesel::result::Error> for Undone<T> {
        fn from(error: diesel::result::Error) -> Self {
            Self::Failed(error.into())
        }
    }
    let result = exchange
        .store
        .write(move |conn| {
            let outcome = change(conn).map_err(Undone::Failed)?;
            if really {
                Ok(outcome)
            } else {
                Err(Undone::Meant(outcome))
            }
        })
        .await;
    match result {
        Ok(outcome) | Err(Undone::Meant(outcome)) => Ok(outcome),
        Err(Undone::Failed(error)) => Err(error),
    }
}
