//! The folder of a mirror, and that of a course in it. Everything is reached from their descriptors, and no link is
//! followed.

use super::access::{Access, OPEN, is_safe, set_mode};
use super::manifest::{FOLDER, Head, Manifests};
use super::names::VersionName;
use crate::folder::{Lock, Locked, OWN, Root, entries, kind, remove_all};
use crate::words::{reason, why_unusable};
use rustix::fs::{FileType, readlinkat, symlinkat};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::{fs, io};

/// The name of the folder of a course while it is made.
const NEW: &str = ".new";

/// The folder of a mirror. Its lock keeps other mirrors from writing to it.
#[derive(Debug)]
pub struct Place {
    root: Root,
    pub(super) own: Root,
    _lock: Lock,
}

impl Place {
    /// Opens the folder, and makes it if it is missing. Fails with a sentence.
    pub fn open(to: &Path) -> Result<Self, String> {
        let failed =
            |error: &io::Error| format!("{} cannot be used: {}", to.display(), why_unusable(error));
        let root = open_or_make(to).map_err(|error| failed(&error))?;
        refuse_shared(&root)?;
        let own = root.make_folder(OWN).map_err(|error| failed(&error))?;
        match Lock::take(&own).map_err(|error| failed(&error))? {
            Locked::Ours(lock) => Ok(Self {
                root,
                own,
                _lock: lock,
            }),
            Locked::By(holder) => Err(format!(
                "Another mirror writes to {} at the moment ({holder}). Let it end first",
                to.display()
            )),
        }
    }

    /// Opens the folder of a course, and makes it if it is missing.
    pub(super) fn course(&self, course: &str) -> Result<InCourse, String> {
        let failed =
            |error: io::Error| format!("{course} cannot be used: {}", why_unusable(&error));
        let make = || {
            if self.root.stat(course)?.is_none() {
                // Killed in between, no folder stays that others cannot enter.
                set_mode(&self.root.make_folder(NEW)?, OPEN)?;
                self.root.rename(NEW, &self.root, course)?;
                self.root.flush()?;
            }
            self.root.folder(course)
        };
        let root = make().map_err(failed)?;
        refuse_shared(&root)?;
        let manifests = Manifests::open(&self.own, course).map_err(failed)?;
        let course = InCourse {
            root,
            manifests,
            name: course.to_owned(),
        };
        course.clear().map_err(failed)?;
        Ok(course)
    }

    /// Returns the courses with directories that were mirrored.
    pub(super) fn courses(&self) -> Vec<String> {
        let mut all = Vec::new();
        entries(&self.own, FOLDER, |_, name| all.push(name.to_owned()));
        all.sort();
        all
    }

    /// Whether a course has a folder.
    pub(super) fn has(&self, course: &str) -> bool {
        self.root.stat(course).is_ok_and(|found| found.is_some())
    }
}

/// Opens the folder that an operator names. Links on the way are the operator's own or root's.
fn open_or_make(to: &Path) -> io::Result<Root> {
    refuse_links_of_others(to)?;
    if let Err(error) = fs::metadata(to)
        && error.kind() == io::ErrorKind::NotFound
    {
        fs::create_dir(to)?;
        set_mode(&Root::open(to)?, OPEN)?;
    }
    Root::open(&fs::canonicalize(to)?)
}

/// Refuses a path with a link of somebody else. It could lead to any folder in which this user may write.
fn refuse_links_of_others(to: &Path) -> io::Result<()> {
    let us = rustix::process::geteuid().as_raw();
    for part in std::path::absolute(to)?.ancestors() {
        let Ok(found) = fs::symlink_metadata(part) else {
            continue;
        };
        if found.is_symlink() && ![us, 0].contains(&found.uid()) {
            return Err(io::Error::other(format!(
                "{} is a link of somebody else. Name the folder itself",
                part.display()
            )));
        }
    }
    Ok(())
}

fn target(folder: &Root, name: &str) -> io::Result<Vec<u8>> {
    Ok(readlinkat(folder.fd(), name, Vec::new())?.into_bytes())
}

/// Refuses a folder into which others could put a link.
fn refuse_shared(folder: &Root) -> Result<(), String> {
    let shown = folder.path().display();
    match is_safe(folder) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!(
            "Somebody else owns {shown} or can write to it, and could put a link into it. As its owner, run chmod go-w \
             {shown}"
        )),
        Err(error) => Err(format!("{shown} cannot be used: {}", why_unusable(&error))),
    }
}

/// The folder of a course in a mirror.
#[derive(Debug)]
pub struct InCourse {
    pub root: Root,
    pub manifests: Manifests,
    /// The ID of the course.
    pub name: String,
}

/// A version that the mirror has made.
#[derive(Debug, Clone)]
pub struct Version {
    pub name: VersionName,
    pub head: Head,
}

impl InCourse {
    /// Removes the leftovers of an interrupted mirror.
    fn clear(&self) -> io::Result<()> {
        let mut left = Vec::new();
        entries(&self.root, "", |_, entry| {
            left.extend(VersionName::of_leftover(entry).map(|version| (entry.to_owned(), version)));
        });
        for (entry, version) in left {
            // A list whose folder is gone would stay for ever, so it goes first.
            if self.root.stat(&version.to_string())?.is_none() {
                self.manifests.remove(&version)?;
            }
            remove_all(&self.root, &entry)?;
        }
        Ok(())
    }

    /// Returns the version to which the link of a directory points, or none if there is no link yet. Fails with a
    /// sentence if something else has that name.
    pub fn shown(&self, name: &str) -> Result<Option<Version>, String> {
        let failed = |error: io::Error| format!("The link cannot be read: {}", reason(&error));
        let Some(found) = self.root.stat(name).map_err(failed)? else {
            return Ok(None);
        };
        let target = match kind(&found) {
            FileType::Symlink => target(&self.root, name).map_err(failed)?,
            _ => Vec::new(),
        };
        let target = String::from_utf8(target).ok();
        let version = target.and_then(|target| VersionName::parse(&target));
        let version = version.filter(|version| version.name == name);
        let version = version.map(|version| self.version(version)).transpose();
        match version.map_err(failed)?.flatten() {
            Some(version) => Ok(Some(version)),
            None => Err(format!(
                "{} is there, and this mirror has not made it. Move it away",
                self.root.path().join(name).display()
            )),
        }
    }

    /// Returns the versions of a directory that are here, the newest last.
    pub fn versions(&self, name: &str) -> io::Result<Vec<Version>> {
        let mut names = Vec::new();
        entries(&self.root, "", |_, entry| {
            names.extend(VersionName::parse(entry).filter(|version| version.name == name));
        });
        let mut found = Vec::new();
        for name in names {
            found.extend(self.version(name)?);
        }
        found.sort_by_key(|version| version.head.sequence);
        Ok(found)
    }

    fn version(&self, name: VersionName) -> io::Result<Option<Version>> {
        let head = self.manifests.head(&name)?;
        // A file system that does not tell capital letters apart has the folders of two courses in one place.
        let head = head.filter(|head| head.course == self.name && head.name == name.name);
        Ok(head.map(|head| Version { name, head }))
    }

    /// Returns the folder of a version, if it is there.
    pub fn folder(&self, version: &VersionName) -> io::Result<Option<Root>> {
        match self.root.folder(&version.to_string()) {
            Ok(folder) => Ok(Some(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lets these people enter all versions of a directory, and no others.
    pub fn set_access(&self, name: &str, access: Access) -> io::Result<()> {
        for version in self.versions(name)? {
            if let Some(folder) = self.folder(&version.name)? {
                access.set(&folder)?;
            }
        }
        Ok(())
    }

    /// Lets the link of a directory show a version, in one step.
    pub fn show(&self, version: &VersionName) -> io::Result<()> {
        let new = version.new_link();
        symlinkat(version.to_string(), self.root.fd(), &new)?;
        self.root.replace(&new, &self.root, &version.name)?;
        self.root.flush()
    }

    /// Removes a version.
    pub fn retire(&self, version: &VersionName) -> io::Result<()> {
        // Half of it is no version any more.
        let part = version.part();
        self.root.rename(&version.to_string(), &self.root, &part)?;
        self.manifests.remove(version)?;
        remove_all(&self.root, &part)
    }

    /// Removes the link of a directory, and all its versions.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.root.remove(name)?;
        self.root.flush()?;
        for version in self.versions(name)? {
            self.retire(&version.name)?;
        }
        let lists = self.manifests.all().into_iter();
        for version in lists.filter(|version| version.name == name) {
            self.manifests.remove(&version)?;
        }
        Ok(())
    }
}
