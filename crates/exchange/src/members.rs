//! The roster of a course, with instructors and students together.

use super::roster::{note_changed, note_removed, strike};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{Alike, CourseId, Person, Role, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::members::Wanted;
use nbcourier_storage::{self as store, Connection, Portion};
use std::collections::{BTreeSet, HashMap};

/// A member of a course.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub person: Person,
    /// The role in the course.
    pub role: Role,
    /// Whether a group of the hub gives the role.
    pub by_group: bool,
    /// The member's place in the roster.
    #[serde(skip)]
    pub place: Place,
}

/// The place of a member in the roster. Its order is the roster's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A member added by hand, by row.
    ByHand(i64),
    /// A member whom only the hub knows, by name. These come after the others.
    ByGroup(String),
}

/// A page of a roster.
#[derive(Debug, Clone)]
pub struct Page {
    /// The members.
    pub people: Vec<Member>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Place>,
}

impl Page {
    /// Returns the people without their roles.
    pub fn into_persons(self) -> Vec<Person> {
        let people = self.people.into_iter();
        people.map(|member| member.person).collect()
    }
}

/// The result of changing a roster.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Changes {
    /// The number of added people.
    pub added: usize,
    /// The number of updated people.
    pub updated: usize,
    /// Sentences about names that look like others of the course. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub warnings: Vec<String>,
}

/// Returns at most `at_most` members after that place: those of the manual roster in the order they were added, then
/// those only the hub knows, by name. Long details make the page shorter.
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
            let wanted = Wanted {
                course: standing.course,
                group: policy.hub_groups.then_some(&course),
                role: None,
            };
            portion(conn, wanted, after.as_ref(), Portion::of(at_most))
        })
        .await
}

/// Returns a portion of the members of a course after that place.
pub(super) fn portion(
    conn: &mut Connection,
    wanted: Wanted<'_>,
    after: Option<&Place>,
    portion: Portion,
) -> Result<Page> {
    let (row, name) = match after {
        None => (Some(0), ""),
        Some(Place::ByHand(row)) => (Some(*row), ""),
        Some(Place::ByGroup(name)) => (None, name.as_str()),
    };
    let mut people = Vec::new();
    let mut is_more = false;
    if let Some(row) = row {
        let found;
        (found, is_more) = store::members::by_hand(conn, wanted, row, portion)?;
        people.extend(found.into_iter().map(|line| {
            let role = line.by_group.map_or(line.role, |hub| hub.max(line.role));
            Member {
                person: line.person,
                role,
                by_group: line.by_group == Some(role),
                place: Place::ByHand(line.row),
            }
        }));
    }
    if !is_more && wanted.group.is_some() {
        let rest = portion.without(people.len());
        let found;
        (found, is_more) = store::members::by_group(conn, wanted, name, rest)?;
        people.extend(found.into_iter().map(|(name, role)| Member {
            place: Place::ByGroup(name.to_string()),
            person: Person::named(name),
            role,
            by_group: true,
        }));
    }
    let next = people.last().filter(|_| is_more);
    let next = next.map(|member| member.place.clone());
    Ok(Page { people, next })
}

/// Returns the roles of the named people in the course, whether given by hand or by a group.
pub(super) fn named(
    conn: &mut Connection,
    id: i64,
    group: Option<&CourseId>,
    names: &[&str],
) -> Result<HashMap<String, (Role, Option<Person>)>> {
    let mut found = HashMap::new();
    for (role, person) in store::members::named(conn, id, names)? {
        found.insert(person.username.to_string(), (role, Some(person)));
    }
    let by_hub = match group {
        Some(course) => store::hub_members::named(conn, course, names)?,
        None => Vec::new(),
    };
    for (name, hub) in by_hub {
        let (role, _) = found.entry(name).or_insert((hub, None));
        *role = (*role).max(hub);
    }
    Ok(found)
}

/// Adds or updates the people, either all or none. A detail that is `None` stays unchanged. If a person is named twice,
/// the last entry counts.
///
/// Only an administrator may add or change instructors, except that instructors may change their own details. Any
/// instructor may send an entry that changes nothing.
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
            let people = last_of_each(people);
            let names: Vec<&str> = people
                .iter()
                .map(|(_, person)| person.username.as_str())
                .collect();
            let group = policy.hub_groups.then_some(&course);
            let known = named(conn, standing.course, group, &names)?;
            let everybody = all_names(conn, standing.course, group)?;
            let (mut students, mut instructors) = (Vec::new(), Vec::new());
            let mut changes = Changes {
                added: 0,
                updated: 0,
                warnings: look_alikes(&people, &everybody),
            };
            for (role, person) in people {
                let before = known.get(person.username.as_str());
                let details = before.and_then(|(_, details)| details.as_ref());
                let person = complete(person, details);
                match before {
                    Some(_) => changes.updated += 1,
                    None => changes.added += 1,
                }
                let teaches = before.is_some_and(|(role, _)| *role == Role::Instructor);
                if role == Role::Student {
                    if teaches {
                        return Err(Error::InstructorAsStudent);
                    }
                    students.push(person);
                    continue;
                }
                let is_own = teaches && person.username == *caller.name();
                let is_same = teaches
                    && details.map_or_else(
                        || person == Person::named(person.username.clone()),
                        |details| *details == person,
                    );
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

/// Returns the names of all members of a course, added by hand or by a group of the hub.
fn all_names(conn: &mut Connection, id: i64, group: Option<&CourseId>) -> Result<BTreeSet<String>> {
    let mut names = store::members::names(conn, id)?;
    if let Some(course) = group {
        let by_hub = store::hub_members::list(conn, course)?;
        names.extend(by_hub.into_iter().map(|(name, _)| name));
    }
    Ok(names)
}

/// Maximum number of warnings in the reply to one request.
const MAX_WARNINGS: usize = 100;

/// Returns a warning for each person whose name looks like another member's.
fn look_alikes(people: &[(Role, Person)], known: &BTreeSet<String>) -> Vec<String> {
    let new: BTreeSet<&str> = people
        .iter()
        .map(|(_, person)| person.username.as_str())
        .collect();
    let all = known.iter().map(String::as_str).chain(new.iter().copied());
    let alike = Alike::among(all).into_iter();
    let said = alike.filter(|alike| alike.names.iter().any(|name| new.contains(name.as_str())));
    said.take(MAX_WARNINGS)
        .map(|alike| {
            let how = if alike.by_case {
                "differ by upper and lower case alone"
            } else {
                "look alike and are written with other characters"
            };
            format!("{alike} {how}, and are different people")
        })
        .collect()
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

fn complete(person: Person, before: Option<&Person>) -> Person {
    let Some(before) = before else {
        return person;
    };
    Person {
        first_name: person.first_name.or_else(|| before.first_name.clone()),
        last_name: person.last_name.or_else(|| before.last_name.clone()),
        email: person.email.or_else(|| before.email.clone()),
        ..person
    }
}

/// Removes a member from the course. Removing an instructor takes an administrator. The member's submissions stay.
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
