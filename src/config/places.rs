//! The places of the database, the blobs and the keys.

use super::ConfigError;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The default data directory on a server.
const USUAL: &str = "/srv/nbcourier";
/// The data directory if the default one is not writable.
const LOCAL: &str = "nbcourier-data";
const DATABASE: &str = "nbcourier.db";
const BLOBS: &str = "blobs";

/// The settings for the places of the data.
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct PlaceArgs {
    /// Keep the database nbcourier.db, the blobs and the signing key in this directory
    /// [default: /srv/nbcourier if it is writable, else ./nbcourier-data]
    #[arg(long, env = "NBCOURIER_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Keep the blobs in blobs/ below this directory [default: the data directory]
    #[arg(long, env = "NBCOURIER_STORAGE", value_name = "DIR")]
    pub storage: Option<PathBuf>,

    /// Keep the database at this URL: sqlite:////ABSOLUTE/PATH or sqlite:///RELATIVE/PATH
    /// [default: nbcourier.db in the data directory]
    #[arg(long, env = "NBCOURIER_DATABASE", value_name = "URL")]
    pub database: Option<String>,
}

impl PlaceArgs {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(other.data_dir),
            storage: self.storage.or(other.storage),
            database: self.database.or(other.database),
        }
    }
}

/// The places of all data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The directory of everything except the database and the blobs.
    pub data_dir: PathBuf,
    /// The SQLite file.
    pub database: PathBuf,
    /// The directory of the blobs.
    pub blobs: PathBuf,
}

impl Places {
    /// Derives the places from the settings.
    pub fn new(given: &PlaceArgs) -> Result<Self, ConfigError> {
        // A person who moves from ngshare gives only the storage.
        let data_dir = given
            .data_dir
            .clone()
            .or_else(|| given.storage.clone())
            .unwrap_or_else(default_directory);
        let database = match &given.database {
            Some(url) => sqlite_path(url)?,
            None => data_dir.join(DATABASE),
        };
        let blobs = given.storage.as_ref().unwrap_or(&data_dir).join(BLOBS);
        Ok(Self {
            data_dir,
            database,
            blobs,
        })
    }
}

fn default_directory() -> PathBuf {
    let usual = Path::new(USUAL);
    let writable = rustix::fs::access(usual, rustix::fs::Access::WRITE_OK).is_ok();
    if usual.is_dir() && writable {
        usual.to_owned()
    } else {
        PathBuf::from(LOCAL)
    }
}

/// Returns the file of ngshare's database, from its path or from the URL in ngshare's configuration.
pub fn ngshare_database(given: &str) -> Result<PathBuf, ConfigError> {
    let path = given.strip_prefix("sqlite:///").unwrap_or(given);
    if path.is_empty() || path.contains("://") {
        // The URL of another database may hold a password, so it is not repeated.
        return Err(ConfigError(
            "ngshare's database can only be read from an SQLite file. Name its path, or sqlite:////ABSOLUTE/PATH. \
             Copy another kind of database to an SQLite file first"
                .into(),
        ));
    }
    Ok(PathBuf::from(path))
}

/// Returns the file of an `SQLAlchemy` URL. ngshare is configured with such URLs.
fn sqlite_path(url: &str) -> Result<PathBuf, ConfigError> {
    let path = url
        .strip_prefix("sqlite:///")
        .filter(|path| !path.is_empty());
    path.map(PathBuf::from).ok_or_else(|| {
        // The URL of another database may hold a password, so it is not repeated.
        ConfigError(
            "The database must be an SQLite file. Write --database sqlite:////ABSOLUTE/PATH, or omit the option to \
             keep it in the data directory"
                .into(),
        )
    })
}
