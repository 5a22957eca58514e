//! Manifests: the files of a tree without their bytes.

use crate::http::error::{Error, Result};
use crate::http::request::form;
use nbcourier_codec::PathSet;
use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_exchange::parcel::Claim;
use schemars::JsonSchema;
use serde::Deserialize;

/// The name of a manifest as an entry of an archive.
pub const NAME: &str = "manifest.json";

/// The files of a tree, in their order.
#[derive(Deserialize, JsonSchema)]
pub struct Manifest {
    files: Vec<Line>,
}

/// A file of a manifest.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ManifestLine")]
struct Line {
    path: String,
    /// The SHA-256 of the bytes.
    #[schemars(with = "Sha256Sum")]
    sha256: String,
    /// The size in bytes.
    size: u64,
}

impl Manifest {
    /// Returns the files of a manifest, in its order.
    pub fn parse(text: &[u8]) -> Result<Vec<Claim>> {
        let text =
            std::str::from_utf8(text).map_err(|_| Error::bad("The manifest is not UTF-8"))?;
        let told: Self = form::json(text, "The manifest cannot be JSON decoded")?;
        let mut paths = PathSet::default();
        let claim = |line: Line| {
            let path = RelativePath::parse(line.path.as_str())
                .and_then(|path| paths.insert(&path).map(|()| path));
            let Ok(path) = path else {
                let shown = line.path.escape_debug();
                return Err(Error::bad(format!("Illegal path: {shown}")));
            };
            let Some(sha256) = Sha256Sum::parse(&line.sha256) else {
                return Err(Error::bad(format!("The sha256 of {path} is not a SHA-256")));
            };
            Ok(Claim {
                path,
                sha256,
                size: line.size,
            })
        };
        told.files.into_iter().map(claim).collect()
    }
}
