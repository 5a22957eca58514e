//! A person's first page: their courses, what is due in them, and new feedback.

use super::{Exchange, Result};
use nbcourier_domain::{Dates, Role, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use std::collections::HashMap;
use std::time::Duration;

/// Maximum number of courses whose assignments are looked at.
const COURSES: usize = 100;
/// Maximum number of assignments that are looked at.
const ASSIGNMENTS: usize = 200;
/// Maximum number of assignments on the list of what is due.
const DUE: usize = 10;
/// Maximum number of new pieces of feedback.
const FEEDBACK: usize = 5;
/// The time in which feedback is new.
const NEW: Duration = Duration::from_hours(14 * 24);
/// The time for which an assignment stays on the list after it was due, if nothing was submitted.
const AFTERWARDS: Duration = Duration::from_hours(24);

/// The first page of a person.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What is due for them as a student, soonest first.
    pub due: Vec<DueForMe>,
    /// Their new feedback, newest first.
    pub feedback: Vec<NewFeedback>,
    /// The courses whose work they read, as instructor or assistant, by name.
    pub taught: Vec<TaughtCourse>,
    /// The courses that they take, by name.
    pub taken: Vec<TakenCourse>,
    /// Whether they are in more courses than these.
    pub has_more: bool,
}

/// An assignment that is due for a student.
#[derive(Debug, Clone)]
pub struct DueForMe {
    /// The name of the course.
    pub course: String,
    /// The name of the assignment.
    pub assignment: String,
    /// The due time, with their extension.
    pub due_at: Timestamp,
    /// The time of their latest submission.
    pub submitted_at: Option<Timestamp>,
}

/// Feedback that a student got lately.
#[derive(Debug, Clone)]
pub struct NewFeedback {
    /// The name of the course.
    pub course: String,
    /// The name of the assignment.
    pub assignment: String,
    /// The number of the submission.
    pub submission: i64,
    /// The time of the feedback.
    pub returned_at: Timestamp,
}

/// A course that a person takes.
#[derive(Debug, Clone)]
pub struct TakenCourse {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// The assignment that is due next, and its due time for this person.
    pub next: Option<(String, Timestamp)>,
}

/// A course that a person teaches.
#[derive(Debug, Clone)]
pub struct TaughtCourse {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// The assignment that is due next.
    pub next: Option<NextDue>,
}

/// The assignment of a course that is due next.
#[derive(Debug, Clone)]
pub struct NextDue {
    /// Its name.
    pub assignment: String,
    /// The due time for everybody.
    pub due_at: Timestamp,
    /// The number of people who have submitted.
    pub submitted: i64,
}

/// Returns the first page of the caller.
pub async fn of(exchange: &Exchange, caller: &Caller) -> Result<Desk> {
    exchange
        .read_own(caller, move |op| {
            let now = Timestamp::now();
            let groups = op.exchange.policy.groups(op.caller);
            let (courses, has_more) = store::courses::of_person(
                op.conn,
                op.caller.name(),
                &groups,
                "",
                Portion::of(COURSES),
            )?;
            let names: Vec<&str> = courses.iter().map(|(name, _)| name.as_str()).collect();
            let since = now.before(AFTERWARDS);
            let (due, mut titles) = if names.is_empty() {
                (Vec::new(), HashMap::new())
            } else {
                let due = store::desk::due(op.conn, op.caller.name(), &names, since, ASSIGNMENTS)?;
                (due, store::courses::titles(op.conn, &names)?)
            };
            let role_in: HashMap<&str, Role> = courses
                .iter()
                .map(|(name, role)| (name.as_str(), *role))
                .collect();
            let teaches = |course: &str| {
                role_in
                    .get(course)
                    .is_some_and(|role| *role > Role::Student)
            };
            let next_taught = next(&due, now, |item| teaches(&item.course));
            let mut desk = Desk {
                due: due_for_me(op, &due, now, &teaches)?,
                feedback: new_feedback(op, now)?,
                taught: Vec::new(),
                taken: Vec::new(),
                has_more,
            };
            let next_taken = next(&due, now, |item| {
                !teaches(&item.course) && item.dates.is_open(now)
            });
            let submitted = if next_taught.is_empty() {
                HashMap::new()
            } else {
                store::desk::submitters(op.conn, next_taught.values().map(|item| item.id))?
            };
            for (name, role) in &courses {
                if *role > Role::Student {
                    let next = next_taught.get(name.as_str());
                    desk.taught.push(TaughtCourse {
                        name: name.clone(),
                        title: titles.remove(name),
                        next: next.and_then(|item| {
                            Some(NextDue {
                                assignment: item.assignment.clone(),
                                due_at: item.dates.due_at?,
                                submitted: submitted.get(&item.id).copied().unwrap_or(0),
                            })
                        }),
                    });
                } else {
                    let next = next_taken.get(name.as_str());
                    desk.taken.push(TakenCourse {
                        name: name.clone(),
                        title: titles.remove(name),
                        next: next
                            .and_then(|item| Some((item.assignment.clone(), item.dates.due_at?))),
                    });
                }
            }
            Ok(desk)
        })
        .await
}

/// Returns the assignment of each course that is due next, among those that fit.
fn next(
    due: &[store::desk::DueAssignment],
    now: Timestamp,
    fits: impl Fn(&store::desk::DueAssignment) -> bool,
) -> HashMap<&str, &store::desk::DueAssignment> {
    let mut next: HashMap<&str, &store::desk::DueAssignment> = HashMap::new();
    let is_ahead = |dates: Dates| dates.due_at.is_some_and(|due| due >= now);
    for item in due.iter().filter(|item| is_ahead(item.dates) && fits(item)) {
        let best = next.entry(item.course.as_str()).or_insert(item);
        if item.dates.due_at < best.dates.due_at {
            *best = item;
        }
    }
    next
}

fn due_for_me(
    op: &mut super::op::Op<'_>,
    due: &[store::desk::DueAssignment],
    now: Timestamp,
    teaches: &impl Fn(&str) -> bool,
) -> Result<Vec<DueForMe>> {
    let mut mine: Vec<_> = due
        .iter()
        .filter(|item| !teaches(&item.course) && item.dates.is_open(now))
        .filter_map(|item| Some((item.dates.due_at?, item)))
        .collect();
    mine.sort_by_key(|(due_at, _)| *due_at);
    if mine.is_empty() {
        return Ok(Vec::new());
    }
    let ids = mine.iter().map(|(_, item)| item.id);
    let latest = store::desk::latest_of(op.conn, op.caller.name(), ids)?;
    let listed = mine.into_iter().filter_map(|(due_at, item)| {
        let submitted_at = latest.get(&item.id).copied();
        let is_over = due_at < now;
        let is_refused = item.dates.cut_off(now).is_some();
        (!is_over || (submitted_at.is_none() && !is_refused)).then(|| DueForMe {
            course: item.course.clone(),
            assignment: item.assignment.clone(),
            due_at,
            submitted_at,
        })
    });
    Ok(listed.take(DUE).collect())
}

fn new_feedback(op: &mut super::op::Op<'_>, now: Timestamp) -> Result<Vec<NewFeedback>> {
    let since = now.before(NEW);
    let rows = store::desk::recent_feedback(op.conn, op.caller.name(), since, now, FEEDBACK)?;
    let new = rows.into_iter().map(|row| NewFeedback {
        course: row.course,
        assignment: row.assignment,
        submission: row.submission,
        returned_at: row.returned_at,
    });
    Ok(new.collect())
}

impl Desk {
    /// Whether the person is in no course.
    pub const fn is_empty(&self) -> bool {
        self.taught.is_empty() && self.taken.is_empty()
    }
}
