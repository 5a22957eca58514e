//! What students hand in. Written once, never changed, answered only when durable.

use super::intake::Parcel;
use super::policy::Standing;
use super::trees::{self, ListedFile};
use super::{Error, Exchange, Policy, Result, Thing};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Timestamp, UserName};
use crate::store::receipts::Submission;
use crate::store::{self, Connection};

pub use crate::store::submissions::Line;

/// Whose submission to what is meant.
#[derive(Debug, Clone)]
pub struct Target {
    /// The course.
    pub course: CourseId,
    /// The assignment, which must be released.
    pub assignment: AssignmentId,
    /// Who handed it in.
    pub student: UserName,
}

/// Whether the caller may submit: the checks that need no files.
pub async fn may_submit(
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
            policy
                .enter(conn, &caller, &course)?
                .require_member()?
                .open_for(conn, &assignment, caller.name(), Timestamp::now())
                .map(drop)
        })
        .await
}

/// Hands in the files. The answer, the time under which they are known, comes once bytes and row are durable.
pub async fn submit(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    parcel: Parcel,
) -> Result<Timestamp> {
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    exchange
        .store
        .write(move |conn| {
            let now = Timestamp::now();
            let released = policy
                .enter(conn, &caller, &course)?
                .require_member()?
                .open_for(conn, &assignment, caller.name(), now)?;
            let tree = parcel.save(conn, &blobs, now)?;
            Ok(store::submissions::add(
                conn,
                released.id,
                caller.name(),
                tree,
                now,
            )?)
        })
        .await
}

/// Everybody's submissions to an assignment, oldest first, gathered as they are read: there may be very many.
pub async fn list<C: Default + Extend<Line> + Send + 'static>(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<C> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let released = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .released(conn, &assignment)?;
            Ok(store::submissions::list(conn, released.id)?)
        })
        .await
}

/// One student's submissions to an assignment, oldest first, gathered as they are read.
pub async fn list_of<C: Default + Extend<Line> + Send + 'static>(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
) -> Result<C> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let assignment = find_assignment(policy, conn, &caller, &target)?;
            Ok(store::submissions::list_of(
                conn,
                assignment,
                &target.student,
            )?)
        })
        .await
}

/// The files of one submission and its time: the latest, or the one of exactly the time given.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Option<Timestamp>,
) -> Result<(Timestamp, Vec<ListedFile>)> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let assignment = find_assignment(policy, conn, &caller, &target)?;
            let found = match time {
                Some(time) => store::submissions::at(conn, assignment, &target.student, time)?,
                None => store::submissions::latest(conn, assignment, &target.student)?,
            };
            let submission = found.ok_or(Error::NotFound(Thing::Submission))?;
            Ok((
                submission.submitted_at,
                store::trees::files(conn, submission.tree_id)?,
            ))
        })
        .await
}

/// The tree of the submission with that number, for the student themselves and instructors.
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
            Ok(trees::Found {
                digest: submission.digest,
                time: submission.submitted_at,
                files: store::trees::files(conn, submission.tree_id)?,
            })
        })
        .await
}

/// Whether there is a target to speak of; for when the request is at fault in other ways, which counts after this.
pub async fn check_target(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| find_assignment(policy, conn, &caller, &target).map(drop))
        .await
}

/// Course, self or instructor, assignment, student: in this order.
fn find_assignment(
    policy: Policy,
    conn: &mut Connection,
    caller: &Caller,
    target: &Target,
) -> Result<i64> {
    let standing = policy
        .enter(conn, caller, &target.course)?
        .require_self_or_instructor(caller, &target.student)?;
    let assignment = standing.released(conn, &target.assignment)?.id;
    require_known(policy, conn, standing, &target.course, &target.student)?;
    Ok(assignment)
}

/// The submission with that number, for the student themselves and instructors; nobody else is told whether there is
/// one.
pub(super) fn by_number(
    conn: &mut Connection,
    standing: Standing,
    caller: &Caller,
    id: i64,
) -> Result<Submission> {
    match store::receipts::find(conn, standing.course, id)? {
        Some(own) if own.student == caller.name().as_str() => Ok(own),
        other => {
            standing.require_instructor()?;
            other.ok_or(Error::NotFound(Thing::Submission))
        }
    }
}

/// The person must be in the course, or have handed something in there.
pub(super) fn require_known(
    policy: Policy,
    conn: &mut Connection,
    standing: Standing,
    course: &CourseId,
    student: &UserName,
) -> Result<()> {
    if policy.role_of(conn, course, student)?.is_some()
        || store::submissions::any_in_course(conn, standing.course, student)?
    {
        return Ok(());
    }
    Err(Error::NotFound(Thing::Student))
}
