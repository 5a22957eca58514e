//! Manifests: the files of a tree without their bytes.

use crate::http::error::{Error, Result};
use crate::http::request::json;
use crate::http::request::tree_readers::Document;
use nbcourier_api::{Manifest, ManifestEntry};
use nbcourier_codec::PathSet;
use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_exchange::files::parcel::Claim;

/// The files of a manifest, in its order.
pub struct ManifestFiles(Vec<Claim>);

impl Document for ManifestFiles {
    const NAME: &'static str = "manifest.json";

    fn parse(text: &[u8]) -> Result<Self> {
        parse(text).map(Self)
    }

    fn take_claims(&mut self) -> Vec<Claim> {
        std::mem::take(&mut self.0)
    }
}

fn parse(text: &[u8]) -> Result<Vec<Claim>> {
    let text = std::str::from_utf8(text).map_err(|_| Error::bad("The manifest is not UTF-8"))?;
    let manifest: Manifest = json::parse_explained(text, "The manifest cannot be JSON decoded")?;
    let mut paths = PathSet::default();
    let claim = |entry: ManifestEntry| {
        let path = RelativePath::parse(entry.path.as_str())
            .and_then(|path| paths.insert(&path).map(|()| path));
        let Ok(path) = path else {
            let shown = entry.path.escape_debug();
            return Err(Error::bad(format!("Illegal path: {shown}")));
        };
        let Some(sha256) = Sha256Sum::parse(&entry.sha256) else {
            return Err(Error::bad(format!("The sha256 of {path} is not a SHA-256")));
        };
        Ok(Claim {
            path,
            sha256,
            size: entry.size,
        })
    };
    manifest.files.into_iter().map(claim).collect()
}
