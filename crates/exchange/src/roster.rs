//! The roster of a course: instructors, assistants and students, by hand and by the hub's groups. Nobody has two roles.

use super::audit::{About, Action};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::{Error, Exchange, PORTION, Result, Thing};
use nbcourier_domain::{Alike, CourseId, LookAlikes, Person, Role, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::members::MemberFilter;
use nbcourier_storage::{self as store, Connection, Portion};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// A member of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub person: Person,
    /// The role in the course.
    pub role: Role,
    /// Whether a group of the hub gives the role.
    pub by_group: bool,
    /// The member's position in the roster.
    pub position: Position,
}

/// The position of a member in the roster. Its order is the roster's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// A member added by hand, by row.
    ByHand(i64),
    /// A member whom only the hub knows, by name. These come after the others.
    ByGroup(String),
}

/// A page of a roster.
#[derive(Debug, Clone)]
pub struct RosterPage {
    /// The members.
    pub people: Vec<Member>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

impl RosterPage {
    /// Returns the people without their roles.
    pub fn into_persons(self) -> Vec<Person> {
        let people = self.people.into_iter();
        people.map(|member| member.person).collect()
    }
}

/// Returns at most `at_most` members after that position, for instructors: those of the manual roster in the order they
/// were added, then those only the hub knows, by name. Long details make the page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Position>,
    at_most: usize,
) -> Result<RosterPage> {
    exchange
        .read_in(caller, course, Need::May(Right::SeeRoster), move |op| {
            let wanted = op.members(None);
            portion(op.conn, wanted, after.as_ref(), Portion::of(at_most))
        })
        .await
}

/// Returns a portion of the members with that role after that position. Members of the course see who teaches it, and
/// those who teach it see its students.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    role: Role,
    after: Option<Position>,
) -> Result<RosterPage> {
    let need = match role {
        Role::Instructor | Role::Assistant => Need::May(Right::SeeTeachers),
        Role::Student => Need::May(Right::SeeRoster),
    };
    exchange
        .read_in(caller, course, need, move |op| {
            let wanted = op.members(Some(role));
            portion(op.conn, wanted, after.as_ref(), PORTION)
        })
        .await
}

/// Returns a portion of the members of a course after that position.
pub(super) fn portion(
    conn: &mut Connection,
    wanted: MemberFilter<'_>,
    after: Option<&Position>,
    portion: Portion,
) -> Result<RosterPage> {
    let (row, name) = match after {
        None => (Some(0), ""),
        Some(Position::ByHand(row)) => (Some(*row), ""),
        Some(Position::ByGroup(name)) => (None, name.as_str()),
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
                position: Position::ByHand(line.row),
            }
        }));
    }
    if !is_more && wanted.group.is_some() {
        let rest = portion.without(people.len());
        let found;
        (found, is_more) = store::members::by_group(conn, wanted, name, rest)?;
        people.extend(found.into_iter().map(|(name, role)| Member {
            position: Position::ByGroup(name.to_string()),
            person: Person::named(name),
            role,
            by_group: true,
        }));
    }
    let next = people.last().filter(|_| is_more);
    let next = next.map(|member| member.position.clone());
    Ok(RosterPage { people, next })
}

/// Returns one member with that role. Members of the course see who teaches it. The student and those who teach see a
/// student.
pub async fn find(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
    role: Role,
) -> Result<Person> {
    let need = match role {
        Role::Instructor | Role::Assistant => Need::May(Right::SeeTeachers),
        Role::Student => Need::SelfOr(person.clone(), Right::SeeRoster),
    };
    exchange
        .read_in(caller, course, need, move |op| {
            let found = RosterEntry::of(op, &person)?;
            if found.role != Some(role) {
                return Err(not_found(role));
            }
            Ok(found.details.unwrap_or_else(|| Person::named(person)))
        })
        .await
}

/// A person as the roster knows them.
struct RosterEntry {
    /// Their role, by hand and by group together.
    role: Option<Role>,
    by_hub: Option<Role>,
    details: Option<Person>,
}

impl RosterEntry {
    fn of(op: &mut CourseOp<'_>, person: &UserName) -> Result<Self> {
        let policy = op.exchange.policy;
        let by_hub = policy.hub_role_of(op.conn, op.course, person)?;
        let manual = store::members::find(op.conn, op.standing.course, person)?;
        let (role, details) = manual.unzip();
        Ok(Self {
            role: role.max(by_hub),
            by_hub,
            details,
        })
    }
}

fn not_found(role: Role) -> Error {
    Error::NotFound(match role {
        Role::Instructor => Thing::Instructor,
        Role::Assistant => Thing::Assistant,
        Role::Student => Thing::Student,
    })
}

/// Removes a member from the course, or only one with that role. Removing an instructor takes an administrator, and
/// removing an assistant an instructor. The member's submissions stay.
pub async fn remove(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    person: UserName,
    role: Option<Role>,
) -> Result<()> {
    let need = match role {
        Some(Role::Instructor) => Need::Admin,
        Some(Role::Assistant) => Need::May(Right::AppointAssistants),
        Some(Role::Student) | None => Need::May(Right::ChangeRoster),
    };
    exchange
        .write_in(caller, course, need, move |op| {
            op.lock_course()?;
            let found = RosterEntry::of(op, &person)?;
            let wanted = role.or(found.role).unwrap_or(Role::Student);
            if found.role != Some(wanted) {
                return Err(not_found(wanted));
            }
            let policy = op.exchange.policy;
            op.standing.require(match wanted {
                Role::Instructor => Right::AppointInstructors,
                Role::Assistant => Right::AppointAssistants,
                Role::Student => Right::ChangeRoster,
            })?;
            // The group would bring a removed row back. An error is better than a removal without effect.
            if found.by_hub == Some(wanted) {
                let group = policy.group_rules.names(op.course, wanted);
                return Err(Error::MemberByGroup(group));
            }
            store::members::remove(op.conn, op.standing.course, wanted, &person)?;
            let about = About {
                subject: Some(&person),
                ..About::default()
            };
            let before = found.details.as_ref();
            let before: Vec<_> = before
                .map(|person| entry(wanted, person))
                .into_iter()
                .collect();
            let detail = json!({ "role": wanted, "before": before });
            op.note(Action::RosterRemoved, about, Some(&detail))
        })
        .await
}

/// The result of changing a roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The number of added people.
    pub added: usize,
    /// The number of updated people.
    pub updated: usize,
    /// Sentences about names that look like others of the course, or that a hub may not have.
    pub warnings: Vec<String>,
    /// The people who were left out because they teach, and so cannot be students, with their roles.
    pub left_out: HashMap<UserName, Role>,
}

/// The treatment of what the roster says already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterUpdate {
    /// The lines amend it. A line that changes nothing is no change of an instructor. An instructor or assistant among
    /// the students makes the change fail. Names that look like others, or that a hub may not have, are reported.
    Amend,
    /// The lines replace it. Instructors and assistants among the students are left out.
    Replace,
}

/// A roster that the caller may change, as far as can be checked without the lines.
pub struct Ready(Entry);

/// Checks that the caller may change the roster.
pub async fn ready(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<Ready> {
    let entry = exchange.enter(caller, course, Need::May(Right::ChangeRoster))?;
    entry.read(|_| Ok(())).await?;
    Ok(Ready(entry))
}

impl Ready {
    /// Returns the way into the course.
    pub(super) fn entry(&self) -> &Entry {
        &self.0
    }

    /// Adds or updates people, either all or none. A detail that is `None` stays unchanged. If a person is named twice,
    /// the last line counts. A student who becomes an instructor or assistant stops being a student.
    ///
    /// Only an administrator may add or change instructors, except that instructors may change their own details.
    /// Instructors may add or change assistants.
    pub async fn change(
        self,
        people: Vec<(Role, Person)>,
        update: RosterUpdate,
    ) -> Result<Changes> {
        let people = last_of_each(people);
        let (people, warnings) = match update {
            // The course may be large, so a reader compares the names, and the writer is not kept waiting.
            RosterUpdate::Amend => {
                let compared = self.0.read(move |op| {
                    let alike = look_alikes(op, &people)?;
                    let mut warnings = sentences(&alike);
                    warnings.extend(capitals(op, &people, &alike)?);
                    Ok((people, warnings))
                });
                compared.await?
            }
            RosterUpdate::Replace => (people, Vec::new()),
        };
        let change = move |op: &mut CourseOp<'_>| change(op, people.clone(), update);
        let changes = self.0.write(change).await?;
        Ok(Changes {
            warnings,
            ..changes
        })
    }
}

/// Adds or updates people. No name may occur twice.
pub(super) fn change(
    op: &mut CourseOp<'_>,
    people: Vec<(Role, Person)>,
    update: RosterUpdate,
) -> Result<Changes> {
    op.lock_course()?;
    let mut known = named(op, &people)?;
    let mut changes = Changes::default();
    let mut written: BTreeMap<Role, Vec<Person>> = BTreeMap::new();
    let mut was = Was::default();
    for (role, person) in people {
        let known = known.remove(person.username.as_str()).unwrap_or_default();
        let role_before = known.role();
        let details = known.details();
        if let Some(teacher) = role_before.filter(|before| before.is_staff())
            && role == Role::Student
        {
            if update == RosterUpdate::Amend {
                return Err(Error::TeacherAsStudent(teacher));
            }
            changes.left_out.insert(person.username, teacher);
            continue;
        }
        let person = complete(person, details);
        if role_before.is_none() {
            changes.added += 1;
        } else {
            changes.updated += 1;
        }
        let is_own = person.username == *op.caller.name();
        let is_same = update == RosterUpdate::Amend
            && details.map_or_else(
                || person == Person::named(person.username.clone()),
                |details| person == *details,
            );
        if !(role_before == Some(role) && (is_own || is_same)) {
            op.standing.require_appointing(role, role_before)?;
        }
        match known.by_hand {
            Some(before) if before == (role, person.clone()) => {}
            Some(before) => was.before.push(before),
            None => was.added.push(person.username.clone()),
        }
        written.entry(role).or_default().push(person);
    }
    for (role, people) in &written {
        store::members::put(op.conn, op.standing.course, *role, people)?;
    }
    note_changed(op, &written, &was)?;
    Ok(changes)
}

/// What is known of a person in the course.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub by_hand: Option<(Role, Person)>,
    pub by_group: Option<Role>,
}

impl Known {
    /// Returns what is known of a person with these entries.
    pub fn of(by_hand: Option<(Role, Person)>, by_group: Option<Role>) -> Self {
        Self { by_hand, by_group }
    }

    /// Returns the role, by hand and by group together.
    pub fn role(&self) -> Option<Role> {
        let by_hand = self.by_hand.as_ref().map(|(role, _)| *role);
        by_hand.max(self.by_group)
    }

    pub fn details(&self) -> Option<&Person> {
        self.by_hand.as_ref().map(|(_, person)| person)
    }
}

/// The manual roster before a change, as far as the change touches it.
#[derive(Debug, Default)]
struct Was {
    /// The people who were not on it.
    added: Vec<UserName>,
    /// The people whose role or details changed, as they were.
    before: Vec<(Role, Person)>,
}

/// Returns what is known of the named people in the course.
pub(super) fn named(
    op: &mut CourseOp<'_>,
    people: &[(Role, Person)],
) -> Result<HashMap<String, Known>> {
    let names = people.iter().map(|(_, person)| person.username.as_str());
    let names: Vec<&str> = names.collect();
    let mut found: HashMap<String, Known> = HashMap::new();
    for (role, person) in store::members::named(op.conn, op.standing.course, &names)? {
        let known = found.entry(person.username.to_string()).or_default();
        known.by_hand = Some((role, person));
    }
    let by_hub = match op.members(None).group {
        Some(course) => store::hub_members::named(op.conn, course, &names)?,
        None => Vec::new(),
    };
    for (name, hub) in by_hub {
        found.entry(name).or_default().by_group = Some(hub);
    }
    Ok(found)
}

/// Maximum number of warnings in the reply to one request.
const MAX_WARNINGS: usize = 100;

/// Returns the names of people that look like those of other members.
fn look_alikes(op: &mut CourseOp<'_>, people: &[(Role, Person)]) -> Result<Vec<Alike>> {
    let names = people.iter().map(|(_, person)| person.username.as_str());
    let mut alike = LookAlikes::of(names);
    let (course, group) = (op.standing.course, op.members(None).group);
    store::members::each(op.conn, course, group, |name| alike.compare(name))?;
    Ok(alike.found().take(MAX_WARNINGS).collect())
}

fn sentences(alike: &[Alike]) -> Vec<String> {
    let sentences = alike.iter().map(|alike| {
        let how = if alike.by_case {
            "differ by upper and lower case alone"
        } else {
            "look alike and are written with other characters"
        };
        format!("{alike} {how}, and are different people")
    });
    sentences.collect()
}

/// Maximum number of names in a warning.
const MAX_NAMES: usize = 10;

/// Returns a warning about new members whose names have capital letters. JupyterHub's authenticators make names
/// lower-case by default (`Authenticator.normalize_username`). Left out are accounts that the hub has, and names in the
/// other warnings.
fn capitals(
    op: &mut CourseOp<'_>,
    people: &[(Role, Person)],
    alike: &[Alike],
) -> Result<Option<String>> {
    let has_capitals = |name: &UserName| {
        let text = name.as_str();
        !name.is_service()
            && text != text.to_lowercase()
            && !alike.iter().any(|alike| alike.names.contains(text))
    };
    let people: Vec<_> = people
        .iter()
        .filter(|(_, person)| has_capitals(&person.username))
        .cloned()
        .collect();
    let known = named(op, &people)?;
    let mut names = Vec::new();
    for (_, person) in people {
        let name = person.username;
        if !known.contains_key(name.as_str()) && store::people::account(op.conn, &name)?.is_none() {
            names.push(format!("{:?}", name.as_str()));
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let more = match names.len().saturating_sub(MAX_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(MAX_NAMES);
    Ok(Some(format!(
        "{}{more}: JupyterHub makes names lower-case, unless its authenticator keeps their case. Compare these names with \
         those of the accounts",
        names.join(", ")
    )))
}

/// Puts the people of the roster back as the detail of an event says they were before it, within an operation of a
/// caller who may change the roster and that holds the lock of the course.
pub(super) fn put_back(op: &mut CourseOp<'_>, detail: &Value) -> Result<()> {
    let damaged = || store::Error::Damaged("an event with unreadable people");
    let added = detail["added"].as_array().into_iter().flatten();
    let mut added: Vec<String> = added
        .map(|name| name.as_str().map(str::to_owned).ok_or_else(damaged))
        .collect::<Result<_, _>>()?;
    let before = detail["before"].as_array().into_iter().flatten();
    let before: Vec<(Role, Person)> = before
        .map(|entry| {
            let role = Role::ALL
                .into_iter()
                .find(|role| entry["role"] == role.word());
            let person = serde_json::from_value::<Person>(entry.clone()).ok();
            role.zip(person).ok_or_else(damaged)
        })
        .collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = before
        .iter()
        .map(|(_, who)| who.username.as_str())
        .collect();
    names.extend(added.iter().map(String::as_str));
    let mut now: HashMap<String, (Role, Person)> = HashMap::new();
    for (role, person) in store::members::named(op.conn, op.standing.course, &names)? {
        now.insert(person.username.to_string(), (role, person));
    }
    let mut was = Was::default();
    let mut written: BTreeMap<Role, Vec<Person>> = BTreeMap::new();
    for (role, person) in before {
        let current = now.remove(person.username.as_str());
        let role_now = current.as_ref().map(|(role, _)| *role);
        op.standing.require_appointing(role, role_now)?;
        match current {
            Some(entry) => was.before.push(entry),
            None => was.added.push(person.username.clone()),
        }
        written.entry(role).or_default().push(person);
    }
    // What is left was added.
    added.retain(|name| now.contains_key(name));
    for (role, person) in added.iter().filter_map(|name| now.remove(name)) {
        op.standing.require_appointing(role, Some(role))?;
        was.before.push((role, person));
    }
    store::members::remove_all(op.conn, op.standing.course, &added)?;
    for (role, people) in &written {
        store::members::put(op.conn, op.standing.course, *role, people)?;
    }
    note_put_back(op, &written, &was)
}

/// Records an event about people who were put back.
fn note_put_back(
    op: &mut CourseOp<'_>,
    written: &BTreeMap<Role, Vec<Person>>,
    was: &Was,
) -> Result<()> {
    let touched = was.before.iter().map(|(_, person)| &person.username);
    let touched: Vec<&UserName> = touched.chain(&was.added).collect();
    let subject = match touched[..] {
        [only] => Some(only),
        _ => None,
    };
    note(op, subject, written, was)
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

/// Returns the person with the details that were known before, where the new ones are missing.
pub(super) fn complete(person: Person, before: Option<&Person>) -> Person {
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

/// Maximum length in bytes of the list of people before a change, in the event of the change. A longer one is left out.
const LONGEST_BEFORE: usize = 64 * 1024;

/// Returns the entry of a person on the roster as the event of its change has it.
fn entry(role: Role, person: &Person) -> Value {
    json!({
        "username": person.username,
        "role": role,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
    })
}

/// Records an event about the people whom the caller added or changed.
fn note_changed(
    op: &mut CourseOp<'_>,
    changed: &BTreeMap<Role, Vec<Person>>,
    was: &Was,
) -> Result<()> {
    let mut everybody = changed.values().flatten();
    let Some(first) = everybody.next() else {
        return Ok(());
    };
    let subject = everybody.next().is_none().then_some(&first.username);
    note(op, subject, changed, was)
}

/// Records the people on the roster after a change, and those before it.
fn note(
    op: &mut CourseOp<'_>,
    subject: Option<&UserName>,
    now: &BTreeMap<Role, Vec<Person>>,
    was: &Was,
) -> Result<()> {
    let names = |role| -> Vec<&str> {
        let people = now.get(&role).into_iter().flatten();
        people.map(|person| person.username.as_str()).collect()
    };
    let mut detail = json!({
        "instructors": names(Role::Instructor),
        "assistants": names(Role::Assistant),
        "students": names(Role::Student),
        "added": was.added,
    });
    let before = was.before.iter().map(|(role, person)| entry(*role, person));
    let before = Value::from(before.collect::<Vec<_>>());
    if before.to_string().len() <= LONGEST_BEFORE {
        detail["before"] = before;
    }
    let about = About {
        subject,
        ..About::default()
    };
    op.note(Action::RosterChanged, about, Some(&detail))
}
