//! Assignments as students see them: release, fetch, unrelease.

use super::audit::{About, Action};
use super::files::objects;
use super::files::parcel::Parcel;
use super::files::quota::{Account, Taken};
use super::files::trees::{self, FoundTree, ListedTree, TreeFiles, TreeId};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::seen::Seen;
use super::{Error, Exchange, PORTION, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use serde_json::json;
use std::sync::Arc;

/// The current version of an assignment.
#[derive(Debug, Clone)]
pub struct CurrentRelease {
    /// The name of the assignment.
    pub assignment: String,
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
    /// The dates of the assignment. A student gets their own.
    pub dates: Dates,
    /// Whether the caller has an extension, or would have other dates than everybody as a student.
    pub is_extended: bool,
}

/// Returns a portion of the released assignments of a course that the caller can see, after a release and in order of
/// release: the row of each release and the name of its assignment. Also returns whether there are more.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<i64>,
) -> Result<(Vec<(i64, String)>, bool)> {
    exchange
        .read_in(caller, course, Need::May(Right::TakePart), move |op| {
            let open_at = (!op.standing.may(Right::Preview)).then(Timestamp::now);
            let wanted = (after.unwrap_or(0), open_at);
            let id = op.standing.course;
            Ok(store::assignments::list_released(
                op.conn, id, wanted, PORTION,
            )?)
        })
        .await
}

/// A page of the releases in a course.
pub struct ReleasePage {
    /// The current version of each assignment, in order of release. A student gets their own dates.
    pub releases: Vec<CurrentRelease>,
    /// Their trees, each once. Empty if files were not requested.
    pub trees: Vec<ListedTree>,
    /// The release after which the next page begins, if there is one.
    pub next: Option<i64>,
}

impl CurrentRelease {
    /// Returns the release with the dates for everybody if the caller has a preview, else with the caller's own dates.
    fn new(row: store::assignments::CurrentRelease, has_preview: bool) -> Self {
        let dates = if has_preview {
            row.dates
        } else {
            row.dates.of_student(row.own)
        };
        Self {
            dates,
            assignment: row.assignment,
            version: row.version,
            released_at: row.released_at,
            digest: row.digest,
            files: row.files,
            bytes: row.bytes,
            is_extended: row.dates.are_extended_by(row.own),
        }
    }
}

/// A query for a page of releases.
#[derive(Debug, Clone)]
pub struct PageQuery {
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
pub async fn page(exchange: &Exchange, caller: &Caller, query: PageQuery) -> Result<ReleasePage> {
    exchange
        .read_in(
            caller,
            query.course.clone(),
            Need::May(Right::TakePart),
            move |op| {
                let wanted = store::assignments::ReleaseFilter {
                    after: query.after.unwrap_or(0),
                    open_at: (!op.standing.may(Right::Preview)).then(Timestamp::now),
                    student: op.caller.name(),
                };
                let portion = Portion::of(query.at_most);
                let (mut releases, mut is_more) = store::assignments::current_releases(
                    op.conn,
                    op.standing.course,
                    wanted,
                    portion,
                )?;
                let mut trees = Vec::new();
                if query.with_files {
                    let fitting;
                    (trees, fitting) = trees::fitting(&releases, |release| {
                        let tree = ListedTree {
                            digest: release.digest,
                            id: TreeId(release.tree_id),
                            files: release.files,
                        };
                        [Some(tree), None]
                    });
                    is_more |= fitting < releases.len();
                    releases.truncate(fitting);
                }
                let next = releases.last().filter(|_| is_more);
                let next = next.map(|release| release.id);
                let has_preview = op.standing.may(Right::Preview);
                let releases = releases.into_iter();
                Ok(ReleasePage {
                    releases: releases
                        .map(|release| CurrentRelease::new(release, has_preview))
                        .collect(),
                    trees,
                    next,
                })
            },
        )
        .await
}

/// Returns the files of a released assignment, and what their reader sees.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<(TreeFiles, Seen)> {
    exchange
        .read_in(caller, course, Need::May(Right::TakePart), move |op| {
            let released = op.released(&assignment)?;
            let files = store::trees::files(op.conn, released.tree_id)?;
            let seen = op.sees_release(released.release_id);
            Ok((TreeFiles::new(files), seen))
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
) -> Result<FoundTree> {
    exchange
        .read_in(caller, course, Need::May(Right::TakePart), move |op| {
            let id = if version.is_some() && op.standing.may(Right::Preview) {
                op.assignment(&assignment)?
            } else {
                op.released(&assignment)?.id
            };
            let version = match store::assignments::version(op.conn, id, version)? {
                Some(current) if current.is_current => current,
                other => {
                    op.standing.require(Right::Preview)?;
                    other.ok_or(Error::NotFound(Thing::Version))?
                }
            };
            Ok(FoundTree {
                digest: version.digest,
                time: version.released_at,
                files: TreeFiles::new(store::trees::files(op.conn, version.tree_id)?),
                seen: op.sees_release(version.id),
            })
        })
        .await
}

/// The version that a request to release results in.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseResult {
    /// Its number.
    pub version: i64,
    /// The digest of its tree.
    pub tree: Sha256Sum,
    /// Whether it is new. Otherwise the current version had the same files already.
    pub changed: bool,
}

/// The treatment of an assignment that is released already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfReleased {
    /// It is refused.
    Refuse,
    /// The files become its next version, unless they equal those of the current one.
    Replace,
    /// The files become its next version if its current version has this number. `None` is an assignment that is not
    /// released.
    ReplaceOnly(Option<i64>),
}

impl IfReleased {
    /// Checks the current version.
    fn check(self, current: Option<i64>) -> Result<()> {
        match self {
            Self::Refuse if current.is_some() => Err(Error::AlreadyExists(Thing::Assignment)),
            Self::ReplaceOnly(expected) if current != expected => Err(Error::ChangedMeanwhile),
            _ => Ok(()),
        }
    }
}

/// A release that the caller may make, as far as can be checked without its files.
pub struct Ready {
    entry: Entry,
    assignment: AssignmentId,
    if_released: IfReleased,
}

/// Checks that the caller may release the assignment.
pub async fn ready(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    if_released: IfReleased,
) -> Result<Ready> {
    let entry = exchange.enter(caller, course, Need::May(Right::Release))?;
    let name = assignment.clone();
    let check = entry.read(move |op| {
        if if_released == IfReleased::Refuse
            && store::assignments::find_released(op.conn, op.standing.course, &name)?.is_some()
        {
            return Err(Error::AlreadyExists(Thing::Assignment));
        }
        Ok(())
    });
    check.await?;
    Ok(Ready {
        entry,
        assignment,
        if_released,
    })
}

impl Ready {
    /// Returns the account that the files count against.
    pub fn account(&self) -> Account {
        Account::release(self.entry.course())
    }

    /// Releases the files as the next version of the assignment. Submissions to earlier versions stay.
    pub async fn release(self, parcel: Parcel) -> Result<ReleaseResult> {
        let account = self.account();
        let Self {
            entry,
            assignment,
            if_released,
        } = self;
        let (exchange, caller) = (entry.exchange(), entry.caller());
        let parcel = Arc::new(parcel.settle(exchange, caller, &account).await?);
        let (sent, named) = (Arc::clone(&parcel), Arc::clone(&parcel));
        let metrics = Arc::clone(&exchange.metrics);
        let change = move |op: &mut CourseOp<'_>| {
            let now = Timestamp::now();
            op.lock_assignment(&assignment)?;
            let tree = parcel.save_in(op, now)?;
            let id = store::assignments::obtain(op.conn, op.standing.course, &assignment)?;
            let current = store::assignments::version(op.conn, id, None)?;
            let before = current.map(|current| current.number);
            if_released.check(before)?;
            if let Some(current) = current.filter(|current| current.tree_id == tree.id) {
                let released = ReleaseResult {
                    version: current.number,
                    tree: tree.digest,
                    changed: false,
                };
                return Ok((released, None));
            }
            let taken = parcel.take(op, &account)?;
            let by = op.caller.name();
            let version = store::assignments::release(op.conn, id, tree.id, by, now)?;
            note_release(op, &assignment, (version, tree.digest), before)?;
            let released = ReleaseResult {
                version,
                tree: tree.digest,
                changed: true,
            };
            Ok((released, taken))
        };
        let committed = move |(released, taken): &mut (ReleaseResult, Option<Taken>)| {
            if released.changed {
                sent.committed(taken.take());
                metrics.releases.inc();
            }
        };
        let (released, _) = objects::name(&entry, &*named, change, committed).await?;
        Ok(released)
    }
}

fn note_release(
    op: &mut CourseOp<'_>,
    assignment: &AssignmentId,
    (version, tree): (i64, Sha256Sum),
    before: Option<i64>,
) -> Result<()> {
    let detail = json!({ "version": version, "tree": tree, "before": before });
    let about = About::assignment(assignment);
    op.note(Action::Released, about, Some(&detail))
}

/// Releases the files of an earlier version as the next one. `current` is the version that was current when the caller
/// looked, or `None` if the assignment was not released.
pub async fn again(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    version: i64,
    current: Option<i64>,
) -> Result<ReleaseResult> {
    let again = exchange.write_in(caller, course, Need::May(Right::Release), move |op| {
        op.lock_assignment(&assignment)?;
        let id = op.assignment(&assignment)?;
        let now_current = store::assignments::version(op.conn, id, None)?;
        let before = now_current.map(|current| current.number);
        IfReleased::ReplaceOnly(current).check(before)?;
        let earlier = store::assignments::version(op.conn, id, Some(version))?;
        let earlier = earlier.ok_or(Error::NotFound(Thing::Version))?;
        let same = now_current.filter(|current| current.tree_id == earlier.tree_id);
        if let Some(current) = same {
            return Ok(ReleaseResult {
                version: current.number,
                tree: earlier.digest,
                changed: false,
            });
        }
        let by = op.caller.name();
        let now = Timestamp::now();
        let version = store::assignments::release(op.conn, id, earlier.tree_id, by, now)?;
        note_release(op, &assignment, (version, earlier.digest), before)?;
        Ok(ReleaseResult {
            version,
            tree: earlier.digest,
            changed: true,
        })
    });
    again.await
}

/// Makes a version current that was released before, or none, within an operation of a caller who may and that holds the
/// lock of the assignment. `expected` must be current now.
pub(super) fn show_in(
    op: &mut CourseOp<'_>,
    assignment: &AssignmentId,
    expected: Option<i64>,
    shown: Option<i64>,
) -> Result<()> {
    let id = op.assignment(assignment)?;
    let current = store::assignments::version(op.conn, id, None)?;
    let before = current.map(|current| current.number);
    IfReleased::ReplaceOnly(expected).check(before)?;
    let Some(shown) = shown else {
        store::assignments::unrelease(op.conn, id)?;
        let about = About::assignment(assignment);
        return op.note(
            Action::Unreleased,
            about,
            Some(&json!({ "before": before })),
        );
    };
    let version = store::assignments::version(op.conn, id, Some(shown))?;
    let version = version.ok_or(Error::NotFound(Thing::Version))?;
    store::assignments::show(op.conn, id, shown)?;
    note_release(op, assignment, (shown, version.digest), before)
}

/// Removes the assignment from every listing. Nothing is lost: its versions, submissions and feedback come back with
/// the next release.
pub async fn unrelease(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Release), move |op| {
            op.lock_assignment(&assignment)?;
            let released = op.released(&assignment)?;
            let current = store::assignments::version(op.conn, released.id, None)?;
            store::assignments::unrelease(op.conn, released.id)?;
            let detail = json!({ "before": current.map(|current| current.number) });
            let about = About::assignment(&assignment);
            op.note(Action::Unreleased, about, Some(&detail))
        })
        .await
}
