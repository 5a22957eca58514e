//! What instructors give back on a submission.

use super::intake::Parcel;
use super::submissions::{Target, by_number, require_known};
use super::trees::{self, ListedFile};
use super::{Error, Exchange, Policy, Result, Thing};
use crate::auth::Caller;
use crate::domain::{CourseId, Timestamp};
use crate::store::{self, Connection};

/// Whether the caller may give the student feedback: the checks that need no body.
pub async fn may_give(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| assignment_to_grade(policy, conn, &caller, &target).map(drop))
        .await
}

/// Whether there is a submission of that time to give feedback on: the check that comes before the files.
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
            let assignment = assignment_to_grade(policy, conn, &caller, &target)?;
            store::submissions::at(conn, assignment, &target.student, time)?
                .map(drop)
                .ok_or(Error::NotFound(Thing::Submission))
        })
        .await
}

/// Gives feedback on the submission of that time; it is shown in the place of earlier feedback, which is kept.
pub async fn give(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Timestamp,
    parcel: Parcel,
) -> Result<()> {
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    exchange
        .store
        .write(move |conn| {
            let assignment = assignment_to_grade(policy, conn, &caller, &target)?;
            let submission = store::submissions::at(conn, assignment, &target.student, time)?
                .ok_or(Error::NotFound(Thing::Submission))?;
            let now = Timestamp::now();
            let tree = parcel.save(conn, &blobs, now)?;
            Ok(store::feedback::replace(
                conn,
                submission.id,
                tree,
                caller.name(),
                now,
            )?)
        })
        .await
}

/// The feedback shown on the submission of that time; no files when there is none.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Timestamp,
) -> Result<Vec<ListedFile>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy
                .enter(conn, &caller, &target.course)?
                .require_self_or_instructor(&caller, &target.student)?;
            let assignment = standing.released(conn, &target.assignment)?.id;
            require_known(policy, conn, standing, &target.course, &target.student)?;
            let submission = store::submissions::at(conn, assignment, &target.student, time)?
                .ok_or(Error::NotFound(Thing::Submission))?;
            match store::feedback::current(conn, submission.id)? {
                Some(tree) => Ok(store::trees::files(conn, tree)?),
                None => Ok(Vec::new()),
            }
        })
        .await
}

/// The tree shown as feedback on the submission with that number, for the student themselves and instructors.
pub async fn tree(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: i64,
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

/// Course, instructor, assignment, student: in this order.
fn assignment_to_grade(
    policy: Policy,
    conn: &mut Connection,
    caller: &Caller,
    target: &Target,
) -> Result<i64> {
    let standing = policy
        .enter(conn, caller, &target.course)?
        .require_instructor()?;
    let assignment = standing.released(conn, &target.assignment)?.id;
    require_known(policy, conn, standing, &target.course, &target.student)?;
    Ok(assignment)
}
