//! Changes to the roster kept by hand and to the memberships from the hub's groups. No instructor is also a student.

use super::audit::{self, About, Action};
use super::members::{self, Page, Place};
use super::{Error, Exchange, Policy, Result, Thing};
use nbcourier_domain::{CourseId, Group, Person, Role, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::members::Wanted;
use nbcourier_storage::{self as store, Connection, Portion};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The groups of each caller at the last comparison with the stored ones. An unchanged reply of the hub costs no query.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<HashMap<UserName, Noted>>>);

struct Noted {
    groups: Groups,
    /// The time at which the hub told of them.
    told: Instant,
    /// The time of the comparison.
    at: Instant,
}

/// The courses and roles that a person's groups give them, sorted.
type Groups = Vec<(CourseId, Role)>;

/// The portion in which listings of the ngshare protocol are read.
pub(super) const PORTION: Portion = Portion {
    rows: 5000,
    bytes: 512 * 1024,
};

/// The time for which the groups are not compared again. A command may have renamed or removed a person meanwhile. After
/// this time, members by group are back on the roster.
const SEEN_LIFETIME: Duration = Duration::from_secs(10);

/// Maximum number of people whose groups are stored in one transaction, so that other writers do not wait long.
const AT_ONCE: usize = 200;

/// Maximum number of remembered callers. When it is reached, all are forgotten.
const SEEN_MAX: usize = 100_000;

/// Stores which courses the hub's groups put the caller in, if that changed since they were last seen. Only groups that
/// the hub itself told are stored, and never older ones than those stored: a session remembers the groups of its login,
/// and two tokens of one person are looked up at different times.
pub async fn note_groups(exchange: &Exchange, caller: &Caller) -> Result<()> {
    let Some((_, told)) = caller.fresh_groups() else {
        return Ok(());
    };
    let mut groups = exchange.policy.groups(caller);
    groups.sort();
    // If a caller has both groups of a course, the instructors' group counts. It comes last.
    groups.reverse();
    groups.dedup_by(|one, other| one.0 == other.0);
    groups.reverse();
    if !exchange.policy.hub_groups || exchange.seen.knows(caller.name(), &groups, told) {
        return Ok(());
    }
    let person = caller.name().clone();
    let noted = exchange
        .store
        .read(move |conn| store::hub_members::of_person(conn, &person))
        .await?;
    if noted != groups {
        replace_groups(exchange, caller, groups.clone()).await?;
    }
    exchange.seen.remember(caller.name().clone(), groups, told);
    Ok(())
}

async fn replace_groups(exchange: &Exchange, caller: &Caller, groups: Groups) -> Result<()> {
    let caller = caller.clone();
    exchange
        .store
        .write(move |conn| replace(conn, &caller, None, &groups))
        .await
}

/// Replaces the stored groups of the caller, or of `other` if the hub told the groups of another person.
fn replace(
    conn: &mut Connection,
    caller: &Caller,
    other: Option<&UserName>,
    groups: &[(CourseId, Role)],
) -> Result<()> {
    let person = other.unwrap_or(caller.name());
    let before = store::hub_members::of_person(conn, person)?;
    store::hub_members::replace(conn, person, groups)?;
    let about = |course| About {
        subject: other,
        ..About::course(course)
    };
    let joined = groups.iter().filter(|group| !before.contains(group));
    for (course, role) in joined {
        let detail = json!({ "role": role });
        audit::note(
            conn,
            caller,
            Action::JoinedByGroup,
            about(course),
            Some(&detail),
        )?;
    }
    let left = before
        .iter()
        .filter(|(course, _)| groups.iter().all(|(other, _)| other != course));
    for (course, _) in left {
        audit::note(conn, caller, Action::LeftByGroup, about(course), None)?;
    }
    Ok(())
}

/// Stores the members of all groups as the hub lists them. People who left every group lose their memberships, and
/// people who have never sent a request gain theirs. Known memberships are left alone. `told` is when the hub was
/// asked.
pub async fn follow_groups(exchange: &Exchange, listed: Vec<Group>, told: Instant) -> Result<()> {
    let policy = exchange.policy;
    if !policy.hub_groups {
        return Ok(());
    }
    let wanted = by_person(policy, listed);
    let noted = exchange.store.read(store::hub_members::all).await?;
    let changed = changes(wanted, noted);
    for part in changed.chunks(AT_ONCE) {
        let part = part.to_vec();
        let noted = part.clone();
        exchange
            .store
            .write(move |conn| {
                for (person, groups) in &part {
                    replace(conn, &Caller::server(), Some(person), groups)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        // A reply about a token from before this time is older and is ignored.
        for (person, groups) in noted {
            exchange.seen.remember(person, groups, told);
        }
    }
    Ok(())
}

/// Returns the courses and roles of all people in groups that stand for a course.
fn by_person(policy: Policy, listed: Vec<Group>) -> HashMap<UserName, Groups> {
    let mut people: HashMap<UserName, BTreeMap<CourseId, Role>> = HashMap::new();
    for group in listed {
        let Some((course, role)) = policy.group_rules.place(&group.name) else {
            continue;
        };
        for name in group.users {
            let Ok(person) = UserName::parse(name) else {
                continue;
            };
            if person.is_reserved() {
                continue;
            }
            let courses = people.entry(person).or_default();
            let known = courses.entry(course.clone()).or_insert(role);
            *known = role.max(*known);
        }
    }
    people
        .into_iter()
        .map(|(person, courses)| (person, courses.into_iter().collect()))
        .collect()
}

/// Returns the people whose stored groups differ from the wanted ones, with the wanted ones.
fn changes(
    mut wanted: HashMap<UserName, Groups>,
    noted: HashMap<UserName, Groups>,
) -> Vec<(UserName, Groups)> {
    let mut changed = Vec::new();
    for (person, before) in noted {
        let now = wanted.remove(&person).unwrap_or_default();
        if now != before {
            changed.push((person, now));
        }
    }
    changed.extend(wanted);
    changed
}

impl Seen {
    /// Whether a comparison is unnecessary: newer groups are known, or the same ones were compared a moment ago.
    fn knows(&self, person: &UserName, groups: &[(CourseId, Role)], told: Instant) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(person).is_some_and(|noted| {
            told < noted.told || (noted.groups == groups && noted.at.elapsed() < SEEN_LIFETIME)
        })
    }

    /// Makes the next requests of these people compare their groups again.
    pub(super) fn forget(&self, people: &[UserName]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for person in people {
            seen.remove(person);
        }
    }

    fn remember(&self, person: UserName, groups: Groups, told: Instant) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_MAX {
            seen.clear();
        }
        let at = Instant::now();
        seen.insert(person, Noted { groups, told, at });
    }
}

/// Whether the caller may change the roster of students or request the details of an instructor. These are the checks
/// of the roster's writing operations that need no request body.
pub async fn may_write(exchange: &Exchange, caller: &Caller, course: &CourseId) -> Result<()> {
    let (policy, caller, course) = (exchange.policy, caller.clone(), course.clone());
    exchange
        .store
        .read(move |conn| {
            policy
                .enter(conn, &caller, &course)?
                .require_instructor()
                .map(drop)
        })
        .await
}

/// Adds or updates an instructor. A student who is added stops being a student.
pub async fn put_instructor(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: Person,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            if !caller.is_admin() {
                if policy.role_of(conn, &course, &person.username)? != Some(Role::Instructor) {
                    return Err(Error::InstructorsAreForAdmins);
                }
                if person.username != *caller.name() {
                    return Err(Error::OtherInstructorsAreForAdmins);
                }
            }
            let people = [person];
            store::members::put(conn, standing.course, Role::Instructor, &people)?;
            note_changed(conn, &caller, &course, &people, &[])
        })
        .await
}

/// Returns one instructor of the course.
pub async fn instructor(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
) -> Result<Person> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_member()?;
            let by_hub = policy.hub_role_of(conn, &course, &person)?;
            find(conn, standing.course, &person, by_hub, Role::Instructor)
        })
        .await
}

/// Returns one student of the course.
pub async fn student(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
) -> Result<Person> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy
                .enter(conn, &caller, &course)?
                .require_self_or_instructor(&caller, &person)?;
            let by_hub = policy.hub_role_of(conn, &course, &person)?;
            find(conn, standing.course, &person, by_hub, Role::Student)
        })
        .await
}

fn find(
    conn: &mut Connection,
    course: i64,
    person: &UserName,
    by_hub: Option<Role>,
    wanted: Role,
) -> Result<Person> {
    let manual = store::members::find(conn, course, person)?;
    let role = manual.as_ref().map(|(role, _)| *role).max(by_hub);
    if role != Some(wanted) {
        return Err(Error::NotFound(thing(wanted)));
    }
    Ok(manual.map_or_else(|| Person::named(person.clone()), |(_, details)| details))
}

/// Returns a portion of the instructors of the course after that place.
pub async fn instructors(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Place>,
) -> Result<Page> {
    list(exchange, caller, course, after, Role::Instructor).await
}

/// Returns a portion of the students of the course after that place.
pub async fn students(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Place>,
) -> Result<Page> {
    list(exchange, caller, course, after, Role::Student).await
}

async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Place>,
    role: Role,
) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            let standing = match role {
                Role::Instructor => standing.require_member()?,
                Role::Student => standing.require_instructor()?,
            };
            let wanted = Wanted {
                course: standing.course,
                group: policy.hub_groups.then_some(&course),
                role: Some(role),
            };
            members::portion(conn, wanted, after.as_ref(), PORTION)
        })
        .await
}

/// Removes an instructor from the course. Their submissions stay.
pub async fn remove_instructor(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
) -> Result<()> {
    exchange.policy.require_admin(caller)?;
    remove(exchange, caller, course, person, Role::Instructor).await
}

/// Removes a student from the course. Their submissions stay.
pub async fn remove_student(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
) -> Result<()> {
    remove(exchange, caller, course, person, Role::Student).await
}

async fn remove(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
    role: Role,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let by_hub = policy.hub_role_of(conn, &course, &person)?;
            find(conn, standing.course, &person, by_hub, role)?;
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

/// Removes the row of a person who is in the course as `role`.
pub(super) fn strike(
    policy: Policy,
    conn: &mut Connection,
    id: i64,
    course: &CourseId,
    person: &UserName,
    role: Role,
    by_hub: Option<Role>,
) -> Result<()> {
    // The group would bring a removed row back. An error is better than a removal without effect.
    if by_hub == Some(role) {
        return Err(Error::MemberByGroup(policy.group_rules.names(course, role)));
    }
    store::members::remove(conn, id, role, person)?;
    Ok(())
}

/// Enrols one student or updates their details.
pub async fn put_student(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: Person,
) -> Result<()> {
    let refused = put_students(exchange, caller, course, vec![person]).await?;
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Error::InstructorAsStudent)
    }
}

/// Enrols many students at once or updates their details. Returns the names of those left out because they are
/// instructors. If a person is named twice, the last entry counts.
pub async fn put_students(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    people: Vec<Person>,
) -> Result<std::collections::HashSet<UserName>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let names: Vec<&str> = people
                .iter()
                .map(|person| person.username.as_str())
                .collect();
            let group = policy.hub_groups.then_some(&course);
            let known = members::named(conn, standing.course, group, &names)?;
            let teaches = |person: &Person| {
                let known = known.get(person.username.as_str());
                known.is_some_and(|(role, _)| *role == Role::Instructor)
            };
            let mut places = HashMap::new();
            let mut students: Vec<Person> = Vec::new();
            let mut refused = std::collections::HashSet::new();
            for person in people {
                if teaches(&person) {
                    refused.insert(person.username);
                } else if let Some(place) = places.get(&person.username) {
                    let place: usize = *place;
                    students[place] = person;
                } else {
                    places.insert(person.username.clone(), students.len());
                    students.push(person);
                }
            }
            store::members::put(conn, standing.course, Role::Student, &students)?;
            note_changed(conn, &caller, &course, &[], &students)?;
            Ok(refused)
        })
        .await
}

/// Records an event about the people whom the caller added or changed.
pub(super) fn note_changed(
    conn: &mut Connection,
    caller: &Caller,
    course: &CourseId,
    instructors: &[Person],
    students: &[Person],
) -> Result<()> {
    if instructors.is_empty() && students.is_empty() {
        return Ok(());
    }
    let names = |people: &[Person]| -> Vec<String> {
        let names = people.iter().map(|person| person.username.to_string());
        names.collect()
    };
    let detail = json!({ "instructors": names(instructors), "students": names(students) });
    let subject = match (instructors, students) {
        ([one], []) | ([], [one]) => Some(&one.username),
        _ => None,
    };
    let about = About {
        subject,
        ..About::course(course)
    };
    audit::note(conn, caller, Action::RosterChanged, about, Some(&detail))
}

/// Records an event about the person whom the caller removed from the roster.
pub(super) fn note_removed(
    conn: &mut Connection,
    caller: &Caller,
    course: &CourseId,
    person: &UserName,
    role: Role,
) -> Result<()> {
    let about = About {
        subject: Some(person),
        ..About::course(course)
    };
    let detail = json!({ "role": role });
    audit::note(conn, caller, Action::RosterRemoved, about, Some(&detail))
}

fn thing(role: Role) -> Thing {
    match role {
        Role::Instructor => Thing::Instructor,
        Role::Student => Thing::Student,
    }
}
