//! The lists of the versions that the mirror has made: a file for each version, out of the reach of others. The mirror
//! has not made a folder or a link without a list.

use super::names::VersionName;
use crate::folder::{Fingerprint, Root};
use crate::item::Content;
use nbcourier_domain::{RelativePath, Rfc3339, Sha256Sum};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};

/// The folder of all lists, in the folder of the state.
pub const FOLDER: &str = "versions";
const ENDING: &str = ".json";
/// The form that this program writes.
const FORM: u32 = 1;

/// The first line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    form: u32,
    /// The number of the directory.
    pub id: i64,
    /// The course.
    pub course: String,
    /// The name of the directory.
    pub name: String,
    /// The version.
    pub version: i64,
    /// The time of the version. With it, versions before and after a restored backup are told apart.
    pub changed_at: Rfc3339,
    /// The place among the versions that this mirror made.
    pub sequence: u64,
    /// The paths that the file system here cannot have.
    pub left_out: Vec<String>,
}

impl Head {
    /// Returns the head of a list in the form of this program.
    pub fn new(course: &str, name: &str, directory: &nbcourier_api::Directory) -> Self {
        Self {
            form: FORM,
            id: directory.id,
            course: course.to_owned(),
            name: name.to_owned(),
            version: directory.version,
            changed_at: directory.changed_at,
            sequence: 1,
            left_out: Vec::new(),
        }
    }

    /// Whether it is of the current version of that directory.
    pub fn is_of(&self, directory: &nbcourier_api::Directory) -> bool {
        (self.id, self.version, self.changed_at)
            == (directory.id, directory.version, directory.changed_at)
    }
}

/// Another line of a list: a file.
#[derive(Serialize, Deserialize)]
struct Line {
    path: String,
    sha256: Sha256Sum,
    size: u64,
    executable: bool,
    modified: (i64, i64),
}

/// A file of a version, as the mirror made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The content.
    pub content: Content,
    modified: (i64, i64),
}

impl Made {
    /// Returns a file with this content.
    pub fn of(content: Content, found: &Fingerprint) -> Self {
        Self {
            content,
            modified: found.modified(),
        }
    }

    /// Whether the file has not been changed since, as far as its facts say.
    pub fn is_still(&self, found: &Fingerprint) -> bool {
        (self.content.size, self.modified) == (found.size(), found.modified())
    }
}

/// The files of a version.
pub type Files = BTreeMap<RelativePath, Made>;

/// The lists of the versions of a course.
#[derive(Debug)]
pub struct Manifests(Root);

impl Manifests {
    /// Opens the lists of a course, in the folder of the state.
    pub fn open(own: &Root, course: &str) -> io::Result<Self> {
        Ok(Self(own.make_folder(&format!("{FOLDER}/{course}"))?))
    }

    /// Returns the head of a list, if there is one that can be read.
    pub fn head(&self, version: &VersionName) -> io::Result<Option<Head>> {
        Ok(self.read(version)?.map(|(head, _)| head))
    }

    /// Returns the whole list.
    pub fn files(&self, version: &VersionName) -> io::Result<Files> {
        let Some((_, lines)) = self.read(version)? else {
            return Ok(Files::new());
        };
        let mut files = Files::new();
        for line in lines.lines() {
            // A damaged line costs a transfer.
            let Ok(line) = serde_json::from_str::<Line>(&line?) else {
                continue;
            };
            let Ok(path) = RelativePath::parse_stored(line.path) else {
                continue;
            };
            let content = Content {
                sum: line.sha256,
                size: line.size,
                executable: line.executable,
                source: None,
            };
            let modified = line.modified;
            files.insert(path, Made { content, modified });
        }
        Ok(files)
    }

    fn read(&self, version: &VersionName) -> io::Result<Option<(Head, impl BufRead)>> {
        let file = match self.0.file(&format!("{version}{ENDING}")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let head = serde_json::from_str(&first).ok();
        let head = head.filter(|head: &Head| head.form == FORM);
        Ok(head.map(|head| (head, lines)))
    }

    /// Writes a list beside the old one, and puts it in its place.
    pub fn write(&self, version: &VersionName, head: &Head, files: &Files) -> io::Result<()> {
        let beside = format!("{version}.new");
        let mut to = BufWriter::new(self.0.create(&beside)?);
        writeln!(to, "{}", serde_json::to_string(head)?)?;
        for (path, made) in files {
            let line = Line {
                path: path.as_str().to_owned(),
                sha256: made.content.sum,
                size: made.content.size,
                executable: made.content.executable,
                modified: made.modified,
            };
            writeln!(to, "{}", serde_json::to_string(&line)?)?;
        }
        to.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        self.0
            .replace(&beside, &self.0, &format!("{version}{ENDING}"))?;
        self.0.flush()
    }

    /// Removes a list, if there is one.
    pub fn remove(&self, version: &VersionName) -> io::Result<()> {
        match self.0.remove(&format!("{version}{ENDING}")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the versions that have a list.
    pub fn all(&self) -> Vec<VersionName> {
        let mut found = Vec::new();
        crate::folder::entries(&self.0, "", |_, name| {
            found.extend(name.strip_suffix(ENDING).and_then(VersionName::parse));
        });
        found
    }
}
