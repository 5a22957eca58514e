//! Directories: named sequences of versions, owned by people and courses.

pub mod archived;
pub mod check;
pub mod contents;
pub mod entries;
pub mod grants;
pub mod reachable;
pub mod sources;
pub mod versions;

use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::error::unless_taken;
use super::schema::{courses, directories, directory_versions, sources as followed};
use super::trash::TrashPosition;
use super::{Error, Portion, Result};
use diesel::dsl::auto_type;
use nbcourier_domain::{CourseId, DirectoryName, DirectoryOwner, Sha256Sum, Timestamp, UserName};
use sources::Repository;

/// A directory with its current version.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The ID of the row.
    pub id: i64,
    /// The owner.
    pub owner: DirectoryOwner,
    /// The row of the course that owns it.
    pub course: Option<i64>,
    /// The name.
    pub name: DirectoryName,
    /// The description.
    pub description: Option<String>,
    /// The row and the version of the directory that this one is a copy of.
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
    /// The current version.
    pub head: Version,
    source: sources::RepositoryRow,
}

impl Directory {
    /// Returns the repository that the directory follows.
    pub fn source(&self) -> Result<Option<Repository>> {
        let (url, branch, folder, commit) = self.source.clone();
        let url = url.as_deref();
        url.map(|url| Repository::parse(url, branch, folder, commit))
            .transpose()
    }

    /// Returns the address of that repository.
    pub fn source_url(&self) -> Option<&str> {
        self.source.0.as_deref()
    }
}

impl Directory {
    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        let owner = match &self.owner {
            DirectoryOwner::Person(person) => person.as_str(),
            DirectoryOwner::Course(course) => course.as_str(),
        };
        let optional = [&self.description, &self.deliver].into_iter().flatten();
        let own = owner.len() + self.name.as_str().len() + self.created_by.len();
        own + optional.map(String::len).sum::<usize>() + self.head.text()
    }
}

/// A version of a directory.
#[derive(Debug, Clone)]
pub struct Version {
    /// The number, from 1.
    pub number: i64,
    /// The time at which it was made.
    pub made_at: Timestamp,
    /// The person who made it.
    pub made_by: String,
    /// The device on which it was made, as its client says.
    pub device: Option<String>,
    /// The message of its maker.
    pub message: Option<String>,
    /// The commit that it was made from, as JSON.
    pub origin: Option<String>,
    /// The label, with which it is kept.
    pub label: Option<String>,
    /// The number, and the bytes, of its files and folders.
    pub size: Size,
    /// The digest of its files, if it is computed.
    pub digest: Option<Sha256Sum>,
}

impl Version {
    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        let optional = [&self.device, &self.message, &self.origin, &self.label];
        let optional = optional.into_iter().flatten().map(String::len);
        self.made_by.len() + optional.sum::<usize>()
    }
}

/// The size of a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// The number of files.
    pub files: i64,
    /// The number of folders.
    pub folders: i64,
    /// The bytes of all files.
    pub bytes: i64,
    /// The length of all paths in bytes.
    pub path_bytes: i64,
}

type VersionColumns = (
    directory_versions::version,
    directory_versions::made_at,
    directory_versions::made_by,
    directory_versions::device,
    directory_versions::message,
    directory_versions::origin,
    directory_versions::label,
    (
        directory_versions::files,
        directory_versions::folders,
        directory_versions::bytes,
        directory_versions::path_bytes,
    ),
    directory_versions::digest,
);
pub(super) const VERSION: VersionColumns = (
    directory_versions::version,
    directory_versions::made_at,
    directory_versions::made_by,
    directory_versions::device,
    directory_versions::message,
    directory_versions::origin,
    directory_versions::label,
    (
        directory_versions::files,
        directory_versions::folders,
        directory_versions::bytes,
        directory_versions::path_bytes,
    ),
    directory_versions::digest,
);
pub(super) type VersionRow = (
    i64,
    i64,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    (i64, i64, i64, i64),
    Option<Vec<u8>>,
);

pub(super) fn parse_version(row: VersionRow) -> Result<Version> {
    let (number, made_at, made_by, device, message, origin, label, size, digest) = row;
    let (files, folders, bytes, path_bytes) = size;
    Ok(Version {
        number,
        made_at: Timestamp::from_micros(made_at),
        made_by,
        device,
        message,
        origin,
        label,
        size: Size {
            files,
            folders,
            bytes,
            path_bytes,
        },
        digest: digest.as_deref().map(parse_sha256).transpose()?,
    })
}

type Columns = (
    (
        directories::id,
        directories::owner,
        directories::course_id,
        diesel::dsl::Nullable<courses::name>,
        directories::name,
        directories::description,
        directories::parent_id,
        directories::parent_version,
        directories::deliver,
        directories::deliver_at_start,
        directories::created_by,
        directories::created_at,
        directories::deleted_at,
    ),
    VersionColumns,
    sources::RepositoryColumns,
);

/// Returns the columns of a [`Row`].
fn columns() -> Columns {
    (
        (
            directories::id,
            directories::owner,
            directories::course_id,
            courses::name.nullable(),
            directories::name,
            directories::description,
            directories::parent_id,
            directories::parent_version,
            directories::deliver,
            directories::deliver_at_start,
            directories::created_by,
            directories::created_at,
            directories::deleted_at,
        ),
        VERSION,
        sources::repository(),
    )
}

type Row = (
    (
        i64,
        Option<String>,
        Option<i64>,
        Option<String>,
        String,
        Option<String>,
        Option<i64>,
        Option<i64>,
        Option<String>,
        bool,
        String,
        i64,
        Option<i64>,
    ),
    VersionRow,
    sources::RepositoryRow,
);

fn parse_name(name: String) -> Result<DirectoryName> {
    DirectoryName::parse(name).map_err(|_| Error::Damaged("an illegal name of a directory"))
}

fn parse((row, head, source): Row) -> Result<Directory> {
    let (
        id,
        owner,
        course,
        course_name,
        name,
        description,
        parent,
        parent_version,
        deliver,
        deliver_at_start,
        created_by,
        created_at,
        deleted_at,
    ) = row;
    let owner = match (owner, course_name) {
        (Some(person), None) => UserName::parse(person).map(DirectoryOwner::Person),
        (None, Some(course)) => CourseId::parse(course).map(DirectoryOwner::Course),
        _ => return Err(Error::Damaged("a directory without an owner")),
    };
    Ok(Directory {
        id,
        owner: owner.map_err(|_| Error::Damaged("an illegal owner of a directory"))?,
        course,
        name: parse_name(name)?,
        description,
        parent: parent.zip(parent_version),
        deliver,
        deliver_at_start,
        created_by,
        created_at: Timestamp::from_micros(created_at),
        deleted_at: deleted_at.map(Timestamp::from_micros),
        head: parse_version(head)?,
        source,
    })
}

/// All directories with their courses, their current versions and their repositories, the deleted ones included.
#[auto_type]
fn with_heads() -> _ {
    let is_head = directory_versions::directory_id
        .eq(directories::id)
        .and(directory_versions::version.eq(directories::head));
    directories::table
        .inner_join(directory_versions::table.on(is_head))
        .left_join(courses::table.on(courses::id.nullable().eq(directories::course_id)))
        .left_join(followed::table.on(followed::directory_id.eq(directories::id)))
}

/// The condition that a directory and its course are not deleted.
#[auto_type]
fn is_there() -> _ {
    directories::deleted_at.is_null().and(
        directories::course_id
            .is_null()
            .or(courses::deleted_at.is_null().and(courses::id.is_not_null())),
    )
}

/// The owner of a directory, by the row of a course.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'a> {
    /// A person.
    Person(&'a UserName),
    /// The course with that row.
    Course(i64),
}

/// Returns the directory of that owner and name, unless it is deleted.
pub fn find(
    conn: &mut Connection,
    owner: Owner<'_>,
    name: &DirectoryName,
) -> Result<Option<Directory>> {
    let named = with_heads()
        .filter(directories::deleted_at.is_null())
        .filter(directories::name.eq(name.as_str()));
    let row = match owner {
        Owner::Person(person) => named
            .filter(directories::owner.eq(person.as_str()))
            .select(columns())
            .get_result::<Row>(conn)
            .optional()?,
        Owner::Course(course) => named
            .filter(directories::course_id.eq(course))
            .select(columns())
            .get_result::<Row>(conn)
            .optional()?,
    };
    row.map(parse).transpose()
}

/// Returns the directory of that name, unless it or its course is deleted.
pub fn in_course(
    conn: &mut Connection,
    course: &CourseId,
    name: &DirectoryName,
) -> Result<Option<Directory>> {
    let row = with_heads()
        .filter(directories::deleted_at.is_null())
        .filter(directories::name.eq(name.as_str()))
        .filter(courses::name.eq(course.as_str()))
        .filter(courses::deleted_at.is_null())
        .select(columns())
        .get_result::<Row>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the directory with that row, deleted or not, unless its course is deleted.
pub fn by_id(conn: &mut Connection, id: i64) -> Result<Option<Directory>> {
    let row = with_heads()
        .filter(directories::id.eq(id))
        .filter(
            directories::course_id
                .is_null()
                .or(courses::deleted_at.is_null()),
        )
        .select(columns())
        .get_result::<Row>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the number of a person's directories that are not deleted.
pub fn number_of(conn: &mut Connection, person: &UserName) -> Result<i64> {
    Ok(directories::table
        .filter(directories::deleted_at.is_null())
        .filter(directories::owner.eq(person.as_str()))
        .count()
        .get_result(conn)?)
}

/// The changeable facts of a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The description.
    pub description: Option<String>,
    /// The folder in which members of the course get it.
    pub deliver: Option<String>,
    /// Whether they get it whenever their servers start.
    pub deliver_at_start: bool,
}

/// A directory to be created.
#[derive(Debug)]
pub struct NewDirectory<'a> {
    /// The owner.
    pub owner: Owner<'a>,
    /// The name.
    pub name: &'a DirectoryName,
    /// The changeable facts.
    pub facts: &'a Facts,
    /// The row and the version of the directory that this one is a copy of.
    pub parent: Option<(i64, i64)>,
    /// The person who makes it.
    pub by: &'a UserName,
    /// The time.
    pub now: Timestamp,
}

/// Creates a directory whose first version is empty, or has the files of its parent. Returns its row, or `None` if the
/// owner has a directory of that name.
pub fn create(conn: &mut Connection, new: &NewDirectory<'_>) -> Result<Option<i64>> {
    let Some(id) = insert(conn, new, 1)? else {
        return Ok(None);
    };
    if let Some((parent, version)) = new.parent {
        entries::copy(conn, (parent, version), id)?;
    }
    let version = versions::NewVersion {
        by: new.by.as_str(),
        now: new.now,
        device: None,
        message: None,
        origin: None,
    };
    let size = entries::size_at(conn, id, 1)?;
    versions::insert(conn, id, 1, &version, size)?;
    Ok(Some(id))
}

/// Inserts the row of a directory whose current version has that number. Returns it, or `None` if the owner has a
/// directory of that name.
fn insert(conn: &mut Connection, new: &NewDirectory<'_>, head: i64) -> Result<Option<i64>> {
    let (owner, course) = match new.owner {
        Owner::Person(person) => (Some(person.as_str()), None),
        Owner::Course(course) => (None, Some(course)),
    };
    Ok(diesel::insert_into(directories::table)
        .values((
            directories::owner.eq(owner),
            directories::course_id.eq(course),
            directories::name.eq(new.name.as_str()),
            directories::description.eq(new.facts.description.as_deref()),
            directories::parent_id.eq(new.parent.map(|(id, _)| id)),
            directories::parent_version.eq(new.parent.map(|(_, version)| version)),
            directories::head.eq(head),
            directories::deliver.eq(new.facts.deliver.as_deref()),
            directories::deliver_at_start.eq(new.facts.deliver_at_start),
            directories::created_by.eq(new.by.as_str()),
            directories::created_at.eq(new.now.micros()),
        ))
        .on_conflict_do_nothing()
        .returning(directories::id)
        .get_result::<i64>(conn)
        .optional()?)
}

/// Changes the name and the facts of a directory. Returns `None` if the owner has another directory of that name.
pub fn change(
    conn: &mut Connection,
    id: i64,
    name: &DirectoryName,
    facts: &Facts,
) -> Result<Option<()>> {
    unless_taken(conn.transaction(|conn| {
        diesel::update(directories::table.find(id))
            .set((
                directories::name.eq(name.as_str()),
                directories::description.eq(facts.description.as_deref()),
                directories::deliver.eq(facts.deliver.as_deref()),
                directories::deliver_at_start.eq(facts.deliver_at_start),
            ))
            .execute(conn)?;
        Ok(())
    }))
}

/// Marks a directory as deleted.
pub fn mark_deleted(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(directories::table.find(id))
        .set(directories::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Restores a deleted directory. Returns `None` if the owner has another directory of its name now.
pub fn restore(conn: &mut Connection, id: i64) -> Result<Option<()>> {
    unless_taken(conn.transaction(|conn| {
        diesel::update(directories::table.find(id))
            .set(directories::deleted_at.eq(None::<i64>))
            .execute(conn)?;
        Ok(())
    }))
}

/// The owners whose deleted directories are wanted.
#[derive(Debug, Clone)]
pub enum Owners<'a> {
    /// All.
    All,
    /// A person, and the courses with these rows.
    These(&'a UserName, Vec<i64>),
}

/// Returns a portion of the directories that were deleted at `since` or later, after a place, last deleted first, and
/// whether there are more.
pub fn deleted(
    conn: &mut Connection,
    owners: &Owners<'_>,
    since: Timestamp,
    after: Option<TrashPosition>,
    portion: Portion,
) -> Result<(Vec<Directory>, bool)> {
    let after = after.unwrap_or(TrashPosition::FIRST);
    let of = match owners {
        Owners::All => None,
        Owners::These(person, of_courses) => Some(
            directories::owner
                .eq(person.as_str())
                .assume_not_null()
                .or(among(
                    directories::course_id.assume_not_null(),
                    of_courses.iter().copied(),
                )),
        ),
    };
    let rows = with_heads()
        .filter(
            directories::course_id
                .is_null()
                .or(courses::deleted_at.is_null()),
        )
        .filter(maybe(of))
        .filter(directories::deleted_at.ge(since.micros()))
        .filter(directories::deleted_at.le(after.deleted_at.micros()))
        .filter(
            directories::deleted_at
                .lt(after.deleted_at.micros())
                .or(directories::id.lt(after.id)),
        )
        .order((directories::deleted_at.desc(), directories::id.desc()))
        .select(columns())
        .at_most(portion.limit())
        .load_iter::<Row>(conn)?;
    portion.take(rows, parse, Directory::text)
}

/// Returns the names and descriptions of the first directories of a course, by row.
pub fn names_of_course(
    conn: &mut Connection,
    course: i64,
    at_most: usize,
) -> Result<Vec<(DirectoryName, Option<String>)>> {
    let rows = directories::table
        .filter(directories::course_id.eq(course))
        .filter(directories::deleted_at.is_null())
        .order(directories::id)
        .select((directories::name, directories::description))
        .at_most(at_most)
        .load::<(String, Option<String>)>(conn)?;
    let named = rows
        .into_iter()
        .map(|(name, description)| Ok((parse_name(name)?, description)));
    named.collect()
}

/// Removes the directories that were deleted before `limit`, with all their versions. Returns their number.
pub fn purge_deleted_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged =
        diesel::delete(directories::table.filter(directories::deleted_at.lt(limit.micros())))
            .execute(conn)?;
    Ok(purged)
}
