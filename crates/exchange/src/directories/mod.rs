//! Directories: named sequences of versions that people and courses share.
//!
//! A version never changes. A change is a batch of operations on paths, which makes the next version.

pub mod browsing;
pub mod changes;
mod commit;
pub mod contents;
mod facts;
pub mod following;
pub mod sharing;
pub mod thinning;
pub mod versions;
mod working;

pub(crate) use commit::commit_batch;
pub use commit::{Committed, Ready, ready};
pub use facts::{Change, DirectoryFacts, Patch, parse_name};

use super::audit::Action;
use super::op::{Need, Op, Place, lock_directory, note_directory};
use super::policy::{DirectoryAddress, Right, level};
use super::sources::SourceFacts;
use super::trash::Position;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AccessLevel, CourseId, DirectoryName, DirectoryOwner, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::reachable;
pub use nbcourier_storage::directories::reachable::{Delivered, Reach};
use nbcourier_storage::directories::{
    self as rows, NewDirectory, Owner, Owners, contents as stored,
};
use nbcourier_storage::{self as store, Connection, Lock, Portion};
use serde_json::json;
use std::time::Duration;
use versions::VersionView;

/// Maximum length of all paths of a directory in bytes, so that it can be listed in little memory.
const MAX_PATH_BYTES: i64 = 16 * 1024 * 1024;

/// The limits on directories.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryLimits {
    /// Maximum number of directories of a person.
    pub per_person: usize,
    /// Maximum number of files and folders in a directory.
    pub entries: usize,
    /// Maximum number of requests that wait for changes.
    pub waiting: usize,
}

impl Default for DirectoryLimits {
    fn default() -> Self {
        Self {
            per_person: 100,
            entries: 100_000,
            waiting: 2000,
        }
    }
}

/// A directory, as a caller sees it.
#[derive(Debug, Clone)]
pub struct DirectoryView {
    /// The number, which it keeps under any name.
    pub id: i64,
    /// The owner.
    pub owner: DirectoryOwner,
    /// The name.
    pub name: DirectoryName,
    /// The description.
    pub description: Option<String>,
    /// The current version.
    pub head: VersionView,
    /// The number and the version of the directory that this one is a copy of.
    pub parent: Option<(i64, i64)>,
    /// The folder in which members of the course get it.
    pub deliver: Option<String>,
    /// Whether they get it whenever their servers start.
    pub deliver_at_start: bool,
    /// The person who made it.
    pub created_by: String,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time at which it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The repository that it follows.
    pub source: Option<SourceFacts>,
    /// The caller's level of access.
    pub may: AccessLevel,
}

impl DirectoryView {
    fn of(row: rows::Directory, may: AccessLevel) -> Result<Self> {
        let source = row.source()?;
        Ok(Self {
            source: source.map(SourceFacts::from),
            ..Self::without_source(row, may)
        })
    }

    fn without_source(row: rows::Directory, may: AccessLevel) -> Self {
        Self {
            id: row.id,
            owner: row.owner,
            name: row.name,
            description: row.description,
            head: VersionView::new(row.head),
            parent: row.parent,
            deliver: row.deliver,
            deliver_at_start: row.deliver_at_start,
            created_by: row.created_by,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
            source: None,
            may,
        }
    }
}

/// The directories that a caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct DirectoryFilter {
    /// Only those of this owner.
    pub owner: Option<DirectoryOwner>,
    /// Only those that the caller can read for this reason.
    pub reach: Option<Reach>,
    /// Only those that are delivered.
    pub deliver: Option<Delivered>,
    /// Only those with this text in their name or description.
    pub text: Option<String>,
    /// Only those with a number above this one.
    pub after: i64,
}

/// A page of directories.
#[derive(Debug, Clone)]
pub struct DirectoryPage {
    /// The directories by number.
    pub directories: Vec<DirectoryView>,
    /// The number after which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Returns at most `at_most` of the directories that the caller can read. An administrator can read all.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    filter: DirectoryFilter,
    at_most: usize,
) -> Result<DirectoryPage> {
    let read = exchange.read_own(caller, move |op| {
        let reader = op.exchange.policy.reader(op.conn, op.caller)?;
        let filter = reachable::Filter {
            owner: filter.owner,
            reach: filter.reach,
            deliver: filter.deliver,
            text: filter.text,
            after: filter.after,
        };
        let portion = Portion::of(at_most);
        let (found, is_more) = reachable::list(op.conn, &reader, &filter, portion)?;
        let ids: Vec<i64> = found.iter().map(|directory| directory.id).collect();
        let grants = rows::grants::of(op.conn, &ids)?;
        let next = ids.last().copied().filter(|_| is_more);
        let views = found.into_iter().filter_map(|directory| {
            let may = level(&reader, &directory, &grants)?;
            Some(DirectoryView::of(directory, may))
        });
        Ok(DirectoryPage {
            directories: views.collect::<Result<_>>()?,
            next,
        })
    });
    read.await
}

/// Returns the first directories of a course, each with its description. All of its members can read them.
pub async fn of_course(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    at_most: usize,
) -> Result<Vec<(DirectoryName, Option<String>)>> {
    let read = exchange.read_in(caller, course, Need::May(Right::TakePart), move |op| {
        Ok(rows::names_of_course(op.conn, op.standing.course, at_most)?)
    });
    read.await
}

/// Returns a directory with the digest of its current version, which is computed when it is first needed.
pub async fn show(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
) -> Result<DirectoryView> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, |op| {
        let mut view = DirectoryView::of(op.directory().clone(), op.standing.level)?;
        let digest = versions::digest_in(op, view.head.number, view.head.digest)?;
        view.head.digest = Some(digest);
        Ok(view)
    });
    read.await
}

/// A directory that the caller may create.
pub struct ReadyToCreate {
    exchange: Exchange,
    caller: Caller,
    address: DirectoryAddress,
}

/// Checks that the caller may create a directory for that owner: themselves, or a course that they teach.
pub async fn ready_to_create(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
) -> Result<ReadyToCreate> {
    let wanted = address.clone();
    let check = exchange.read_own(caller, move |op| may_own(op, &wanted.owner).map(drop));
    check.await?;
    Ok(ReadyToCreate {
        exchange: exchange.clone(),
        caller: caller.clone(),
        address,
    })
}

impl ReadyToCreate {
    /// Creates an empty directory.
    pub async fn create(self, facts: DirectoryFacts) -> Result<DirectoryView> {
        let Self {
            exchange,
            caller,
            address,
        } = self;
        facts.check(&address.owner)?;
        let create = exchange.write_own(&caller, move |op| {
            let id = create_in(op, &address, &facts, None)?;
            view_of(op.conn, id)
        });
        create.await
    }
}

/// Creates a directory with the files of a version of another one. It belongs to the caller.
pub async fn copy(
    exchange: &Exchange,
    caller: &Caller,
    from: DirectoryAddress,
    version: Option<i64>,
    name: DirectoryName,
) -> Result<DirectoryView> {
    let to = DirectoryAddress {
        owner: DirectoryOwner::Person(caller.name().clone()),
        name,
    };
    let copy = exchange.write_own(caller, move |op| {
        let policy = op.exchange.policy;
        let standing = policy.enter_directory(op.conn, op.caller, &from)?;
        let source = standing.directory;
        let number = version.unwrap_or(source.head.number);
        let facts = DirectoryFacts {
            description: source.description.clone(),
            ..DirectoryFacts::default()
        };
        let id = create_in(op, &to, &facts, Some((source.id, number)))?;
        // Looked up after the copy: if the version is there now, no clean-up had removed entries of it before.
        rows::versions::find(op.conn, source.id, number)?
            .ok_or(Error::NotFound(Thing::DirectoryVersion))?;
        let bytes = stored::distinct_bytes(op.conn, id)?;
        let quota = &op.exchange.quota;
        quota.take_for_directory(op.conn, &to.owner, None, bytes)?;
        view_of(op.conn, id)
    });
    copy.await
}

/// Requires that the caller may have directories under that owner. Returns the row of the course, if it is one.
fn may_own(op: &mut Op<'_>, owner: &DirectoryOwner) -> Result<Option<i64>> {
    match owner {
        DirectoryOwner::Person(person) if person == op.caller.name() => Ok(None),
        DirectoryOwner::Person(person) => {
            op.exchange.policy.require_admin(op.caller)?;
            super::people::require_own_name(person)?;
            Ok(None)
        }
        DirectoryOwner::Course(course) => {
            let standing = op.exchange.policy.enter(op.conn, op.caller, course)?;
            let standing = standing.require(Right::ShareFiles)?;
            Ok(Some(standing.course))
        }
    }
}

fn create_in(
    op: &mut Op<'_>,
    address: &DirectoryAddress,
    facts: &DirectoryFacts,
    parent: Option<(i64, i64)>,
) -> Result<i64> {
    // Two at once would both find room for one more.
    let owner_text = address.owner.to_string();
    if let DirectoryOwner::Person(person) = &address.owner {
        let all = Lock::Directory(&owner_text, "");
        op.conn.lock([Lock::PersonShared(person), all])?;
    }
    let course = may_own(op, &address.owner)?;
    let owner = match &address.owner {
        DirectoryOwner::Person(person) => {
            check_number(op, person)?;
            Owner::Person(person)
        }
        DirectoryOwner::Course(_) => Owner::Course(course.ok_or(Error::NotFound(Thing::Course))?),
    };
    let new = NewDirectory {
        owner,
        name: &address.name,
        facts: &facts.row(),
        parent,
        by: op.caller.name(),
        now: Timestamp::now(),
    };
    let id = rows::create(op.conn, &new)?.ok_or(Error::AlreadyExists(Thing::Directory))?;
    let directory = rows::by_id(op.conn, id)?.ok_or(Error::NotFound(Thing::Directory))?;
    let detail = match parent {
        Some((id, version)) => json!({ "copy_of": id, "version": version }),
        None => json!({}),
    };
    note_directory(
        op.conn,
        op.caller,
        Action::DirectoryCreated,
        &directory,
        detail,
    )?;
    Ok(id)
}

fn check_number(op: &mut Op<'_>, person: &UserName) -> Result<()> {
    let limit = op.exchange.directory_limits.per_person;
    let number = rows::number_of(op.conn, person)?;
    if usize::try_from(number).is_ok_and(|number| number < limit) {
        return Ok(());
    }
    Err(Error::TooManyDirectories {
        person: person.clone(),
        limit,
    })
}

/// Returns the view of a directory for its owner.
fn view_of(conn: &mut Connection, id: i64) -> Result<DirectoryView> {
    let row = rows::by_id(conn, id)?.ok_or(Error::NotFound(Thing::Directory))?;
    let mut view = DirectoryView::of(row, AccessLevel::Admin)?;
    if view.head.digest.is_none() {
        view.head.digest = Some(stored::digest(conn, id, view.head.number)?);
    }
    Ok(view)
}

/// Changes the name or other facts of a directory. Facts that the patch does not name stay.
pub async fn change(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    patch: Patch,
) -> Result<DirectoryView> {
    let change = exchange.write_directory(caller, address, AccessLevel::Admin, move |op| {
        let directory = op.directory().clone();
        let (name, facts) = patch.of(&directory);
        facts.check(&directory.owner)?;
        if name != directory.name {
            let renamed = DirectoryAddress {
                owner: directory.owner.clone(),
                name: name.clone(),
            };
            lock_directory(op.conn, &renamed)?;
        }
        rows::change(op.conn, directory.id, &name, &facts.row())?
            .ok_or(Error::AlreadyExists(Thing::Directory))?;
        op.note(
            Action::DirectoryChanged,
            json!({
                "name": name,
                "description": facts.description,
                "deliver": facts.deliver,
                "deliver_at_start": facts.deliver_at_start,
            }),
        )?;
        view_of(op.conn, directory.id)
    });
    change.await
}

/// Puts a directory into the trash. It can be restored until [`crate::upkeep::gc`] removes it.
pub async fn delete(exchange: &Exchange, caller: &Caller, address: DirectoryAddress) -> Result<()> {
    let delete = exchange.write_directory(caller, address, AccessLevel::Admin, |op| {
        rows::mark_deleted(op.conn, op.standing.directory.id, Timestamp::now())?;
        op.note(Action::DirectoryDeleted, json!({}))?;
        op.exchange.quota.shrunk();
        Ok(())
    });
    delete.await
}

/// A page of deleted directories, last deleted first.
#[derive(Debug, Clone)]
pub struct DirectoryTrash {
    /// The directories.
    pub directories: Vec<DirectoryView>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` deleted directories that the caller can restore: their own, those of the courses that they
/// teach, and all for an administrator.
pub async fn trash(
    exchange: &Exchange,
    caller: &Caller,
    retention: Duration,
    after: Option<Position>,
    at_most: usize,
) -> Result<DirectoryTrash> {
    let since = super::upkeep::gc::limit(retention);
    let read = exchange.read_own(caller, move |op| {
        let reader = op.exchange.policy.reader(op.conn, op.caller)?;
        let owners = if reader.is_admin {
            Owners::All
        } else {
            let taught = reader.roles.iter();
            let taught = taught.filter(|(_, role)| **role == nbcourier_domain::Role::Instructor);
            Owners::These(&reader.name, taught.map(|(course, _)| *course).collect())
        };
        let (found, is_more) = rows::deleted(
            op.conn,
            &owners,
            since,
            after.map(Position::place),
            Portion::of(at_most),
        )?;
        let last = found.last().filter(|_| is_more);
        let next = last.and_then(|last| {
            Some(Position {
                deleted_at: last.deleted_at?,
                id: last.id,
            })
        });
        let views = found
            .into_iter()
            .map(|row| DirectoryView::without_source(row, AccessLevel::Admin));
        Ok(DirectoryTrash {
            directories: views.collect(),
            next,
        })
    });
    read.await
}

/// Restores a deleted directory. `None` is a number that could not be parsed and matches nothing.
pub async fn restore(
    exchange: &Exchange,
    caller: &Caller,
    id: Option<i64>,
) -> Result<DirectoryView> {
    let restore = exchange.write_own(caller, move |op| {
        let not_found = || Error::NotFound(Thing::Directory);
        let found = rows::by_id(op.conn, id.ok_or_else(not_found)?)?.ok_or_else(not_found)?;
        let address = DirectoryAddress {
            owner: found.owner.clone(),
            name: found.name.clone(),
        };
        lock_directory(op.conn, &address)?;
        let standing = op.exchange.policy.standing_in(op.conn, op.caller, found)?;
        let found = standing.require(AccessLevel::Admin)?.directory;
        if found.deleted_at.is_none() {
            return Err(not_found());
        }
        if let DirectoryOwner::Person(person) = &found.owner {
            check_number(op, person)?;
        }
        rows::restore(op.conn, found.id)?.ok_or(Error::AlreadyExists(Thing::Directory))?;
        note_directory(
            op.conn,
            op.caller,
            Action::DirectoryRestored,
            &found,
            json!({}),
        )?;
        op.exchange.quota.grown();
        view_of(op.conn, found.id)
    });
    restore.await
}

/// Returns the row of a course that is not deleted, for a grant to its members.
fn course_row(conn: &mut Connection, course: &CourseId) -> Result<i64> {
    store::courses::row(conn, course)?.ok_or(Error::NotFound(Thing::Course))
}
