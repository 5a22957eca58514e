//! The deliveries at the starts of servers, as the programs of members report them.
//!
//! A report is the word of the person's own program. It proves nothing, and nothing is decided by it. It is no event, since
//! it changes nothing in the course.

use super::op::{Need, Place};
use super::policy::Right;
use super::upkeep::gc;
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, DirectoryName, StartOutcome, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::starts as rows;
use nbcourier_storage::{Connection, Lock, Portion};
use std::time::Duration;

/// The maximum length of a report in bytes.
pub const LONGEST: usize = 16 * 1024;
/// The number of starts of a person that are kept in a course.
const KEPT: usize = 50;
/// The time for which they are kept.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);
/// The maximum number of bytes of text in a page. The JSON of reports takes many times as much memory.
const PAGE_BYTES: usize = 256 * 1024;
/// The maximum number of groups in a summary.
const GROUPS: usize = 50;

/// A start to note.
#[derive(Debug, Clone)]
pub struct NewStart {
    /// The directory that was delivered, if the report has one.
    pub directory: Option<DirectoryName>,
    /// The outcome.
    pub outcome: StartOutcome,
    /// The duration in milliseconds.
    pub millis: u32,
    /// The version that the folder has.
    pub version: Option<i64>,
    /// Further details, as JSON of at most [`LONGEST`] bytes.
    pub report: Option<String>,
}

/// A start that was noted.
#[derive(Debug, Clone)]
pub struct StartView {
    /// The number. Later starts have larger ones.
    pub id: i64,
    /// The person whose server started.
    pub person: String,
    /// The name of the directory, if the report has one.
    pub directory: Option<String>,
    /// The time of the report.
    pub at: Timestamp,
    /// The outcome, in a word.
    pub outcome: String,
    /// The duration in milliseconds.
    pub millis: i64,
    /// The version that the folder has.
    pub version: Option<i64>,
    /// Further details, as JSON.
    pub report: Option<String>,
}

impl StartView {
    pub(super) fn new(row: rows::Start) -> Self {
        Self {
            id: row.id,
            person: row.person,
            directory: row.directory,
            at: Timestamp::from_micros(row.at),
            outcome: row.outcome,
            millis: row.millis,
            version: row.version,
            report: row.report,
        }
    }
}

/// The starts that a caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct StartFilter {
    /// Only those of this person.
    pub person: Option<UserName>,
    /// Only those with this outcome.
    pub outcome: Option<StartOutcome>,
    /// Only those before the one with this number.
    pub before: Option<i64>,
}

/// The members whose last starts were alike.
#[derive(Debug, Clone)]
pub struct Alike {
    /// The name of the directory, if their reports have one.
    pub directory: Option<String>,
    /// The outcome, in a word. Folders that have a whole version have the outcome `unchanged`.
    pub outcome: String,
    /// The version of such folders.
    pub version: Option<i64>,
    /// The number of people.
    pub people: i64,
    /// The report of the newest of these starts if it failed, or was done in part.
    pub report: Option<String>,
}

/// A page of the starts in a course.
#[derive(Debug, Clone)]
pub struct StartPage {
    /// The starts, the newest first.
    pub starts: Vec<StartView>,
    /// How the last starts of the members went. Only the first page has it.
    pub summary: Option<Vec<Alike>>,
    /// The start after which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Checks that the caller may report starts in the course, before the body of the request is read.
pub async fn ready(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<()> {
    let check = exchange.read_in(caller, course, Need::May(Right::TakePart), |_| Ok(()));
    check.await
}

/// Notes a start of the caller's own server.
pub async fn note(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    new: NewStart,
) -> Result<()> {
    let note = exchange.write_in(caller, course, Need::May(Right::TakePart), move |op| {
        let person = op.caller.name();
        // A change of the name takes the start along, or comes before it.
        op.conn.lock([Lock::PersonShared(person)])?;
        let row = rows::NewStart {
            course: op.standing.course,
            person,
            directory: new.directory.as_ref().map(DirectoryName::as_str),
            at: Timestamp::now(),
            outcome: new.outcome.word(),
            millis: i64::from(new.millis),
            version: new.version,
            report: new.report.as_deref(),
        };
        Ok(rows::add(op.conn, &row, KEPT)?)
    });
    note.await
}

/// Returns at most `at_most` starts in a course, for those who read all work. Long reports make the page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    filter: StartFilter,
    at_most: usize,
) -> Result<StartPage> {
    let read = exchange.read_in(caller, course, Need::May(Right::SeeActivity), move |op| {
        let wanted = rows::StartFilter {
            person: filter.person.as_ref().map(UserName::as_str),
            outcome: filter.outcome.map(StartOutcome::word),
            before: filter.before,
        };
        let portion = Portion {
            rows: at_most,
            bytes: PAGE_BYTES,
        };
        let (starts, is_more) = rows::page(op.conn, op.standing.course, wanted, portion)?;
        let next = starts.last().filter(|_| is_more).map(|start| start.id);
        let is_first = filter.before.is_none();
        Ok(StartPage {
            starts: starts.into_iter().map(StartView::new).collect(),
            summary: is_first
                .then(|| alike(op.conn, op.standing.course))
                .transpose()?,
            next,
        })
    });
    read.await
}

/// Returns how the last starts of the members went, for those who read all work.
pub async fn summary(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
) -> Result<Vec<Alike>> {
    let read = exchange.read_in(caller, course, Need::May(Right::SeeActivity), |op| {
        alike(op.conn, op.standing.course)
    });
    read.await
}

fn alike(conn: &mut Connection, course: i64) -> Result<Vec<Alike>> {
    let groups = rows::alike(conn, course, GROUPS)?;
    let groups = groups.into_iter().map(|group| Alike {
        report: group.report,
        directory: group.directory,
        outcome: group.outcome,
        version: group.version,
        people: group.people,
    });
    Ok(groups.collect())
}

/// Removes the starts that were kept long enough.
pub(super) fn forget(conn: &mut Connection) -> Result<()> {
    Ok(rows::purge_before(conn, gc::limit(KEPT_FOR))?)
}
