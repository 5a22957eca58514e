//! What a source has, before it is read.

use crate::domain::{AssignmentId, Md5Sum, RelativePath, Timestamp, UserName};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file of a tree, where it lies.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its place in the tree.
    pub path: RelativePath,
    /// Where its bytes are.
    pub place: PathBuf,
    /// How many there should be, where that is known.
    pub size: Option<u64>,
    /// Their checksum, where that is known.
    pub md5: Option<Md5Sum>,
}

/// The files of a release, a submission or feedback, and what is known to be wrong with it before they are read.
#[derive(Debug, Clone, Default)]
pub struct SourceTree {
    /// The files.
    pub files: Vec<SourceFile>,
    /// A sentence for each file that can't be had.
    pub damage: Vec<String>,
    /// A sentence for each oddity that does no harm.
    pub notes: Vec<String>,
}

/// Something that was handed in.
#[derive(Debug)]
pub struct SourceSubmission {
    /// To which assignment.
    pub assignment: AssignmentId,
    /// Whose.
    pub student: UserName,
    /// Its time.
    pub at: Timestamp,
    /// The work.
    pub work: SourceTree,
    /// What was given back on it, if anything was.
    pub feedback: Option<SourceTree>,
}

impl SourceTree {
    /// Whether nothing was ever in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.damage.is_empty()
    }

    /// Adds a file that the source calls by this path.
    pub fn add(&mut self, path: &str, place: PathBuf, size: Option<u64>, md5: Option<Md5Sum>) {
        match RelativePath::parse(path) {
            Ok(path) => self.files.push(SourceFile {
                path,
                place,
                size,
                md5,
            }),
            Err(_) => self.damage.push(format!(
                "the path {path:?} is illegal, so that no client could write the file"
            )),
        }
    }

    /// Of files with the same path leaves the last one, which is the one that clients were left with.
    pub fn leave_last_of_each_path(&mut self) {
        let mut seen = BTreeSet::new();
        let mut twice = BTreeSet::new();
        self.files.reverse();
        self.files.retain(|file| {
            let is_first = seen.insert(file.path.clone());
            if !is_first {
                twice.insert(file.path.clone());
            }
            is_first
        });
        self.files.reverse();
        for path in twice {
            self.notes.push(format!(
                "{:?} is there more than once; the last one counts",
                path.as_str()
            ));
        }
    }
}

/// Opens a file for reading. One that is no plain file is refused, a link too: whoever put it there may not be allowed to
/// read what it points to, as we are.
pub fn open(place: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
        .open(place)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no file"))
    }
}
