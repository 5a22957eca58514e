//! The settings of the source of a move. They are those of the places of the data, with `from` before their names.

use super::bucket::{BucketArgs, is_bucket};
use super::{ConfigError, PlaceArgs, Places};
use clap::builder::BoolishValueParser;
use nbcourier_storage::Postgres;
use std::path::PathBuf;

/// The settings for the places of the data that is moved.
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SourceArgs {
    /// Move from this data directory: its database nbcourier.db, its blobs and its signing key
    #[arg(long, env = "NBCOURIER_FROM_DATA_DIR", value_name = "DIR")]
    pub from_data_dir: Option<PathBuf>,

    /// Move from the database at this URL [default: nbcourier.db in --from-data-dir]
    #[arg(
        long,
        env = "NBCOURIER_FROM_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub from_database: Option<String>,

    /// Move from blobs/ below this directory, or from the bucket s3://BUCKET/PREFIX [default: --from-data-dir]
    #[arg(long, env = "NBCOURIER_FROM_STORAGE", value_name = "DIR")]
    pub from_storage: Option<PathBuf>,

    /// Read the password for --from-database from this file
    #[arg(
        long,
        env = "NBCOURIER_FROM_DATABASE_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub from_database_password_file: Option<PathBuf>,

    /// Find the bucket of --from-storage at this URL of an object store [default: AWS_ENDPOINT_URL, else Amazon S3]
    #[arg(long, env = "NBCOURIER_FROM_S3_ENDPOINT", value_name = "URL")]
    pub from_s3_endpoint: Option<String>,

    /// Find that bucket in this region [default: AWS_REGION, else us-east-1]
    #[arg(long, env = "NBCOURIER_FROM_S3_REGION", value_name = "NAME")]
    pub from_s3_region: Option<String>,

    /// Use the access key with this ID for that bucket [default: AWS_ACCESS_KEY_ID]
    #[arg(long, env = "NBCOURIER_FROM_S3_ACCESS_ID", value_name = "ID")]
    pub from_s3_access_id: Option<String>,

    /// Read the secret access key for that bucket from this file [default: AWS_SECRET_ACCESS_KEY]
    #[arg(long, env = "NBCOURIER_FROM_S3_SECRET_KEY_FILE", value_name = "FILE")]
    pub from_s3_secret_key_file: Option<PathBuf>,

    /// Allow an http:// endpoint on another machine for that bucket
    #[arg(long, env = "NBCOURIER_FROM_S3_ALLOW_HTTP", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub from_s3_allow_http: Option<bool>,
}

impl SourceArgs {
    /// Returns the places of the source. They need no spool.
    pub fn places(&self) -> Result<Places, ConfigError> {
        let is_server = self
            .from_database
            .as_deref()
            .is_some_and(Postgres::is_meant);
        let has_database = self.from_database.is_some();
        let has_files = self.from_storage.is_some();
        if self.from_data_dir.is_none() && !(has_database && has_files) {
            let missing = match (has_database, has_files) {
                (false, false) => {
                    "Name the source: --from-data-dir DIR, or --from-database URL and --from-storage DIR or s3://BUCKET"
                }
                (true, _) => {
                    "Name the place of the source's files: --from-data-dir DIR, or --from-storage DIR or s3://BUCKET"
                }
                (false, true) => {
                    "Name the source's database: --from-data-dir DIR, or --from-database URL"
                }
            };
            return Err(ConfigError(missing.into()));
        }
        if self.from_database_password_file.is_some() && !is_server {
            return Err(ConfigError(
                "--from-database-password-file is for PostgreSQL, and the database of the source is a file. Omit it, or \
                 name the server with --from-database postgres://USER@HOST/DATABASE"
                    .into(),
            ));
        }
        let places = Places::new(&PlaceArgs {
            data_dir: self.from_data_dir.clone(),
            storage: self.from_storage.clone(),
            database: self.from_database.clone(),
            database_password_file: self.from_database_password_file.clone(),
            database_connections: None,
            bucket: BucketArgs {
                s3_endpoint: self.from_s3_endpoint.clone(),
                s3_region: self.from_s3_region.clone(),
                s3_access_id: self.from_s3_access_id.clone(),
                s3_secret_key_file: self.from_s3_secret_key_file.clone(),
                s3_allow_http: self.from_s3_allow_http,
                spool_dir: None,
                object_retention: None,
            },
        });
        places.map_err(|error| of_source(&error))
    }

    /// Whether the source has a data directory.
    pub fn has_directory(&self) -> bool {
        let in_bucket = self.from_storage.as_deref().is_some_and(is_bucket);
        self.from_data_dir.is_some() || !in_bucket
    }
}

/// Names the flags of the source in a message about those of a server.
fn of_source(error: &ConfigError) -> ConfigError {
    ConfigError(
        error
            .0
            .replace("--data", "--from-data")
            .replace("--storage", "--from-storage")
            .replace("--s3-", "--from-s3-"),
    )
}
