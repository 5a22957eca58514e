//! The exchange that a command asks, and its caller. The rules are those of the nbgrader plugin, so that a command in a
//! terminal behaves like a notebook.

use super::client_environment::ClientEnvironment;
use super::exchange_address::{ExchangeAddress, find};
use super::{ConfigError, read_file};
use std::fmt;
use std::path::PathBuf;

const HEADING: &str = "Finding the exchange";

/// The settings of every command that asks an exchange.
#[allow(
    clippy::doc_markdown,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ClientArgs {
    /// Use the exchange at this address [default: derived from the variables of a notebook server of JupyterHub]
    #[arg(
        long,
        env = "NBCOURIER_URL",
        value_name = "URL",
        help_heading = HEADING,
        global = true
    )]
    pub url: Option<String>,

    /// Look for the service of this name in the hub's configuration [default: nbcourier]
    #[arg(
        long,
        env = "NBCOURIER_SERVICE_NAME",
        value_name = "NAME",
        help_heading = HEADING,
        global = true
    )]
    pub service_name: Option<String>,

    /// Read the token from this file instead of the environment's JUPYTERHUB_API_TOKEN
    #[arg(long, env = "NBCOURIER_TOKEN_FILE", value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
}

impl ClientArgs {
    /// Returns the settings of a command whose own `--url` and `--token-file` name something else: those of the environment.
    pub fn of_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            url: variable("NBCOURIER_URL"),
            service_name: variable("NBCOURIER_SERVICE_NAME"),
            token_file: variable("NBCOURIER_TOKEN_FILE").map(PathBuf::from),
        }
    }
}

/// A proxy on the way to an exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The address of the proxy, which may hold a password.
    pub url: String,
    /// The hosts that are reached without it, in the form of `NO_PROXY`.
    pub except: Option<String>,
}

/// An exchange, and the caller.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The address of the exchange.
    pub address: ExchangeAddress,
    /// The hub's token of the caller.
    pub token: String,
    /// The name of the caller, if the environment of the hub has it.
    pub user: Option<String>,
    /// The proxy for the requests.
    pub proxy: Option<Proxy>,
    /// A file or directory with certificates of authorities in PEM, which are trusted instead of the system's.
    pub certificates: Option<PathBuf>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("address", &self.address)
            .field("token", &"(redacted)")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Combines the command line and the environment.
    pub fn new(given: &ClientArgs, environment: &ClientEnvironment) -> Result<Self, ConfigError> {
        let address = find(
            given.url.as_deref(),
            given.service_name.as_deref(),
            environment,
        )?;
        let [http, https, all, except] = environment.proxies.clone();
        let own = if address.url.starts_with("https:") {
            https
        } else {
            http
        };
        let proxy = own.or(all).filter(|_| !address.is_direct());
        Ok(Self {
            certificates: environment.certificates.clone(),
            token: token(given, environment)?,
            user: environment.user.clone(),
            proxy: proxy.map(|url| Proxy { url, except }),
            address,
        })
    }
}

fn token(given: &ClientArgs, environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let token = match &given.token_file {
        // Not `secret::read`: for a stand-alone exchange, the token is a name and no secret.
        Some(file) => Some(read_file(file)?.trim().to_owned()),
        // Secrets are often files, whose last line ends.
        None => environment
            .token
            .as_deref()
            .map(|token| token.trim().to_owned()),
    };
    token.filter(|token| !token.is_empty()).ok_or_else(|| {
        ConfigError(
            "There is no token, so the exchange cannot know who you are. Set JUPYTERHUB_API_TOKEN, which a notebook \
             server of JupyterHub has, or name a file with a token with --token-file"
                .into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(serde::Deserialize)]
    struct Case {
        what: String,
        url: Option<String>,
        service: Option<String>,
        environment: BTreeMap<String, String>,
        found: Option<String>,
        source: Option<String>,
        direct: Option<bool>,
        refused: Option<String>,
    }

    #[test]
    fn the_address_is_found_as_the_plugin_finds_it() {
        // tests/plugin/test_address.py tests the plugin with the same cases.
        let cases = include_str!("../../tests/addresses.json");
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let of_process = |name| case.environment.get(name).cloned();
            // clap reads these two variables.
            let given = ClientArgs {
                url: case.url.clone().or_else(|| of_process("NBCOURIER_URL")),
                service_name: case
                    .service
                    .clone()
                    .or_else(|| of_process("NBCOURIER_SERVICE_NAME")),
                ..ClientArgs::default()
            };
            let address = find(
                given.url.as_deref(),
                given.service_name.as_deref(),
                &ClientEnvironment::from(case.environment),
            );
            if let Some(word) = case.refused {
                let error = address.unwrap_err();
                assert!(error.0.contains(&word), "{}: {error}", case.what);
            } else {
                let address = address.unwrap();
                let direct = address.is_direct();
                let found = (Some(address.url), address.source, Some(direct));
                assert_eq!(
                    found,
                    (case.found, case.source, case.direct),
                    "{}",
                    case.what
                );
            }
        }
    }

    #[test]
    fn a_proxy_is_asked_only_for_an_address_that_was_set_and_is_far() {
        let variables = |extra: &[(&str, &str)]| {
            let always = [
                ("JUPYTERHUB_API_TOKEN", "token"),
                ("HTTP_PROXY", "http://proxy:3128"),
                ("https_proxy", "http://secure:3128"),
            ];
            let all = always.iter().chain(extra);
            ClientEnvironment::from(all.map(|(name, value)| ((*name).into(), (*value).into())))
        };
        let proxy = |url: Option<&str>, extra: &[(&str, &str)]| {
            let given = ClientArgs {
                url: url.map(str::to_owned),
                ..ClientArgs::default()
            };
            let connection = Connection::new(&given, &variables(extra)).unwrap();
            connection.proxy.map(|proxy| proxy.url)
        };
        let far = |scheme| proxy(Some(scheme), &[]);
        assert_eq!(
            far("http://x.example.org/").as_deref(),
            Some("http://proxy:3128")
        );
        assert_eq!(
            far("https://x.example.org/").as_deref(),
            Some("http://secure:3128")
        );
        for near in [
            "http://127.0.0.1:1/",
            "http://localhost/",
            "http://nbcourier/",
            "http://10.0.0.1/",
        ] {
            assert_eq!(proxy(Some(near), &[]), None, "{near}");
        }
        let public = ("JUPYTERHUB_PUBLIC_HUB_URL", "https://hub.example.org/hub/");
        assert_eq!(proxy(None, &[public]), None);
    }

    #[test]
    fn a_token_comes_from_the_environment_or_a_file_and_is_never_printed() {
        let variable = (
            "JUPYTERHUB_API_TOKEN".to_owned(),
            "of the environment\n".to_owned(),
        );
        let environment = ClientEnvironment::from([variable]);
        let mut given = ClientArgs {
            url: Some("http://x".into()),
            ..ClientArgs::default()
        };
        let connection = Connection::new(&given, &environment).unwrap();
        assert_eq!(connection.token, "of the environment");
        assert!(!format!("{connection:?}").contains("of the environment"));
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("token");
        std::fs::write(&file, "of the file\n").unwrap();
        given.token_file = Some(file.clone());
        let connection = Connection::new(&given, &environment).unwrap();
        assert_eq!(connection.token, "of the file");
        std::fs::write(&file, "\n").unwrap();
        let error = Connection::new(&given, &environment).unwrap_err();
        assert!(error.0.contains("JUPYTERHUB_API_TOKEN"), "{error}");
    }
}
