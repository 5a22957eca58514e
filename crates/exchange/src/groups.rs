//! The memberships that the hub's groups give, as far as the exchange has seen them.

use super::audit::{self, About, Action};
use super::op::Op;
use super::{Exchange, Policy, Result};
use crate::late_cache::LateCache;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use nbcourier_domain::{CourseId, Group, Role, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection, Lock};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The groups of each caller at the last comparison with the stored ones. An unchanged reply of the hub costs no query.
#[derive(Clone)]
pub(super) struct ComparedGroups(LateCache<UserName, Noted>);

#[derive(Clone)]
struct Noted {
    groups: Arc<[(CourseId, Role)]>,
    /// The time at which the hub listed them.
    as_of: Instant,
    /// The time of the comparison.
    at: Instant,
}

/// The courses and roles that a person's groups give them, sorted.
type Groups = Vec<(CourseId, Role)>;

/// The time for which the groups are not compared again. A command may have renamed or removed a person meanwhile. After
/// this time, members by group are back on the roster.
const SEEN_LIFETIME: Duration = Duration::from_secs(10);

/// Maximum number of people whose groups are stored in one transaction, so that other writers do not wait long.
const AT_ONCE: usize = 200;

/// Stores which courses the hub's groups put the caller in, if that changed since they were last seen. Only groups that
/// the hub itself listed are stored, and never older ones than those stored: a session remembers the groups of its login,
/// and two tokens of one person are looked up at different times.
pub async fn note_groups(exchange: &Exchange, caller: &Caller) -> Result<()> {
    let Some((_, as_of)) = caller.fresh_groups() else {
        return Ok(());
    };
    let mut groups = exchange.policy.groups(caller);
    groups.sort();
    // If a caller has both groups of a course, the instructors' group counts. It comes last.
    groups.reverse();
    groups.dedup_by(|one, other| one.0 == other.0);
    groups.reverse();
    if !exchange.policy.hub_groups || exchange.seen.knows(caller.name(), &groups, as_of) {
        return Ok(());
    }
    let read = |op: &mut Op<'_>| Ok(store::hub_members::of_person(op.conn, op.caller.name())?);
    if exchange.read_own(caller, read).await? != groups {
        let wanted = groups.clone();
        let write = move |op: &mut Op<'_>| {
            op.conn.lock([Lock::Person(op.caller.name())])?;
            replace(op.conn, op.caller, None, &wanted)
        };
        exchange.write_own(caller, write).await?;
    }
    exchange.seen.remember(caller.name().clone(), groups, as_of);
    Ok(())
}

/// Replaces the stored groups of the caller, or of `other` if the hub listed the groups of another person.
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
/// people who have never sent a request gain theirs. Known memberships are left alone. `as_of` is when the hub was
/// asked.
pub async fn follow_groups(exchange: &Exchange, listed: Vec<Group>, as_of: Instant) -> Result<()> {
    let policy = exchange.policy;
    if !policy.hub_groups {
        return Ok(());
    }
    let wanted = by_person(policy, listed);
    let read = exchange
        .without_policy()
        .read(|conn| Ok(store::hub_members::all(conn)?));
    let noted = read.await?;
    let changed = changes(wanted, noted);
    for part in changed.chunks(AT_ONCE) {
        let part = part.to_vec();
        let noted = part.clone();
        exchange
            .without_policy()
            .write(move |conn| {
                conn.lock(part.iter().map(|(person, _)| Lock::Person(person)))?;
                for (person, groups) in &part {
                    replace(conn, &Caller::server(), Some(person), groups)?;
                }
                Ok(())
            })
            .await?;
        // A reply about a token from before this time is older and is ignored.
        for (person, groups) in noted {
            exchange.seen.remember(person, groups, as_of);
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

impl ComparedGroups {
    /// Returns a memory of at most so many callers. Beyond it, the caller who was seen the longest time ago is forgotten.
    pub fn new(most: u64) -> Self {
        Self(LateCache::new(move || {
            let cache = Cache::builder().max_capacity(most);
            cache.eviction_policy(EvictionPolicy::lru()).build()
        }))
    }

    /// Whether a comparison is unnecessary: newer groups are known, or the same ones were compared a moment ago.
    fn knows(&self, person: &UserName, groups: &[(CourseId, Role)], as_of: Instant) -> bool {
        self.0.get(person).is_some_and(|noted| {
            let is_same = *noted.groups == *groups;
            as_of < noted.as_of || (is_same && noted.at.elapsed() < SEEN_LIFETIME)
        })
    }

    /// Makes the next requests of these people compare their groups again.
    pub(super) fn forget(&self, people: &[UserName]) {
        for person in people {
            self.0.invalidate(person);
        }
    }

    fn remember(&self, person: UserName, groups: Groups, as_of: Instant) {
        let (groups, at) = (groups.into(), Instant::now());
        self.0.insert(person, Noted { groups, as_of, at });
    }
}
