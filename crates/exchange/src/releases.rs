//! Assignments as students see them: release, fetch, unrelease.

use super::audit::{self, About, Action};
use super::parcel::Parcel;
use super::quota::Account;
use super::roster::PORTION;
use super::trees::{self, ListedFile, Named};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::assignments::Version;
use nbcourier_storage::trees::Saved;
use nbcourier_storage::{self as store, Connection, Portion};
use std::sync::Arc;

pub use nbcourier_storage::assignments::Release;

/// Returns a portion of the released assignments of a course that the caller can see, after a release and in order of
/// release: the row of each release and the name of its assignment. Also returns whether there are more.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<i64>,
) -> Result<(Vec<(i64, String)>, bool)> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_member()?;
            let open_at = (!standing.is_instructor()).then(Timestamp::now);
            let wanted = (after.unwrap_or(0), open_at);
            let id = standing.course;
            Ok(store::assignments::list_released(
                conn, id, wanted, PORTION,
            )?)
        })
        .await
}

/// A page of the releases in a course.
pub struct Page {
    /// The current version of each assignment, in order of release. A student gets their own dates.
    pub releases: Vec<Release>,
    /// Their trees, each once. Empty if files were not requested.
    pub trees: Vec<Named>,
    /// The release after which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// A query for a page of releases.
#[derive(Debug, Clone)]
pub struct Question {
    /// The course.
    pub course: CourseId,
    /// The row of the release after which the page begins.
    pub after: Option<i64>,
    /// Maximum number of releases.
    pub at_most: usize,
    /// Whether to list their files.
    pub with_files: bool,
}

/// Returns the released assignments of a course that the caller can see.
pub async fn page(exchange: &Exchange, caller: &Caller, question: Question) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy
                .enter(conn, &caller, &question.course)?
                .require_member()?;
            let wanted = store::assignments::Wanted {
                after: question.after.unwrap_or(0),
                open_at: (!standing.is_instructor()).then(Timestamp::now),
                student: caller.name(),
            };
            let portion = Portion::of(question.at_most);
            let (mut releases, mut is_more) =
                store::assignments::current_releases(conn, standing.course, wanted, portion)?;
            if !standing.is_instructor() {
                for release in &mut releases {
                    release.dates = release
                        .dates
                        .extended_by(release.extension.unwrap_or_default());
                }
            }
            let mut trees = Vec::new();
            if question.with_files {
                let fitting;
                (trees, fitting) = trees::fitting(&releases, |release| {
                    let tree = Named {
                        digest: release.digest,
                        tree_id: release.tree_id,
                        files: release.files,
                    };
                    [Some(tree), None]
                });
                is_more |= fitting < releases.len();
                releases.truncate(fitting);
            }
            let next = releases.last().filter(|_| is_more);
            let next = next.map(|release| release.id);
            Ok(Page {
                releases,
                trees,
                next,
            })
        })
        .await
}

/// Returns the files of a released assignment.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<Arc<[ListedFile]>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let released = policy
                .enter(conn, &caller, &course)?
                .require_member()?
                .released(conn, &assignment)?;
            Ok(store::trees::files(conn, released.tree_id)?)
        })
        .await
}

/// Returns the tree of the assignment's current version. Instructors can request any version, even while the assignment
/// is not released.
pub async fn tree(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    version: Option<i64>,
) -> Result<trees::Found> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_member()?;
            let id = if version.is_some() && standing.is_instructor() {
                store::assignments::find(conn, standing.course, &assignment)?
                    .ok_or(Error::NotFound(Thing::Assignment))?
            } else {
                standing.released(conn, &assignment)?.id
            };
            let version = match store::assignments::version(conn, id, version)? {
                Some(current) if current.is_current => current,
                other => {
                    standing.require_instructor()?;
                    other.ok_or(Error::NotFound(Thing::Version))?
                }
            };
            Ok(trees::Found {
                digest: version.digest,
                time: version.released_at,
                files: store::trees::files(conn, version.tree_id)?,
            })
        })
        .await
}

/// The version that a request to release results in.
#[derive(Debug, Clone, Copy)]
pub struct Released {
    /// Its number.
    pub version: i64,
    /// The digest of its tree.
    pub tree: Sha256Sum,
    /// Whether it is new. Otherwise the current version had the same files already.
    pub changed: bool,
}

/// Whether the caller may release the assignment, which must not be released yet. These checks need no files.
pub async fn may_release(
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
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            match store::assignments::find_released(conn, standing.course, &assignment)? {
                Some(_) => Err(Error::AlreadyExists(Thing::Assignment)),
                None => Ok(()),
            }
        })
        .await
}

/// Whether the caller may release in the course, including assignments that are released already. These checks need no
/// files.
pub async fn may_release_again(
    exchange: &Exchange,
    caller: &Caller,
    course: &CourseId,
) -> Result<()> {
    let (policy, caller, course) = (exchange.policy, caller.clone(), course.clone());
    exchange
        .store
        .read(move |conn| {
            policy.enter(conn, &caller, &course)?.require_instructor()?;
            Ok(())
        })
        .await
}

/// Releases the files as the next version of the assignment, which must not be released yet. Submissions to earlier
/// versions stay.
pub async fn release(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    parcel: Parcel,
) -> Result<Released> {
    let refuse = |_: &Version, _: &Saved| Err(Error::AlreadyExists(Thing::Assignment));
    release_over(exchange, caller, course, assignment, parcel, refuse).await
}

/// Releases the files as the next version of the assignment, released or not. Files equal to those of the current
/// version make no new version.
pub async fn release_again(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    parcel: Parcel,
) -> Result<Released> {
    let compare = |current: &Version, tree: &Saved| {
        Ok((current.tree_id == tree.id).then_some(Released {
            version: current.number,
            tree: tree.digest,
            changed: false,
        }))
    };
    release_over(exchange, caller, course, assignment, parcel, compare).await
}

/// Releases the files, unless `over` returns an answer for the current version.
async fn release_over(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    parcel: Parcel,
    over: impl FnOnce(&Version, &Saved) -> Result<Option<Released>> + Send + 'static,
) -> Result<Released> {
    let account = Account::release(&course);
    let mut parcel = parcel.settle(exchange, caller, &account).await?;
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    let (quota, tally) = (exchange.quota.clone(), Arc::clone(&exchange.tally));
    let change = move |conn: &mut Connection| {
        let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
        let now = Timestamp::now();
        let tree = parcel.save(conn, &blobs, &standing.reach(&caller), now)?;
        let id = store::assignments::obtain(conn, standing.course, &assignment)?;
        if let Some(current) = store::assignments::version(conn, id, None)?
            && let Some(answer) = over(&current, &tree)?
        {
            return Ok((answer, parcel));
        }
        parcel.take(conn, &quota, standing.course, &account)?;
        let version = store::assignments::release(conn, id, tree.id, caller.name(), now)?;
        let detail = serde_json::json!({ "version": version, "tree": tree.digest });
        let about = about(&course, &assignment);
        audit::note(conn, &caller, Action::Released, about, Some(&detail))?;
        let released = Released {
            version,
            tree: tree.digest,
            changed: true,
        };
        Ok::<_, Error>((released, parcel))
    };
    let committed = move |(released, parcel): &mut (Released, Parcel)| {
        if released.changed {
            parcel.committed();
            tally.releases.once();
        }
    };
    let (released, _parcel) = exchange.store.write_then(change, committed).await?;
    Ok(released)
}

/// Removes the assignment from every listing. Nothing is lost: its versions, submissions and feedback come back with
/// the next release.
pub async fn unrelease(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<()> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .write(move |conn| {
            let released = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .released(conn, &assignment)?;
            store::assignments::unrelease(conn, released.id)?;
            let about = about(&course, &assignment);
            audit::note(conn, &caller, Action::Unreleased, about, None)
        })
        .await
}

fn about<'a>(course: &'a CourseId, assignment: &'a AssignmentId) -> About<'a> {
    About {
        assignment: Some(assignment),
        ..About::course(course)
    }
}
