//! Taking back what a person has done lately. The inverse of a change is a change: it has the policy and the events of the
//! change that it makes.

use super::audit::Action;
use super::events::Event;
use super::op::{CourseOp, Need};
use super::policy::Right;
use super::roster;
use super::{Error, Exchange, Result, Thing, allowances, course_settings, dates, releases, trash};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Lock, Portion};
use serde_json::Value;
use std::collections::BTreeSet;

/// How long a change can be taken back, in microseconds.
const LATELY: i64 = 10 * 60 * 1_000_000;
/// Maximum number and size of the events that are looked through.
const EVENTS: Portion = Portion {
    rows: 5000,
    bytes: 4 * 1024 * 1024,
};
/// The actions that can be taken back. Each is also a change that others may have to give way to.
const ACTIONS: [Action; 16] = [
    Action::CourseChanged,
    Action::RosterChanged,
    Action::RosterRemoved,
    Action::Released,
    Action::Unreleased,
    Action::AssignmentDeleted,
    Action::AssignmentRestored,
    Action::DatesSet,
    Action::ExtensionSet,
    Action::ExtensionRemoved,
    Action::AllowanceSet,
    Action::AllowanceRemoved,
    Action::SubmissionDeleted,
    Action::SubmissionRestored,
    Action::FeedbackDeleted,
    Action::FeedbackRestored,
];
/// The member of an event's JSON with the number of the event that it takes back.
pub(super) const UNDOES: &str = "undoes";

/// The changes that one request of a person made in a course.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Whether it can be taken back: each change has an inverse, and nobody has changed the same things since.
    pub is_reversible: bool,
}

/// Returns what the caller's request with this ID changed in the course within the last ten minutes.
pub async fn deed(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    request: String,
) -> Result<Option<Deed>> {
    let read = exchange.read_in(caller, course, Need::Course, move |op| {
        let (deed, newer) = Lately::read(op)?.split(op.caller.name(), &request);
        if deed.is_empty() {
            return Ok(None);
        }
        Ok(Some(Deed {
            is_reversible: is_reversible(&deed, &newer),
            events: deed.into_iter().rev().map(|done| done.event).collect(),
        }))
    });
    read.await
}

/// Takes back what the caller's request with this ID changed in the course, all of it or nothing. Returns its events,
/// oldest first. It is an error if it cannot be taken back any more, or if the caller may not make the inverse change.
pub async fn undo(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    request: String,
) -> Result<Vec<Event>> {
    // A stranger has changed nothing here, and learns no more than that.
    let need = Need::May(Right::SeeTeachers);
    let write = exchange.write_in(caller, course, need, move |op| {
        // Locks come before what is decided by, and the events say which locks these are.
        let (deed, _) = Lately::read(op)?.split(op.caller.name(), &request);
        lock(op, &deed)?;
        let (deed, newer) = Lately::read(op)?.split(op.caller.name(), &request);
        if deed.is_empty() || !is_reversible(&deed, &newer) {
            return Err(Error::ChangedMeanwhile);
        }
        for done in &deed {
            op.undoes = Some(done.event.id);
            take_back(op, done)?;
        }
        op.undoes = None;
        Ok(deed.into_iter().rev().map(|done| done.event).collect())
    });
    write.await
}

/// An event with its details.
#[derive(Debug, Clone)]
struct Done {
    event: Event,
    action: Action,
    detail: Value,
}

/// The events of a course in the last minutes, newest first.
struct Lately(Vec<Done>);

impl Lately {
    fn read(op: &mut CourseOp<'_>) -> Result<Self> {
        let since = Timestamp::from_micros(Timestamp::now().micros() - LATELY);
        let actions = ACTIONS.map(Action::word);
        let course = op.standing.course;
        let rows = store::events::lately(op.conn, course, since, &actions, EVENTS)?;
        let done = rows.into_iter().filter_map(|row| {
            let event = Event::new(row);
            let mut actions = ACTIONS.into_iter();
            let action = actions.find(|action| action.word() == event.action)?;
            let detail = event.detail.as_deref().unwrap_or("{}");
            let detail = serde_json::from_str(detail).unwrap_or(Value::Null);
            Some(Done {
                event,
                action,
                detail,
            })
        });
        Ok(Self(done.collect()))
    }

    /// Returns the events of the person's request, and those of others after its first.
    fn split(self, person: &UserName, request: &str) -> (Vec<Done>, Vec<Done>) {
        let is_of = |done: &Done| {
            done.event.actor == person.as_str() && done.event.request_id.as_deref() == Some(request)
        };
        let first = self
            .0
            .iter()
            .filter(|done| is_of(done))
            .map(|done| done.event.id)
            .min();
        let Some(first) = first else {
            return (Vec::new(), Vec::new());
        };
        let since = self.0.into_iter().filter(|done| done.event.id >= first);
        since.partition(is_of)
    }
}

impl Done {
    fn assignment(&self) -> Result<AssignmentId> {
        let name = self.event.assignment.clone().unwrap_or_default();
        AssignmentId::parse(name).map_err(|_| Error::NotFound(Thing::Assignment))
    }

    fn subject(&self) -> Result<UserName> {
        let name = self.event.subject.clone().unwrap_or_default();
        UserName::parse(name).map_err(|_| Error::NotFound(Thing::Student))
    }

    fn number(&self, member: &str) -> Option<i64> {
        self.detail[member].as_i64()
    }

    /// Whether the event says what was before. Events of earlier programs may not.
    fn has_inverse(&self) -> bool {
        let has = |member: &str| self.detail.get(member).is_some();
        match self.action {
            Action::RosterChanged => has("before") && has("added"),
            Action::CourseChanged
            | Action::RosterRemoved
            | Action::Released
            | Action::Unreleased
            | Action::DatesSet
            | Action::ExtensionSet
            | Action::ExtensionRemoved
            | Action::AllowanceSet
            | Action::AllowanceRemoved => has("before"),
            Action::AssignmentDeleted | Action::AssignmentRestored => has("id"),
            Action::FeedbackDeleted | Action::FeedbackRestored => has("feedback"),
            Action::SubmissionDeleted | Action::SubmissionRestored => {
                self.event.submission.is_some()
            }
            _ => false,
        }
    }

    /// Returns the things that the event changed.
    fn touched(&self) -> BTreeSet<String> {
        let assignment = self.event.assignment.as_deref().unwrap_or_default();
        let one = |thing: String| BTreeSet::from([thing]);
        // No name has a slash.
        match self.action {
            Action::DatesSet => one(format!("dates/{assignment}")),
            Action::ExtensionSet | Action::ExtensionRemoved => {
                let student = self.event.subject.as_deref().unwrap_or_default();
                one(format!("extension/{assignment}/{student}"))
            }
            Action::AllowanceSet | Action::AllowanceRemoved => {
                let student = self.event.subject.as_deref().unwrap_or_default();
                one(format!("allowance/{student}"))
            }
            Action::Released | Action::Unreleased => one(format!("release/{assignment}")),
            Action::AssignmentDeleted | Action::AssignmentRestored => {
                one(format!("assignment/{assignment}"))
            }
            Action::SubmissionDeleted
            | Action::SubmissionRestored
            | Action::FeedbackDeleted
            | Action::FeedbackRestored => {
                one(format!("submission/{}", self.event.submission.unwrap_or(0)))
            }
            Action::RosterChanged | Action::RosterRemoved => {
                let lists = ["instructors", "assistants", "students", "added"];
                let names = lists
                    .iter()
                    .filter_map(|list| self.detail[*list].as_array());
                let names = names.flatten().filter_map(Value::as_str);
                let before = self.detail["before"].as_array().into_iter().flatten();
                let before = before.filter_map(|entry| entry["username"].as_str());
                let names = names.chain(before).chain(self.event.subject.as_deref());
                names.map(|name| format!("person/{name}")).collect()
            }
            _ => one("settings".to_owned()),
        }
    }

    /// Whether an assignment as a whole went or came.
    fn moves_assignment(&self) -> bool {
        matches!(
            self.action,
            Action::AssignmentDeleted | Action::AssignmentRestored
        )
    }

    /// Whether this later change concerns the same thing.
    fn overtakes(&self, earlier: &Self) -> bool {
        let moves = self.moves_assignment() || earlier.moves_assignment();
        let is_same =
            self.event.assignment.is_some() && self.event.assignment == earlier.event.assignment;
        moves && is_same || !self.touched().is_disjoint(&earlier.touched())
    }
}

fn is_reversible(deed: &[Done], newer: &[Done]) -> bool {
    let overtaken = |done: &Done| {
        let mut later = newer.iter().filter(|later| later.event.id > done.event.id);
        later.any(|later| later.overtakes(done))
    };
    deed.iter()
        .all(|done| done.has_inverse() && !overtaken(done))
}

/// Takes the locks of the things that the events changed.
fn lock(op: &mut CourseOp<'_>, deed: &[Done]) -> Result<()> {
    let is_of_course = |done: &Done| {
        matches!(
            done.action,
            Action::RosterChanged
                | Action::RosterRemoved
                | Action::CourseChanged
                | Action::AllowanceSet
                | Action::AllowanceRemoved
        )
    };
    let names = deed.iter().filter_map(|done| done.event.assignment.clone());
    let names: BTreeSet<String> = names.collect();
    let names = names
        .into_iter()
        .filter_map(|name| AssignmentId::parse(name).ok());
    let assignments: Vec<AssignmentId> = names.collect();
    let row = op.standing.course;
    let course = deed
        .iter()
        .any(is_of_course)
        .then_some(Lock::Course(op.course));
    let assignments = assignments.iter().map(|name| Lock::Assignment(row, name));
    Ok(op.conn.lock(course.into_iter().chain(assignments))?)
}

/// Makes the inverse change of an event.
fn take_back(op: &mut CourseOp<'_>, done: &Done) -> Result<()> {
    let before = &done.detail["before"];
    match done.action {
        Action::DatesSet => {
            op.standing.require(Right::SetDates)?;
            let assignment = done.assignment()?;
            op.assignment(&assignment)?;
            dates::set_in(op, &assignment, dates::read_dates(before)?)
        }
        Action::ExtensionSet | Action::ExtensionRemoved => {
            op.standing.require(Right::GiveTime)?;
            let (assignment, student) = (done.assignment()?, done.subject()?);
            if before.is_null() {
                dates::remove_extension_in(op, &assignment, &student)
            } else {
                let noted = dates::read_extension(before)?;
                dates::extend_in(op, &assignment, &student, &noted)
            }
        }
        Action::AllowanceSet | Action::AllowanceRemoved => {
            op.standing.require(Right::GiveTime)?;
            let student = done.subject()?;
            if before.is_null() {
                allowances::remove_in(op, &student).map(drop)
            } else {
                let noted = allowances::read_detail(before)?;
                allowances::set_in(op, &student, &noted).map(drop)
            }
        }
        Action::Released | Action::Unreleased => {
            op.standing.require(Right::Release)?;
            let shown = if done.action == Action::Released {
                done.number("version")
            } else {
                None
            };
            releases::show_in(op, &done.assignment()?, shown, before.as_i64())
        }
        Action::RosterChanged | Action::RosterRemoved => {
            op.standing.require(Right::ChangeRoster)?;
            roster::put_back(op, &done.detail)
        }
        Action::CourseChanged => {
            op.standing.require(Right::ChangeSettings)?;
            course_settings::put_back(op, before)
        }
        Action::AssignmentDeleted => {
            op.standing.require(Right::Trash)?;
            trash::restore_assignment_in(op, done.number("id"))
        }
        Action::AssignmentRestored => {
            op.standing.require(Right::Trash)?;
            trash::delete_assignment_in(op, &done.assignment()?)
        }
        Action::SubmissionDeleted => {
            op.standing.require(Right::Trash)?;
            trash::restore_submission_in(op, done.event.submission)
        }
        Action::SubmissionRestored => {
            op.standing.require(Right::Trash)?;
            trash::delete_submission_in(op, done.event.submission)
        }
        Action::FeedbackDeleted | Action::FeedbackRestored => {
            op.standing.require(Right::Trash)?;
            let rows = done.detail["feedback"].as_array().into_iter().flatten();
            let rows: Vec<i64> = rows.filter_map(Value::as_i64).collect();
            let is_deleted = done.action == Action::FeedbackRestored;
            trash::mark_feedback_in(op, done.event.submission, &rows, is_deleted)
        }
        _ => Err(Error::ChangedMeanwhile),
    }
}

#[cfg(test)]
mod tests;
