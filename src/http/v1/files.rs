//! Files as every listing of `v1/` shows them.

use crate::domain::{Md5Sum, RelativePath, Sha256Sum};
use crate::exchange::trees::ListedFile;
use serde::{Serialize, Serializer};

/// The files of a tree: `{"path", "size", "sha256", "md5"}` of each.
pub struct Files<'a>(pub &'a [ListedFile]);

#[derive(Serialize)]
struct Shown<'a> {
    path: &'a RelativePath,
    size: u64,
    sha256: Sha256Sum,
    md5: Md5Sum,
}

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|file| Shown {
            path: &file.path,
            size: file.blob.blob.size,
            sha256: file.blob.blob.sha256,
            md5: file.blob.blob.md5,
        }))
    }
}
