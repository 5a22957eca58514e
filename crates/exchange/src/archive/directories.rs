//! The directories of a course in its archive: their current versions, and those with a label.

use super::insert::{UnacceptableArchive, parse, storable, stored, time, twice, user};
use super::manifest::{Course, Directory, DirectoryVersion, Grant};
use super::names;
use super::read::{Rows, entry, tree};
use crate::directories::changes::Batch;
use crate::directories::{DirectoryFacts, sharing, versions as rules};
use crate::{Error, Result};
use nbcourier_domain::{
    AccessLevel, BlobRef, CourseId, DirectoryName, DirectoryOwner, Principal, RelativePath, Role,
    Sha256Sum, TreeEntry,
};
use nbcourier_storage::directories::archived::{self, Step};
use nbcourier_storage::directories::entries::{self, Filter, NewEntry};
use nbcourier_storage::directories::grants::{self, Grant as StoredGrant};
use nbcourier_storage::directories::versions::{self, NewVersion};
use nbcourier_storage::directories::{Directory as StoredDirectory, NewDirectory, Owner, Version};
use nbcourier_storage::{self as store, Connection, Portion};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The largest number of a version, which programs in all languages can read.
const MAX_VERSION: i64 = (1 << 53) - 1;

/// Reads the directories of a course.
pub(super) fn gather(
    conn: &mut Connection,
    course: i64,
    rows: &mut Rows,
) -> Result<Vec<Directory>> {
    let found = archived::of_course(conn, course)?.into_iter();
    found
        .map(|directory| gather_one(conn, course, directory, rows))
        .collect()
}

fn gather_one(
    conn: &mut Connection,
    course: i64,
    directory: StoredDirectory,
    rows: &mut Rows,
) -> Result<Directory> {
    let (mut kept, _) = versions::list(conn, directory.id, i64::MAX, Portion::ALL)?;
    kept.retain(|version| version.label.is_some() || version.number == directory.head.number);
    kept.reverse();
    let granted = grants::of(conn, &[directory.id])?.into_iter();
    let granted = granted.filter(|grant| grant.course.is_none_or(|other| other == course));
    let shown = kept
        .into_iter()
        .map(|version| gather_version(conn, &directory, version, rows));
    Ok(Directory {
        versions: shown.collect::<Result<_>>()?,
        grants: granted.map(grant_of).collect(),
        name: directory.name.to_string(),
        description: directory.description,
        deliver: directory.deliver,
        deliver_at_start: directory.deliver_at_start,
        created_at: directory.created_at.to_rfc3339(),
        created_by: directory.created_by,
    })
}

fn gather_version(
    conn: &mut Connection,
    directory: &StoredDirectory,
    version: Version,
    rows: &mut Rows,
) -> Result<DirectoryVersion> {
    let at = (directory.id, version.number);
    let (found, _) = entries::list(conn, at, Filter::default(), Portion::ALL)?;
    let (mut files, mut executable) = (Vec::new(), Vec::new());
    let (mut named, mut empty) = (nbcourier_domain::Tree::default(), BTreeSet::new());
    // An entry comes after the folder that has it.
    for found in found {
        if let Some(above) = found.path.directories().last() {
            empty.remove(above);
        }
        let Some(file) = found.file else {
            empty.insert(found.path.to_string());
            continue;
        };
        if file.executable {
            executable.push(found.path.to_string());
        }
        files.push(entry(&found.path, file.blob, rows));
        named.entries.push(TreeEntry {
            path: found.path,
            blob: file.blob.blob,
        });
    }
    let place = names::directory(directory.name.as_str(), version.number);
    let origin = version
        .origin
        .map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)));
    Ok(DirectoryVersion {
        version: version.number,
        made_at: version.made_at.to_rfc3339(),
        made_by: version.made_by,
        device: version.device,
        message: version.message,
        origin,
        label: version.label,
        empty_folders: empty.into_iter().collect(),
        executable,
        tree: tree(&named, place, files),
    })
}

fn grant_of(grant: StoredGrant) -> Grant {
    let (kind, name, role) = match grant.to {
        Principal::Person(person) => ("user", Some(person.to_string()), None),
        Principal::Group(group) => ("group", Some(group), None),
        Principal::Course(_, role) => ("course", None, Some(role.word().to_owned())),
        Principal::Everybody => ("everybody", None, None),
    };
    Grant {
        kind: kind.to_owned(),
        name,
        role,
        level: grant.level.word().to_owned(),
        granted_by: grant.by,
        granted_at: grant.at.to_rfc3339(),
    }
}

/// Checks the directories of an archive's course.
pub(super) fn check(course: &Course, name: &CourseId) -> Result<(), UnacceptableArchive> {
    let mut seen = BTreeSet::new();
    for directory in &course.directories {
        let parsed = directory_name(directory)?;
        if !seen.insert(parsed.clone()) {
            return Err(twice(&course.course, "directory", parsed.as_str()));
        }
        let owner = DirectoryOwner::Course(name.clone());
        facts(directory)
            .check(&owner)
            .map_err(|error| said(&error))?;
        user(&directory.created_by)?;
        time(&directory.created_at)?;
        let granted = directory.grants.iter().map(|grant| {
            user(&grant.granted_by)?;
            time(&grant.granted_at)?;
            principal(grant, name)
        });
        sharing::check(&granted.collect::<Result<Vec<_>, _>>()?).map_err(|error| said(&error))?;
        let mut before = 0;
        for version in &directory.versions {
            check_version(directory, version, before)?;
            before = version.version;
        }
        if before == 0 {
            let said = format!("The directory {:?} has no version", directory.name);
            return Err(UnacceptableArchive(said));
        }
    }
    Ok(())
}

fn check_version(
    directory: &Directory,
    version: &DirectoryVersion,
    before: i64,
) -> Result<(), UnacceptableArchive> {
    if version.version <= before || version.version > MAX_VERSION {
        let said = format!(
            "The versions of the directory {:?} are not numbered upwards from 1",
            directory.name
        );
        return Err(UnacceptableArchive(said));
    }
    user(&version.made_by)?;
    time(&version.made_at)?;
    let facts = Batch {
        message: version.message.clone(),
        device: version.device.clone(),
        ..Batch::default()
    };
    facts.check().map_err(|error| said(&error))?;
    if let Some(label) = &version.label {
        rules::check_label(label).map_err(|error| said(&error))?;
    }
    if let Some(origin) = &version.origin {
        storable("origin", &origin.to_string())?;
    }
    paths(directory, version).map(drop)
}

fn said(error: &Error) -> UnacceptableArchive {
    UnacceptableArchive(error.to_string())
}

fn directory_name(directory: &Directory) -> Result<DirectoryName, UnacceptableArchive> {
    parse("name of a directory", &directory.name, |text| {
        DirectoryName::parse(text).ok()
    })
}

fn facts(directory: &Directory) -> DirectoryFacts {
    DirectoryFacts {
        description: directory.description.clone(),
        deliver: directory.deliver.clone(),
        deliver_at_start: directory.deliver_at_start,
    }
}

fn principal(
    grant: &Grant,
    course: &CourseId,
) -> Result<(Principal, AccessLevel), UnacceptableArchive> {
    let level = parse("level of access", &grant.level, |text| {
        AccessLevel::of_word(&text)
    })?;
    let unknown = || UnacceptableArchive("A grant of a directory has no receiver".to_owned());
    let name = || grant.name.as_deref().ok_or_else(unknown);
    let to = match grant.kind.as_str() {
        "user" => Principal::Person(user(name()?)?),
        "group" => Principal::Group(name()?.to_owned()),
        "course" => {
            let role = grant.role.as_deref().ok_or_else(unknown)?;
            let role = parse("role", role, |text| Role::of_word(&text))?;
            Principal::Course(course.clone(), role)
        }
        "everybody" => Principal::Everybody,
        _ => return Err(unknown()),
    };
    Ok((to, level))
}

/// An entry of a version: the checksum of a file and whether it can be executed, or `None` for a folder.
type State = Option<(Sha256Sum, bool)>;

/// Returns the entries of a version, with all folders above them. None may be below a file.
fn paths(
    directory: &Directory,
    version: &DirectoryVersion,
) -> Result<BTreeMap<RelativePath, State>, UnacceptableArchive> {
    let path = |text: &str| parse("path", text, |text| RelativePath::parse_stored(text).ok());
    let executable: BTreeSet<&str> = version.executable.iter().map(String::as_str).collect();
    let mut states = BTreeMap::new();
    for file in &version.tree.files {
        let sum = parse("SHA-256", &file.sha256, |text| Sha256Sum::parse(&text))?;
        let state = Some((sum, executable.contains(file.path.as_str())));
        if states.insert(path(&file.path)?, state).is_some() {
            return Err(twice(&version.tree.directory, "path", &file.path));
        }
    }
    let empty = version.empty_folders.iter().map(|text| path(text));
    let mut folders = empty.collect::<Result<BTreeSet<_>, _>>()?;
    let above = states
        .keys()
        .chain(&folders)
        .flat_map(RelativePath::directories);
    let above: Vec<&str> = above.collect();
    let above = above.into_iter().map(path).collect::<Result<Vec<_>, _>>()?;
    folders.extend(above);
    for folder in folders {
        if states.get(&folder).is_some_and(Option::is_some) {
            let said = format!(
                "{:?} is a file and a folder in the directory {:?}",
                folder.as_str(),
                directory.name
            );
            return Err(UnacceptableArchive(said));
        }
        states.insert(folder, None);
    }
    Ok(states)
}

/// Inserts the directories of a course, whose bytes are stored already.
pub(super) fn put(
    conn: &mut Connection,
    (id, name): (i64, &CourseId),
    course: &Course,
    blobs: &HashMap<Sha256Sum, BlobRef>,
) -> Result<()> {
    if course.directories.is_empty() {
        return Ok(());
    }
    let rows = store::blobs::ids(conn, blobs.keys().copied())?;
    for directory in &course.directories {
        put_one(conn, (id, name), directory, &rows)?;
    }
    Ok(())
}

fn put_one(
    conn: &mut Connection,
    (course, course_name): (i64, &CourseId),
    directory: &Directory,
    rows: &HashMap<Sha256Sum, i64>,
) -> Result<()> {
    let new = NewDirectory {
        owner: Owner::Course(course),
        name: &stored(directory_name(directory))?,
        facts: &facts(directory).row(),
        parent: None,
        by: &stored(user(&directory.created_by))?,
        now: stored(time(&directory.created_at))?,
    };
    let head = directory.versions.last().map_or(1, |head| head.version);
    let id = archived::add(conn, &new, head)?;
    let granted = directory.grants.iter().map(|grant| {
        let (to, level) = stored(principal(grant, course_name))?;
        Ok(StoredGrant {
            directory: id,
            course: matches!(to, Principal::Course(..)).then_some(course),
            to,
            level,
            by: grant.granted_by.clone(),
            at: stored(time(&grant.granted_at))?,
        })
    });
    grants::replace(conn, id, &granted.collect::<Result<Vec<_>>>()?)?;
    let mut before = BTreeMap::new();
    for version in &directory.versions {
        let now = stored(paths(directory, version))?;
        put_version(conn, id, version, &step(&before, &now, rows)?)?;
        before = now;
    }
    Ok(())
}

/// Returns the difference between the entries of two versions.
fn step<'a>(
    before: &'a BTreeMap<RelativePath, State>,
    now: &BTreeMap<RelativePath, State>,
    rows: &HashMap<Sha256Sum, i64>,
) -> Result<Step<'a>> {
    let ended = before
        .iter()
        .filter(|(path, state)| now.get(*path) != Some(*state));
    let begun = now
        .iter()
        .filter(|(path, state)| before.get(*path) != Some(*state));
    let begun = begun.map(|(path, state)| {
        let blob = state.map(|(sum, _)| {
            // With several servers, a clean-up of another one may have been quicker.
            rows.get(&sum).copied().ok_or(store::Error::Overtaken)
        });
        Ok(NewEntry {
            path: path.to_string(),
            blob: blob.transpose()?,
            executable: state.is_some_and(|(_, executable)| executable),
        })
    });
    Ok(Step {
        begun: begun.collect::<Result<_>>()?,
        ended: ended.map(|(path, _)| path.as_str()).collect(),
    })
}

fn put_version(
    conn: &mut Connection,
    directory: i64,
    version: &DirectoryVersion,
    step: &Step<'_>,
) -> Result<()> {
    let origin = version.origin.as_ref().map(ToString::to_string);
    let new = NewVersion {
        by: &version.made_by,
        now: stored(time(&version.made_at))?,
        device: version.device.as_deref(),
        message: version.message.as_deref(),
        origin: origin.as_deref(),
    };
    let about = (&new, version.label.as_deref());
    Ok(archived::add_version(
        conn,
        directory,
        version.version,
        about,
        step,
    )?)
}
