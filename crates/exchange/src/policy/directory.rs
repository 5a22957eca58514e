//! Access to directories: by ownership, by membership in the course that owns one, and by grants.

use super::Policy;
use crate::error::{Denial, Error, Result, Thing};
use nbcourier_domain::{AccessLevel, DirectoryName, DirectoryOwner, Principal, Role};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::grants::{self, Grant};
use nbcourier_storage::directories::reachable::Reader;
use nbcourier_storage::directories::{self, Directory, Owner};
use nbcourier_storage::{self as store, Connection};

/// The owner and the name of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryAddress {
    /// The owner.
    pub owner: DirectoryOwner,
    /// The name.
    pub name: DirectoryName,
}

/// A directory with the caller's access to it.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryStanding {
    /// The directory.
    pub directory: Directory,
    /// Its grants, of which the caller may not know all.
    pub grants: Vec<Grant>,
    /// The caller's level.
    pub level: AccessLevel,
    /// The caller, as far as it decides which directories they can read.
    pub reader: Reader,
    policy: Policy,
}

impl DirectoryStanding {
    /// Requires the level.
    pub fn require(self, level: AccessLevel) -> Result<Self> {
        if self.level >= level {
            return Ok(self);
        }
        Err(self.policy.deny(Denial::NotGranted))
    }
}

impl Policy {
    /// Returns the caller, as far as it decides which directories they can read.
    pub(crate) fn reader(self, conn: &mut Connection, caller: &Caller) -> Result<Reader> {
        let groups = self.groups(caller);
        Ok(Reader {
            name: caller.name().clone(),
            groups: if self.hub_groups {
                caller.groups().to_vec()
            } else {
                Vec::new()
            },
            roles: store::courses::roles(conn, caller.name(), &groups)?,
            is_admin: caller.is_admin(),
        })
    }

    /// Returns the caller's access to a directory. Without any, the directory is not found: its name may already say too
    /// much.
    pub(crate) fn enter_directory(
        self,
        conn: &mut Connection,
        caller: &Caller,
        address: &DirectoryAddress,
    ) -> Result<DirectoryStanding> {
        let name = &address.name;
        let found = match &address.owner {
            DirectoryOwner::Person(person) => directories::find(conn, Owner::Person(person), name)?,
            DirectoryOwner::Course(course) => directories::in_course(conn, course, name)?,
        };
        let found = found.ok_or(Error::NotFound(Thing::Directory))?;
        self.standing_in(conn, caller, found)
    }

    /// Returns the caller's access to that directory, deleted or not.
    pub(crate) fn standing_in(
        self,
        conn: &mut Connection,
        caller: &Caller,
        directory: Directory,
    ) -> Result<DirectoryStanding> {
        let reader = self.reader(conn, caller)?;
        let grants = grants::of(conn, &[directory.id])?;
        let level = level(&reader, &directory, &grants);
        Ok(DirectoryStanding {
            level: level.ok_or(Error::NotFound(Thing::Directory))?,
            directory,
            grants,
            reader,
            policy: self,
        })
    }
}

/// Returns the level that a reader has in a directory. `granted` may have the grants of other directories, too.
pub(crate) fn level(
    reader: &Reader,
    directory: &Directory,
    granted: &[Grant],
) -> Option<AccessLevel> {
    if reader.is_admin {
        return Some(AccessLevel::Admin);
    }
    let by_owner = match &directory.owner {
        DirectoryOwner::Person(person) => (*person == reader.name).then_some(AccessLevel::Admin),
        DirectoryOwner::Course(_) => {
            let role = directory
                .course
                .and_then(|course| reader.roles.get(&course));
            role.map(|role| match role {
                Role::Instructor => AccessLevel::Admin,
                Role::Student | Role::Assistant => AccessLevel::Read,
            })
        }
    };
    let grants = granted
        .iter()
        .filter(|grant| grant.directory == directory.id && is_to(grant, reader));
    grants.map(|grant| grant.level).chain(by_owner).max()
}

/// Whether the reader is among the receivers of a grant.
pub(crate) fn is_to(grant: &Grant, reader: &Reader) -> bool {
    match &grant.to {
        Principal::Person(person) => *person == reader.name,
        Principal::Group(group) => reader.groups.contains(group),
        Principal::Course(_, least) => {
            let role = grant.course.and_then(|course| reader.roles.get(&course));
            role.is_some_and(|role| role >= least)
        }
        Principal::Everybody => true,
    }
}
