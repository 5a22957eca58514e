//! Manifests: the files of a tree without their bytes.

use nbcourier_domain::Sha256Sum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The files of a tree, in their order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    pub files: Vec<ManifestEntry>,
}

/// A file of a manifest.
// Path and checksum are text: the server quotes the one that it refuses.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ManifestLine")]
pub struct ManifestEntry {
    pub path: String,
    /// The SHA-256 of the bytes.
    #[schemars(with = "Sha256Sum")]
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}
