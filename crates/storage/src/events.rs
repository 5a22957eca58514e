//! Events: a row for every change, written in the transaction that makes the change.

use super::backend::prelude::*;
use super::blobs::CHUNK;
use super::schema::{event_people, events};
use super::{Error, Portion, Result};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use nbcourier_domain::{Timestamp, UserName};
use std::collections::BTreeSet;

/// An event to record. It holds names rather than rows, since it outlives the things that it names.
#[derive(Debug, Clone, Default, Insertable)]
#[diesel(table_name = events)]
pub struct Event<'a> {
    /// The time, in microseconds since 1970.
    pub at: i64,
    /// The action, in a word or two.
    pub action: &'a str,
    /// The person or service that made the change.
    pub actor: &'a str,
    /// The person whom the change concerns, if that is not the actor.
    pub subject: Option<&'a str>,
    /// The name of the course.
    pub course: Option<&'a str>,
    /// The name of the assignment.
    pub assignment: Option<&'a str>,
    /// The row of the submission.
    pub submission_id: Option<i64>,
    /// Further details, as JSON.
    pub detail: Option<String>,
    /// The ID of the request in the log.
    pub request_id: Option<&'a str>,
}

/// The members of an event's JSON that hold a name of a person, or a list of names.
const NAMES: [&str; 5] = ["instructors", "assistants", "students", "people", "added"];

/// The member of an event's JSON with the people of a roster as they were, each with `username` and details.
const PEOPLE_BEFORE: &str = "before";

/// Records an event of the course with that row, which may be in the trash.
pub fn record_in(conn: &mut Connection, course: i64, event: &Event<'_>) -> Result<()> {
    let id = diesel::insert_into(events::table)
        .values((event, events::course_id.eq(course)))
        .returning(events::id)
        .get_result(conn)?;
    note_people(conn, id, event)
}

/// Records an event of the course that has the name now, or else of the one that had it last.
pub fn record(conn: &mut Connection, event: &Event<'_>) -> Result<()> {
    let course_id = sql::<Nullable<BigInt>>(
        "coalesce((SELECT id FROM courses WHERE deleted_at IS NULL AND name = ",
    )
    .bind::<Nullable<Text>, _>(event.course)
    .sql("), (SELECT id FROM courses WHERE name = ")
    .bind::<Nullable<Text>, _>(event.course)
    .sql(" ORDER BY deleted_at DESC, id DESC LIMIT 1))");
    let id = diesel::insert_into(events::table)
        .values((event, events::course_id.eq(course_id)))
        .returning(events::id)
        .get_result(conn)?;
    note_people(conn, id, event)
}

/// Records which people the details of an event name, so that the events of a person are found without those of
/// everybody else.
fn note_people(conn: &mut Connection, id: i64, event: &Event<'_>) -> Result<()> {
    let Some(detail) = &event.detail else {
        return Ok(());
    };
    // An archive may bring an event with other details, which name nobody.
    let Ok(mut detail) = serde_json::from_str::<Members>(detail) else {
        return Ok(());
    };
    let before = people_before(&mut detail).filter_map(|person| person["username"].as_str());
    let mut people: BTreeSet<String> = before.map(str::to_owned).collect();
    for member in NAMES {
        let names = match detail.get(member) {
            Some(serde_json::Value::Array(names)) => names.as_slice(),
            Some(name) => std::slice::from_ref(name),
            None => &[],
        };
        let names = names.iter().filter_map(serde_json::Value::as_str);
        people.extend(names.map(str::to_owned));
    }
    let people: Vec<_> = people.into_iter().collect();
    for chunk in people.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|person| {
                (
                    event_people::person.eq(person),
                    event_people::event_id.eq(id),
                )
            })
            .collect();
        diesel::insert_into(event_people::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

/// Returns the error for the details of an event that are no object. They would keep a name that is to be replaced.
fn unreadable() -> Error {
    Error::Damaged("an event whose detail is no JSON object")
}

/// A recorded event.
#[derive(Debug, Clone, Queryable)]
pub struct RecordedEvent {
    /// The ID of the row. Later events have larger IDs.
    pub id: i64,
    /// The time, in microseconds since 1970.
    pub at: i64,
    /// The action, in a word or two.
    pub action: String,
    /// The person or service that made the change.
    pub actor: String,
    /// The person whom the change concerns, if that is not the actor.
    pub subject: Option<String>,
    /// The name of the course.
    pub course: Option<String>,
    /// The name of the assignment.
    pub assignment: Option<String>,
    /// The row of the submission.
    pub submission_id: Option<i64>,
    /// Further details, as JSON.
    pub detail: Option<String>,
    /// The ID of the request in the log.
    pub request_id: Option<String>,
}

impl RecordedEvent {
    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        let optional = [
            &self.subject,
            &self.course,
            &self.assignment,
            &self.detail,
            &self.request_id,
        ];
        let optional = optional.into_iter().flatten().map(String::len);
        self.action.len() + self.actor.len() + optional.sum::<usize>()
    }
}

/// A filter for events.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventFilter<'a> {
    /// Only events of the course with this row. `None` includes events of all courses and of none.
    pub course: Option<i64>,
    /// Only events before the one with this row.
    pub before: Option<i64>,
    /// Only events at this time or later.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events that name this person.
    pub person: Option<&'a UserName>,
    /// Only events about the assignment with this name.
    pub assignment: Option<&'a str>,
    /// Only events with one of these actions.
    pub actions: Option<&'a [&'a str]>,
}

/// The columns of [`RecordedEvent`].
pub(super) const COLUMNS: (
    events::id,
    events::at,
    events::action,
    events::actor,
    events::subject,
    events::course,
    events::assignment,
    events::submission_id,
    events::detail,
    events::request_id,
) = (
    events::id,
    events::at,
    events::action,
    events::actor,
    events::subject,
    events::course,
    events::assignment,
    events::submission_id,
    events::detail,
    events::request_id,
);

/// Returns a portion of the events, newest first, and whether there are more.
pub fn page(
    conn: &mut Connection,
    wanted: EventFilter<'_>,
    portion: Portion,
) -> Result<(Vec<RecordedEvent>, bool)> {
    let named = wanted.person.map(|person| {
        let name = person.as_str();
        sql::<Bool>("events.id IN (SELECT own.id FROM events AS own WHERE own.actor = ")
            .bind::<Text, _>(name)
            .sql(" UNION SELECT about.id FROM events AS about WHERE about.subject = ")
            .bind::<Text, _>(name)
            .sql(" UNION SELECT event_id FROM event_people WHERE person = ")
            .bind::<Text, _>(name)
            .sql(")")
    });
    let assignment = wanted.assignment;
    let events = events::table
        .filter(events::id.lt(wanted.before.unwrap_or(i64::MAX)))
        .filter(maybe(
            wanted.course.map(|course| events::course_id.eq(course)),
        ))
        .filter(maybe(wanted.since.map(|time| events::at.ge(time.micros()))))
        .filter(maybe(wanted.until.map(|time| events::at.lt(time.micros()))))
        .filter(maybe(assignment.map(|name| events::assignment.eq(name))))
        .filter(maybe(
            wanted.actions.map(|actions| events::action.eq_any(actions)),
        ))
        .filter(maybe(named))
        .order(events::id.desc())
        .select(COLUMNS)
        .at_most(portion.limit())
        .load_iter::<RecordedEvent>(conn)?;
    portion.take(events, Ok, RecordedEvent::text)
}

/// Returns a portion of the events of a course since a time that have one of these actions, newest first.
pub fn lately(
    conn: &mut Connection,
    course: i64,
    since: Timestamp,
    actions: &[&str],
    portion: Portion,
) -> Result<Vec<RecordedEvent>> {
    // The last event before the time, so that no older one is looked at.
    let before: Vec<i64> = events::table
        .filter(events::course_id.eq(course))
        .filter(events::at.lt(since.micros()))
        .order(events::id.desc())
        .select(events::id)
        .at_most(1)
        .load(conn)?;
    let rows = events::table
        .filter(events::course_id.eq(course))
        .filter(events::id.gt(before.first().copied().unwrap_or(0)))
        .filter(events::action.eq_any(actions))
        .order(events::id.desc())
        .select(COLUMNS)
        .at_most(portion.limit())
        .load_iter::<RecordedEvent>(conn)?;
    let (rows, _) = portion.take(rows, Ok, RecordedEvent::text)?;
    Ok(rows)
}

/// Replaces the name `from` with `to` in all events.
pub fn rename(conn: &mut Connection, from: &UserName, to: &UserName) -> Result<()> {
    diesel::update(events::table.filter(events::actor.eq(from.as_str())))
        .set(events::actor.eq(to.as_str()))
        .execute(conn)?;
    diesel::update(events::table.filter(events::subject.eq(from.as_str())))
        .set(events::subject.eq(to.as_str()))
        .execute(conn)?;
    for (id, detail) in details_about(conn, from)? {
        let renamed = renamed(&detail, from.as_str(), to.as_str())?;
        diesel::update(events::table.find(id))
            .set(events::detail.eq(renamed))
            .execute(conn)?;
    }
    // Both may be named in one event.
    diesel::sql_query(
        "INSERT INTO event_people (person, event_id)
            SELECT $1, event_id FROM event_people WHERE person = $2
            ON CONFLICT (person, event_id) DO NOTHING",
    )
    .bind::<Text, _>(to.as_str())
    .bind::<Text, _>(from.as_str())
    .execute(conn)?;
    diesel::delete(event_people::table.filter(event_people::person.eq(from.as_str())))
        .execute(conn)?;
    Ok(())
}

/// Returns the events whose details name the person, each with its details.
fn details_about(conn: &mut Connection, person: &UserName) -> Result<Vec<(i64, String)>> {
    let details = event_people::table
        .inner_join(events::table)
        .filter(event_people::person.eq(person.as_str()))
        .filter(events::detail.is_not_null())
        .select((events::id, events::detail.assume_not_null()))
        .load::<(i64, String)>(conn)?;
    Ok(details)
}

/// Returns the detail of an event with the name replaced. An unreadable detail is an error, since it would keep the
/// old name.
fn renamed(detail: &str, from: &str, to: &str) -> Result<String> {
    let mut detail: serde_json::Value = serde_json::from_str(detail).map_err(|_| unreadable())?;
    let members = detail.as_object_mut().ok_or_else(unreadable)?;
    for person in people_before(members) {
        if person["username"] == from {
            person["username"] = to.into();
        }
    }
    for (key, value) in members.iter_mut() {
        if !NAMES.contains(&key.as_str()) {
            continue;
        }
        let names = match value {
            serde_json::Value::Array(names) => names.iter_mut(),
            name => std::slice::from_mut(name).iter_mut(),
        };
        for name in names.filter(|name| name.as_str() == Some(from)) {
            *name = to.into();
        }
    }
    Ok(detail.to_string())
}

type Members = serde_json::Map<String, serde_json::Value>;

/// Returns the people of a roster as they were before the event.
fn people_before(members: &mut Members) -> impl Iterator<Item = &mut serde_json::Value> {
    let before = members.get_mut(PEOPLE_BEFORE);
    let people = before.and_then(serde_json::Value::as_array_mut);
    people.into_iter().flatten()
}

/// Removes a person's names and e-mail addresses from all events about rosters. Their user name stays.
pub fn forget_details(conn: &mut Connection, person: &UserName) -> Result<()> {
    for (id, detail) in details_about(conn, person)? {
        let mut detail: Members = serde_json::from_str(&detail).map_err(|_| unreadable())?;
        for one in people_before(&mut detail) {
            if one["username"] == person.as_str()
                && let Some(one) = one.as_object_mut()
            {
                one.retain(|key, _| matches!(key.as_str(), "username" | "role"));
            }
        }
        diesel::update(events::table.find(id))
            .set(events::detail.eq(serde_json::Value::from(detail).to_string()))
            .execute(conn)?;
    }
    Ok(())
}

/// Removes the details of those events about a person that have one of these actions.
pub fn strip(conn: &mut Connection, person: &UserName, actions: &[&str]) -> Result<()> {
    let stripped: Vec<i64> = events::table
        .filter(events::subject.eq(person.as_str()))
        .filter(events::action.eq_any(actions))
        .select(events::id)
        .load(conn)?;
    diesel::delete(event_people::table.filter(among(event_people::event_id, stripped.clone())))
        .execute(conn)?;
    diesel::update(events::table.filter(among(events::id, stripped)))
        .set(events::detail.eq(None::<String>))
        .execute(conn)?;
    Ok(())
}

/// Removes the events of one action that happened before `limit`.
pub fn purge_of(conn: &mut Connection, limit: Timestamp, action: &str) -> Result<()> {
    let old = events::table.filter(events::at.lt(limit.micros()).and(events::action.eq(action)));
    diesel::delete(old).execute(conn)?;
    Ok(())
}

/// Removes all events before `limit`. Returns their number.
pub fn purge_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged =
        diesel::delete(events::table.filter(events::at.lt(limit.micros()))).execute(conn)?;
    Ok(purged)
}
