//! Where a command finds the exchange that it asks, and as whom it asks: as the nbgrader plugin does, so that what works
//! in a notebook works in its terminal.

use super::{ConfigError, read_file};
use std::fmt;
use std::path::PathBuf;

/// What the hub's configuration calls the service, where nothing else is said.
const SERVICE: &str = "nbcourier";
/// Where configurable-http-proxy listens when nobody says otherwise; the hub's own API port serves no services.
const PROXY_PORT: &str = "8000";

const HEADING: &str = "Finding the exchange";

/// The settings of every command that asks an exchange.
#[allow(
    clippy::doc_markdown,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ClientArgs {
    /// The address of the exchange [default: worked out from what JupyterHub tells a notebook server]
    #[arg(
        long,
        env = "NBCOURIER_URL",
        value_name = "URL",
        help_heading = HEADING,
        global = true
    )]
    pub url: Option<String>,

    /// What the hub's configuration calls the service, for working out its address [default: nbcourier]
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

/// The variables of the environment that tell where the exchange is and who asks.
#[derive(Clone, Default)]
pub struct ClientEnvironment {
    token: Option<String>,
    user: Option<String>,
    base_url: Option<String>,
    proxy_host: Option<String>,
    proxy_port: Option<String>,
    public_hub_url: Option<String>,
    api_url: Option<String>,
}

impl ClientEnvironment {
    /// Reads the process's own.
    pub fn read() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Asks `variable` for each; an empty one counts as not set.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            token: get("JUPYTERHUB_API_TOKEN"),
            user: get("JUPYTERHUB_USER"),
            base_url: get("JUPYTERHUB_BASE_URL"),
            // Kubernetes sets these two in every pod beside the service that JupyterHub's chart calls proxy-public.
            proxy_host: get("PROXY_PUBLIC_SERVICE_HOST"),
            proxy_port: get("PROXY_PUBLIC_SERVICE_PORT"),
            // JupyterHub 5 and newer, where the operator has set the public address.
            public_hub_url: get("JUPYTERHUB_PUBLIC_HUB_URL"),
            api_url: get("JUPYTERHUB_API_URL"),
        }
    }
}

/// An exchange, and who asks it.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The address below which all requests go, without a slash at its end.
    pub url: String,
    /// The hub's token of the one who asks.
    pub token: String,
    /// Their name, where the hub's environment says it.
    pub user: Option<String>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.url)
            .field("token", &"(redacted)")
            .field("user", &self.user)
            .finish()
    }
}

impl Connection {
    /// From what was given on the command line and in the environment.
    pub fn new(given: &ClientArgs, environment: &ClientEnvironment) -> Result<Self, ConfigError> {
        Ok(Self {
            url: url(given, environment)?,
            token: token(given, environment)?,
            user: environment.user.clone(),
        })
    }
}

fn token(given: &ClientArgs, environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let token = match &given.token_file {
        // Not `secret::read`: to a stand-alone exchange it is a name.
        Some(file) => Some(read_file(file)?.trim().to_owned()),
        None => environment.token.clone(),
    };
    token.filter(|token| !token.is_empty()).ok_or_else(|| {
        ConfigError(
            "There is no token, so the exchange cannot know who you are: set JUPYTERHUB_API_TOKEN, which a notebook \
             server of JupyterHub has, or name a file that holds one with --token-file"
                .into(),
        )
    })
}

fn url(given: &ClientArgs, environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let said = given.url.clone().filter(|url| !url.is_empty());
    let url = said.map_or_else(|| worked_out(given, environment), Ok)?;
    let is_address = reqwest::Url::parse(&url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_address {
        return Err(ConfigError(format!(
            "The exchange's address should begin with http:// or https://, but it is {:?}: correct --url or \
             NBCOURIER_URL",
            super::without_password(&url)
        )));
    }
    let names_somebody = reqwest::Url::parse(&url)
        .is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    if names_somebody {
        return Err(ConfigError(
            "The exchange's address holds a user name or password, which it has no use for: leave them away from --url \
             or NBCOURIER_URL, and give a token by JUPYTERHUB_API_TOKEN or --token-file"
                .into(),
        ));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn worked_out(given: &ClientArgs, environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let base = environment.base_url.as_deref().unwrap_or_default();
    let base = base.trim_matches('/');
    let slash = if base.is_empty() { "" } else { "/" };
    let service = given.service_name.as_deref().unwrap_or(SERVICE);
    let proxy = proxy(environment)?;
    Ok(format!("{proxy}{slash}{base}/services/{service}"))
}

fn proxy(environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let origin = |host: &str, port: Option<&str>| {
        let host = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        match port {
            Some(port) => format!("http://{host}:{port}"),
            None => format!("http://{host}"),
        }
    };
    if let Some(host) = &environment.proxy_host {
        return Ok(origin(host, environment.proxy_port.as_deref()));
    }
    let parse = |url: &Option<String>| reqwest::Url::parse(url.as_deref()?).ok();
    if let Some(public) = parse(&environment.public_hub_url).filter(reqwest::Url::has_host) {
        return Ok(public.origin().ascii_serialization());
    }
    let hub = parse(&environment.api_url);
    if let Some(host) = hub.as_ref().and_then(reqwest::Url::host_str) {
        return Ok(origin(host, Some(PROXY_PORT)));
    }
    Err(ConfigError(
        "Nobody said where the exchange is: give its address with --url, or set NBCOURIER_URL"
            .into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], given: Option<&str>) -> Result<String, ConfigError> {
        let environment = ClientEnvironment::from(|name| {
            let mut variables = variables.iter();
            let found = variables.find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let given = ClientArgs {
            url: given.map(str::to_owned),
            ..ClientArgs::default()
        };
        url(&given, &environment)
    }

    #[test]
    fn the_address_is_found_as_the_plugin_finds_it() {
        let hub = ("JUPYTERHUB_API_URL", "http://hub:8081/hub/api");
        let below = ("JUPYTERHUB_BASE_URL", "/jupyter/");
        let pod = [
            ("PROXY_PUBLIC_SERVICE_HOST", "10.0.0.7"),
            ("PROXY_PUBLIC_SERVICE_PORT", "80"),
            hub,
            below,
        ];
        let public = ("JUPYTERHUB_PUBLIC_HUB_URL", "https://hub.example.org/hub/");
        for (variables, address) in [
            (&pod[..], "http://10.0.0.7:80/jupyter/services/nbcourier"),
            (&[hub], "http://hub:8000/services/nbcourier"),
            (&[hub, public], "https://hub.example.org/services/nbcourier"),
            (
                &[("JUPYTERHUB_API_URL", "http://[::1]:8081/hub/api")],
                "http://[::1]:8000/services/nbcourier",
            ),
        ] {
            assert_eq!(found(variables, None).unwrap(), address);
        }
        assert_eq!(
            found(&pod, Some("http://x/api/")).unwrap(),
            "http://x/api",
            "what was said wins"
        );
    }

    #[test]
    fn without_a_clue_it_says_what_to_set() {
        assert!(found(&[], None).unwrap_err().0.contains("NBCOURIER_URL"));
        for nonsense in ["localhost:8000", "ftp://x/", "http://", "no address"] {
            let error = found(&[], Some(nonsense)).unwrap_err();
            assert!(error.0.contains("http://"), "{nonsense}: {error}");
        }
    }

    #[test]
    fn a_token_comes_from_the_environment_or_a_file_and_is_never_printed() {
        let environment = ClientEnvironment::from(|name| {
            (name == "JUPYTERHUB_API_TOKEN").then(|| "of the environment".to_owned())
        });
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
