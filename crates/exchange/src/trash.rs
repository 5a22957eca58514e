//! What instructors delete of a course: gone from every listing at once, restorable until [`super::gc`] removes it.

use super::audit::{self, About, Action};
use super::gc::limit;
use super::submissions::by_number;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::trash::Which;
use nbcourier_storage::{self as store, Portion};
use std::time::Duration;

pub use nbcourier_storage::trash::{Assignment, Place, Work};

/// A page of what can be restored in a course.
#[derive(Debug, Clone, Default)]
pub struct Trash {
    /// Assignments, each with what was handed in to it.
    pub assignments: Vec<Assignment>,
    /// Submissions, each with its feedback.
    pub submissions: Vec<Work>,
    /// Submissions whose feedback was deleted.
    pub feedback: Vec<Work>,
    /// Behind which place the next page begins, if there is one.
    pub next: Option<(Kind, Place)>,
}

/// What something in the trash of a course is, in the order in which it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An assignment.
    Assignment,
    /// A submission.
    Submission,
    /// The feedback on a submission.
    Feedback,
}

/// Puts an assignment, released or not, into the trash with all that was handed in to it. Its name is free at once.
pub async fn delete_assignment(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let id = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .assignment(conn, &assignment)?;
            store::trash::put_assignment(conn, id, Timestamp::now())?;
            let about = About {
                assignment: Some(&assignment),
                ..About::course(&course)
            };
            audit::note(conn, &caller, Action::AssignmentDeleted, about, None)?;
            quota.shrunk();
            Ok(())
        })
        .await
}

/// Puts a submission into the trash.
pub async fn delete_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let submission = by_number(conn, standing, &caller, id)?;
            let id = submission.id;
            store::trash::put_submission(conn, id, Timestamp::now())?;
            let about = about(&course, &submission.assignment, &submission.student, id);
            audit::note(conn, &caller, Action::SubmissionDeleted, about, None)?;
            quota.shrunk();
            Ok(())
        })
        .await
}

/// Puts all feedback of a submission into the trash.
pub async fn delete_feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let of = by_number(conn, standing, &caller, submission)?;
            let submission = of.id;
            if !store::trash::put_feedback(conn, submission, Timestamp::now())? {
                return Err(Error::NotFound(Thing::Feedback));
            }
            let about = about(&course, &of.assignment, &of.student, submission);
            audit::note(conn, &caller, Action::FeedbackDeleted, about, None)?;
            quota.shrunk();
            Ok(())
        })
        .await
}

fn about<'a>(
    course: &'a CourseId,
    assignment: &'a AssignmentId,
    student: &'a UserName,
    submission: i64,
) -> About<'a> {
    About {
        course: Some(course),
        assignment: Some(assignment),
        subject: Some(student),
        submission: Some(submission),
    }
}

/// At most so much of what can still be restored in the course, behind that place: assignments, then submissions, then
/// feedback, of each kind the last deleted first.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    retention: Duration,
    after: Option<(Kind, Place)>,
    at_most: usize,
) -> Result<Trash> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let (course, lately) = (standing.course, Which::Since(limit(retention)));
            let mut page = Filling::new(after, Portion::of(at_most));
            let assignments =
                page.take(Kind::Assignment, Assignment::place, |after, portion| {
                    store::trash::assignments(conn, course, lately, after, portion)
                })?;
            let submissions = page.take(Kind::Submission, Work::place, |after, portion| {
                store::trash::submissions(conn, course, lately, after, portion)
            })?;
            let feedback = page.take(Kind::Feedback, Work::place, |after, portion| {
                store::trash::feedback(conn, course, lately, after, portion)
            })?;
            Ok(Trash {
                assignments,
                submissions,
                feedback,
                next: page.last.filter(|_| page.is_full),
            })
        })
        .await
}

/// A page that is filled with one kind after the other.
struct Filling {
    after: (Kind, Place),
    left: Portion,
    last: Option<(Kind, Place)>,
    is_full: bool,
}

impl Filling {
    fn new(after: Option<(Kind, Place)>, portion: Portion) -> Self {
        Self {
            after: after.unwrap_or((Kind::Assignment, Place::FIRST)),
            left: portion,
            last: after,
            is_full: false,
        }
    }

    /// What of a kind fits on the page.
    fn take<T>(
        &mut self,
        kind: Kind,
        place: impl Fn(&T) -> Place,
        read: impl FnOnce(Place, Portion) -> store::Result<(Vec<T>, bool)>,
    ) -> Result<Vec<T>> {
        let (begun, after) = self.after;
        if self.is_full || kind < begun {
            return Ok(Vec::new());
        }
        let after = if kind == begun { after } else { Place::FIRST };
        let (listed, is_more) = read(after, self.left)?;
        self.left = self.left.without(listed.len());
        self.last = listed.last().map(|last| (kind, place(last))).or(self.last);
        self.is_full = is_more;
        Ok(listed)
    }
}

/// Brings an assignment back with all that was handed in to it, released or not as it was.
pub async fn restore_assignment(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let id = id.ok_or(Error::NotFound(Thing::Assignment))?;
            let mut deleted = store::trash::assignments(
                conn,
                standing.course,
                Which::Row(id),
                Place::FIRST,
                Portion::of(1),
            )?
            .0;
            let Some(assignment) = deleted.pop() else {
                return Err(Error::NotFound(Thing::Assignment));
            };
            store::trash::restore_assignment(conn, id)?
                .ok_or(Error::AlreadyExists(Thing::Assignment))?;
            let name = stored_assignment(assignment.name)?;
            let about = About {
                assignment: Some(&name),
                ..About::course(&course)
            };
            audit::note(conn, &caller, Action::AssignmentRestored, about, None)?;
            quota.grown();
            Ok(())
        })
        .await
}

/// Brings a submission back with its feedback.
pub async fn restore_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let id = id.ok_or(Error::NotFound(Thing::Submission))?;
            let mut deleted = store::trash::submissions(
                conn,
                standing.course,
                Which::Row(id),
                Place::FIRST,
                Portion::of(1),
            )?
            .0;
            let Some(work) = deleted.pop() else {
                return Err(Error::NotFound(Thing::Submission));
            };
            store::trash::restore_submission(conn, id)?;
            let (assignment, student) = stored_names(work)?;
            let about = about(&course, &assignment, &student, id);
            audit::note(conn, &caller, Action::SubmissionRestored, about, None)?;
            quota.grown();
            Ok(())
        })
        .await
}

/// Brings the feedback of a submission back. What was given since then goes on being shown.
pub async fn restore_feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let submission = submission.ok_or(Error::NotFound(Thing::Feedback))?;
            let mut deleted = store::trash::feedback(
                conn,
                standing.course,
                Which::Row(submission),
                Place::FIRST,
                Portion::of(1),
            )?
            .0;
            let Some(work) = deleted.pop() else {
                return Err(Error::NotFound(Thing::Feedback));
            };
            store::trash::restore_feedback(conn, submission)?;
            let (assignment, student) = stored_names(work)?;
            let about = about(&course, &assignment, &student, submission);
            audit::note(conn, &caller, Action::FeedbackRestored, about, None)?;
            quota.grown();
            Ok(())
        })
        .await
}

fn stored_names(work: Work) -> Result<(AssignmentId, UserName)> {
    Ok((
        stored_assignment(work.assignment)?,
        stored_student(work.student)?,
    ))
}

fn stored_assignment(name: String) -> Result<AssignmentId> {
    Ok(AssignmentId::parse(name).map_err(|_| store::Error::Damaged("an illegal assignment id"))?)
}

fn stored_student(name: String) -> Result<UserName> {
    Ok(UserName::parse(name).map_err(|_| store::Error::Damaged("an illegal user name"))?)
}
