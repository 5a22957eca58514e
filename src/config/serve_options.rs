//! The settings as flags, environment variables and keys of the configuration file. The three share their names.

use super::{BucketArgs, ConfigError, PlaceArgs, port_variable, read_file};
use clap::builder::BoolishValueParser;
use nbcourier_domain::{ByteSize, Role, Span};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines of text.
    Text,
    /// One JSON object per line.
    Json,
}

/// The treatment of earlier work when the hub creates an account again under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReusedNames {
    /// Keep it under another name: the new account belongs to somebody else.
    SetAside,
    /// Leave it with the name: the hub never gives a name to somebody else.
    Keep,
}

/// What pages do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PagesMode {
    /// They show and change.
    All,
    /// They only show.
    Read,
}

/// The settings as given. `None` stands for the default.
#[allow(
    clippy::doc_markdown,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServeOptions {
    /// Read settings from this TOML file. Its keys are the long flags without dashes. Flags and variables win over it
    #[arg(long, env = "NBCOURIER_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Where database and blobs are kept
    #[command(flatten)]
    #[serde(flatten)]
    pub places: PlaceArgs,

    // The bucket in the file. serde would not recognise keys at two levels below these.
    #[arg(skip)]
    #[serde(flatten)]
    pub(super) bucket: BucketArgs,

    /// Serve without a hub and believe the name that each caller gives. Allowed on a loopback address only
    #[arg(long, visible_alias = "vngshare", env = "NBCOURIER_STANDALONE", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub standalone: Option<bool>,

    /// Give the reason for each refusal. With --standalone, also offer example data at initialize-Data6ase
    #[arg(long, env = "NBCOURIER_DEBUG", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub debug: Option<bool>,

    /// Listen on this address [default: the address in JUPYTERHUB_SERVICE_URL, else 127.0.0.1]
    #[arg(long, env = "NBCOURIER_HOST", value_name = "ADDRESS")]
    pub host: Option<IpAddr>,

    /// Listen on this port; 0 picks a free one [default: the port in JUPYTERHUB_SERVICE_URL, else 12121]
    #[arg(long, env = port_variable())]
    pub port: Option<u16>,

    /// Serve everything below this path [default: JUPYTERHUB_SERVICE_PREFIX, else /api/]
    #[arg(long, env = "NBCOURIER_PREFIX", value_name = "PATH")]
    pub prefix: Option<String>,

    /// Make these users administrators, who may do everything. Separate names by commas. Write a service of the hub as
    /// service:NAME
    #[arg(
        long,
        env = "NBCOURIER_ADMINS",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub admins: Option<Vec<String>>,

    /// Make the hub's administrators administrators here as well
    #[arg(long, env = "NBCOURIER_HUB_ADMINS", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub hub_admins: Option<bool>,

    /// Let the members of this group of the hub keep the rosters of all courses. They read no work, and appoint nobody
    #[arg(long, env = "NBCOURIER_REGISTRARS_GROUP", value_name = "GROUP")]
    pub registrars_group: Option<String>,

    /// Ignore the hub's groups. Otherwise members of formgrade-COURSE teach the course, members of assist-COURSE assist in
    /// it, and members of nbgrader-COURSE take it
    #[arg(long, env = "NBCOURIER_NO_HUB_GROUPS", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub no_hub_groups: Option<bool>,

    /// Read the service's own token for the hub from this file [default: JUPYTERHUB_API_TOKEN]
    #[arg(long, env = "NBCOURIER_JUPYTERHUB_API_TOKEN_FILE", value_name = "FILE")]
    pub jupyterhub_api_token_file: Option<PathBuf>,

    /// Choose what happens to earlier work when the hub creates an account again under the same name [default: set-aside]
    #[arg(long, env = "NBCOURIER_REUSED_NAMES", value_enum, value_name = "WHAT")]
    pub reused_names: Option<ReusedNames>,

    /// Reach the hub's API at this URL [default: JUPYTERHUB_API_URL]
    #[arg(
        long,
        alias = "jupyterhub_api_url",
        env = "NBCOURIER_JUPYTERHUB_API_URL",
        value_name = "URL"
    )]
    pub jupyterhub_api_url: Option<String>,

    /// Trust the hub's answer about a token for this long: seconds, or a number with s, m, h or d [default: 60]
    #[arg(long, env = "NBCOURIER_HUB_CACHE_TTL", value_name = "TIME")]
    pub hub_cache_ttl: Option<Span>,

    /// Remember the hub's answers about this many tokens, and the accounts of as many callers [default: 100000]
    #[arg(long, env = "NBCOURIER_HUB_CACHE_SIZE", value_name = "NUMBER")]
    pub hub_cache_size: Option<NonZeroU64>,

    /// Trust the hub's last answer for this much longer while the hub does not respond [default: 10m]
    #[arg(long, env = "NBCOURIER_HUB_GRACE", value_name = "TIME")]
    pub hub_grace: Option<Span>,

    /// Accept only tokens with the scope access:services for this service. Default user tokens do not have it
    #[arg(long, env = "NBCOURIER_REQUIRE_SERVICE_SCOPE", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub require_service_scope: Option<bool>,

    /// Limit the size of a request: bytes, or a number with kB, MiB, GB, … [default: 1 GiB]
    #[arg(long, env = "NBCOURIER_MAX_REQUEST_SIZE", value_name = "SIZE")]
    pub max_request_size: Option<ByteSize>,

    /// Limit the size of one file [default: the limit of a request]
    #[arg(long, env = "NBCOURIER_MAX_FILE_SIZE", value_name = "SIZE")]
    pub max_file_size: Option<ByteSize>,

    /// Limit the number of files in one release, submission or feedback [default: 10000]
    #[arg(long, env = "NBCOURIER_MAX_FILES", value_name = "NUMBER")]
    pub max_files: Option<usize>,

    /// Limit the directories of one person [default: 100]
    #[arg(long, env = "NBCOURIER_MAX_DIRECTORIES", value_name = "NUMBER")]
    pub max_directories: Option<usize>,

    /// Limit the files and directories in one directory of the exchange [default: 100000]
    #[arg(long, env = "NBCOURIER_MAX_ENTRIES", value_name = "NUMBER")]
    pub max_entries: Option<usize>,

    /// Limit the requests that wait for changes of directories [default: 2000]
    #[arg(long, env = "NBCOURIER_MAX_WAITING", value_name = "NUMBER")]
    pub max_waiting: Option<usize>,

    /// Let directories follow repositories on these hosts even if their addresses are not public. Separate them by commas, and
    /// write HOST:PORT for ports other than 443
    #[arg(
        long,
        env = "NBCOURIER_GIT_HOSTS",
        value_delimiter = ',',
        value_name = "HOSTS"
    )]
    pub git_hosts: Option<Vec<String>>,

    /// Trust the authorities in this PEM file for repositories, in place of the system's
    #[arg(long, env = "NBCOURIER_GIT_CA", value_name = "FILE")]
    pub git_ca: Option<PathBuf>,

    /// Limit the size of a repository that a directory follows, as git stores it [default: 2 GiB]
    #[arg(long, env = "NBCOURIER_MAX_REPOSITORY", value_name = "SIZE")]
    pub max_repository: Option<ByteSize>,

    /// Limit the submissions of one student to one assignment; 0 for no limit [default: 1000]
    #[arg(long, env = "NBCOURIER_MAX_SUBMISSIONS", value_name = "NUMBER")]
    pub max_submissions: Option<u64>,

    /// Limit the bytes of one person: submissions, directories and shared pages. In submissions, the same contents count
    /// once [default: no limit]
    #[arg(long, env = "NBCOURIER_MAX_USER_SIZE", value_name = "SIZE")]
    pub max_user_size: Option<ByteSize>,

    /// Limit the bytes of one course. The same contents count once per student. With several servers, a course may pass the
    /// limit by what it gets in a minute [default: no limit]
    #[arg(long, env = "NBCOURIER_MAX_COURSE_SIZE", value_name = "SIZE")]
    pub max_course_size: Option<ByteSize>,

    /// Refuse files while less than this is free on the disk of the blobs or of the database [default: 256 MiB]
    #[arg(long, env = "NBCOURIER_MIN_FREE_SPACE", value_name = "SIZE")]
    pub min_free_space: Option<ByteSize>,

    /// Limit the requests per second of one caller, averaged over half a minute; 0 for no limit. Each server counts for
    /// itself [default: 300]
    #[arg(long, env = "NBCOURIER_MAX_REQUEST_RATE", value_name = "NUMBER")]
    pub max_request_rate: Option<u32>,

    /// Limit the open requests of one caller; 0 for no limit. Each server counts for itself [default: 100]
    #[arg(long, env = "NBCOURIER_MAX_OPEN_REQUESTS", value_name = "NUMBER")]
    pub max_open_requests: Option<usize>,

    /// Limit the uploads and the long replies that one caller has in progress; more wait. 0 for no limit. Each server counts
    /// for itself [default: 8]
    #[arg(long, env = "NBCOURIER_MAX_UPLOADS", value_name = "NUMBER")]
    pub max_uploads: Option<usize>,

    /// Keep deleted data restorable for this long [default: 30d]
    #[arg(long, env = "NBCOURIER_RETENTION", value_name = "TIME")]
    pub retention: Option<Span>,

    /// Keep events, the record of who did what, for this long [default: 730d]
    #[arg(long, env = "NBCOURIER_EVENT_RETENTION", value_name = "TIME")]
    pub event_retention: Option<Span>,

    /// Let courses count the work of students on notebooks
    #[arg(long, env = "NBCOURIER_ACTIVITY", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub activity: Option<bool>,

    /// Keep the daily sums of the work on notebooks for this long [default: 180d]
    #[arg(long, env = "NBCOURIER_ACTIVITY_RETENTION", value_name = "TIME")]
    pub activity_retention: Option<Span>,

    /// Close a connection on which the client sends or reads nothing for this long within a request [default: 60]
    #[arg(long, env = "NBCOURIER_IDLE_TIMEOUT", value_name = "TIME")]
    pub idle_timeout: Option<Span>,

    /// Wait this long for open requests when the server is told to stop [default: 60]
    #[arg(long, env = "NBCOURIER_SHUTDOWN_TIMEOUT", value_name = "TIME")]
    pub shutdown_timeout: Option<Span>,

    /// Let the pages show and change everything that the reader may, or only show it [default: all]
    #[arg(long, env = "NBCOURIER_PAGES", value_enum, value_name = "MODE")]
    pub pages: Option<PagesMode>,

    /// Show times on pages in this time zone, such as Europe/Berlin [default: UTC]
    #[arg(long, env = "NBCOURIER_TIME_ZONE", value_name = "ZONE")]
    pub time_zone: Option<String>,

    /// Say on pages how to reach the people who run the exchange, such as it@example.edu [default: none]
    #[arg(long, env = "NBCOURIER_CONTACT", value_name = "TEXT")]
    pub contact: Option<String>,

    /// Serve metrics for Prometheus at /metrics of this second address, ADDRESS:PORT [default: nowhere]
    #[arg(long, env = "NBCOURIER_METRICS_ADDRESS", value_name = "ADDRESS")]
    pub metrics_address: Option<SocketAddr>,

    /// Require the token in this file for metrics. Without --metrics-address, serve them at metrics below the prefix
    #[arg(long, env = "NBCOURIER_METRICS_TOKEN_FILE", value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,

    /// Sign sessions and receipts with the keys in this file, one per line. The first signs, and signatures of all are
    /// accepted [default: session.key in the data directory, or a key in PostgreSQL]
    #[arg(long, env = "NBCOURIER_SIGNING_KEY_FILE", value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,

    /// Refuse an older database instead of migrating it
    #[arg(long, env = "NBCOURIER_NO_UPGRADE_DB", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub no_upgrade_db: Option<bool>,

    /// Choose the format of the log on standard error. RUST_LOG sets what is logged [default: text]
    #[arg(long, env = "NBCOURIER_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Groups of the hub and the roles that they give their members. In the file only.
    #[arg(skip)]
    pub groups: Option<Vec<GivenGroup>>,
}

/// A group of the hub and the role that it gives its members.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenGroup {
    /// The group's name, in which `{course}` stands for the course.
    pub group: String,
    /// The course, if the group's name does not contain it.
    pub course: Option<String>,
    /// The members' role in the course.
    pub role: Role,
}

impl PagesMode {
    /// The name of the mode.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Read => "read",
        }
    }
}

impl LogFormat {
    /// The name of the format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl ServeOptions {
    /// Whether the server runs without a hub.
    pub(super) fn is_standalone(&self) -> bool {
        self.standalone.unwrap_or(false)
    }

    /// Completes the settings from the configuration file, if one is named.
    pub fn with_file(self) -> Result<Self, ConfigError> {
        let Some(path) = &self.config else {
            return Ok(self);
        };
        let text = read_file(path)?;
        // The parser's full text quotes the line, which may hold a token written into the wrong line.
        let file: Self = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.filter(|before| !before.is_empty());
            let line = line.map_or_else(String::new, |before| {
                format!("line {}: ", before.matches('\n').count() + 1)
            });
            ConfigError(format!(
                "The configuration file {} cannot be read: {line}{}",
                path.display(),
                error.message()
            ))
        })?;
        Ok(Self {
            config: None,
            places: self.places.or(PlaceArgs {
                bucket: file.bucket,
                ..file.places
            }),
            bucket: BucketArgs::default(),
            standalone: self.standalone.or(file.standalone),
            debug: self.debug.or(file.debug),
            host: self.host.or(file.host),
            port: self.port.or(file.port),
            prefix: self.prefix.or(file.prefix),
            admins: self.admins.or(file.admins),
            hub_admins: self.hub_admins.or(file.hub_admins),
            registrars_group: self.registrars_group.or(file.registrars_group),
            no_hub_groups: self.no_hub_groups.or(file.no_hub_groups),
            jupyterhub_api_token_file: self
                .jupyterhub_api_token_file
                .or(file.jupyterhub_api_token_file),
            reused_names: self.reused_names.or(file.reused_names),
            jupyterhub_api_url: self.jupyterhub_api_url.or(file.jupyterhub_api_url),
            hub_cache_ttl: self.hub_cache_ttl.or(file.hub_cache_ttl),
            hub_cache_size: self.hub_cache_size.or(file.hub_cache_size),
            hub_grace: self.hub_grace.or(file.hub_grace),
            require_service_scope: self.require_service_scope.or(file.require_service_scope),
            max_request_size: self.max_request_size.or(file.max_request_size),
            max_directories: self.max_directories.or(file.max_directories),
            max_entries: self.max_entries.or(file.max_entries),
            max_waiting: self.max_waiting.or(file.max_waiting),
            git_hosts: self.git_hosts.or(file.git_hosts),
            git_ca: self.git_ca.or(file.git_ca),
            max_repository: self.max_repository.or(file.max_repository),
            max_file_size: self.max_file_size.or(file.max_file_size),
            max_files: self.max_files.or(file.max_files),
            max_submissions: self.max_submissions.or(file.max_submissions),
            max_user_size: self.max_user_size.or(file.max_user_size),
            max_course_size: self.max_course_size.or(file.max_course_size),
            min_free_space: self.min_free_space.or(file.min_free_space),
            max_request_rate: self.max_request_rate.or(file.max_request_rate),
            max_open_requests: self.max_open_requests.or(file.max_open_requests),
            max_uploads: self.max_uploads.or(file.max_uploads),
            retention: self.retention.or(file.retention),
            event_retention: self.event_retention.or(file.event_retention),
            activity: self.activity.or(file.activity),
            activity_retention: self.activity_retention.or(file.activity_retention),
            pages: self.pages.or(file.pages),
            time_zone: self.time_zone.or(file.time_zone),
            contact: self.contact.or(file.contact),
            idle_timeout: self.idle_timeout.or(file.idle_timeout),
            shutdown_timeout: self.shutdown_timeout.or(file.shutdown_timeout),
            metrics_address: self.metrics_address.or(file.metrics_address),
            metrics_token_file: self.metrics_token_file.or(file.metrics_token_file),
            signing_key_file: self.signing_key_file.or(file.signing_key_file),
            no_upgrade_db: self.no_upgrade_db.or(file.no_upgrade_db),
            log_format: self.log_format.or(file.log_format),
            groups: self.groups.or(file.groups),
        })
    }
}
