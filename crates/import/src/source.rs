//! What a source has, before it is read.

use super::place::Place;
use nbcourier_domain::{AssignmentId, Md5Sum, RelativePath, Timestamp, UserName};
use std::collections::BTreeSet;

/// A file of a tree, where it lies.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its place in the tree.
    pub path: RelativePath,
    /// Where its bytes are.
    pub place: Place,
    /// How many there should be, where that is known.
    pub size: Option<u64>,
    /// Their checksum, where that is known.
    pub md5: Option<Md5Sum>,
    /// The account that it must belong to, where that tells something.
    pub owner: Option<u32>,
}

/// Something that was found out about a part of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part, as messages name it.
    pub what: String,
    /// What is the matter with it, as the rest of a sentence, the same for all parts of which it is true.
    pub says: String,
}

/// The files of a release, a submission or feedback, and what is known to be wrong with it before they are read.
#[derive(Debug, Clone, Default)]
pub struct SourceTree {
    /// The files.
    pub files: Vec<SourceFile>,
    /// What should be there and can't be had now: somebody may bring it back.
    pub damage: Vec<Finding>,
    /// What can't be in a tree at all and does not keep the rest of it.
    pub left_out: Vec<Finding>,
    /// Oddities that do no harm.
    pub notes: Vec<Finding>,
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

impl Finding {
    /// What is the matter with a part.
    pub fn new(what: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            says: says.into(),
        }
    }
}

impl SourceTree {
    /// Whether nothing was ever in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.damage.is_empty() && self.left_out.is_empty()
    }

    /// Adds a file that the source calls by this path.
    pub fn add(&mut self, path: &str, place: Place, size: Option<u64>, md5: Option<Md5Sum>) {
        match RelativePath::parse(path) {
            Ok(path) => self.files.push(SourceFile {
                path,
                place,
                size,
                md5,
                owner: None,
            }),
            Err(_) => self.left_out.push(illegal(format!("{path:?}"))),
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
            let says = "is there more than once; the last one counts";
            self.notes
                .push(Finding::new(format!("{:?}", path.as_str()), says));
        }
    }
}

/// That a path cannot be in a tree.
pub fn illegal(path: String) -> Finding {
    Finding::new(
        path,
        "is a path that is illegal here (a backslash, a drive, too long or too deep); it is left out, the rest comes over",
    )
}
