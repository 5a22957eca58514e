//! The feedback of instructors on submissions.

use super::audit::{self, About, Action};
use super::parcel::{Batch, Parcel};
use super::policy::Standing;
use super::quota::Account;
use super::submissions::{Target, by_number, find_assignment, require_known};
use super::trees::{self, ListedFile};
use super::{Error, Exchange, Policy, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::receipts::Submission;
use nbcourier_storage::trees::Saved;
use nbcourier_storage::{self as store, Connection};
use std::sync::Arc;

/// Whether the caller may give the student feedback. These checks need no request body.
pub async fn may_give(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &target.course)?;
            assignment_to_grade(policy, conn, standing, &target).map(drop)
        })
        .await
}

/// Whether there is a submission of that time to give feedback on. This check runs before the files are read.
pub async fn check_submission(
    exchange: &Exchange,
    caller: &Caller,
    target: &Target,
    time: Timestamp,
) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &target.course)?;
            let assignment = assignment_to_grade(policy, conn, standing, &target)?;
            store::submissions::at(conn, assignment, &target.student, time)?
                .map(drop)
                .ok_or(Error::NotFound(Thing::Submission))
        })
        .await
}

/// Gives feedback on the submission of that time. It replaces earlier feedback in listings; the earlier feedback is
/// kept.
pub async fn give(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Timestamp,
    parcel: Parcel,
) -> Result<Given> {
    let account = Account::feedback(&target.course);
    let mut parcel = parcel.settle(exchange, caller, &account).await?;
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    let quota = exchange.quota.clone();
    let change = move |conn: &mut Connection| {
        let standing = policy.enter(conn, &caller, &target.course)?;
        let assignment = assignment_to_grade(policy, conn, standing, &target)?;
        let submission = store::submissions::at(conn, assignment, &target.student, time)?
            .ok_or(Error::NotFound(Thing::Submission))?;
        let reach = standing.reach(&caller);
        let tree = parcel.save(conn, &blobs, &reach, Timestamp::now())?;
        parcel.take(conn, &quota, standing.course, &account)?;
        let shown = store::feedback::current(conn, submission.id)?;
        let about = About {
            course: Some(&target.course),
            assignment: Some(&target.assignment),
            subject: Some(&target.student),
            submission: Some(submission.id),
        };
        let given = replace(conn, &caller, submission.id, shown, tree, about)?;
        Ok::<_, Error>((given, parcel))
    };
    let committed = count_one(exchange);
    let (given, _parcel) = exchange.store.write_then(change, committed).await?;
    Ok(given)
}

/// The result of giving feedback.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// The submission that has the feedback.
    pub submission: i64,
    /// The digest of its tree.
    pub tree: Sha256Sum,
    /// Whether the submission had no feedback or other feedback before.
    pub changed: bool,
}

/// Whether the caller may give feedback on the submission with that number. These checks need no files.
pub async fn may_give_on(
    exchange: &Exchange,
    caller: &Caller,
    course: &CourseId,
    id: Option<i64>,
) -> Result<()> {
    let (policy, caller, course) = (exchange.policy, caller.clone(), course.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            submission_to_grade(conn, standing, id).map(drop)
        })
        .await
}

/// Gives feedback on the submission with that number.
pub async fn give_on(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
    parcel: Parcel,
) -> Result<Given> {
    let account = Account::feedback(&course);
    let mut parcel = parcel.settle(exchange, caller, &account).await?;
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    let quota = exchange.quota.clone();
    let change = move |conn: &mut Connection| {
        let standing = policy.enter(conn, &caller, &course)?;
        let submission = submission_to_grade(conn, standing, id)?;
        let reach = standing.reach(&caller);
        let tree = parcel.save(conn, &blobs, &reach, Timestamp::now())?;
        parcel.take(conn, &quota, standing.course, &account)?;
        let id = submission.id;
        let shown = store::feedback::current(conn, id)?;
        let about = About {
            course: Some(&course),
            assignment: Some(&submission.assignment),
            subject: Some(&submission.student),
            submission: Some(id),
        };
        let given = replace(conn, &caller, id, shown, tree, about)?;
        Ok::<_, Error>((given, parcel))
    };
    let committed = count_one(exchange);
    let (given, _parcel) = exchange.store.write_then(change, committed).await?;
    Ok(given)
}

/// Whether the caller may give feedback on all submissions to the assignment. These checks need no files.
pub async fn may_give_all(
    exchange: &Exchange,
    caller: &Caller,
    course: &CourseId,
    assignment: &AssignmentId,
) -> Result<()> {
    let (policy, caller, course, assignment) = (
        exchange.policy,
        caller.clone(),
        course.clone(),
        assignment.clone(),
    );
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            standing.require_instructor()?.released(conn, &assignment)?;
            Ok(())
        })
        .await
}

/// Gives feedback on many submissions to the assignment, either on all of them or on none.
pub async fn give_all(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    batch: Batch,
) -> Result<Vec<Given>> {
    let account = Account::feedback(&course);
    let mut batch = batch.settle(exchange, &account).await?;
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    let quota = exchange.quota.clone();
    let change = move |conn: &mut Connection| {
        let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
        let id = standing.released(conn, &assignment)?.id;
        let numbers: Vec<i64> = batch.submissions().collect();
        let students = store::submissions::students(conn, id, numbers.iter().copied())?;
        let shown = store::feedback::current_of_all(conn, numbers.iter().copied())?;
        let trees = batch.save(conn, &blobs, Timestamp::now())?;
        batch.take(conn, &quota, standing.course, &account)?;
        let give = |(number, tree)| {
            let student = students.get(&number);
            let about = About {
                course: Some(&course),
                assignment: Some(&assignment),
                subject: Some(student.ok_or(Error::NoSuchSubmission(number))?),
                submission: Some(number),
            };
            let shown = shown.get(&number).map(|shown| shown.tree_id);
            replace(conn, &caller, number, shown, tree, about)
        };
        let given = numbers.into_iter().zip(trees).map(give);
        let given: Vec<Given> = given.collect::<Result<_>>()?;
        Ok::<_, Error>((given, batch))
    };
    let tally = Arc::clone(&exchange.tally);
    let committed = move |(given, batch): &mut (Vec<Given>, Batch)| {
        let new = given.iter().filter(|given| given.changed).count();
        if new > 0 {
            batch.committed();
        }
        tally.feedback.add(new as u64);
    };
    let (given, _batch) = exchange.store.write_then(change, committed).await?;
    Ok(given)
}

/// Returns the function that updates the counters once feedback on one submission is durable.
fn count_one(exchange: &Exchange) -> impl FnOnce(&mut (Given, Parcel)) + Send + use<> {
    let tally = Arc::clone(&exchange.tally);
    move |(given, parcel)| {
        if given.changed {
            parcel.committed();
            tally.feedback.once();
        }
    }
}

/// Makes `tree` the current feedback, unless it is the current feedback already.
fn replace(
    conn: &mut Connection,
    caller: &Caller,
    submission: i64,
    shown: Option<i64>,
    tree: Saved,
    about: About<'_>,
) -> Result<Given> {
    let changed = shown != Some(tree.id);
    if changed {
        let now = Timestamp::now();
        store::feedback::replace(conn, submission, tree.id, caller.name(), now)?;
        let detail = serde_json::json!({ "tree": tree.digest });
        audit::note(conn, caller, Action::FeedbackGiven, about, Some(&detail))?;
    }
    Ok(Given {
        submission,
        tree: tree.digest,
        changed,
    })
}

/// Checks instructor, submission and assignment, in this order.
fn submission_to_grade(
    conn: &mut Connection,
    standing: Standing,
    id: Option<i64>,
) -> Result<Submission> {
    let standing = standing.require_instructor()?;
    let id = id.ok_or(Error::NotFound(Thing::Submission))?;
    let submission = store::receipts::find(conn, standing.course, id)?
        .ok_or(Error::NotFound(Thing::Submission))?;
    standing.released(conn, &submission.assignment)?;
    Ok(submission)
}

/// Returns the current feedback on the submission of that time, without files if there is none.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Timestamp,
) -> Result<Arc<[ListedFile]>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let assignment = find_assignment(policy, conn, &caller, &target)?;
            let submission = store::submissions::at(conn, assignment, &target.student, time)?
                .ok_or(Error::NotFound(Thing::Submission))?;
            match store::feedback::current(conn, submission.id)? {
                Some(tree) => Ok(store::trees::files(conn, tree)?),
                None => Ok(Arc::default()),
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
) -> Result<trees::Found> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            let submission = by_number(conn, standing, &caller, id)?;
            standing.released(conn, &submission.assignment)?;
            let shown = store::feedback::current_of_all(conn, [submission.id])?
                .remove(&submission.id)
                .ok_or(Error::NotFound(Thing::Feedback))?;
            Ok(trees::Found {
                digest: shown.digest,
                time: shown.returned_at,
                files: store::trees::files(conn, shown.tree_id)?,
            })
        })
        .await
}

/// Checks instructor, assignment and student, in this order.
fn assignment_to_grade(
    policy: Policy,
    conn: &mut Connection,
    standing: Standing,
    target: &Target,
) -> Result<i64> {
    let standing = standing.require_instructor()?;
    let assignment = standing.released(conn, &target.assignment)?.id;
    require_known(policy, conn, standing, &target.course, &target.student)?;
    Ok(assignment)
}
