//! Everything that is stored about a person and by them, for giving them a copy.

use super::allowances::NotedAllowance;
use super::dates::NotedExtension;
use super::events::Event;
use super::files::trees::{TreeFiles, TreeId};
use super::people::{self, Footprint};
use super::seen::Times;
use super::starts::StartView;
use super::{Error, Exchange, Result};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::dossier::{self as rows, FeedbackSide};
use nbcourier_storage::events::EventFilter;
use nbcourier_storage::{self as store, Portion};
use serde_json::Value;

/// Maximum number of events read at a time.
const PAGE: usize = 1000;

/// An assignment of a course.
#[derive(Debug, Clone)]
pub struct AssignmentOf {
    /// The name of the course.
    pub course: String,
    /// The name of the assignment.
    pub assignment: String,
}

impl AssignmentOf {
    fn new((course, assignment): rows::AssignmentNames) -> Self {
        Self { course, assignment }
    }
}

/// A submission of the person.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its number.
    pub id: i64,
    /// Its assignment.
    pub of: AssignmentOf,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// Whether the submission, its assignment or its course is in the trash.
    pub is_deleted: bool,
    /// Its tree.
    pub tree: TreeId,
    /// The digest of the tree.
    pub digest: Sha256Sum,
}

impl Submission {
    fn new(row: rows::Submission) -> Self {
        Self {
            id: row.id,
            of: AssignmentOf::new(row.place),
            submitted_at: row.submitted_at,
            submitted_by: row.submitted_by,
            is_deleted: row.is_deleted,
            tree: TreeId(row.tree_id),
            digest: row.digest,
        }
    }
}

/// Feedback on a submission.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// Its number.
    pub id: i64,
    /// The number of the submission.
    pub submission: i64,
    /// The assignment.
    pub of: AssignmentOf,
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The person who gave it.
    pub returned_by: String,
    /// Whether the feedback itself is in the trash.
    pub is_deleted: bool,
    /// Its tree.
    pub tree: TreeId,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

impl Feedback {
    fn new(row: rows::Feedback) -> Self {
        Self {
            id: row.id,
            submission: row.submission,
            of: AssignmentOf::new(row.place),
            returned_at: row.returned_at,
            returned_by: row.returned_by,
            is_deleted: row.is_deleted,
            tree: TreeId(row.tree_id),
            digest: row.digest,
            read: row.read.map(Times::new),
        }
    }
}

/// A version that the person has fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its assignment.
    pub of: AssignmentOf,
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The times.
    pub times: Times,
}

impl Fetched {
    fn new((of, version, times): rows::Fetched) -> Self {
        Self {
            of: AssignmentOf::new(of),
            version,
            times: Times::new(times),
        }
    }
}

/// A version that the person released.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its assignment.
    pub of: AssignmentOf,
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
}

impl Release {
    fn new((of, version, released_at): rows::Released) -> Self {
        Self {
            of: AssignmentOf::new(of),
            version,
            released_at,
        }
    }
}

/// Everything but the files and the events, of which there are many.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The rows that name the person, with their details on rosters.
    pub footprint: Footprint,
    /// Their submissions.
    pub submissions: Vec<Submission>,
    /// The feedback on their submissions.
    pub feedback: Vec<Feedback>,
    /// Their extensions.
    pub extensions: Vec<(AssignmentOf, NotedExtension)>,
    /// Their allowances, with the names of the courses.
    pub allowances: Vec<(String, NotedAllowance)>,
    /// The versions that they have fetched.
    pub fetches: Vec<Fetched>,
    /// The starts of their servers, with the names of the courses.
    pub starts: Vec<(String, StartView)>,
    /// Their work on notebooks, by course and day.
    pub activity: Vec<store::activity::DailySum>,
    /// The versions that they released.
    pub releases: Vec<Release>,
    /// The feedback that they gave.
    pub given_feedback: Vec<Feedback>,
}

/// Returns everything but files and events. Returns `NothingStored` if the dossier would be empty.
pub async fn open(exchange: &Exchange, caller: &Caller, person: UserName) -> Result<Dossier> {
    exchange
        .read_as_admin(caller, move |op| {
            let conn = &mut *op.conn;
            let footprint = people::footprint(conn, &person)?;
            if footprint.is_empty() {
                return Err(Error::NothingStored(person));
            }
            Ok(Dossier {
                footprint,
                submissions: all(rows::submissions(conn, &person)?, Submission::new),
                feedback: all(
                    rows::feedback(conn, &person, FeedbackSide::Got)?,
                    Feedback::new,
                ),
                extensions: all(rows::extensions(conn, &person)?, |(of, noted)| {
                    (AssignmentOf::new(of), NotedExtension::new(noted))
                }),
                allowances: all(
                    store::allowances::of_person(conn, &person)?,
                    |(course, row)| (course, NotedAllowance::new(row)),
                ),
                fetches: all(rows::fetches(conn, &person)?, Fetched::new),
                starts: all(store::starts::of_person(conn, &person)?, |(course, row)| {
                    (course, StartView::new(row))
                }),
                activity: store::activity::of_person(conn, &person)?,
                releases: all(rows::releases(conn, &person)?, Release::new),
                given_feedback: all(
                    rows::feedback(conn, &person, FeedbackSide::Gave)?,
                    Feedback::new,
                ),
            })
        })
        .await
}

fn all<R, T>(rows: Vec<R>, new: impl FnMut(R) -> T) -> Vec<T> {
    rows.into_iter().map(new).collect()
}

/// Returns the files of one of the dossier's trees.
pub async fn files(exchange: &Exchange, caller: &Caller, tree: TreeId) -> Result<TreeFiles> {
    let read = exchange.read_as_admin(caller, move |op| {
        Ok(TreeFiles::new(store::trees::files(op.conn, tree.0)?))
    });
    read.await
}

/// Returns the next events before the given number that name the person, newest first. Returns none at the end.
pub async fn events(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    before: Option<i64>,
) -> Result<Vec<Event>> {
    let read = exchange.read_as_admin(caller, move |op| {
        let wanted = EventFilter {
            before,
            person: Some(&person),
            ..EventFilter::default()
        };
        let (events, _) = store::events::page(op.conn, wanted, Portion::of(PAGE))?;
        Ok(all(events, |event| {
            without_others(Event::new(event), &person)
        }))
    });
    read.await
}

/// Returns the event without the details of other people on the roster that it changed.
fn without_others(mut event: Event, person: &UserName) -> Event {
    let detail = event.detail.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(mut detail)) = detail else {
        return event;
    };
    if let Some(before) = detail.get_mut("before").and_then(Value::as_array_mut) {
        before.retain(|one| one["username"] == person.as_str());
        event.detail = Some(detail.to_string());
    }
    event
}
