//! Trees: the files of a release, a submission or feedback.

use super::RelativePath;
use sha2::{Digest, Sha256};
#[cfg(feature = "json")]
use std::borrow::Cow;
use std::fmt;

macro_rules! checksum {
    ($(#[doc = $doc:literal])* $type:ident, $bytes:literal) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(pub [u8; $bytes]);

        impl $type {
            /// Creates a checksum from stored bytes. Returns `None` when their number is wrong.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Parses hexadecimal digits as they print. Returns `None` for anything else, including capital letters.
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.as_bytes();
                let mut sum = [0; $bytes];
                if text.len() != 2 * sum.len() {
                    return None;
                }
                for (byte, pair) in sum.iter_mut().zip(text.chunks_exact(2)) {
                    *byte = digit(pair[0])? << 4 | digit(pair[1])?;
                }
                Some(Self(sum))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let illegal = || serde::de::Error::custom("illegal checksum");
                Self::parse(&text).ok_or_else(illegal)
            }
        }

        #[cfg(feature = "json")]
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
    /// The SHA-256 of a file's bytes, under which they are stored.
    Sha256Sum,
    32
);
checksum!(
    /// The MD5 of a file's bytes, the checksum of the ngshare protocol. Nothing is trusted because of it.
    Md5Sum,
    16
);

impl Md5Sum {
    /// Stands in listings for the MD5 of bytes that were lost before anybody needed it.
    pub const UNKNOWN: Self = Self([0; 16]);
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The name, the protocol's checksum and the size of bytes that are stored or about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef {
    /// The SHA-256 under which they are stored.
    pub sha256: Sha256Sum,
    /// The checksum that the protocol uses, if it is known already. It is computed when a reader first needs it.
    pub md5: Option<Md5Sum>,
    /// The size in bytes.
    pub size: u64,
}

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The file's path.
    pub path: RelativePath,
    /// The file's content.
    pub blob: BlobRef,
}

/// A list of files in the order in which they were uploaded. No path occurs twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub entries: Vec<TreeEntry>,
}

impl Tree {
    /// Returns the SHA-256 that names the tree; see [`tree_digest`].
    pub fn digest(&self) -> Sha256Sum {
        let entries = self.entries.iter();
        tree_digest(entries.map(|entry| (&entry.path, entry.blob.sha256)))
    }

    /// Returns the total size of all files, in bytes.
    pub fn size(&self) -> u64 {
        self.entries.iter().map(|entry| entry.blob.size).sum()
    }
}

/// Returns the SHA-256 that names a tree, whatever the order of its files. It covers a line `SHA-256 NUL path NUL`
/// for each file, sorted by path.
pub fn tree_digest<'a>(files: impl Iterator<Item = (&'a RelativePath, Sha256Sum)>) -> Sha256Sum {
    let mut sorted: Vec<_> = files.collect();
    sorted.sort();
    let mut hasher = TreeHasher::default();
    for (path, sha256) in sorted {
        hasher.add(path, sha256);
    }
    hasher.finish()
}

/// Computes the digest of a tree whose files come one after the other, sorted by path; see [`tree_digest`].
#[derive(Default)]
pub struct TreeHasher(Sha256);

impl TreeHasher {
    /// Adds the next file.
    pub fn add(&mut self, path: &RelativePath, sha256: Sha256Sum) {
        self.0.update(sha256.to_string());
        self.0.update([0]);
        self.0.update(path.as_str());
        self.0.update([0]);
    }

    /// Returns the digest after the last file.
    pub fn finish(self) -> Sha256Sum {
        Sha256Sum(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_it_prints_and_not_otherwise() {
        let sum = Md5Sum(*b"\x00\x0f\xf0\xffsixteen byte");
        assert_eq!(sum.0.len(), 16);
        let text = sum.to_string();
        assert_eq!(Md5Sum::parse(&text), Some(sum));
        let with = |begin: &str| format!("{begin}{}", &text[begin.len()..]);
        for other in [
            &text[1..],
            &format!("{text}0"),
            &text.to_uppercase(),
            &with("+f"),
            &with("é"),
        ] {
            assert_eq!(Md5Sum::parse(other), None, "{other}");
        }
    }
}
