//! The feedback of instructors on submissions.

use super::audit::{About, Action};
use super::files::objects;
use super::files::parcel::{Batch, IncomingTrees, Parcel};
use super::files::quota::{Account, Taken};
use super::files::trees::{FoundTree, TreeFiles};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::seen::Seen;
use super::submissions::Target;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::receipts::Submission;
use nbcourier_storage::trees::Saved;
use nbcourier_work::Bug;
use std::sync::Arc;

/// The result of giving feedback.
#[derive(Debug, Clone, Copy)]
pub struct FeedbackResult {
    /// The submission that has the feedback.
    pub submission: i64,
    /// The digest of its tree.
    pub tree: Sha256Sum,
    /// Whether the submission had no feedback or other feedback before.
    pub changed: bool,
}

/// The submissions that feedback is for.
#[derive(Debug, Clone)]
enum FeedbackTarget {
    /// Any submission of a student.
    Of(Target),
    /// The submission of a student at this time.
    At(Target, Timestamp),
    /// The submission with this number.
    Numbered(Option<i64>),
    /// The submissions to an assignment whose numbers come with the feedback.
    To(AssignmentId),
}

/// A submission that may get feedback.
struct TargetSubmission {
    id: i64,
    assignment: AssignmentId,
    student: UserName,
}

impl FeedbackTarget {
    /// Checks assignment, student and submission, and returns the submissions. `numbers` come with the feedback.
    fn find(&self, op: &mut CourseOp<'_>, numbers: &[i64]) -> Result<Vec<TargetSubmission>> {
        match self {
            Self::Of(target) => {
                find_assignment(op, target)?;
                Ok(Vec::new())
            }
            Self::At(target, time) => {
                let assignment = find_assignment(op, target)?;
                let found = store::submissions::at(op.conn, assignment, &target.student, *time)?;
                let found = found.ok_or(Error::NotFound(Thing::Submission))?;
                Ok(vec![TargetSubmission {
                    id: found.id,
                    assignment: target.assignment.clone(),
                    student: target.student.clone(),
                }])
            }
            Self::Numbered(id) => {
                let submission = op.submission(*id)?;
                op.released(&submission.assignment)?;
                Ok(vec![TargetSubmission {
                    id: submission.id,
                    assignment: submission.assignment,
                    student: submission.student,
                }])
            }
            Self::To(assignment) => {
                let row = op.released(assignment)?.id;
                let ids = numbers.iter().copied();
                let mut students = store::submissions::students(op.conn, row, ids)?;
                let found = numbers.iter().map(|id| {
                    let student = students.remove(id);
                    Ok(TargetSubmission {
                        id: *id,
                        assignment: assignment.clone(),
                        student: student.ok_or(Error::NoSuchSubmission(*id))?,
                    })
                });
                found.collect()
            }
        }
    }
}

/// Returns the row of the assignment, which must be released, for a student who must be known.
fn find_assignment(op: &mut CourseOp<'_>, target: &Target) -> Result<i64> {
    let assignment = op.released(&target.assignment)?.id;
    op.require_known(&target.student)?;
    Ok(assignment)
}

/// A caller who may give feedback on the submissions.
struct Ready {
    entry: Entry,
    which: FeedbackTarget,
}

impl Ready {
    async fn check(entry: Entry, which: FeedbackTarget) -> Result<Self> {
        let asked = which.clone();
        entry.read(move |op| asked.find(op, &[]).map(drop)).await?;
        Ok(Self { entry, which })
    }

    fn account(&self) -> Account {
        Account::feedback(self.entry.course())
    }

    /// Makes what was sent the current feedback, on all submissions or on none. Earlier feedback is kept.
    async fn give<S: IncomingTrees>(self, sent: S) -> Result<Vec<FeedbackResult>> {
        let account = self.account();
        let Self { entry, which } = self;
        let numbers = sent.submissions();
        if !numbers.is_empty() {
            // They came with the trees. Nothing is kept if one of them is wrong.
            let which = which.clone();
            let look = move |op: &mut CourseOp<'_>| which.find(op, &numbers).map(drop);
            entry.read(look).await?;
        }
        let (exchange, caller) = (entry.exchange(), entry.caller());
        let sent = Arc::new(sent.settle(exchange, caller, &account).await?);
        let (kept, named) = (Arc::clone(&sent), Arc::clone(&sent));
        let metrics = Arc::clone(&exchange.metrics);
        let change = move |op: &mut CourseOp<'_>| {
            let found = which.find(op, &sent.submissions())?;
            // All are to the same assignment.
            if let Some(first) = found.first() {
                op.lock_assignment(&first.assignment)?;
            }
            let ids = found.iter().map(|on| on.id);
            let shown = store::feedback::current_of_all(op.conn, ids)?;
            let trees = sent.save_in(op, Timestamp::now())?;
            let taken = sent.take(op, &account)?;
            let given = found.iter().zip(trees).map(|(on, tree)| {
                let shown = shown.get(&on.id).map(|shown| shown.tree_id);
                replace(op, on, shown, tree)
            });
            let given: Vec<FeedbackResult> = given.collect::<Result<_>>()?;
            Ok((given, taken))
        };
        let committed = move |(given, taken): &mut (Vec<FeedbackResult>, Option<Taken>)| {
            let new = given.iter().filter(|given| given.changed).count();
            if new > 0 {
                kept.committed(taken.take());
            }
            metrics.feedback.inc_by(new as u64);
        };
        let (given, _) = objects::name(&entry, &*named, change, committed).await?;
        Ok(given)
    }
}

/// Makes `tree` the current feedback, unless it is the current feedback already.
fn replace(
    op: &mut CourseOp<'_>,
    on: &TargetSubmission,
    shown: Option<i64>,
    tree: Saved,
) -> Result<FeedbackResult> {
    let changed = shown != Some(tree.id);
    if changed {
        let (by, now) = (op.caller.name(), Timestamp::now());
        store::feedback::replace(op.conn, on.id, tree.id, by, now)?;
        let detail = serde_json::json!({ "tree": tree.digest });
        let about = About::submission(&on.assignment, &on.student, on.id);
        op.note(Action::FeedbackGiven, about, Some(&detail))?;
    }
    Ok(FeedbackResult {
        submission: on.id,
        tree: tree.digest,
        changed,
    })
}

/// A student to whom the caller may give feedback.
pub struct ReadyForStudent(Ready);

/// Checks that the caller may give the student feedback. The submission is named later.
pub async fn ready_for(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
) -> Result<ReadyForStudent> {
    let entry = exchange.enter(
        caller,
        target.course.clone(),
        Need::May(Right::GiveFeedback),
    )?;
    let ready = Ready::check(entry, FeedbackTarget::Of(target)).await?;
    Ok(ReadyForStudent(ready))
}

impl ReadyForStudent {
    /// Returns the account that the files count against.
    pub fn account(&self) -> Account {
        self.0.account()
    }

    /// Checks that the student has a submission of that time.
    pub async fn at(self, time: Timestamp) -> Result<ReadyOn> {
        let Ready { entry, which } = self.0;
        let which = match which {
            FeedbackTarget::Of(target) => FeedbackTarget::At(target, time),
            other => other,
        };
        Ok(ReadyOn(Ready::check(entry, which).await?))
    }
}

/// A submission on which the caller may give feedback.
pub struct ReadyOn(Ready);

/// Checks that the caller may give feedback on the submission with that number.
pub async fn ready_on(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<ReadyOn> {
    let entry = exchange.enter(caller, course, Need::May(Right::GiveFeedback))?;
    Ok(ReadyOn(
        Ready::check(entry, FeedbackTarget::Numbered(id)).await?,
    ))
}

impl ReadyOn {
    /// Returns the account that the files count against.
    pub fn account(&self) -> Account {
        self.0.account()
    }

    /// Gives the feedback. It replaces earlier feedback in listings.
    pub async fn give(self, parcel: Parcel) -> Result<FeedbackResult> {
        let given = self.0.give(parcel).await?.pop();
        given.ok_or_else(|| Bug::new("feedback was given on no submission").into())
    }
}

/// An assignment on whose submissions the caller may give feedback.
pub struct ReadyForAll(Ready);

/// Checks that the caller may give feedback on all submissions to the assignment.
pub async fn ready_for_all(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<ReadyForAll> {
    let entry = exchange.enter(caller, course, Need::May(Right::GiveFeedback))?;
    let ready = Ready::check(entry, FeedbackTarget::To(assignment)).await?;
    Ok(ReadyForAll(ready))
}

impl ReadyForAll {
    /// Returns the account that the files count against.
    pub fn account(&self) -> Account {
        self.0.account()
    }

    /// Gives feedback on many submissions, either on all of them or on none.
    pub async fn give(self, batch: Batch) -> Result<Vec<FeedbackResult>> {
        self.0.give(batch).await
    }
}

/// Returns the current feedback on the submission of that time, without files if there is none, and what its reader sees.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Timestamp,
) -> Result<(TreeFiles, Seen)> {
    let entry = target.enter(exchange, caller)?;
    entry
        .read(move |op| {
            let assignment = target.find(op)?;
            let submission = store::submissions::at(op.conn, assignment, &target.student, time)?
                .ok_or(Error::NotFound(Thing::Submission))?;
            match store::feedback::current(op.conn, submission.id)? {
                Some((feedback, tree)) => {
                    let files = store::trees::files(op.conn, tree)?;
                    let seen = op.sees_feedback([(feedback, target.student.as_str())]);
                    Ok((TreeFiles::new(files), seen))
                }
                None => Ok((TreeFiles::default(), Seen::nothing())),
            }
        })
        .await
}

/// Returns the tree of the current feedback on the submission with that number, for its student and for instructors.
pub async fn tree(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<FoundTree> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            let submission = op.submission(id)?;
            Ok(current(op, &submission)?.1)
        })
        .await
}

/// Returns the row and the tree of the current feedback on a submission, if the caller sees its assignment.
pub(super) fn current(op: &mut CourseOp<'_>, submission: &Submission) -> Result<(i64, FoundTree)> {
    op.require_shown(submission)?;
    let shown = store::feedback::current_of_all(op.conn, [submission.id])?
        .remove(&submission.id)
        .ok_or(Error::NotFound(Thing::Feedback))?;
    let files = store::trees::files_of(op.conn, shown.tree_id, shown.digest)?;
    let found = FoundTree {
        digest: shown.digest,
        time: shown.returned_at,
        files: TreeFiles::new(files),
        seen: op.sees_feedback([(shown.id, submission.student.as_str())]),
    };
    Ok((shown.id, found))
}
