//! The settings that the hub passes to a service through its environment.
//!
//! JupyterHub sets the variables for a managed service. For an external service, its operator sets them (JupyterHub's
//! documentation, "Services").

use super::{Config, ConfigError, ServeOptions, secret};
use std::ffi::OsString;
use std::fmt;

/// The unparsed variables of the environment.
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
    /// Reads the environment of the process. Fails if a variable is set to something that is no text.
    pub fn read() -> Result<Self, ConfigError> {
        Self::try_from(|name| text_of(name, std::env::var_os(name)))
    }

    /// Returns the hub's variable behind a setting that nbcourier's own settings leave open.
    pub(super) fn says(&self, config: &Config, setting: &str) -> Option<&'static str> {
        let name = match setting {
            "host" | "port" if config.hub.is_some() => "JUPYTERHUB_SERVICE_URL",
            "prefix" => "JUPYTERHUB_SERVICE_PREFIX",
            "jupyterhub-api-url" if config.hub.is_some() => "JUPYTERHUB_API_URL",
            _ => return None,
        };
        self.has(name).then_some(name)
    }

    /// Whether the variable is set.
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

    /// Calls `variable` for each name. An empty variable counts as unset.
    #[cfg(test)]
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self::try_from(|name| Ok(variable(name))).unwrap_or_default()
    }

    fn try_from(
        variable: impl Fn(&str) -> Result<Option<String>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let get = |name| variable(name).map(|value| value.filter(|value| !value.is_empty()));
        Ok(Self {
            api_url: get("JUPYTERHUB_API_URL")?,
            api_token: get("JUPYTERHUB_API_TOKEN")?,
            client_id: get("JUPYTERHUB_CLIENT_ID")?,
            service_name: get("JUPYTERHUB_SERVICE_NAME")?,
            hub_host: get("JUPYTERHUB_HOST")?,
            base_url: get("JUPYTERHUB_BASE_URL")?,
            callback_url: get("JUPYTERHUB_OAUTH_CALLBACK_URL")?,
            service_prefix: get("JUPYTERHUB_SERVICE_PREFIX")?,
            service_url: get("JUPYTERHUB_SERVICE_URL")?,
        })
    }
}

/// Returns the value of a variable. Fails if it is no text, since it would otherwise count as unset.
pub(super) fn text_of(name: &str, value: Option<OsString>) -> Result<Option<String>, ConfigError> {
    value.map(OsString::into_string).transpose().map_err(|_| {
        ConfigError(format!(
            "The environment variable {name} is not valid UTF-8. Set it to plain text, or unset it"
        ))
    })
}

/// The address of the hub, and the identity of this service at the hub.
#[derive(Clone)]
pub struct HubPlace {
    /// The URL of the hub's API.
    pub api_url: String,
    /// The service's own token.
    pub api_token: String,
    /// The service's OAuth client ID.
    pub client_id: String,
    /// The service's name.
    pub service_name: String,
    /// Scheme and host under which browsers reach the hub. Empty if they are those of the service.
    pub hub_host: String,
    /// The path of the hub. It begins and ends with `/`.
    pub base_url: String,
    /// The address to which the hub sends browsers after a login. `None` means `oauth_callback` below the prefix.
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

/// Returns the host of a URL with its port, in small letters. A path has none.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(host.to_ascii_lowercase())
}

impl HubPlace {
    /// Returns the address of the hub's own pages, for browsers.
    pub fn home(&self) -> String {
        format!("{}{}hub/home", self.hub_host, self.base_url)
    }

    /// Whether the hub gives this service a domain of its own (`c.JupyterHub.subdomain_host`). Only then is the
    /// callback URL on another host than the hub. Otherwise it is a path.
    pub fn has_own_domain(&self) -> bool {
        let ours = self.callback_url.as_deref().and_then(host);
        let hubs = host(&self.hub_host);
        ours.is_some() && hubs.is_some() && ours != hubs
    }

    /// Returns the hosts of the hub and of this service, without ports, as far as the hub has named them.
    pub fn hosts(&self) -> Vec<String> {
        let urls = [
            Some(&self.api_url),
            Some(&self.hub_host),
            self.callback_url.as_ref(),
        ];
        let mut hosts: Vec<String> = urls
            .into_iter()
            .flatten()
            .filter_map(|url| reqwest::Url::parse(url).ok())
            .filter_map(|url| Some(url.host_str()?.to_ascii_lowercase()))
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    pub(super) fn new(
        given: &ServeOptions,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let api_url = given.jupyterhub_api_url.as_ref().or(environment.api_url.as_ref()).ok_or_else(|| {
            ConfigError(
                "The hub is unknown: JUPYTERHUB_API_URL is not set. Let JupyterHub start nbcourier as a service, or \
                 set the JUPYTERHUB_… variables yourself. To try the exchange without a hub, add --standalone"
                    .into(),
            )
        })?;
        let in_file = given.jupyterhub_api_token_file.as_deref();
        let in_file = in_file.map(secret::read).transpose()?;
        let api_token = in_file.or_else(|| environment.api_token.clone()).ok_or_else(|| {
            ConfigError(
                "JUPYTERHUB_API_TOKEN is not set. It is the api_token of this service in jupyterhub_config.py, and \
                 logins of browsers need it. Set it, or name a file that contains it with \
                 --jupyterhub-api-token-file"
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
