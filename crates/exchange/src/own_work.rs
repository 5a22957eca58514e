//! A student's own view of a course: what is due for them, what they have submitted, and the feedback on it.

use super::allowances::NotedAllowance;
use super::events::Event;
use super::files::trees::{FoundTree, TreeFiles};
use super::history::{self, FeedbackHistory, Position};
use super::op::{CourseOp, Need, Place};
use super::overview::StudentSubmissions;
use super::policy::Right;
use super::receipts::Receipt;
use super::submission_pages::{CurrentFeedback, ListedSubmission};
use super::{Exchange, Result, events};
use nbcourier_domain::{AssignmentId, Dates, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::assignments::ReleaseFilter;
use nbcourier_storage::submission_pages::{After, SubmissionFilter};
use nbcourier_storage::{self as store, Portion};
use std::collections::{BTreeMap, HashMap};

/// Maximum number of released assignments that are listed.
const ASSIGNMENTS: usize = 1000;
/// Maximum number of instructors that are listed.
const INSTRUCTORS: usize = 20;
/// Maximum number of refused submissions that are listed. The events of the course have the others.
const REFUSALS: usize = 10;

/// A course as one student sees it.
#[derive(Debug, Clone)]
pub struct OwnCourse {
    /// The assignments, newest release first. Those that are not released any more, but have submissions, come last.
    pub assignments: Vec<OwnAssignment>,
    /// The instructors, by hand and by a group of the hub, with the names that the roster has for them. Only the student
    /// gets them.
    pub instructors: Vec<String>,
    /// The last refusals of the student's submissions, newest first, if another person reads the page.
    pub refusals: Vec<Event>,
    /// The allowance of the student whose page is named, for those who may change it.
    pub allowance: Option<NotedAllowance>,
}

/// An assignment as one student sees it.
#[derive(Debug, Clone)]
pub struct OwnAssignment {
    /// Its name.
    pub name: String,
    /// Whether it is released.
    pub is_released: bool,
    /// The dates for this student.
    pub dates: Dates,
    /// Whether the student has an extension, or other dates than everybody.
    pub is_extended: bool,
    /// Their submissions, if there are any.
    pub submitted: Option<StudentSubmissions>,
    /// The time at which they first read the feedback on the latest submission.
    pub read_at: Option<Timestamp>,
}

/// Returns the course as the student sees it. Students see it for themselves, and instructors for any student.
pub async fn course(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    student: Option<UserName>,
) -> Result<OwnCourse> {
    let need = need(caller, student.as_ref());
    exchange
        .read_in(caller, course, need, move |op| {
            let is_named = student.is_some();
            let student = student.as_ref().unwrap_or(op.caller.name());
            let is_own = student == op.caller.name();
            let allowance = match (is_named, is_own) {
                (false, _) => None,
                // A person who teaches may give themselves an allowance, too.
                (true, true) => {
                    store::allowances::of_student(op.conn, op.standing.course, student)?
                }
                (true, false) => op.known(student)?.allowance,
            };
            let allowance = allowance.filter(|_| op.standing.may(Right::GiveTime));
            let wanted = ReleaseFilter {
                after: 0,
                open_at: Some(Timestamp::now()),
                student,
            };
            let (releases, _) = store::assignments::current_releases(
                op.conn,
                op.standing.course,
                wanted,
                Portion::of(ASSIGNMENTS),
            )?;
            let mut submitted = BTreeMap::new();
            let of_student = store::overview::of_student(op.conn, op.standing.course, student)?;
            for (assignment, work, read_at) in of_student {
                submitted.insert(assignment, (StudentSubmissions::new(work), read_at));
            }
            let listed = releases.into_iter().rev().map(|release| {
                let (work, read_at) = submitted.remove(&release.assignment).unzip();
                OwnAssignment {
                    submitted: work,
                    read_at: read_at.flatten(),
                    name: release.assignment,
                    is_released: true,
                    dates: release.dates.of_student(release.own),
                    is_extended: release.dates.are_extended_by(release.own),
                }
            });
            let mut assignments: Vec<OwnAssignment> = listed.collect();
            let withdrawn = submitted
                .into_iter()
                .map(|(name, (work, read_at))| OwnAssignment {
                    name,
                    is_released: false,
                    dates: Dates::default(),
                    is_extended: false,
                    submitted: Some(work),
                    read_at,
                });
            assignments.extend(withdrawn);
            let (instructors, refusals) = if is_own {
                (instructors(op)?, Vec::new())
            } else {
                (Vec::new(), events::refusals(op, student, REFUSALS)?)
            };
            Ok(OwnCourse {
                assignments,
                instructors,
                refusals,
                allowance: allowance.map(NotedAllowance::new),
            })
        })
        .await
}

fn instructors(op: &mut CourseOp<'_>) -> Result<Vec<String>> {
    let of_course = op.members(None);
    let teaching = store::members::instructors(op.conn, of_course, INSTRUCTORS)?;
    let names = teaching.into_iter().map(|one| {
        full_name(
            one.first_name.as_deref(),
            one.last_name.as_deref(),
            &one.username,
        )
    });
    Ok(names.collect())
}

/// Returns the right that the caller needs for a student's own view.
fn need(caller: &Caller, student: Option<&UserName>) -> Need {
    let is_own = student.is_none_or(|student| student == caller.name());
    Need::May(if is_own {
        Right::TakePart
    } else {
        Right::ReadWork
    })
}

/// Returns a person's name as pages show it: first and last name, else the user name.
pub fn full_name(first: Option<&str>, last: Option<&str>, username: &str) -> String {
    let parts = [first, last].into_iter().flatten();
    let parts: Vec<&str> = parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        username.to_owned()
    } else {
        parts.join(" ")
    }
}

/// An assignment with everything that one student needs to know of it.
#[derive(Debug, Clone)]
pub struct OwnDetails {
    /// The number of the released version.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The number of its files.
    pub files: i64,
    /// The number of its bytes.
    pub bytes: i64,
    /// The dates for this student.
    pub dates: Dates,
    /// Whether the student has an extension, or other dates than everybody.
    pub is_extended: bool,
    /// Their submissions, newest first.
    pub submissions: Vec<ListedSubmission>,
    /// Whether there are more submissions than these.
    pub has_more: bool,
    /// The current feedback on each submission that has some.
    pub feedback: HashMap<i64, CurrentFeedback>,
    /// The notebooks of the release.
    pub expected: Vec<String>,
    /// The notebooks of the release that the newest submission lacks.
    pub missing: Vec<String>,
}

/// The ending of a notebook's name.
const NOTEBOOK: &str = ".ipynb";

/// Returns a released assignment as the student sees it, with at most `at_most` submissions. Students see it for
/// themselves, and instructors for any student.
pub async fn assignment(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    assignment: AssignmentId,
    student: Option<UserName>,
    at_most: usize,
) -> Result<OwnDetails> {
    let need = need(caller, student.as_ref());
    exchange
        .read_in(caller, course, need, move |op| {
            let student = student.unwrap_or_else(|| op.caller.name().clone());
            let current = op.current_release(&assignment, &student)?;
            let wanted = SubmissionFilter {
                assignment: Some(current.assignment_id),
                student: Some(student.clone()),
                after: Some(After::Newest),
                ..SubmissionFilter::default()
            };
            let (rows, has_more) = store::submission_pages::page(
                op.conn,
                op.standing.course,
                &wanted,
                Portion::of(at_most),
            )?;
            let feedback = if rows.is_empty() {
                op.require_known(&student)?;
                HashMap::new()
            } else {
                store::feedback::current_of_all(op.conn, rows.iter().map(|row| row.id))?
            };
            let newest = rows.first().map(|row| row.tree_id);
            let trees = [current.tree_id].into_iter().chain(newest);
            let files = store::trees::files_of_all(op.conn, trees)?;
            let expected = notebooks(&TreeFiles::new(files.of(current.tree_id)?));
            let missing = match newest {
                Some(tree) => {
                    let sent = notebooks(&TreeFiles::new(files.of(tree)?));
                    let lacks = |name: &&String| !sent.contains(name);
                    expected.iter().filter(lacks).cloned().collect()
                }
                None => Vec::new(),
            };
            Ok(OwnDetails {
                version: current.version,
                released_at: current.released_at,
                files: current.files,
                bytes: current.bytes,
                dates: current.dates,
                is_extended: current.is_extended,
                submissions: rows.into_iter().map(ListedSubmission::new).collect(),
                has_more,
                feedback: feedback
                    .into_iter()
                    .map(|(id, row)| (id, CurrentFeedback::new(row)))
                    .collect(),
                expected,
                missing,
            })
        })
        .await
}

fn notebooks(files: &TreeFiles) -> Vec<String> {
    let paths = files.iter().map(|file| file.path.as_str().to_owned());
    paths.filter(|path| path.ends_with(NOTEBOOK)).collect()
}

/// The current version of an assignment, with the dates for one student.
struct CurrentVersion {
    assignment_id: i64,
    version: i64,
    released_at: Timestamp,
    tree_id: i64,
    files: i64,
    bytes: i64,
    dates: Dates,
    is_extended: bool,
}

impl CourseOp<'_> {
    /// Returns the current version of a released assignment that the caller can see.
    fn current_release(
        &mut self,
        assignment: &AssignmentId,
        student: &UserName,
    ) -> Result<CurrentVersion> {
        let found = store::assignments::current_release_of(
            self.conn,
            self.standing.course,
            assignment,
            student,
        )?;
        let (assignment_id, release) = found
            .filter(|(_, release)| self.standing.sees(release.dates, Timestamp::now()))
            .ok_or(super::Error::NotFound(super::Thing::Assignment))?;
        Ok(CurrentVersion {
            assignment_id,
            version: release.version,
            released_at: release.released_at,
            tree_id: release.tree_id,
            files: release.files,
            bytes: release.bytes,
            dates: release.dates.of_student(release.own),
            is_extended: release.dates.are_extended_by(release.own),
        })
    }
}

/// A submission with its files and the feedback on it.
#[derive(Debug, Clone)]
pub struct SubmissionDetails {
    /// The facts of its receipt.
    pub receipt: Receipt,
    /// Its files.
    pub files: TreeFiles,
    /// The current feedback.
    pub feedback: Option<CurrentFeedback>,
    /// Whether it is late, with regard to the student's extension.
    pub is_late: bool,
    /// Whether it is the latest of the student.
    pub is_latest: bool,
    /// Whether the caller sees the assignment now. Otherwise the files are kept, but not served.
    pub assignment_is_visible: bool,
}

/// Returns the submission with that number, for its student and for instructors.
pub async fn submission(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    id: Option<i64>,
) -> Result<SubmissionDetails> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            let found = op.submission(id)?;
            let row = store::submissions::standing_of(op.conn, found.id)?;
            // A student sees their own work after a withdrawal, as the page of the course does.
            let feedback = store::feedback::current_of_all(op.conn, [found.id])?.remove(&found.id);
            let files = store::trees::files_of(op.conn, found.tree_id, found.digest)?;
            Ok(SubmissionDetails {
                is_late: row.dates.is_late(found.submitted_at),
                is_latest: row.is_latest,
                assignment_is_visible: row.is_released
                    && op.standing.sees(row.dates, Timestamp::now()),
                feedback: feedback.map(CurrentFeedback::new),
                files: TreeFiles::new(files),
                receipt: found.into(),
            })
        })
        .await
}

/// The feedback on a submission, with the submission and the earlier feedback.
#[derive(Debug)]
pub struct FeedbackDetails {
    /// The facts of the submission's receipt.
    pub receipt: Receipt,
    /// The tree of the current feedback.
    pub current: FoundTree,
    /// The feedback, oldest first, with the current one.
    pub all: FeedbackHistory,
}

/// Returns the feedback on the submission with that number, for its student and for instructors: the current one, and at
/// most `at_most` of all.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    id: Option<i64>,
    at_most: usize,
) -> Result<FeedbackDetails> {
    let read = exchange.read_in(caller, course, Need::Course, move |op| {
        let submission = op.submission(id)?;
        let (shown, current) = super::feedback::current(op, &submission)?;
        let first = Position::default();
        Ok(FeedbackDetails {
            all: history::past_feedback(op, submission.id, Some(shown), first, at_most)?,
            receipt: submission.into(),
            current,
        })
    });
    read.await
}
