//! The sights that are noted for students: the versions of assignments that they have fetched, and the feedback that they have read.
//!
//! It is noted after the reply, by a task that nobody waits for. A reader who comes again soon causes no change.

use super::op::{CourseOp, Need};
use super::policy::Right;
use super::upkeep::measure::ExchangeMetrics;
use super::{Exchange, Result};
use crate::late_cache::LateCache;
use moka::sync::Cache;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::{Caller, CallerKind};
use nbcourier_storage::seen::{self as rows, Sight};
use nbcourier_storage::{self as store, Lock, Portion};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The time within which the same is noted once for a student.
const PAUSE: Duration = Duration::from_mins(10);
/// The same time in microseconds.
const PAUSE_MICROS: i64 = 10 * 60 * 1_000_000;
/// The time for which a note waits for others.
const GATHERING: Duration = Duration::from_secs(1);
/// Maximum number of notes that wait. Further ones are dropped.
const WAITING: usize = 10_000;
/// Maximum number of notes in one transaction, so that other writers do not wait long.
const AT_ONCE: usize = 100;
/// Maximum number of notes that are remembered, so that they are not written again.
const REMEMBERED: u64 = 50_000;

/// The times at which a student saw something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The first time.
    pub first_at: Timestamp,
    /// The last time that was noted.
    pub last_at: Timestamp,
    /// The number of times that were noted. Within ten minutes only one is.
    pub number: i64,
}

impl Times {
    pub(super) fn new(row: rows::Times) -> Self {
        Self {
            first_at: row.first_at,
            last_at: row.last_at,
            number: row.number,
        }
    }
}

/// A note that a student has seen something.
#[derive(Debug, Clone)]
struct Note {
    student: UserName,
    sight: Sight,
    at: Timestamp,
}

/// The notes of an exchange that wait to be written.
#[derive(Clone)]
pub(super) struct Notes(Arc<Queue>);

struct Queue {
    waiting: Mutex<Vec<Note>>,
    /// The sights that were noted in the last minutes.
    lately: LateCache<(Sight, UserName), ()>,
    woken: Notify,
    /// Held while notes are written.
    writing: tokio::sync::Mutex<()>,
    metrics: Arc<ExchangeMetrics>,
}

impl Notes {
    pub fn new(metrics: &Arc<ExchangeMetrics>) -> Self {
        let lately = LateCache::new(|| {
            let lately = Cache::builder().max_capacity(REMEMBERED);
            lately.time_to_live(PAUSE).build()
        });
        Self(Arc::new(Queue {
            waiting: Mutex::default(),
            lately,
            woken: Notify::new(),
            writing: tokio::sync::Mutex::default(),
            metrics: Arc::clone(metrics),
        }))
    }

    fn add(&self, student: &UserName, sight: Sight) {
        let queue = &self.0;
        let key = (sight, student.clone());
        if !queue.lately.entry(key).or_insert(()).is_fresh() {
            return;
        }
        let note = Note {
            student: student.clone(),
            sight,
            at: Timestamp::now(),
        };
        let mut waiting = queue.waiting();
        if waiting.len() < WAITING {
            waiting.push(note);
            drop(waiting);
            queue.woken.notify_one();
        } else {
            drop(waiting);
            queue.give_up([note]);
        }
    }
}

impl Queue {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Note>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Vec<Note> {
        let mut waiting = self.waiting();
        let number = waiting.len().min(AT_ONCE);
        waiting.drain(..number).collect()
    }

    /// Forgets notes that are not written. The next reading is noted again.
    fn give_up(&self, notes: impl IntoIterator<Item = Note>) {
        for note in notes {
            self.lately.invalidate(&(note.sight, note.student));
            self.metrics.unnoted.inc();
        }
    }
}

/// The sights in a reply that are noted for its reader.
#[must_use]
#[derive(Clone, Default)]
pub struct Seen(Option<Box<Reading>>);

#[derive(Clone)]
struct Reading {
    notes: Notes,
    student: UserName,
    sights: Vec<Sight>,
}

impl Seen {
    /// Returns a reply's part that is not noted.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether nothing is noted.
    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    /// Notes it, once the reply was sent. It waits for nothing.
    pub fn note(self) {
        if let Some(reading) = self.0 {
            for sight in reading.sights {
                reading.notes.add(&reading.student, sight);
            }
        }
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sights = self.0.as_ref().map(|reading| &reading.sights);
        f.debug_tuple("Seen").field(&sights).finish()
    }
}

impl CourseOp<'_> {
    /// Returns what the caller sees by fetching the version with this row. Only that of students is noted.
    pub fn sees_release(&self, release: i64) -> Seen {
        if !self.standing.is_student() {
            return Seen::nothing();
        }
        self.seen([Sight::Release(release)])
    }

    /// Returns what the caller sees by reading feedback: the row of each, with the student who submitted. Only their own
    /// is noted, and not that of those who teach.
    pub fn sees_feedback<'a>(&self, feedback: impl IntoIterator<Item = (i64, &'a str)>) -> Seen {
        if self.standing.is_staff() {
            return Seen::nothing();
        }
        let own = feedback.into_iter();
        let own = own.filter(|(_, student)| *student == self.caller.name().as_str());
        self.seen(own.map(|(feedback, _)| Sight::Feedback(feedback)))
    }

    fn seen(&self, sights: impl IntoIterator<Item = Sight>) -> Seen {
        let sights: Vec<Sight> = sights.into_iter().collect();
        if sights.is_empty() || self.caller.kind() != CallerKind::User {
            return Seen::nothing();
        }
        Seen(Some(Box::new(Reading {
            notes: self.exchange.notes.clone(),
            student: self.caller.name().clone(),
            sights,
        })))
    }
}

/// Writes what students see, for as long as the server runs.
pub async fn write_regularly(exchange: Exchange) {
    loop {
        exchange.notes.0.woken.notified().await;
        tokio::time::sleep(GATHERING).await;
        write_waiting(&exchange).await;
    }
}

/// Writes all notes that wait. If that fails, they are dropped, since no reader may wait for it.
pub async fn write_waiting(exchange: &Exchange) {
    let queue = Arc::clone(&exchange.notes.0);
    let _alone = queue.writing.lock().await;
    loop {
        let notes = queue.next();
        if notes.is_empty() {
            return;
        }
        let written = notes.clone();
        let change = move |conn: &mut store::Connection| {
            // A change of a name takes the person's notes along, or comes before them.
            conn.lock(written.iter().map(|note| Lock::PersonShared(&note.student)))?;
            for note in &written {
                rows::note(conn, &note.student, note.sight, note.at, PAUSE_MICROS)?;
            }
            Ok(())
        };
        if let Err(error) = exchange.without_policy().write(change).await {
            let rest = std::mem::take(&mut *queue.waiting());
            log::warn!(
                "What {} students have seen was not noted: {error}",
                notes.len() + rest.len()
            );
            queue.give_up(notes.into_iter().chain(rest));
            return;
        }
    }
}

/// A version that a student has fetched.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The student.
    pub student: String,
    /// The number of the version.
    pub version: i64,
    /// The times.
    pub times: Times,
}

/// The position of a fetch among those of an assignment: by student, then by version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The student.
    pub student: String,
    /// The number of the version.
    pub version: i64,
}

/// A page of the fetches of an assignment.
#[derive(Debug, Clone)]
pub struct FetchPage {
    /// The fetches, by student and version.
    pub fetches: Vec<Fetch>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` fetches of an assignment after that position. The assignment need not be released now.
pub async fn fetches(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<Position>,
    at_most: usize,
) -> Result<FetchPage> {
    exchange
        .read_in(caller, course, Need::May(Right::ReadWork), move |op| {
            let id = op.assignment(&assignment)?;
            let after = after.as_ref();
            let after = after.map_or(("", 0), |after| (after.student.as_str(), after.version));
            let portion = Portion::of(at_most);
            let (fetches, is_more) = rows::fetches(op.conn, id, after, portion)?;
            let next = fetches.last().filter(|_| is_more);
            let next = next.map(|last| Position {
                student: last.student.clone(),
                version: last.version,
            });
            let fetches = fetches.into_iter().map(|row| Fetch {
                student: row.student,
                version: row.version,
                times: Times::new(row.times),
            });
            Ok(FetchPage {
                fetches: fetches.collect(),
                next,
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn student(number: usize) -> UserName {
        UserName::parse(format!("s{number}")).unwrap()
    }

    #[test]
    fn notes_over_the_limit_are_counted_and_come_again_with_the_next_reading() {
        let metrics: Arc<ExchangeMetrics> = Arc::default();
        let notes = Notes::new(&metrics);
        for number in 0..WAITING + 2 {
            notes.add(&student(number), Sight::Release(1));
        }
        assert_eq!(notes.0.waiting().len(), WAITING);
        assert_eq!(metrics.unnoted.get(), 2);
        assert_eq!(notes.0.next().len(), AT_ONCE);
        // Only those that were dropped are noted again.
        for number in 0..WAITING + 2 {
            notes.add(&student(number), Sight::Release(1));
        }
        assert_eq!(notes.0.waiting().len(), WAITING - AT_ONCE + 2);
        assert_eq!(metrics.unnoted.get(), 2);
    }

    #[test]
    fn a_note_that_waits_is_not_added_again() {
        let notes = Notes::new(&Arc::default());
        for _ in 0..3 {
            notes.add(&student(1), Sight::Release(1));
            notes.add(&student(1), Sight::Feedback(1));
            notes.add(&student(2), Sight::Release(1));
        }
        assert_eq!(notes.0.waiting().len(), 3);
    }
}
