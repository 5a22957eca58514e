//! The contents of a source before they are read.

use super::source_path::SourcePath;
use nbcourier_domain::{AssignmentId, Md5Sum, RelativePath, Timestamp, UserName};
use std::collections::BTreeSet;

/// A file of a tree in the source.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path in the tree.
    pub path: RelativePath,
    /// The place of its bytes.
    pub place: SourcePath,
    /// The expected number of bytes, if known.
    pub size: Option<u64>,
    /// The expected checksum, if known.
    pub md5: Option<Md5Sum>,
    /// The account that must own the file, if its owner matters.
    pub owner: Option<u32>,
}

/// A finding about a part of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The part, as messages name it.
    pub what: String,
    /// The rest of a sentence about the part. It is the same for all parts to which it applies.
    pub says: String,
}

/// The files of a release, a submission or feedback, and the faults that are known before the files are read.
#[derive(Debug, Clone, Default)]
pub struct SourceTree {
    /// The files.
    pub files: Vec<SourceFile>,
    /// Missing parts that cannot be read now. Somebody may bring them back.
    pub damage: Vec<Finding>,
    /// Parts that no tree can hold. They do not prevent the import of the rest.
    pub left_out: Vec<Finding>,
    /// Harmless oddities.
    pub notes: Vec<Finding>,
}

/// A submission in the source.
#[derive(Debug)]
pub struct SourceSubmission {
    /// The assignment.
    pub assignment: AssignmentId,
    /// The student.
    pub student: UserName,
    /// The time of submission.
    pub at: Timestamp,
    /// The submitted files.
    pub work: SourceTree,
    /// The feedback on the submission, if there is any.
    pub feedback: Option<SourceTree>,
}

impl Finding {
    /// Returns a finding about a part.
    pub fn new(what: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            says: says.into(),
        }
    }
}

impl SourceTree {
    /// Whether the tree never had any contents.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.damage.is_empty() && self.left_out.is_empty()
    }

    /// Adds a file with its path in the source.
    pub fn add(&mut self, path: &str, place: SourcePath, size: Option<u64>, md5: Option<Md5Sum>) {
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

    /// Keeps only the last of several files with the same path. Clients ended up with that one.
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
            let says = "occurs more than once; the last one counts";
            self.notes
                .push(Finding::new(format!("{:?}", path.as_str()), says));
        }
    }
}

/// Returns the finding that a path is illegal in a tree.
pub fn illegal(path: String) -> Finding {
    Finding::new(
        path,
        "is an illegal path here (a backslash, a drive, too long or too deep); it is left out, and the rest is \
         imported",
    )
}
