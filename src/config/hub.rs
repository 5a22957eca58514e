//! What the hub tells a service through its environment.
//!
//! The variables are those JupyterHub sets for a managed service; an external one is given the same by its operator
//! (JupyterHub's documentation, "Services").

use super::{Config, ConfigError, Given, secret};
use std::fmt;

/// The variables of the environment that count, as they are.
#[derive(Clone, Default)]
pub struct Environment {
    api_url: Option<String>,
    api_token: Option<String>,
    client_id: Option<String>,
    service_name: Option<String>,
    hub_host: Option<String>,
    base_url: Option<String>,
    callback_url: Option<String>,
    pub(super) service_prefix: Option<String>,
    pub(super) service_url: Option<String>,
}

impl Environment {
    /// Reads the process's own.
    pub fn read() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    /// The variable of the hub that says this setting, where nothing of our own does.
    pub(super) fn says(&self, config: &Config, setting: &str) -> Option<&'static str> {
        let name = match setting {
            "host" | "port" if config.hub.is_some() => "JUPYTERHUB_SERVICE_URL",
            "prefix" => "JUPYTERHUB_SERVICE_PREFIX",
            "jupyterhub-api-url" if config.hub.is_some() => "JUPYTERHUB_API_URL",
            _ => return None,
        };
        self.has(name).then_some(name)
    }

    /// Whether that variable is set.
    pub(super) fn has(&self, name: &str) -> bool {
        let variable = match name {
            "JUPYTERHUB_API_URL" => &self.api_url,
            "JUPYTERHUB_CLIENT_ID" => &self.client_id,
            "JUPYTERHUB_SERVICE_NAME" => &self.service_name,
            "JUPYTERHUB_HOST" => &self.hub_host,
            "JUPYTERHUB_BASE_URL" => &self.base_url,
            "JUPYTERHUB_OAUTH_CALLBACK_URL" => &self.callback_url,
            "JUPYTERHUB_SERVICE_PREFIX" => &self.service_prefix,
            "JUPYTERHUB_SERVICE_URL" => &self.service_url,
            _ => return false,
        };
        variable.is_some()
    }

    /// Asks `variable` for each; an empty one counts as not set.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            api_url: get("JUPYTERHUB_API_URL"),
            api_token: get("JUPYTERHUB_API_TOKEN"),
            client_id: get("JUPYTERHUB_CLIENT_ID"),
            service_name: get("JUPYTERHUB_SERVICE_NAME"),
            hub_host: get("JUPYTERHUB_HOST"),
            base_url: get("JUPYTERHUB_BASE_URL"),
            callback_url: get("JUPYTERHUB_OAUTH_CALLBACK_URL"),
            service_prefix: get("JUPYTERHUB_SERVICE_PREFIX"),
            service_url: get("JUPYTERHUB_SERVICE_URL"),
        }
    }
}

/// How to reach the hub, and who we are to it.
#[derive(Clone)]
pub struct HubPlace {
    /// Where its API is.
    pub api_url: String,
    /// Our own token.
    pub api_token: String,
    /// Our OAuth client id.
    pub client_id: String,
    /// Our name.
    pub service_name: String,
    /// Scheme and host under which browsers reach the hub; empty when it is ours.
    pub hub_host: String,
    /// The path of the hub; begins and ends with `/`.
    pub base_url: String,
    /// Where the hub sends browsers after a login; `None`: `oauth_callback` below the prefix.
    pub callback_url: Option<String>,
}

impl fmt::Debug for HubPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubPlace")
            .field("api_url", &self.api_url)
            .field("api_token", &"(redacted)")
            .field("client_id", &self.client_id)
            .field("service_name", &self.service_name)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl HubPlace {
    /// Whether the hub gives this service a domain of its own (`c.JupyterHub.subdomain_host`). Only then is the address for
    /// the end of a login on another host than the hub's; otherwise it is a path.
    pub fn has_own_domain(&self) -> bool {
        let host = |url: &str| -> Option<String> {
            let (_, rest) = url.split_once("://")?;
            let host = rest.split('/').next()?;
            Some(host.to_ascii_lowercase())
        };
        let ours = self.callback_url.as_deref().and_then(host);
        let hubs = host(&self.hub_host);
        ours.is_some() && hubs.is_some() && ours != hubs
    }

    pub(super) fn new(given: &Given, environment: &Environment) -> Result<Self, ConfigError> {
        let api_url = given.jupyterhub_api_url.as_ref().or(environment.api_url.as_ref()).ok_or_else(|| {
            ConfigError(
                "No hub is known: JUPYTERHUB_API_URL is not set. Let JupyterHub start nbcourier as a service, or set \
                 its JUPYTERHUB_… variables yourself; to try the exchange out without a hub, add --standalone"
                    .into(),
            )
        })?;
        let in_file = given.jupyterhub_api_token_file.as_deref();
        let in_file = in_file.map(secret::read).transpose()?;
        let api_token = in_file.or_else(|| environment.api_token.clone()).ok_or_else(|| {
            ConfigError(
                "JUPYTERHUB_API_TOKEN is not set: it is the api_token of this service in jupyterhub_config.py, needed \
                 for the login of browsers. Set it, or name a file that holds it with --jupyterhub-api-token-file"
                    .into(),
            )
        })?;
        let service_name = environment
            .service_name
            .clone()
            .unwrap_or_else(|| "nbcourier".into());
        let base_url = environment
            .base_url
            .as_deref()
            .unwrap_or("/")
            .trim_matches('/');
        Ok(Self {
            api_url: api_url.trim_end_matches('/').to_owned(),
            api_token,
            client_id: environment
                .client_id
                .clone()
                .unwrap_or_else(|| format!("service-{service_name}")),
            service_name,
            hub_host: environment
                .hub_host
                .clone()
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned(),
            base_url: if base_url.is_empty() {
                "/".into()
            } else {
                format!("/{base_url}/")
            },
            callback_url: environment.callback_url.clone(),
        })
    }
}
