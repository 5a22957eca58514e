//! Files as every listing of `v1/` shows them.

use crate::domain::{Md5Sum, RelativePath, Sha256Sum};
use crate::exchange::trees::ListedFile;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

/// The files of a tree, in the order in which they were handed in.
pub struct Files(pub Arc<[ListedFile]>);

/// A file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "File")]
struct Shown<'a> {
    /// Where it stands in its tree.
    path: &'a RelativePath,
    /// Its length in bytes.
    size: u64,
    sha256: Sha256Sum,
    md5: Md5Sum,
}

impl Serialize for Files {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|file| Shown {
            path: &file.path,
            size: file.blob.blob.size,
            sha256: file.blob.blob.sha256,
            md5: file.blob.blob.md5,
        }))
    }
}

impl JsonSchema for Files {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Files".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<Shown<'_>>>::json_schema(generator)
    }
}
