//! Inserting a course from an archive into an exchange, completely and in one transaction.

use super::directories;
use super::manifest::{Assignment, Course, Event, Sightings, StudentAllowance, TreeOf};
use crate::audit::{About, Action};
use crate::course_settings::{CourseSettings, CourseTitle, TimeZone};
use crate::files::parcel::Parcel;
use crate::op::Op;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_domain::{
    Allowance, AssignmentId, BlobRef, CourseId, Dates, Extension, Person, RelativePath, Role,
    Sha256Sum, Timestamp, Tree, TreeEntry, UserName,
};
use nbcourier_identity::Caller;
use nbcourier_storage::allowances::NotedAllowance;
use nbcourier_storage::dates::NotedExtension;
use nbcourier_storage::trees::Arrivals;
use nbcourier_storage::{self as store, Connection, Lock, archive};
use std::collections::{BTreeSet, HashMap};

/// An impossible statement in an archive. The sentence describes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnacceptableArchive(pub String);

/// A course that is ready for insertion: its names, times and paths are valid, and all bytes it names were sent.
pub struct ArchiveImport {
    course: Course,
    name: CourseId,
    blobs: HashMap<Sha256Sum, BlobRef>,
}

impl ArchiveImport {
    /// Validates the archive's course against the received bytes, by their checksums.
    pub fn new(
        course: Course,
        blobs: HashMap<Sha256Sum, BlobRef>,
    ) -> Result<Self, UnacceptableArchive> {
        let name = parse("course", &course.course, |text| CourseId::parse(text).ok())?;
        time(&course.created_at)?;
        settings(&course)?;
        for person in &course.roster {
            member(&person.username)?;
            role(&person.role)?;
        }
        let mut students = BTreeSet::new();
        for given in &course.allowances {
            allowance(given)?;
            if !students.insert(&given.student) {
                return Err(twice(&course.course, "allowance of", &given.student));
            }
        }
        for assignment in &course.assignments {
            check(assignment)?;
        }
        for tree in course.trees() {
            let digest = files(tree, &blobs)?.digest().to_string();
            if digest != tree.tree {
                let said = format!(
                    "The files of {} are not those it is named for",
                    tree.directory
                );
                return Err(UnacceptableArchive(said));
            }
        }
        directories::check(&course, &name)?;
        for event in &course.events {
            time(&event.at)?;
        }
        Ok(Self {
            course,
            name,
            blobs,
        })
    }
}

fn check(assignment: &Assignment) -> Result<(), UnacceptableArchive> {
    parse("assignment", &assignment.assignment, |text| {
        AssignmentId::parse(text).ok()
    })?;
    dates(assignment)?;
    let mut versions = BTreeSet::new();
    for version in &assignment.versions {
        time(&version.released_at)?;
        user(&version.released_by)?;
        if !versions.insert(version.version) {
            return Err(twice(
                &assignment.assignment,
                "version",
                &version.version.to_string(),
            ));
        }
        let mut students = BTreeSet::new();
        for fetch in &version.fetched {
            user(&fetch.student)?;
            times(&fetch.times)?;
            if !students.insert(&fetch.student) {
                let of = format!("Version {} of {}", version.version, assignment.assignment);
                return Err(twice(&of, "student", &fetch.student));
            }
        }
    }
    for extension in &assignment.extensions {
        user(&extension.student)?;
        own_dates(extension)?;
    }
    let mut submissions = BTreeSet::new();
    for submission in &assignment.submissions {
        let at = time(&submission.submitted_at)?;
        user(&submission.student)?;
        submission.submitted_by.as_deref().map(user).transpose()?;
        if !submissions.insert((&submission.student, at.micros())) {
            return Err(twice(
                &assignment.assignment,
                "submission",
                &submission.submitted_at,
            ));
        }
        for given in &submission.feedback {
            time(&given.returned_at)?;
            user(&given.returned_by)?;
            given.read.as_ref().map(times).transpose()?;
        }
    }
    Ok(())
}

/// Inserts the course with the bytes that were sent for it. Returns the number of its submissions, or `AlreadyExists`
/// if a course of its name exists.
pub async fn insert(
    exchange: &Exchange,
    caller: &Caller,
    bringing: ArchiveImport,
    bytes: Parcel,
) -> Result<usize> {
    let bytes = bytes.settle_unchecked().await?;
    exchange
        .write_as_admin(caller, move |op| {
            op.conn.lock([Lock::Import])?;
            let now = Timestamp::now();
            bytes.receive(op.conn, &op.exchange.blobs, now)?;
            bringing.put(op, now)
        })
        .await
}

impl ArchiveImport {
    fn put(&self, op: &mut Op<'_>, now: Timestamp) -> Result<usize> {
        let conn = &mut *op.conn;
        let course = &self.course;
        let id = store::courses::create(conn, &self.name, stored(time(&course.created_at))?)?
            .ok_or(Error::AlreadyExists(Thing::Course))?;
        store::courses::set_settings(conn, id, &stored(settings(course))?.row())?;
        for of_role in Role::ALL.into_iter().rev() {
            let people = course.roster.iter();
            let people = people.filter(|person| person.role == of_role.word());
            let people: Vec<Person> = people
                .map(|person| {
                    Ok(Person {
                        username: stored(user(&person.username))?,
                        first_name: person.first_name.clone(),
                        last_name: person.last_name.clone(),
                        email: person.email.clone(),
                    })
                })
                .collect::<Result<_>>()?;
            store::members::put(conn, id, of_role, &people)?;
        }
        for given in &course.allowances {
            let student = stored(user(&given.student))?;
            store::allowances::set(conn, id, &student, &stored(allowance(given))?)?;
        }
        let mut numbers = HashMap::new();
        for assignment in &course.assignments {
            self.put_assignment(conn, id, assignment, now, &mut numbers)?;
        }
        directories::put(conn, (id, &self.name), course, &self.blobs)?;
        for event in &course.events {
            record(conn, &self.name, event, &numbers)?;
        }
        let detail = serde_json::json!({
            "from": "archive", "what": "course", "made_at": course.made_at, "exchange": course.exchange,
        });
        let about = About::course(&self.name);
        op.note(Action::Imported, about, Some(&detail))?;
        Ok(numbers.len())
    }

    fn put_assignment(
        &self,
        conn: &mut Connection,
        course: i64,
        assignment: &Assignment,
        now: Timestamp,
        numbers: &mut HashMap<i64, i64>,
    ) -> Result<()> {
        let name = stored(parse("assignment", &assignment.assignment, |text| {
            AssignmentId::parse(text).ok()
        }))?;
        let id = archive::add_assignment(conn, course, &name, stored(dates(assignment))?)?;
        for version in &assignment.versions {
            let tree = self.save(conn, &version.tree, now)?;
            let by = stored(user(&version.released_by))?;
            let at = stored(time(&version.released_at))?;
            let is_shown = assignment.released == Some(version.version);
            let number = (version.version, tree);
            let release = archive::add_release(conn, id, number, (&by, at), is_shown)?;
            for fetch in &version.fetched {
                let student = stored(user(&fetch.student))?;
                let times = stored(times(&fetch.times))?;
                store::seen::add_fetch(conn, release, &student, times)?;
            }
        }
        for extension in &assignment.extensions {
            let student = stored(user(&extension.student))?;
            store::dates::set_extension(conn, id, &student, &stored(own_dates(extension))?)?;
        }
        for submission in &assignment.submissions {
            let tree = self.save(conn, &submission.tree, now)?;
            let student = stored(user(&submission.student))?;
            let by = submission.submitted_by.as_deref().map(user).transpose();
            let at = stored(time(&submission.submitted_at))?;
            let number =
                store::submissions::insert(conn, id, &student, stored(by)?.as_ref(), tree, at)?;
            numbers.insert(submission.number, number);
            for given in &submission.feedback {
                let tree = self.save(conn, &given.tree, now)?;
                let by = stored(user(&given.returned_by))?;
                let at = stored(time(&given.returned_at))?;
                let row = store::feedback::replace(conn, number, tree, &by, at)?;
                if let Some(read) = &given.read {
                    store::seen::add_reading(conn, row, stored(times(read))?)?;
                }
            }
        }
        Ok(())
    }

    fn save(&self, conn: &mut Connection, tree: &TreeOf, now: Timestamp) -> Result<i64> {
        let tree = stored(files(tree, &self.blobs))?;
        Ok(store::trees::save(conn, &tree, &Arrivals::default(), now)?.id)
    }
}

fn record(
    conn: &mut Connection,
    course: &CourseId,
    event: &Event,
    numbers: &HashMap<i64, i64>,
) -> Result<()> {
    let row = store::events::Event {
        at: stored(time(&event.at))?.micros(),
        action: &event.action,
        actor: &event.actor,
        subject: event.subject.as_deref(),
        course: Some(course.as_str()),
        assignment: event.assignment.as_deref(),
        // Submissions that were removed for good earlier have no number here.
        submission_id: event
            .submission
            .and_then(|number| numbers.get(&number).copied()),
        detail: event.detail.as_ref().map(ToString::to_string),
        request_id: event.request_id.as_deref(),
    };
    Ok(store::events::record(conn, &row)?)
}

/// Unwraps a value that was validated before the transaction.
pub(super) fn stored<T>(checked: Result<T, UnacceptableArchive>) -> Result<T> {
    checked.map_err(|_| store::Error::Damaged("an archive that changed while it was read").into())
}

fn files(tree: &TreeOf, blobs: &HashMap<Sha256Sum, BlobRef>) -> Result<Tree, UnacceptableArchive> {
    let entries = tree.files.iter().map(|entry| {
        let path = parse("path", &entry.path, |text| {
            // An older version may have written the archive, so the rules for stored paths apply.
            RelativePath::parse_stored(text).ok()
        })?;
        let sum = parse("SHA-256", &entry.sha256, |text| Sha256Sum::parse(&text))?;
        match blobs.get(&sum) {
            Some(blob) if blob.size == entry.bytes => Ok(TreeEntry { path, blob: *blob }),
            _ => Err(UnacceptableArchive(format!(
                "{} is not in the archive",
                tree.place(entry)
            ))),
        }
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let mut paths = BTreeSet::new();
    if let Some(again) = entries.iter().find(|entry| !paths.insert(&entry.path)) {
        return Err(twice(&tree.directory, "path", again.path.as_str()));
    }
    Ok(Tree { entries })
}

fn settings(course: &Course) -> Result<CourseSettings, UnacceptableArchive> {
    let title = course.title.as_deref().map(CourseTitle::parse).transpose();
    let zone = course.time_zone.as_deref().map(TimeZone::parse).transpose();
    Ok(CourseSettings {
        title: title.map_err(|error| UnacceptableArchive(error.to_string()))?,
        time_zone: zone.map_err(|error| UnacceptableArchive(error.to_string()))?,
        sharing: course.sharing,
        // The people of this exchange decide on it anew.
        activity: false,
    })
}

fn dates(assignment: &Assignment) -> Result<Dates, UnacceptableArchive> {
    Ok(Dates {
        opens_at: maybe(assignment.opens_at.as_ref())?,
        due_at: maybe(assignment.due_at.as_ref())?,
        cutoff_at: maybe(assignment.cutoff_at.as_ref())?,
    })
}

fn own_dates(
    extension: &super::manifest::Extension,
) -> Result<NotedExtension, UnacceptableArchive> {
    if let Some(note) = &extension.note {
        storable("note", note)?;
    }
    Ok(NotedExtension {
        extension: Extension {
            due_at: maybe(extension.due_at.as_ref())?,
            cutoff_at: maybe(extension.cutoff_at.as_ref())?,
        },
        note: extension.note.clone(),
    })
}

fn allowance(given: &StudentAllowance) -> Result<NotedAllowance, UnacceptableArchive> {
    user(&given.student)?;
    if let Some(note) = &given.note {
        storable("note", note)?;
    }
    let hours = given.hours.to_string();
    Ok(NotedAllowance {
        allowance: parse("number of hours", &hours, |_| {
            Allowance::of_hours(given.hours)
        })?,
        note: given.note.clone(),
    })
}

fn times(given: &Sightings) -> Result<store::seen::Times, UnacceptableArchive> {
    let number = parse("number of times", &given.times.to_string(), |_| {
        (given.times > 0).then_some(given.times)
    })?;
    Ok(store::seen::Times {
        first_at: time(&given.first_at)?,
        last_at: time(&given.last_at)?,
        number,
    })
}

/// Checks a text for the one character that PostgreSQL cannot store.
pub(super) fn storable(what: &str, text: &str) -> Result<(), UnacceptableArchive> {
    parse(what, text, |text| (!text.contains('\0')).then_some(()))
}

fn maybe(text: Option<&String>) -> Result<Option<Timestamp>, UnacceptableArchive> {
    text.map(|text| time(text)).transpose()
}

pub(super) fn time(text: &str) -> Result<Timestamp, UnacceptableArchive> {
    parse("time", text, |text| Timestamp::parse(&text).ok())
}

pub(super) fn user(text: &str) -> Result<UserName, UnacceptableArchive> {
    parse("user", text, |text| UserName::parse(text).ok())
}

/// Checks a name on a roster. Rosters may hold the exchange's names for former users, but no other reserved names.
fn member(text: &str) -> Result<(), UnacceptableArchive> {
    let name = user(text)?;
    if name.is_given_by_exchange() && !name.is_former() {
        let said = format!("{text:?} is on the roster, but nobody can be enrolled under it");
        return Err(UnacceptableArchive(said));
    }
    Ok(())
}

fn role(text: &str) -> Result<(), UnacceptableArchive> {
    parse("role", text, |text| Role::of_word(&text).map(drop))
}

pub(super) fn parse<T>(
    what: &str,
    text: &str,
    parse: impl FnOnce(String) -> Option<T>,
) -> Result<T, UnacceptableArchive> {
    parse(text.to_owned())
        .ok_or_else(|| UnacceptableArchive(format!("{text:?} is no possible {what}")))
}

pub(super) fn twice(of: &str, what: &str, which: &str) -> UnacceptableArchive {
    UnacceptableArchive(format!("{of} has the {what} {which:?} twice"))
}
