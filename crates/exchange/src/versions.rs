//! The versions of an assignment with their files, and what differs between them.

use super::history::PastRelease;
use super::op::{CourseOp, Need};
use super::policy::{May, Right};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use std::collections::HashMap;

/// Maximum number of versions in a list.
const VERSIONS: usize = 200;

/// The versions of an assignment.
#[derive(Debug, Clone)]
pub struct Versions {
    /// The newest versions, newest first.
    pub versions: Vec<Version>,
    /// Whether there are more.
    pub has_more: bool,
    /// The version whose files are listed. `None` if there are no versions.
    pub shown: Option<Shown>,
    /// The number of people who have submitted.
    pub submitters: i64,
    /// The rights of the caller.
    pub may: May,
}

impl Versions {
    /// Returns the number of the current version, if the assignment is released.
    pub fn current(&self) -> Option<i64> {
        let mut versions = self.versions.iter();
        let current = versions.find(|version| version.release.is_current);
        current.map(|version| version.release.version)
    }
}

/// A version.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number, time, author and digest.
    pub release: PastRelease,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

/// The files of a version, compared with those of another one.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The number of the version.
    pub version: i64,
    /// The number of the version that it is compared with, if there is one.
    pub compared_with: Option<i64>,
    /// The files.
    pub files: Vec<ShownFile>,
    /// The paths of files that only the other version has.
    pub removed: Vec<String>,
}

/// A file of a version.
#[derive(Debug, Clone)]
pub struct ShownFile {
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// How it differs from the other version.
    pub difference: Difference,
}

/// The difference of a file between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The content is the same, or there is no other version.
    None,
    /// The content differs.
    Changed,
    /// The other version has no such file.
    New,
}

/// The version with which another one is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The one before it.
    Previous,
    /// The current one.
    Current,
}

/// Returns the versions of an assignment, with the files of one of them: of that with this number, else of the current
/// one, else of the newest. The assignment need not be released.
pub async fn of(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    wanted: Option<i64>,
    against: Against,
) -> Result<Versions> {
    let read = exchange.read_in(caller, course, Need::May(Right::Preview), move |op| {
        versions(op, &assignment, wanted, against)
    });
    read.await
}

/// Does what [`of`] does, for those who release the assignment.
pub async fn to_release(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    wanted: Option<i64>,
    against: Against,
) -> Result<Versions> {
    let read = exchange.read_in(caller, course, Need::May(Right::Release), move |op| {
        versions(op, &assignment, wanted, against)
    });
    read.await
}

fn versions(
    op: &mut CourseOp<'_>,
    assignment: &AssignmentId,
    wanted: Option<i64>,
    against: Against,
) -> Result<Versions> {
    let course = op.standing.course;
    let found = store::assignments::find_with_submitters(op.conn, course, assignment)?;
    let (id, submitters) = found.ok_or(Error::NotFound(Thing::Assignment))?;
    let portion = Portion::of(VERSIONS);
    let (rows, has_more) = store::history::versions(op.conn, id, i64::MAX, portion)?;
    let current = rows.iter().find(|row| row.release.is_current);
    let shown = match wanted {
        Some(number) => {
            let found = rows.iter().find(|row| row.release.version == number);
            Some(found.ok_or(Error::NotFound(Thing::Version))?)
        }
        None => current.or(rows.first()),
    };
    let other = shown.and_then(|shown| match against {
        Against::Previous => {
            let mut before = rows.iter();
            before.find(|row| row.release.version < shown.release.version)
        }
        Against::Current => current,
    });
    let trees = [shown, other].into_iter().flatten().map(|row| row.tree);
    let files = store::trees::files_of_all(op.conn, trees)?;
    let shown = match shown {
        None => None,
        Some(row) => {
            let own = files.of(row.tree)?;
            let others = other.map(|row| files.of(row.tree)).transpose()?;
            let (files, removed) = compare(&own, others.as_deref());
            Some(Shown {
                version: row.release.version,
                compared_with: other.map(|row| row.release.version),
                files,
                removed,
            })
        }
    };
    let versions = rows.into_iter().map(|row| Version {
        release: PastRelease::new(row.release),
        files: row.files,
        bytes: row.bytes,
    });
    Ok(Versions {
        versions: versions.collect(),
        has_more,
        shown,
        submitters,
        may: op.standing.into(),
    })
}

/// Returns the files, each compared with the file of that path among the others, and the paths that only the others
/// have.
fn compare(
    own: &[store::trees::File],
    others: Option<&[store::trees::File]>,
) -> (Vec<ShownFile>, Vec<String>) {
    let sum = |file: &store::trees::File| file.blob.blob.sha256;
    let all = others.unwrap_or_default().iter();
    let mut before: HashMap<&str, Sha256Sum> =
        all.map(|file| (file.path.as_str(), sum(file))).collect();
    let files = own.iter().map(|file| ShownFile {
        path: file.path.as_str().to_owned(),
        size: file.blob.blob.size,
        difference: match before.remove(file.path.as_str()) {
            _ if others.is_none() => Difference::None,
            Some(other) if other == sum(file) => Difference::None,
            Some(_) => Difference::Changed,
            None => Difference::New,
        },
    });
    let files = files.collect();
    let mut removed: Vec<String> = before.into_keys().map(str::to_owned).collect();
    removed.sort_unstable();
    (files, removed)
}
