//! All settings. Each comes from a flag, else the environment, else the configuration file, else its default.
//!
//! They are parsed and checked here and passed on as values. Nothing else reads the environment.

mod binding;
mod bucket;
mod client;
mod client_environment;
mod effective;
mod exchange_address;
mod hub;
mod move_places;
mod operator;
mod places;
pub mod secret;
mod serve_options;

pub use binding::Binding;
use binding::port_variable;
pub use bucket::{BucketArgs, BucketPlace};
pub use client::{ClientArgs, Connection, Proxy};
pub use client_environment::{ClientEnvironment, NetworkSetting};
pub use effective::{Origins, Setting, settings, without_password};
pub use exchange_address::ExchangeAddress;
pub use hub::{Environment, HubPlace};
pub use move_places::SourceArgs;
pub use operator::{operator_account, search_path};
pub use places::{PlaceArgs, Places, ngshare_database, refuse_visible_password};
pub use serve_options::{GivenGroup, LogFormat, PagesMode, ReusedNames, ServeOptions};

use jiff::tz::TimeZone;
use nbcourier_domain::{GroupRule, GroupRules};
use nbcourier_exchange::directories::DirectoryLimits;
use nbcourier_fetching::GitHost;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Default maximum size of a request, in bytes.
const MAX_REQUEST_SIZE: u64 = 1 << 30;
/// Default maximum number of files in one tree.
const MAX_FILES: usize = 10_000;
/// Default maximum size of a repository in bytes.
const MAX_REPOSITORY: u64 = 2 << 30;
/// Default maximum number of submissions of a student to an assignment. A person never reaches it, but a loop does.
const MAX_SUBMISSIONS: u64 = 1000;
/// Default minimum of free bytes on the disks. It leaves room for the log of the database, which takes up to 64 MiB,
/// and for a clean-up.
const MIN_FREE_SPACE: u64 = 256 << 20;
/// Default maximum number of requests of a caller per second. The client of ngshare asks for each submission separately
/// and reaches 180 at full speed.
const MAX_REQUEST_RATE: u32 = 300;
/// Default maximum number of open requests of a caller. It is more than a browser or a client of nbcourier ever has.
const MAX_OPEN_REQUESTS: usize = 100;
/// Default maximum number of concurrent uploads of a caller.
const MAX_UPLOADS: usize = 8;
/// Default time for which the hub's answer about a token is trusted.
const HUB_CACHE_TTL: Duration = Duration::from_mins(1);
/// Default number of tokens about which the hub's answers are remembered, and of callers whose accounts are.
const HUB_CACHE_SIZE: u64 = nbcourier_exchange::REMEMBERED_CALLERS;
/// Default additional time for which it is trusted while the hub does not respond.
const HUB_GRACE: Duration = Duration::from_mins(10);
/// Default time for which deleted things can be restored.
pub const RETENTION: Duration = Duration::from_hours(720);
/// Default time for which events are kept: two years.
pub const EVENT_RETENTION: Duration = Duration::from_hours(2 * 365 * 24);
/// Default time for which the daily sums of activity are kept.
pub const ACTIVITY_RETENTION: Duration = Duration::from_hours(180 * 24);
/// Default time for which a client may pause within a request.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Default maximum time for requests in progress when the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_mins(1);

/// A setting that cannot be used. The sentence names it and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// The settings of `nbcourier serve`.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// The hub, or `None` stand-alone.
    pub hub: Option<HubPlace>,
    /// The places of the database and the blobs.
    pub places: Places,
    /// Whether an older database may be migrated.
    pub upgrade: bool,
    /// The address to listen on.
    pub binding: Binding,
    /// The prefix. It begins and ends with `/`.
    pub prefix: String,
    /// The names of administrators.
    pub admins: Vec<String>,
    /// Whether administrators of the hub are administrators here.
    pub hub_admins: bool,
    /// Whether groups of the hub make people members of courses.
    pub hub_groups: bool,
    /// The groups of the hub that make people members of a course, with their roles.
    pub group_rules: GroupRules,
    /// The treatment of the data of a user name that the hub uses again.
    pub reused_names: ReusedNames,
    /// Whether refusals give their reason. Stand-alone, also whether the example data exists.
    pub debug: bool,
    /// Maximum size of a request, in bytes.
    pub max_request_size: u64,
    /// Maximum size of a file, in bytes.
    pub max_file_size: u64,
    /// Maximum number of files in a tree.
    pub max_files: usize,
    /// The limits on directories.
    pub directories: DirectoryLimits,
    /// The hosts of repositories that may have addresses which are not public.
    pub git_hosts: Vec<GitHost>,
    /// The authorities for repositories, in place of the system's.
    pub git_ca: Option<PathBuf>,
    /// Maximum size of a repository in bytes.
    pub max_repository: u64,
    /// Maximum number of submissions of a student to an assignment.
    pub max_submissions: Option<u64>,
    /// Maximum number of bytes that a person has submitted.
    pub max_user_size: Option<u64>,
    /// Maximum number of bytes of a course.
    pub max_course_size: Option<u64>,
    /// Number of bytes that must be free for uploads. 0 means no minimum.
    pub min_free_space: u64,
    /// Maximum number of requests of one caller per second.
    pub max_request_rate: Option<NonZeroU32>,
    /// Maximum number of open requests of one caller.
    pub max_open_requests: Option<usize>,
    /// Maximum number of concurrent uploads of one caller, and of concurrent long replies to them.
    pub max_uploads: Option<usize>,
    /// How long the hub's answer about a token is trusted.
    pub hub_cache_ttl: Duration,
    /// About how many tokens the hub's answers are remembered, and the accounts of how many callers.
    pub hub_cache_size: u64,
    /// For how much longer it is trusted while the hub does not respond.
    pub hub_grace: Duration,
    /// Whether tokens must have the scope `access:services` for this service.
    pub require_service_scope: bool,
    /// How long deleted things can be restored.
    pub retention: Duration,
    /// How long events are kept.
    pub event_retention: Duration,
    /// Whether courses may turn activity on.
    pub activity: bool,
    /// How long its daily sums are kept.
    pub activity_retention: Duration,
    /// How long a client may pause within a request.
    pub idle_timeout: Duration,
    /// Maximum time for requests in progress when the server stops.
    pub shutdown_timeout: Duration,
    /// What pages do.
    pub pages: PagesMode,
    /// The time zone in which pages show times.
    pub time_zone: TimeZone,
    /// How readers of pages reach the people who run the exchange.
    pub contact: Option<String>,
    /// The second address, which serves the metrics.
    pub metrics_address: Option<SocketAddr>,
    /// The token that a request for the metrics must carry. Without it and the second address there are no metrics.
    pub metrics_token: Option<String>,
    /// The files with the service's token for the hub and with the token for the metrics.
    pub secret_files: [Option<PathBuf>; 2],
    /// The file with the signing keys, instead of the one in the data directory.
    pub signing_key_file: Option<PathBuf>,
    /// Whether the token for the hub came from the first of these files.
    pub api_token_in_file: bool,
    /// The format of the log.
    pub log_format: LogFormat,
    /// Sentences about settings that work but should be changed.
    pub warnings: Vec<String>,
}

impl Config {
    /// Combines the command line, the environment, and the configuration file that they may name.
    pub fn new(given: ServeOptions, environment: &Environment) -> Result<Self, ConfigError> {
        let given = given.with_file()?;
        let standalone = given.is_standalone();
        let hub = if standalone {
            None
        } else {
            Some(HubPlace::new(&given, environment)?)
        };
        let prefix = prefix(
            given
                .prefix
                .as_deref()
                .or(environment.service_prefix.as_deref()),
        )?;
        let secret_files = [
            given.jupyterhub_api_token_file.clone(),
            given.metrics_token_file.clone(),
        ];
        let others = [
            &given.signing_key_file,
            &given.places.database_password_file,
            &given.places.bucket.s3_secret_key_file,
        ];
        let files = secret_files.iter().chain(others).flatten();
        let warnings = files.filter_map(|path| secret::warning(path)).collect();
        let metrics_token = given.metrics_token_file.as_deref().map(secret::read);
        let max_request_size = given
            .max_request_size
            .map_or(MAX_REQUEST_SIZE, |size| size.0);
        Ok(Self {
            hub,
            places: Places::new(&given.places)?,
            upgrade: !given.no_upgrade_db.unwrap_or(false),
            binding: Binding::new(&given, environment, standalone)?,
            prefix,
            hub_admins: given.hub_admins.unwrap_or(false),
            hub_groups: !given.no_hub_groups.unwrap_or(false) && !standalone,
            group_rules: group_rules(given.groups.as_deref().unwrap_or_default())?
                .with_registrars(registrars(given.registrars_group)?),
            reused_names: given.reused_names.unwrap_or(ReusedNames::SetAside),
            debug: given.debug.unwrap_or(false),
            max_request_size,
            max_file_size: given.max_file_size.map_or(max_request_size, |size| size.0),
            max_files: given.max_files.unwrap_or(MAX_FILES),
            directories: directories(given.max_directories, given.max_entries, given.max_waiting),
            git_hosts: git_hosts(given.git_hosts.as_deref().unwrap_or_default())?,
            // git runs in another directory.
            git_ca: given.git_ca.as_deref().map(readable).transpose()?,
            max_repository: given.max_repository.map_or(MAX_REPOSITORY, |size| size.0),
            max_submissions: unless_zero(given.max_submissions.unwrap_or(MAX_SUBMISSIONS)),
            max_user_size: given.max_user_size.and_then(|size| unless_zero(size.0)),
            max_course_size: given.max_course_size.and_then(|size| unless_zero(size.0)),
            min_free_space: given.min_free_space.map_or(MIN_FREE_SPACE, |size| size.0),
            max_request_rate: NonZeroU32::new(given.max_request_rate.unwrap_or(MAX_REQUEST_RATE)),
            max_open_requests: Some(given.max_open_requests.unwrap_or(MAX_OPEN_REQUESTS))
                .filter(|most| *most > 0),
            max_uploads: Some(given.max_uploads.unwrap_or(MAX_UPLOADS)).filter(|most| *most > 0),
            hub_cache_ttl: given.hub_cache_ttl.map_or(HUB_CACHE_TTL, |span| span.0),
            hub_cache_size: given.hub_cache_size.map_or(HUB_CACHE_SIZE, NonZeroU64::get),
            hub_grace: given.hub_grace.map_or(HUB_GRACE, |span| span.0),
            require_service_scope: given.require_service_scope.unwrap_or(false),
            retention: given.retention.map_or(RETENTION, |span| span.0),
            event_retention: given.event_retention.map_or(EVENT_RETENTION, |span| span.0),
            activity: given.activity.unwrap_or(false),
            activity_retention: given
                .activity_retention
                .map_or(ACTIVITY_RETENTION, |span| span.0),
            idle_timeout: given.idle_timeout.map_or(IDLE_TIMEOUT, |span| span.0),
            shutdown_timeout: given
                .shutdown_timeout
                .map_or(SHUTDOWN_TIMEOUT, |span| span.0),
            pages: given.pages.unwrap_or(PagesMode::All),
            time_zone: time_zone(given.time_zone.as_deref())?,
            contact: given.contact.filter(|text| !text.trim().is_empty()),
            metrics_address: given.metrics_address,
            metrics_token: metrics_token.transpose()?,
            api_token_in_file: secret_files[0].is_some(),
            secret_files,
            signing_key_file: given.signing_key_file,
            log_format: given.log_format.unwrap_or(LogFormat::Text),
            warnings,
            admins: given.admins.unwrap_or_default(),
        })
    }
}

fn git_hosts(given: &[String]) -> Result<Vec<GitHost>, ConfigError> {
    let hosts = given.iter().map(|host| host.trim());
    let hosts = hosts.filter(|host| !host.is_empty()).map(GitHost::parse);
    let hosts: Result<_, _> = hosts.collect();
    hosts.map_err(|_| {
        ConfigError(format!(
            "--git-hosts {} has no hosts. Write names such as git.example.org or git.example.org:8443, separated by commas",
            given.join(",")
        ))
    })
}

/// Returns the whole path of a file that exists.
fn readable(path: &Path) -> Result<PathBuf, ConfigError> {
    path.canonicalize().map_err(|error| {
        ConfigError(format!(
            "The file of --git-ca {} cannot be read: {error}",
            path.display()
        ))
    })
}

fn directories(
    per_person: Option<usize>,
    entries: Option<usize>,
    waiting: Option<usize>,
) -> DirectoryLimits {
    let usual = DirectoryLimits::default();
    DirectoryLimits {
        per_person: per_person.unwrap_or(usual.per_person),
        entries: entries.unwrap_or(usual.entries),
        waiting: waiting.unwrap_or(usual.waiting),
    }
}

fn group_rules(given: &[GivenGroup]) -> Result<GroupRules, ConfigError> {
    let rules = given
        .iter()
        .map(|rule| GroupRule::new(&rule.group, rule.course.as_deref(), rule.role));
    let rules: Result<_, _> = rules.collect();
    Ok(GroupRules::new(
        rules.map_err(|error| ConfigError(error.to_string()))?,
    ))
}

/// Returns the group of the registrars. A group without a name would be nobody's.
fn registrars(group: Option<String>) -> Result<Option<String>, ConfigError> {
    if group.as_deref() == Some("") {
        return Err(ConfigError(
            "--registrars-group is empty. Name a group of JupyterHub, or leave the setting out"
                .to_owned(),
        ));
    }
    Ok(group)
}

/// Returns the time zone of that name, from the copy of the database of zones in the program.
fn time_zone(name: Option<&str>) -> Result<TimeZone, ConfigError> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|_| {
        ConfigError(format!(
            "{name:?} is not a time zone. Write its name in the IANA database for --time-zone, such as Europe/Berlin"
        ))
    })
}

/// Returns the limit, or `None` for 0.
fn unless_zero(limit: u64) -> Option<u64> {
    (limit > 0).then_some(limit)
}

/// Returns the prefix with `/` at both ends. Refuses paths that the health checks need.
fn prefix(given: Option<&str>) -> Result<String, ConfigError> {
    let text = given
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .unwrap_or("/api/");
    let text = percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| ConfigError(format!("The prefix {text} is not UTF-8")))?;
    let inner = text.trim_matches('/');
    if inner.contains(|c: char| c.is_control() || "{}?#\\".contains(c)) || inner.contains("//") {
        return Err(ConfigError(format!(
            "The prefix {text:?} is not a path. Use a path such as /services/nbcourier/"
        )));
    }
    let prefix = if inner.is_empty() {
        "/".to_owned()
    } else {
        format!("/{inner}/")
    };
    let taken = ["/healthz/", "/readyz/", "/metrics/"];
    if taken.iter().any(|path| prefix.starts_with(path)) {
        return Err(ConfigError(format!(
            "The prefix {prefix} is the address of the health checks. Choose another one"
        )));
    }
    Ok(prefix)
}

/// Reads a file that the settings name.
pub fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        ConfigError(format!(
            "The file {} cannot be read: {error}",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct ServeCommand {
        #[command(flatten)]
        given: ServeOptions,
    }

    fn config(arguments: &[&str], environment: &Environment) -> Result<Config, ConfigError> {
        let line =
            ServeCommand::parse_from(std::iter::once("nbcourier").chain(arguments.iter().copied()));
        Config::new(line.given, environment)
    }

    fn hub() -> Environment {
        let known = [
            ("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api"),
            ("JUPYTERHUB_API_TOKEN", "secret"),
            ("JUPYTERHUB_SERVICE_NAME", "nbcourier"),
            ("JUPYTERHUB_SERVICE_PREFIX", "/services/nbcourier/"),
            ("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:10101"),
        ];
        Environment::from(|name| {
            known
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_managed_service_needs_no_flags() {
        let config = config(&[], &hub()).unwrap();
        assert_eq!(config.prefix, "/services/nbcourier/");
        assert_eq!(config.binding.to_string(), "127.0.0.1:10101");
        assert_eq!(config.hub.unwrap().client_id, "service-nbcourier");
    }

    #[test]
    fn ngshares_spellings_are_understood() {
        let config = config(
            &[
                "--vngshare",
                "--storage",
                "/tmp/x",
                "--database",
                "sqlite:////tmp/y/n.db",
                "--no-upgrade-db",
            ],
            &Environment::default(),
        )
        .unwrap();
        assert!(config.hub.is_none() && !config.upgrade);
        assert_eq!(
            config.places.database.file(),
            Some(Path::new("/tmp/y/n.db"))
        );
        assert_eq!(config.places.blobs, Path::new("/tmp/x/blobs"));
        assert_eq!(config.binding.to_string(), "127.0.0.1:12121");
    }

    #[test]
    fn standalone_stays_on_this_machine() {
        for host in ["0.0.0.0", "192.168.0.1", "::"] {
            let error =
                config(&["--standalone", "--host", host], &Environment::default()).unwrap_err();
            assert!(error.to_string().contains("loopback"), "{error}");
        }
        assert!(config(&["--standalone", "--host", "::1"], &Environment::default()).is_ok());
    }

    #[test]
    fn without_a_hub_it_says_what_is_missing() {
        let error = config(&[], &Environment::default()).unwrap_err();
        assert!(error.to_string().contains("--standalone"), "{error}");
    }

    #[test]
    fn the_prefix_has_slashes_at_both_ends() {
        for (given, made) in [
            ("api", "/api/"),
            ("/a/b", "/a/b/"),
            ("/", "/"),
            ("/services/nb%20c/", "/services/nb c/"),
        ] {
            assert_eq!(prefix(Some(given)).unwrap(), made);
        }
        assert!(prefix(Some("/healthz/x/")).is_err());
    }

    #[test]
    fn a_file_gives_what_the_command_line_does_not() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("nbcourier.toml");
        std::fs::write(
            &file,
            "standalone = true\nmax-files = 7\nadmins = [\"root\"]\nmax-file-size = \"2 MiB\"\n",
        )
        .unwrap();
        let path = file.to_str().unwrap();
        let made = config(
            &["--config", path, "--max-files", "8"],
            &Environment::default(),
        )
        .unwrap();
        assert_eq!(
            (made.max_files, made.max_file_size, made.admins),
            (8, 2 << 20, vec!["root".to_owned()])
        );
        std::fs::write(
            &file,
            "standalone = true\n[[groups]]\ngroup = \"/c/{course}/staff\"\nrole = \"instructor\"\n",
        )
        .unwrap();
        let made = config(&["--config", path], &Environment::default()).unwrap();
        let (course, _) = made.group_rules.place("/c/algebra/staff").unwrap();
        assert_eq!(course.as_str(), "algebra");
        for wrong in [
            "[[groups]]\ngroup = \"staff\"\nrole = \"student\"\n",
            "[[groups]]\ngroup = \"{course}\"\nrole = \"janitor\"\n",
            "[[groups]]\ngroup = \"{course}\"\nrole = \"student\"\ncuorse = \"a\"\n",
        ] {
            std::fs::write(&file, format!("standalone = true\n{wrong}")).unwrap();
            assert!(config(&["--config", path], &Environment::default()).is_err());
        }
        std::fs::write(&file, "max-flies = 7\n").unwrap();
        let error = config(&["--config", path], &Environment::default()).unwrap_err();
        assert!(error.to_string().contains("max-flies"), "{error}");
    }

    #[test]
    fn the_places_may_be_in_the_file() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("nbcourier.toml");
        let secret = place.path().join("secret");
        std::fs::write(&secret, "s3cret").unwrap();
        let text = format!(
            "standalone = true\n\
             database = \"postgres://nbcourier@localhost/nbcourier\"\n\
             database-connections = 7\n\
             storage = \"s3://work/term\"\n\
             s3-endpoint = \"http://s3.example.org\"\n\
             s3-region = \"eu-central-1\"\n\
             s3-access-id = \"AKIA\"\n\
             s3-secret-key-file = \"{}\"\n\
             s3-allow-http = true\n\
             spool-dir = \"/var/spool/nbcourier\"\n\
             object-retention = \"2d\"\n",
            secret.display()
        );
        std::fs::write(&file, text).unwrap();
        let path = file.to_str().unwrap();
        let arguments = ["--config", path, "--s3-region", "eu-west-1"];
        let places = config(&arguments, &Environment::default()).unwrap().places;
        let nbcourier_storage::Database::Postgres(database) = &places.database else {
            panic!("a database of PostgreSQL");
        };
        assert_eq!(database.connections(), 7);
        assert_eq!(places.blobs, Path::new("/var/spool/nbcourier/spool"));
        let found = places.bucket.unwrap();
        assert_eq!(found.bucket.to_string(), "s3://work/term");
        assert_eq!(found.bucket.region.as_deref(), Some("eu-west-1"));
        assert_eq!(found.retention, Duration::from_hours(48));
        assert_eq!(found.bucket.credentials.to_string(), "an access key");
    }
}
