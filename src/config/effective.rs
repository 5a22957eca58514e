//! The effective settings, each with its origin. Secrets are listed without their values.

use super::{Config, ConfigError, Environment, ReusedNames, ServeOptions, read_file};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command};
use nbcourier_blobs::Credentials;
use nbcourier_domain::{ByteSize, Span};
use nbcourier_fetching::GitHost;
use nbcourier_storage::Database;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The text in place of a hidden value.
const REDACTED: &str = "(not shown)";

/// An effective setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name in the file, or the variable if only the hub's environment has it.
    pub name: String,
    /// The value in the syntax of the file.
    pub value: String,
    /// The flag, variable or file that sets it, or `default`.
    pub origin: String,
}

impl Setting {
    /// Whether the setting has its default.
    pub fn is_default(&self) -> bool {
        self.origin == DEFAULT
    }
}

const DEFAULT: &str = "default";

/// The origins of the settings of one command line.
#[derive(Debug, Default)]
pub struct Origins {
    given: Vec<(String, String)>,
    file: Option<PathBuf>,
    in_file: BTreeSet<String>,
}

impl Origins {
    /// Reads the origins from the parsed command line and from the file that it names.
    pub fn new(matches: &ArgMatches) -> Result<Self, ConfigError> {
        let mut origins = Self::default();
        for argument in ServeOptions::augment_args(Command::new("")).get_arguments() {
            let id = argument.get_id().as_str();
            let Some(long) = argument.get_long() else {
                continue;
            };
            let origin = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => format!("--{long}"),
                Some(ValueSource::EnvVariable) => argument
                    .get_env()
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                _ => continue,
            };
            origins.given.push((long.to_owned(), origin));
        }
        if let Some(path) = matches.get_one::<PathBuf>("config") {
            origins.in_file = keys(path)?;
            origins.file = Some(path.clone());
        }
        Ok(origins)
    }

    fn of(&self, name: &str) -> Option<String> {
        let given = self.given.iter().find(|(given, _)| given == name);
        given.map(|(_, origin)| origin.clone()).or_else(|| {
            let file = self.file.as_ref()?;
            self.in_file
                .contains(name)
                .then(|| file.display().to_string())
        })
    }
}

fn keys(path: &Path) -> Result<BTreeSet<String>, ConfigError> {
    // Errors in the file were reported when its values were read.
    let table: toml::Table = toml::from_str(&read_file(path)?).unwrap_or_default();
    Ok(table.keys().cloned().collect())
}

/// Returns every setting, in the order of the help.
pub fn settings(config: &Config, environment: &Environment, origins: &Origins) -> Vec<Setting> {
    let mut settings = Vec::new();
    for argument in ServeOptions::augment_args(Command::new("")).get_arguments() {
        let Some(name) = argument.get_long() else {
            continue;
        };
        let Some(value) = value(config, origins, name) else {
            continue;
        };
        let origin = origins.of(name);
        let origin = origin.or_else(|| environment.says(config, name).map(str::to_owned));
        settings.push(Setting {
            name: name.to_owned(),
            value,
            origin: origin.unwrap_or_else(|| DEFAULT.to_owned()),
        });
    }
    settings.push(Setting {
        name: "groups".to_owned(),
        value: config.group_rules.to_string(),
        origin: origins.of("groups").unwrap_or_else(|| DEFAULT.to_owned()),
    });
    if let Some(hub) = &config.hub {
        let token = if config.api_token_in_file {
            "--jupyterhub-api-token-file"
        } else {
            "JUPYTERHUB_API_TOKEN"
        };
        let callback = hub.callback_url.as_deref().unwrap_or_default();
        for (name, value) in [
            ("JUPYTERHUB_API_TOKEN", REDACTED),
            ("JUPYTERHUB_SERVICE_NAME", hub.service_name.as_str()),
            ("JUPYTERHUB_CLIENT_ID", &hub.client_id),
            ("JUPYTERHUB_HOST", &hub.hub_host),
            ("JUPYTERHUB_BASE_URL", &hub.base_url),
            ("JUPYTERHUB_OAUTH_CALLBACK_URL", callback),
        ] {
            let origin = match name {
                "JUPYTERHUB_API_TOKEN" => token,
                _ if environment.has(name) => name,
                _ => DEFAULT,
            };
            settings.push(Setting {
                name: name.to_owned(),
                value: text(value),
                origin: origin.to_owned(),
            });
        }
    }
    settings
}

/// Returns a setting in the syntax of the file, or `None` if it is missing in this function.
fn value(config: &Config, origins: &Origins, name: &str) -> Option<String> {
    let places = &config.places;
    let bucket = places.bucket.as_ref();
    Some(match name {
        "config" => path(origins.file.as_deref()),
        "data-dir" => path(Some(&places.data_dir)),
        "storage" => match bucket {
            Some(place) => text(&place.bucket.to_string()),
            None => path(places.blobs.parent()),
        },
        "s3-endpoint" => text(
            bucket
                .and_then(|place| place.bucket.endpoint.as_deref())
                .unwrap_or_default(),
        ),
        "s3-region" => text(
            bucket
                .and_then(|place| place.bucket.region.as_deref())
                .unwrap_or_default(),
        ),
        "s3-access-id" => text(match bucket.map(|place| &place.bucket.credentials) {
            Some(Credentials::Keys { id, .. }) => id,
            _ => "",
        }),
        "s3-secret-key-file" => path(bucket.and_then(|place| place.secret_key_file.as_deref())),
        "s3-allow-http" => bucket
            .is_some_and(|place| place.bucket.allow_http)
            .to_string(),
        "spool-dir" => path(bucket.and_then(|_| places.blobs.parent())),
        "object-retention" => span(bucket.map_or(Duration::ZERO, |place| place.retention)),
        "database" => text(&match &places.database {
            Database::Sqlite(path) => format!("sqlite:///{}", path.display()),
            Database::Postgres(postgres) => postgres.to_string(),
        }),
        "database-password-file" => path(places.database_password_file.as_deref()),
        "database-connections" => match &places.database {
            Database::Sqlite(_) => "0".to_owned(),
            Database::Postgres(postgres) => postgres.connections().to_string(),
        },
        "standalone" => config.hub.is_none().to_string(),
        "debug" => config.debug.to_string(),
        "host" => text(config.binding.host()),
        "port" => config.binding.port().to_string(),
        "prefix" => text(&config.prefix),
        "admins" => list(&config.admins),
        "hub-admins" => config.hub_admins.to_string(),
        "reused-names" => text(match config.reused_names {
            ReusedNames::SetAside => "set-aside",
            ReusedNames::Keep => "keep",
        }),
        "registrars-group" => text(config.group_rules.registrars().unwrap_or_default()),
        "no-hub-groups" => (!config.hub_groups).to_string(),
        "jupyterhub-api-token-file" => path(config.secret_files[0].as_deref()),
        "jupyterhub-api-url" => text(config.hub.as_ref().map_or("", |hub| &hub.api_url)),
        "hub-cache-ttl" => span(config.hub_cache_ttl),
        "hub-cache-size" => config.hub_cache_size.to_string(),
        "hub-grace" => span(config.hub_grace),
        "require-service-scope" => config.require_service_scope.to_string(),
        "max-request-size" => size(config.max_request_size),
        "max-file-size" => size(config.max_file_size),
        "max-files" => config.max_files.to_string(),
        "max-directories" => config.directories.per_person.to_string(),
        "max-entries" => config.directories.entries.to_string(),
        "max-waiting" => config.directories.waiting.to_string(),
        "git-hosts" => list(
            &config
                .git_hosts
                .iter()
                .map(GitHost::to_string)
                .collect::<Vec<_>>(),
        ),
        "git-ca" => path(config.git_ca.as_deref()),
        "max-repository" => size(config.max_repository),
        "max-submissions" => config.max_submissions.unwrap_or(0).to_string(),
        "max-user-size" => size(config.max_user_size.unwrap_or(0)),
        "max-course-size" => size(config.max_course_size.unwrap_or(0)),
        "max-request-rate" => config.max_request_rate.map_or(0, u32::from).to_string(),
        "max-open-requests" => config.max_open_requests.unwrap_or(0).to_string(),
        "max-uploads" => config.max_uploads.unwrap_or(0).to_string(),
        "min-free-space" => size(config.min_free_space),
        "retention" => span(config.retention),
        "event-retention" => span(config.event_retention),
        "activity" => config.activity.to_string(),
        "activity-retention" => span(config.activity_retention),
        "idle-timeout" => span(config.idle_timeout),
        "shutdown-timeout" => span(config.shutdown_timeout),
        "pages" => text(config.pages.word()),
        "time-zone" => text(config.time_zone.iana_name().unwrap_or("UTC")),
        "contact" => text(config.contact.as_deref().unwrap_or_default()),
        "metrics-address" => text(
            &config
                .metrics_address
                .map_or(String::new(), |a| a.to_string()),
        ),
        "metrics-token-file" => path(config.secret_files[1].as_deref()),
        "signing-key-file" => path(config.signing_key_file.as_deref()),
        "no-upgrade-db" => (!config.upgrade).to_string(),
        "log-format" => text(config.log_format.word()),
        _ => return None,
    })
}

/// Returns a TOML string. JSON strings are TOML strings.
fn text(value: &str) -> String {
    serde_json::Value::from(without_password(value)).to_string()
}

fn path(value: Option<&Path>) -> String {
    text(&value.map_or(String::new(), |path| path.display().to_string()))
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| text(value)).collect();
    format!("[{}]", values.join(", "))
}

fn size(bytes: u64) -> String {
    text(&ByteSize(bytes).to_string())
}

fn span(time: Duration) -> String {
    text(&Span(time).to_string())
}

/// Returns a URL without the name and password before its host. Other text stays as it is.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{REDACTED}@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_printed() {
        let given = ServeOptions {
            standalone: Some(true),
            ..ServeOptions::default()
        };
        let config = Config::new(given, &Environment::default()).unwrap();
        for argument in ServeOptions::augment_args(Command::new("")).get_arguments() {
            let name = argument.get_long().unwrap();
            let printed = value(&config, &Origins::default(), name);
            assert!(printed.is_some(), "{name} is not: add it to `value`");
        }
    }

    #[test]
    fn passwords_are_taken_out_of_addresses() {
        for (address, shown) in [
            ("http://u:pw@hub/x@y", "http://(not shown)@hub/x@y"),
            ("http://u:p@w@hub?a@b", "http://(not shown)@hub?a@b"),
            ("http://hub/x@y", "http://hub/x@y"),
            ("a@b", "a@b"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }
}
