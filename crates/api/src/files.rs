//! The files of trees in listings.

use nbcourier_domain::{Md5Sum, RelativePath, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The files of each tree in a listing, by the digest of the tree. The server writes this last member of a listing while
/// it sends it, so that memory does not grow with the number of files.
pub type Trees = BTreeMap<String, Vec<File<'static>>>;

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File<'a> {
    /// The path in the tree.
    #[serde(deserialize_with = "stored_path")]
    pub path: Cow<'a, RelativePath>,
    /// The size in bytes.
    pub size: u64,
    pub sha256: Sha256Sum,
    pub md5: Md5Sum,
}

/// Reads the path of a file that an exchange has stored. It may be deeper than new paths may be.
pub(crate) fn stored_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Cow<'static, RelativePath>, D::Error> {
    let text = String::deserialize(deserializer)?;
    RelativePath::parse_stored(text)
        .map(Cow::Owned)
        .map_err(de::Error::custom)
}
