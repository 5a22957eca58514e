//! The dates of assignments and the extensions of students.

use super::audit::{self, About, Action};
use super::submissions::{Target, require_known};
use super::{Error, Exchange, Policy, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Extension, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection, Portion};
use serde_json::{Value, json};

/// Whether the caller may set dates in the course. These checks need no request body.
pub async fn may_set(exchange: &Exchange, caller: &Caller, course: &CourseId) -> Result<()> {
    let (policy, caller, course) = (exchange.policy, caller.clone(), course.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            standing.require_instructor().map(drop)
        })
        .await
}

/// Sets all dates of an assignment. If the assignment does not exist, it is created without a release.
pub async fn set(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    dates: Dates,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            if !dates.are_in_order() {
                return Err(Error::DatesOutOfOrder);
            }
            store::dates::set(conn, standing.course, &assignment, dates)?;
            let about = About {
                assignment: Some(&assignment),
                ..About::course(&course)
            };
            let detail = json!({
                "opens_at": written(dates.opens_at),
                "due_at": written(dates.due_at),
                "cutoff_at": written(dates.cutoff_at),
            });
            audit::note(conn, &caller, Action::DatesSet, about, Some(&detail))
        })
        .await
}

fn written(time: Option<Timestamp>) -> Value {
    time.map(Timestamp::to_rfc3339).into()
}

/// A page of the students who have extensions.
#[derive(Debug, Clone)]
pub struct Extensions {
    /// The extensions, sorted by student.
    pub extensions: Vec<(String, Extension)>,
    /// The student after whom the next page begins, if there is one.
    pub next: Option<String>,
}

/// Returns at most `at_most` extensions of the students after that name.
pub async fn extensions(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<String>,
    at_most: usize,
) -> Result<Extensions> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let id = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .assignment(conn, &assignment)?;
            let after = after.as_deref().unwrap_or_default();
            let portion = Portion::of(at_most);
            let (extensions, is_more) = store::dates::extensions(conn, id, after, portion)?;
            let next = extensions.last().filter(|_| is_more);
            let next = next.map(|(student, _)| student.clone());
            Ok(Extensions { extensions, next })
        })
        .await
}

/// Whether the caller may give the student an extension. These checks need no request body.
pub async fn may_extend(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| assignment_to_extend(policy, conn, &caller, &target).map(drop))
        .await
}

/// Gives a student an extension.
pub async fn extend(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    extension: Extension,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let assignment = assignment_to_extend(policy, conn, &caller, &target)?;
            if Dates::default().extended_by(extension).cutoff_at != extension.cutoff_at {
                return Err(Error::DatesOutOfOrder);
            }
            store::dates::set_extension(conn, assignment, &target.student, extension)?;
            let detail = json!({
                "due_at": written(extension.due_at),
                "cutoff_at": written(extension.cutoff_at),
            });
            let about = about(&target);
            audit::note(conn, &caller, Action::ExtensionSet, about, Some(&detail))
        })
        .await
}

/// Removes a student's extension.
pub async fn remove_extension(exchange: &Exchange, caller: &Caller, target: Target) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let assignment = assignment_to_extend(policy, conn, &caller, &target)?;
            if !store::dates::remove_extension(conn, assignment, &target.student)? {
                return Err(Error::NotFound(Thing::Extension));
            }
            let about = about(&target);
            audit::note(conn, &caller, Action::ExtensionRemoved, about, None)
        })
        .await
}

fn about(target: &Target) -> About<'_> {
    About {
        assignment: Some(&target.assignment),
        subject: Some(&target.student),
        ..About::course(&target.course)
    }
}

/// Checks course, instructor, assignment and student, in this order. The assignment need not be released.
fn assignment_to_extend(
    policy: Policy,
    conn: &mut Connection,
    caller: &Caller,
    target: &Target,
) -> Result<i64> {
    let standing = policy
        .enter(conn, caller, &target.course)?
        .require_instructor()?;
    let assignment = standing.assignment(conn, &target.assignment)?;
    require_known(policy, conn, standing, &target.course, &target.student)?;
    Ok(assignment)
}
