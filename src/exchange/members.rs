//! Everybody in a course as one roster, instructors and students alike.

use super::roster::{everybody, note_changed, note_removed, strike};
use super::{Error, Exchange, Result, Thing};
use crate::auth::Caller;
use crate::domain::{CourseId, Person, Role, UserName, caseless};
use crate::store;
use std::collections::{BTreeSet, HashMap};

/// A line of the roster of a course.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub person: Person,
    /// What they are in the course.
    pub role: Role,
    /// Whether a group of the hub makes them that.
    pub by_group: bool,
    /// Where they stand in the roster.
    #[serde(skip)]
    pub place: Place,
}

/// Where somebody stands in a roster; the order is the roster's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Among those added by hand, by the row.
    ByHand(i64),
    /// Behind them, among those whom only the hub knows, by the name.
    ByGroup(String),
}

/// A page of a roster.
#[derive(Debug, Clone)]
pub struct Page {
    /// The people.
    pub people: Vec<Member>,
    /// Behind which place the next page begins, if there is one.
    pub next: Option<Place>,
}

/// How many lines were new, and how many were there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Changes {
    /// People who were not in the course.
    pub added: usize,
    /// People who were.
    pub updated: usize,
    /// Names that differ from others by upper and lower case alone; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub warnings: Vec<String>,
}

/// At most so many of those behind that place: those of the manual roster in the order they were added, then those only
/// the hub knows, by name.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Place>,
    at_most: usize,
) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let mut people = everybody(conn, standing.course, &course, policy.hub_groups)?;
            if let Some(after) = &after {
                people.retain(|member| member.place > *after);
            }
            let is_more = people.len() > at_most;
            people.truncate(at_most);
            let last = people.last().filter(|_| is_more);
            let next = last.map(|member| member.place.clone());
            Ok(Page { people, next })
        })
        .await
}

/// Adds the people or updates them, all or none. A detail that is `None` stays what it was; of somebody named twice
/// the last line counts.
///
/// Only an admin makes or changes instructors, but for one's own details; a line that changes nothing is anybody's.
pub async fn put(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    people: Vec<(Role, Person)>,
) -> Result<Changes> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let known: HashMap<UserName, Member> =
                everybody(conn, standing.course, &course, policy.hub_groups)?
                    .into_iter()
                    .map(|member| (member.person.username.clone(), member))
                    .collect();
            let people = last_of_each(people);
            let (mut students, mut instructors) = (Vec::new(), Vec::new());
            let mut changes = Changes {
                added: 0,
                updated: 0,
                warnings: look_alikes(&people, known.keys()),
            };
            for (role, person) in people {
                let before = known.get(&person.username);
                let person = complete(person, before);
                match before {
                    Some(_) => changes.updated += 1,
                    None => changes.added += 1,
                }
                let teaches = before.is_some_and(|member| member.role == Role::Instructor);
                if role == Role::Student {
                    if teaches {
                        return Err(Error::InstructorAsStudent);
                    }
                    students.push(person);
                    continue;
                }
                let is_own = teaches && person.username == *caller.name();
                let is_same = teaches && before.is_some_and(|member| member.person == person);
                if !is_own && !is_same {
                    policy.require_admin(&caller)?;
                }
                instructors.push(person);
            }
            store::members::put(conn, standing.course, Role::Student, &students)?;
            store::members::put(conn, standing.course, Role::Instructor, &instructors)?;
            note_changed(conn, &caller, &course, &instructors, &students)?;
            Ok(changes)
        })
        .await
}

/// At most so many sentences are said of one request.
const MAX_WARNINGS: usize = 100;

/// A sentence for each of the people whose name is another's of the course but for upper and lower case.
fn look_alikes<'a>(
    people: &'a [(Role, Person)],
    known: impl Iterator<Item = &'a UserName>,
) -> Vec<String> {
    let mut alike: HashMap<String, BTreeSet<&str>> = HashMap::new();
    let new = people.iter().map(|(_, person)| &person.username);
    for name in known.chain(new.clone()) {
        let name = name.as_str();
        alike.entry(caseless(name)).or_default().insert(name);
    }
    let mut said = BTreeSet::new();
    for name in new {
        let names = &alike[&caseless(name.as_str())];
        if names.len() > 1 && said.len() < MAX_WARNINGS {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            said.insert(format!(
                "{} differ by upper and lower case alone, and are different people",
                names.join(" and ")
            ));
        }
    }
    said.into_iter().collect()
}

fn last_of_each(people: Vec<(Role, Person)>) -> Vec<(Role, Person)> {
    let mut places: HashMap<UserName, usize> = HashMap::new();
    let mut kept: Vec<(Role, Person)> = Vec::new();
    for line in people {
        if let Some(place) = places.get(&line.1.username) {
            kept[*place] = line;
        } else {
            places.insert(line.1.username.clone(), kept.len());
            kept.push(line);
        }
    }
    kept
}

fn complete(person: Person, before: Option<&Member>) -> Person {
    let Some(Member { person: before, .. }) = before else {
        return person;
    };
    Person {
        first_name: person.first_name.or_else(|| before.first_name.clone()),
        last_name: person.last_name.or_else(|| before.last_name.clone()),
        email: person.email.or_else(|| before.email.clone()),
        ..person
    }
}

/// Takes somebody off the course, an instructor only for an admin; what they handed in stays.
pub async fn remove(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let by_hub = policy.hub_role_of(conn, &course, &person)?;
            let role = policy
                .role_of(conn, &course, &person)?
                .ok_or(Error::NotFound(Thing::Student))?;
            if role == Role::Instructor {
                policy.require_admin(&caller)?;
            }
            strike(
                policy,
                conn,
                standing.course,
                &course,
                &person,
                role,
                by_hub,
            )?;
            note_removed(conn, &caller, &course, &person, role)
        })
        .await
}
