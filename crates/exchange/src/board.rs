//! The class of an assignment, for those who read all work: who has submitted and who has not, and how it goes.

use super::dates::NotedExtension;
use super::op::{CourseOp, Need, Place};
use super::overview::{self, Assignment, Counts, FeedbackState};
use super::policy::{May, Right};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Dates, OwnTime, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Maximum number of people of a class on a page with all of them.
const PEOPLE: Portion = Portion {
    rows: 50_000,
    bytes: 8 * 1024 * 1024,
};
/// A minute in microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// The class of an assignment.
#[derive(Debug, Clone)]
pub struct Board {
    /// The dates for everybody.
    pub dates: Dates,
    /// The current version and the time of its release, if it is released.
    pub release: Option<(i64, Timestamp)>,
    /// The students, by last name, first name and user name; after them, others who have submitted.
    pub people: Vec<BoardRow>,
    /// The numbers of the class.
    pub counts: BoardCounts,
    /// The students whose newest fetched version is this one, newest version first.
    pub fetched: Vec<(i64, usize)>,
    /// The times of the first submission of each person, oldest first.
    pub first_submissions: Vec<Timestamp>,
    /// A number that grows with every change of the course.
    pub version: i64,
    /// The rights of the caller.
    pub may: May,
}

/// The reason for a look at a class. The caller needs the right to it, and the right to read all work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// See who has submitted.
    Look,
    /// Give students more time.
    GiveTime,
    /// Set the dates.
    SetDates,
    /// Take the release back.
    Release,
    /// Move the assignment to the trash.
    Delete,
}

impl Purpose {
    fn right(self) -> Right {
        match self {
            Self::Look => Right::ReadWork,
            Self::GiveTime => Right::GiveTime,
            Self::SetDates => Right::SetDates,
            Self::Release => Right::Release,
            Self::Delete => Right::Trash,
        }
    }
}

/// A person on a board.
#[derive(Debug, Clone)]
pub struct BoardRow {
    /// The user name.
    pub username: String,
    /// First name, as on the roster.
    pub first_name: Option<String>,
    /// Last name, as on the roster.
    pub last_name: Option<String>,
    /// Whether they are a student of the course.
    pub enrolled: bool,
    /// The time that they have of their own.
    pub own: OwnTime,
    /// The newest version that they have fetched.
    pub fetched: Option<i64>,
    /// Their submissions, if there are any.
    pub work: Option<BoardWork>,
}

/// A person's submissions to the assignment.
#[derive(Debug, Clone, Copy)]
pub struct BoardWork {
    /// The time of the latest submission.
    pub last_at: Timestamp,
    /// The number of submissions.
    pub number: usize,
    /// The state of the feedback.
    pub feedback: FeedbackState,
}

impl BoardRow {
    /// Whether they are a student who has neither submitted nor fetched the assignment.
    pub const fn is_untouched(&self) -> bool {
        self.enrolled && self.work.is_none() && self.fetched.is_none()
    }

    /// Returns the dates that hold for this person.
    pub fn dates(&self, of_all: Dates) -> Dates {
        of_all.of_student(self.own)
    }

    /// Whether they have an extension, or other dates than everybody.
    pub fn is_extended(&self, of_all: Dates) -> bool {
        of_all.are_extended_by(self.own)
    }

    /// Whether the latest submission is late.
    pub fn is_late(&self, of_all: Dates) -> bool {
        let dates = self.dates(of_all);
        self.work.is_some_and(|work| dates.is_late(work.last_at))
    }
}

/// Numbers of people for an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoardCounts {
    /// Students of the course.
    pub enrolled: usize,
    /// People with a submission.
    pub submitted: usize,
    /// Students without a submission.
    pub missing: usize,
    /// Students without a submission who have more time.
    pub missing_extended: usize,
    /// Students who have neither submitted nor fetched the assignment.
    pub untouched: usize,
    /// People whose latest submission is late.
    pub late: usize,
    /// People whose latest submission has feedback.
    pub feedback: usize,
    /// Students with more time.
    pub extended: usize,
    /// Students with an extension of this assignment.
    pub extensions: usize,
    /// Submissions in the last minute.
    pub last_minute: usize,
    /// Submissions in the last five minutes.
    pub last_five_minutes: usize,
}

/// Returns the class of an assignment. The assignment need not be released. The number of SQL statements does not depend
/// on the size of the class.
pub async fn of(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    assignment: &AssignmentId,
    purpose: Purpose,
) -> Result<Board> {
    let (need, assignment) = (Need::May(purpose.right()), assignment.clone());
    let read = exchange.read_in(caller, course, need, move |op| {
        op.standing.require(Right::ReadWork)?;
        board(op, &assignment)
    });
    read.await
}

fn board(op: &mut CourseOp<'_>, assignment: &AssignmentId) -> Result<Board> {
    let found = store::board::assignment(op.conn, op.standing.course, assignment)?
        .ok_or(Error::NotFound(Thing::Assignment))?;
    let now = Timestamp::now();
    let mut counts = BoardCounts::default();
    let mut work: HashMap<String, BoardWork> = HashMap::new();
    let mut first_submissions = Vec::new();
    store::board::each_submission(op.conn, found.id, |student, at, has_feedback| {
        let age = now.micros() - at.micros();
        counts.last_minute += usize::from(age < MINUTE);
        counts.last_five_minutes += usize::from(age < 5 * MINUTE);
        if !work.contains_key(&student) {
            first_submissions.push(at);
        }
        let before = work.get(&student).copied();
        let feedback = match before.map(|work| work.feedback) {
            _ if has_feedback => FeedbackState::Returned,
            None | Some(FeedbackState::None) => FeedbackState::None,
            Some(_) => FeedbackState::Outdated,
        };
        let number = before.map_or(0, |work| work.number) + 1;
        work.insert(
            student,
            BoardWork {
                last_at: at,
                number,
                feedback,
            },
        );
    })?;
    first_submissions.sort_unstable();
    let wanted = op.members(Some(Role::Student));
    let rows = store::board::people(op.conn, wanted, found.id, PEOPLE)?;
    let rows = rows.into_iter().map(|person| BoardRow {
        work: work.remove(&person.username),
        username: person.username,
        first_name: person.first_name,
        last_name: person.last_name,
        enrolled: person.enrolled,
        own: person.own,
        fetched: person.fetched,
    });
    let mut people: Vec<BoardRow> = rows.collect();
    counts.enrolled = people.iter().filter(|person| person.enrolled).count();
    let mut versions: BTreeMap<i64, usize> = BTreeMap::new();
    let enrolled = people.iter().filter(|person| person.enrolled);
    for version in enrolled.filter_map(|person| person.fetched) {
        *versions.entry(version).or_default() += 1;
    }
    people.sort_by_cached_key(sorting_key);
    for person in &people {
        count(&mut counts, person, found.dates);
    }
    Ok(Board {
        dates: found.dates,
        release: found.release,
        people,
        counts,
        fetched: versions.into_iter().rev().collect(),
        first_submissions,
        version: found.last_event,
        may: op.standing.into(),
    })
}

fn count(counts: &mut BoardCounts, person: &BoardRow, dates: Dates) {
    let is_extended = person.is_extended(dates);
    counts.extended += usize::from(is_extended);
    counts.extensions += usize::from(person.own.extension.is_some());
    counts.untouched += usize::from(person.is_untouched());
    match person.work {
        Some(work) => {
            counts.submitted += 1;
            counts.late += usize::from(person.is_late(dates));
            counts.feedback += usize::from(work.feedback == FeedbackState::Returned);
        }
        None if person.enrolled => {
            counts.missing += 1;
            counts.missing_extended += usize::from(is_extended);
        }
        None => {}
    }
}

/// Returns the key by which people are sorted: students first, by name without accents, and those without a name last.
fn sorting_key(person: &BoardRow) -> (bool, bool, String, String, String) {
    let small = |name: &Option<String>| -> String {
        let name = name.as_deref().unwrap_or_default().trim().to_lowercase();
        let letters = name.nfd().filter(|letter| !is_combining_mark(*letter));
        // Letters that are no other letter with an accent.
        let letters = letters.map(|letter| match letter {
            'ø' => 'o',
            'ł' => 'l',
            'đ' => 'd',
            'ı' => 'i',
            other => other,
        });
        letters.collect()
    };
    let (last, first) = (small(&person.last_name), small(&person.first_name));
    (
        !person.enrolled,
        last.is_empty() && first.is_empty(),
        last,
        first,
        person.username.clone(),
    )
}

/// A course for those who read all work.
#[derive(Debug, Clone)]
pub struct CourseSummary {
    /// The assignments, in the order they were created, with their numbers.
    pub assignments: Vec<(Assignment, Counts)>,
    /// The number of students.
    pub students: usize,
    /// The rights of the caller.
    pub may: May,
}

/// Returns the assignments of a course with their numbers.
pub async fn summary(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
) -> Result<CourseSummary> {
    exchange
        .read_in(caller, course, Need::May(Right::ReadWork), |op| {
            let wanted = op.members(Some(Role::Student));
            let (all, students) = store::overview::assignments(op.conn, wanted)?;
            Ok(CourseSummary {
                assignments: overview::numbers(op, wanted, (all, students), |_, _, _| {})?,
                students,
                may: op.standing.into(),
            })
        })
        .await
}

/// Returns a number that grows with every change of the course, for those who read all work.
pub async fn version(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<i64> {
    exchange
        .read_in(caller, course, Need::May(Right::ReadWork), |op| {
            Ok(store::board::last_event(op.conn, op.standing.course)?)
        })
        .await
}

/// Returns the name under which a person is listed: last name first.
pub fn listed_name(first: Option<&str>, last: Option<&str>, username: &str) -> String {
    let clean = |name: Option<&str>| {
        name.map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    };
    match (clean(first), clean(last)) {
        (Some(first), Some(last)) => format!("{last}, {first}"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => username.to_owned(),
    }
}

/// Extensions for several students, given together.
pub struct ReadyToExtend {
    entry: super::op::Entry,
    assignment: AssignmentId,
}

/// Checks that the caller may give extensions for the assignment.
pub async fn ready_to_extend(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<ReadyToExtend> {
    let entry = exchange.enter(caller, course, Need::May(Right::GiveTime))?;
    let name = assignment.clone();
    entry.read(move |op| op.assignment(&name).map(drop)).await?;
    Ok(ReadyToExtend { entry, assignment })
}

impl ReadyToExtend {
    /// Gives each student their extension, to all of them or to none.
    pub async fn extend(self, extensions: Vec<(UserName, NotedExtension)>) -> Result<()> {
        let Self { entry, assignment } = self;
        let change = entry.write(move |op| {
            for (student, noted) in &extensions {
                super::dates::extend_in(op, &assignment, student, noted)?;
            }
            Ok(())
        });
        change.await
    }
}
