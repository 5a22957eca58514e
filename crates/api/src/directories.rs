//! Directories, their versions and their grants.

use super::DirectorySource;
use super::files::stored_path;
use super::{List, MAX_ITEMS};
use nbcourier_domain::{AccessLevel, Md5Sum, RelativePath, Rfc3339, Role, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// The directories that the caller can read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Directories {
    pub directories: Vec<Directory>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A directory with its current version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// The number, which it keeps under any name.
    pub id: i64,
    pub owner: DirectoryOwner,
    pub name: String,
    pub description: Option<String>,
    /// The number of the current version.
    pub version: i64,
    /// The digest of its files. In listings, it is `null` until somebody has asked for the directory itself.
    pub tree: Option<Sha256Sum>,
    /// The number of files.
    pub files: i64,
    /// The bytes of all files.
    pub bytes: i64,
    pub changed_at: Rfc3339,
    pub changed_by: String,
    pub created_at: Rfc3339,
    pub created_by: String,
    /// The directory and version that this one is a copy of.
    pub parent: Option<DirectoryParent>,
    /// The folder in the homes of the course's members that it is delivered to.
    pub deliver: Option<String>,
    /// Whether it is delivered whenever their servers start.
    pub deliver_at_start: bool,
    /// The repository that it follows. Only the server writes such a directory.
    pub source: Option<DirectorySource>,
    /// The caller's level of access.
    pub may: AccessLevel,
    /// The time of deletion, in the trash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deleted_at: Option<Rfc3339>,
}

/// The owner of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryOwner {
    pub kind: OwnerKind,
    pub name: String,
}

/// The kind of the owner of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnerKind {
    User,
    Course,
}

impl DirectoryOwner {
    /// Returns the owner as addresses have it: the name of a person, or `course:COURSE`.
    pub fn address(&self) -> String {
        match self.kind {
            OwnerKind::User => self.name.clone(),
            OwnerKind::Course => format!("course:{}", self.name),
        }
    }
}

/// The directory and version that another one is a copy of.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryParent {
    /// The number of the directory, which may be gone.
    pub id: i64,
    pub version: i64,
}

/// A directory to be created.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct NewDirectory {
    /// The name of a person, or `course:COURSE`. Without one, the caller.
    #[serde(default)]
    pub owner: Option<String>,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    /// The folder in the homes of the course's members that it is delivered to.
    #[serde(default)]
    pub deliver: Option<String>,
    /// Whether it is delivered whenever their servers start.
    #[serde(default)]
    pub deliver_at_start: bool,
}

/// Changes of a directory. Absent members stay as they are, and `null` removes a description or a delivery.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "PatchedText::is_kept")]
    pub description: PatchedText,
    #[serde(default, skip_serializing_if = "PatchedText::is_kept")]
    pub deliver: PatchedText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at_start: Option<bool>,
}

/// A text that is set, or removed by `null`. A member with neither is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "Option<String>")]
pub enum PatchedText {
    /// It stays as it is.
    #[default]
    Kept,
    /// It is removed.
    Removed,
    /// It is replaced.
    Set(String),
}

impl PatchedText {
    /// Whether the member is absent.
    pub fn is_kept(&self) -> bool {
        *self == Self::Kept
    }
}

impl Serialize for PatchedText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Kept | Self::Removed => serializer.serialize_none(),
            Self::Set(text) => serializer.serialize_some(text),
        }
    }
}

impl<'de> Deserialize<'de> for PatchedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An absent member never gets here.
        let text: Option<String> = Option::deserialize(deserializer)?;
        Ok(text.map_or(Self::Removed, Self::Set))
    }
}

/// A copy to be made, which belongs to the caller.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewCopy {
    pub name: String,
    /// The version to copy. Without one, the current version.
    #[serde(default)]
    pub version: Option<i64>,
}

/// The grants of a directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Grants {
    /// All grants, or for callers who are not admins of the directory, those to the caller.
    pub grants: Vec<Grant>,
}

/// A grant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    pub kind: PrincipalKind,
    /// The name of the person, group or course. Grants to everybody have none.
    pub name: Option<String>,
    /// In a course, the least role of those who get it.
    pub role: Option<Role>,
    pub level: AccessLevel,
    pub granted_by: String,
    pub granted_at: Rfc3339,
}

/// The kind of the receiver of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// One person, or a service.
    User,
    /// The members of a group of the hub.
    Group,
    /// The members of a course.
    Course,
    /// Everybody whom the exchange knows.
    Everybody,
}

/// Grants in the place of all that a directory has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewGrants {
    pub grants: Vec<NewGrant>,
}

/// A grant to be given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewGrant {
    pub kind: PrincipalKind,
    /// The name of the person, group or course.
    #[serde(default)]
    pub name: Option<String>,
    /// In a course, the least role of those who get it. Without one, all members.
    #[serde(default)]
    pub role: Option<Role>,
    pub level: AccessLevel,
}

/// The versions of a directory, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryVersions {
    pub versions: Vec<DirectoryVersion>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A version of a directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryVersion {
    pub version: i64,
    pub made_at: Rfc3339,
    pub made_by: String,
    /// The device on which it was made, as its client says.
    pub device: Option<String>,
    pub message: Option<String>,
    /// The label, with which it is kept.
    pub label: Option<String>,
    /// The number of files.
    pub files: i64,
    /// The bytes of all files.
    pub bytes: i64,
}

/// A label to be set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewLabel {
    /// The label, or `null` to remove it.
    pub label: Option<String>,
}

/// A page of the files and directories in a version, by path.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryEntries {
    pub version: i64,
    pub entries: Vec<DirectoryEntry>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    File,
    Directory,
}

/// A file or directory in a version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryEntry {
    #[serde(deserialize_with = "stored_path")]
    pub path: Cow<'static, RelativePath>,
    pub kind: EntryKind,
    #[serde(flatten)]
    pub file: Option<EntryFile>,
    /// The version with which it has had its content.
    pub since: i64,
}

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryFile {
    /// The size in bytes.
    pub size: u64,
    pub sha256: Sha256Sum,
    /// The MD5, or `null` until it is computed.
    pub md5: Option<Md5Sum>,
    pub executable: bool,
}

/// A page of the paths that have changed after a version, by the version of their last change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryChanges {
    /// The current version.
    pub version: i64,
    pub changes: Vec<ChangedPath>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A path that has changed, as it is now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangedPath {
    #[serde(deserialize_with = "stored_path")]
    pub path: Cow<'static, RelativePath>,
    /// The kind of the entry. A removed path has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<EntryKind>,
    #[serde(flatten)]
    pub file: Option<EntryFile>,
    /// Whether the path was removed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub removed: bool,
    /// The version of the last change.
    pub version: i64,
}

/// Operations that are applied one after the other, all or none.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewChanges {
    /// A message for those who read the list of versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The device on which the changes were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[schemars(with = "Vec<Operation>", length(max = MAX_ITEMS))]
    pub changes: List<Operation>,
}

/// An operation on the paths of a directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// Gives a path a file with these bytes.
    Put {
        path: String,
        sha256: String,
        /// The size in bytes.
        size: u64,
        /// Whether it can be executed. Without it, as the path has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        executable: Option<bool>,
        #[serde(rename = "if", default, skip_serializing_if = "Expected::is_any")]
        expected: Expected,
    },
    /// Makes a directory, with those above it.
    Mkdir { path: String },
    /// Moves a file, or a directory with everything in it.
    Move {
        from: String,
        to: String,
        #[serde(rename = "if", default, skip_serializing_if = "Expected::is_any")]
        expected: Expected,
    },
    /// Copies a file, or a directory with everything in it.
    Copy {
        from: String,
        to: String,
        #[serde(rename = "if", default, skip_serializing_if = "Expected::is_any")]
        expected: Expected,
    },
    /// Removes a file or directory.
    Remove {
        path: String,
        /// Whether a directory may have entries.
        #[serde(default)]
        recursive: bool,
        #[serde(rename = "if", default, skip_serializing_if = "Expected::is_any")]
        expected: Expected,
    },
}

/// What a path must have before an operation: absent for anything, `null` for nothing, or the SHA-256 of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "Option<String>")]
pub enum Expected {
    /// Anything, or nothing.
    #[default]
    Any,
    /// Nothing.
    Nothing,
    /// A file with this SHA-256.
    File(String),
}

impl Expected {
    /// Whether anything is accepted.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

impl Serialize for Expected {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any | Self::Nothing => serializer.serialize_none(),
            Self::File(sum) => serializer.serialize_some(sum),
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An absent member never gets here.
        let sum: Option<String> = Option::deserialize(deserializer)?;
        Ok(sum.map_or(Self::Nothing, Self::File))
    }
}

/// The result of a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Committed {
    /// The current version.
    pub version: i64,
    /// Whether it is new. Otherwise the paths were already as the change wants them.
    pub changed: bool,
}

/// The result of storing a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FileStored {
    /// The current version.
    pub version: i64,
    /// Whether it is new. Otherwise the path had these bytes already.
    pub changed: bool,
    pub sha256: Sha256Sum,
}

/// A path that a change meets in another state than it requires.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ConflictingPath {
    pub path: String,
    /// The state of the path, or `null` if nothing has it.
    pub now: Option<PathNow>,
}

/// The state of a path.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PathNow {
    pub kind: EntryKind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<Sha256Sum>,
    /// The size in bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub executable: Option<bool>,
}
