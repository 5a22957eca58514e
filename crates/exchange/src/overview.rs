//! An overview of a course, in pages: who has submitted, what is late or missing, and what has feedback.

use super::op::{CourseOp, Need, Place};
use super::policy::Right;
use super::roster;
use super::{Exchange, Result};
use nbcourier_domain::{Dates, Role, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::members::MemberFilter;
use nbcourier_storage::overview::{self as rows, Submitter};
use nbcourier_storage::{Connection, Portion};
use std::collections::{BTreeMap, HashMap};

/// An assignment of the course.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Its name.
    pub name: String,
    /// Its dates.
    pub dates: Dates,
    /// Whether it is released.
    pub released: bool,
    id: i64,
}

impl Assignment {
    fn new(row: rows::Assignment) -> Self {
        Self {
            name: row.name,
            dates: row.dates,
            released: row.released,
            id: row.id,
        }
    }
}

/// The state of the feedback on a student's submissions to an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackState {
    /// There is no feedback.
    None,
    /// The latest submission has feedback.
    Returned,
    /// Only an earlier submission has feedback.
    Outdated,
}

/// A student's submissions to an assignment.
#[derive(Debug, Clone, Copy)]
pub struct StudentSubmissions {
    /// The time of the latest submission.
    pub submitted_at: Timestamp,
    /// Whether the latest submission is late, with regard to extensions.
    pub late: bool,
    /// The number of submissions.
    pub number: usize,
    /// The feedback on the submissions.
    pub feedback: FeedbackState,
}

impl StudentSubmissions {
    pub(super) fn new(row: rows::SubmissionSummary) -> Self {
        Self {
            submitted_at: row.submitted_at,
            late: row.late,
            number: row.submissions,
            feedback: match row.feedback {
                rows::Feedback::None => FeedbackState::None,
                rows::Feedback::Returned => FeedbackState::Returned,
                rows::Feedback::Outdated => FeedbackState::Outdated,
            },
        }
    }
}

/// A page of the overview.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The assignments, released or not, in the order they were created.
    pub assignments: Vec<(Assignment, Counts)>,
    /// The students in the roster's order, then all others with submissions, by name.
    pub students: Vec<Student>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Numbers of people for an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// People with a submission.
    pub submitted: usize,
    /// Students without a submission.
    pub missing: usize,
    /// People whose latest submission is late.
    pub late: usize,
    /// People whose latest submission has feedback.
    pub feedback: usize,
}

/// A person and their submissions.
#[derive(Debug, Clone)]
pub struct Student {
    /// The user name at the hub.
    pub username: String,
    /// First name, as on the roster.
    pub first_name: Option<String>,
    /// Last name, as on the roster.
    pub last_name: Option<String>,
    /// Whether they are a student of the course.
    pub enrolled: bool,
    submissions: BTreeMap<i64, StudentSubmissions>,
}

impl Student {
    /// Returns the number of assignments to which they have submitted.
    pub fn assignments(&self) -> usize {
        self.submissions.len()
    }

    /// Returns their submissions to the assignment, if there are any.
    pub fn submissions_to(&self, assignment: &Assignment) -> Option<&StudentSubmissions> {
        self.submissions.get(&assignment.id)
    }
}

/// The position of a person in an overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// A student of the course.
    Enrolled(roster::Position),
    /// A person who is not a student, by name. These come after the students.
    Others(String),
}

/// Approximate maximum size of a page in bytes.
const PAGE: usize = 8 * 1024 * 1024;
/// Approximate size in bytes of a student, or of one cell of their submissions, without names.
const LINE: usize = 250;

/// Returns a page of the overview for instructors: at most `at_most` students after that position, or fewer if there are
/// many assignments. The number of SQL statements does not depend on the number of students.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    after: Option<Position>,
    at_most: usize,
) -> Result<Overview> {
    exchange
        .read_in(caller, course, Need::May(Right::ReadWork), move |op| {
            let wanted = op.members(Some(Role::Student));
            let (assignments, enrolled) = rows::assignments(op.conn, wanted)?;
            let line = assignments.iter().map(|it| it.name.len() + LINE);
            let line = LINE + line.sum::<usize>();
            let mut listed = Listed::new(at_most.min(PAGE / line).max(1));
            let others = match &after {
                Some(Position::Others(name)) => Some(name.as_str()),
                Some(Position::Enrolled(position)) => listed
                    .enrolled(op.conn, wanted, Some(position))?
                    .then_some(""),
                None => listed.enrolled(op.conn, wanted, None)?.then_some(""),
            };
            let assignments = numbers(
                op,
                wanted,
                (assignments, enrolled),
                |id, submitter, work| {
                    listed.add(id, submitter, work, others);
                },
            )?;
            let (students, next) = listed.finish();
            Ok(Overview {
                assignments,
                students,
                next,
            })
        })
        .await
}

/// Returns the assignments of a course of so many students with their numbers. Passes on each person's submissions to each
/// assignment.
pub(super) fn numbers(
    op: &mut CourseOp<'_>,
    wanted: MemberFilter<'_>,
    (assignments, enrolled): (Vec<rows::Assignment>, usize),
    mut take: impl FnMut(i64, Submitter, StudentSubmissions),
) -> Result<Vec<(Assignment, Counts)>> {
    let mut counts: HashMap<i64, (Counts, usize)> = HashMap::new();
    let course = op.standing.course;
    rows::work(op.conn, course, wanted.group, |id, submitter, work| {
        let work = StudentSubmissions::new(work);
        let (counts, of_enrolled) = counts.entry(id).or_default();
        counts.submitted += 1;
        counts.late += usize::from(work.late);
        counts.feedback += usize::from(work.feedback == FeedbackState::Returned);
        *of_enrolled += usize::from(submitter.enrolled);
        take(id, submitter, work);
    })?;
    let assignments = assignments.into_iter().map(|assignment| {
        let (mut counts, of_enrolled) = counts.remove(&assignment.id).unwrap_or_default();
        counts.missing = enrolled.saturating_sub(of_enrolled);
        (Assignment::new(assignment), counts)
    });
    Ok(assignments.collect())
}

/// The students of a page.
struct Listed {
    at_most: usize,
    students: Vec<Student>,
    places: HashMap<String, usize>,
    others: BTreeMap<String, Student>,
    next: Option<Position>,
}

impl Listed {
    fn new(at_most: usize) -> Self {
        Self {
            at_most,
            students: Vec::new(),
            places: HashMap::new(),
            others: BTreeMap::new(),
            next: None,
        }
    }

    /// Adds students of the course to the page. Returns whether these are the last of them.
    fn enrolled(
        &mut self,
        conn: &mut Connection,
        wanted: MemberFilter<'_>,
        after: Option<&roster::Position>,
    ) -> Result<bool> {
        let page = roster::portion(conn, wanted, after, Portion::of(self.at_most))?;
        for member in page.people {
            let person = member.person;
            let username = person.username.to_string();
            self.places.insert(username.clone(), self.students.len());
            self.students.push(Student {
                username,
                first_name: person.first_name,
                last_name: person.last_name,
                enrolled: true,
                submissions: BTreeMap::new(),
            });
        }
        self.next = page.next.map(Position::Enrolled);
        Ok(self.next.is_none())
    }

    /// Adds a submission to its student, if that student is on the page. People who are not students are on the page if
    /// their name comes after `others`.
    fn add(
        &mut self,
        assignment: i64,
        submitter: Submitter,
        work: StudentSubmissions,
        others: Option<&str>,
    ) {
        if submitter.enrolled {
            if let Some(place) = self.places.get(&submitter.username) {
                self.students[*place].submissions.insert(assignment, work);
            }
            return;
        }
        if others.is_none_or(|after| submitter.username.as_str() <= after) {
            return;
        }
        let student = self.others.entry(submitter.username.clone());
        let student = student.or_insert_with(|| Student {
            username: submitter.username,
            first_name: submitter.first_name,
            last_name: submitter.last_name,
            enrolled: false,
            submissions: BTreeMap::new(),
        });
        student.submissions.insert(assignment, work);
        // One more person than fits is kept, to see whether there is a next page.
        if self.others.len() > self.room() + 1 {
            self.others.pop_last();
        }
    }

    fn room(&self) -> usize {
        self.at_most - self.students.len()
    }

    fn finish(mut self) -> (Vec<Student>, Option<Position>) {
        let room = self.room();
        if self.others.len() > room {
            // If none of them fits, they begin the next page.
            let last = room
                .checked_sub(1)
                .and_then(|last| self.others.keys().nth(last));
            self.next = Some(Position::Others(last.cloned().unwrap_or_default()));
        }
        self.students.extend(self.others.into_values().take(room));
        (self.students, self.next)
    }
}
