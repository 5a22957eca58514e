//! The places of the database, the blobs and the keys.

use super::ConfigError;
use super::bucket::{self, BucketArgs, BucketPlace};
use clap::ArgMatches;
use clap::parser::ValueSource;
use nbcourier_storage::{Database, Postgres};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// The default data directory on a server.
const USUAL: &str = "/srv/nbcourier";
/// The data directory if the default one is not writable.
const LOCAL: &str = "nbcourier-data";
const DATABASE: &str = "nbcourier.db";
const BLOBS: &str = "blobs";
const SPOOL: &str = "spool";

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

    /// Keep the blobs in blobs/ below this directory, or in the bucket s3://BUCKET/PREFIX of an object store
    /// [default: the data directory]
    #[arg(long, env = "NBCOURIER_STORAGE", value_name = "DIR")]
    pub storage: Option<PathBuf>,

    /// Keep the database at this URL: sqlite:////ABSOLUTE/PATH, sqlite:///RELATIVE/PATH, or
    /// postgres://USER@HOST:PORT/DATABASE [default: nbcourier.db in the data directory]
    #[arg(
        long,
        env = "NBCOURIER_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,

    /// Read the password for PostgreSQL from this file, at each connection
    #[arg(long, env = "NBCOURIER_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,

    /// Open at most this many connections to PostgreSQL [default: 20]
    #[arg(long, env = "NBCOURIER_DATABASE_CONNECTIONS", value_name = "N")]
    pub database_connections: Option<NonZeroU32>,

    /// The bucket of the blobs
    #[command(flatten)]
    #[serde(skip)]
    pub bucket: BucketArgs,
}

impl PlaceArgs {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(other.data_dir),
            storage: self.storage.or(other.storage),
            bucket: self.bucket.or(other.bucket),
            database: self.database.or(other.database),
            database_password_file: self.database_password_file.or(other.database_password_file),
            database_connections: self.database_connections.or(other.database_connections),
        }
    }
}

/// The places of all data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The directory of everything except the database and the blobs.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The file with the password of the database.
    pub database_password_file: Option<PathBuf>,
    /// The bucket of the blobs, if they are in one.
    pub bucket: Option<BucketPlace>,
    /// The directory of the blobs, or of the uploads on their way to the bucket.
    pub blobs: PathBuf,
}

impl Places {
    /// Derives the places from the settings.
    pub fn new(given: &PlaceArgs) -> Result<Self, ConfigError> {
        let bucket = BucketPlace::new(given.storage.as_deref(), &given.bucket, bucket::variable)?;
        // A person who moves from ngshare gives only the storage.
        let directory = given.storage.clone().filter(|_| bucket.is_none());
        let data_dir = given
            .data_dir
            .clone()
            .or_else(|| directory.clone())
            .or_else(|| given.bucket.spool_dir.clone())
            .unwrap_or_else(default_directory);
        let database = match &given.database {
            Some(url) if Postgres::is_meant(url) => postgres(url, given)?,
            Some(url) => Database::Sqlite(sqlite_path(url)?),
            None => Database::Sqlite(data_dir.join(DATABASE)),
        };
        let needless = if matches!(database, Database::Postgres(_)) {
            None
        } else if given.database_password_file.is_some() {
            Some("--database-password-file")
        } else if given.database_connections.is_some() {
            Some("--database-connections")
        } else {
            None
        };
        if let Some(flag) = needless {
            return Err(ConfigError(format!(
                "{flag} is for PostgreSQL, and the database is a file. Omit it, or name the server with --database \
                 postgres://USER@HOST/DATABASE"
            )));
        }
        let blobs = if bucket.is_some() {
            let outer = given.bucket.spool_dir.as_ref();
            outer.unwrap_or(&data_dir).join(SPOOL)
        } else {
            directory.as_ref().unwrap_or(&data_dir).join(BLOBS)
        };
        Ok(Self {
            data_dir,
            bucket,
            database,
            database_password_file: given.database_password_file.clone(),
            blobs,
        })
    }
}

/// Refuses a password in a URL on the command line, which every user of the machine can see.
pub fn refuse_visible_password(matches: &ArgMatches) -> Result<(), ConfigError> {
    for name in ["database", "own_database", "from_database"] {
        // Not every command has these options, and they have other types in some.
        let is_given = matches.ids().any(|id| id.as_str() == name)
            && matches.value_source(name) == Some(ValueSource::CommandLine);
        let url = is_given.then(|| matches.try_get_one::<String>(name).ok().flatten());
        if let Some(Some(url)) = url
            && Postgres::is_meant(url)
            && Postgres::has_password(url)
        {
            let (flag, variable) = match name {
                "from_database" => ("from-database", "NBCOURIER_FROM_DATABASE"),
                _ => ("database", "NBCOURIER_DATABASE"),
            };
            return Err(ConfigError(format!(
                "The URL of --{flag} contains a password, which every user of this machine can see. Put the password \
                 into a file and name it with --{flag}-password-file, or set {variable} or PGPASSWORD"
            )));
        }
    }
    match matches.subcommand() {
        Some((_, inner)) => refuse_visible_password(inner),
        None => Ok(()),
    }
}

/// The variable with the password, as PostgreSQL's own programs read it.
const PASSWORD: &str = "PGPASSWORD";

fn postgres(url: &str, given: &PlaceArgs) -> Result<Database, ConfigError> {
    let password = std::env::var(PASSWORD).ok();
    let parsed = Postgres::parse(
        url,
        given.database_password_file.clone(),
        password.as_deref(),
    );
    let mut postgres = parsed.map_err(|error| ConfigError(error.to_string()))?;
    if let Some(connections) = given.database_connections {
        postgres = postgres.with_connections(connections.get());
    }
    Ok(Database::Postgres(Box::new(postgres)))
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
            "The database must be a SQLite file or one of PostgreSQL. Write --database sqlite:////ABSOLUTE/PATH or \
             postgres://USER@HOST/DATABASE, or omit the option to keep it in the data directory"
                .into(),
        )
    })
}
