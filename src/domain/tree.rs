//! Trees: what a release, a submission and feedback all are.

use super::RelativePath;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;

macro_rules! checksum {
    ($(#[doc = $doc:literal])* $type:ident, $bytes:literal) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(pub [u8; $bytes]);

        impl $type {
            /// From the bytes as stored; `None` when there are not exactly as many as such a sum has.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let pattern = format!("^[0-9a-f]{{{}}}$", 2 * $bytes);
                schemars::json_schema!({
                    "type": "string",
                    "pattern": pattern,
                    "description": concat!($($doc),*).trim_ascii_start(),
                })
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

checksum!(
    /// The SHA-256 of a file's bytes: the name under which they are stored.
    Sha256Sum,
    32
);
checksum!(
    /// The MD5 of a file's bytes: the checksum the ngshare protocol speaks of. Nothing is trusted because of it.
    Md5Sum,
    16
);

/// Bytes that are stored, or about to be: their name, the protocol's checksum, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef {
    /// The name under which they are stored.
    pub sha256: Sha256Sum,
    /// The checksum the protocol wants.
    pub md5: Md5Sum,
    /// Their number.
    pub size: u64,
}

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Where it stands.
    pub path: RelativePath,
    /// What it holds.
    pub blob: BlobRef,
}

/// A list of files, in the order in which they were handed in, no path twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub entries: Vec<TreeEntry>,
}

impl Tree {
    /// The SHA-256 that names the tree whatever the order of its files: of a line `SHA-256 NUL path NUL` for each,
    /// sorted by path.
    pub fn digest(&self) -> Sha256Sum {
        let mut sorted: Vec<_> = self.entries.iter().collect();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hasher = Sha256::new();
        for entry in sorted {
            hasher.update(entry.blob.sha256.to_string());
            hasher.update([0]);
            hasher.update(entry.path.as_str());
            hasher.update([0]);
        }
        Sha256Sum(hasher.finalize().into())
    }

    /// The bytes of all files together.
    pub fn size(&self) -> u64 {
        self.entries.iter().map(|entry| entry.blob.size).sum()
    }
}
