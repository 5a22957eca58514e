//! The variables of the environment that name an exchange and its caller.

use super::ConfigError;
use super::hub::text_of;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A part of the names of the Kubernetes variables for the chart's public proxy.
const PUBLIC: &str = "PROXY_PUBLIC_SERVICE_";
/// The same part for the proxy behind it, which exists when the chart gets certificates itself.
const PLAIN: &str = "PROXY_HTTP_SERVICE_";

/// The variables of the environment that name the exchange and the caller.
#[derive(Clone, Default)]
pub struct ClientEnvironment {
    pub(super) token: Option<String>,
    pub(super) user: Option<String>,
    pub(super) base_url: Option<String>,
    /// Set by JupyterHub 5 and newer, if the operator configured the public address.
    pub(super) public_hub_url: Option<String>,
    pub(super) public_url: Option<String>,
    /// The address of the hub, if each user has a domain.
    pub(super) hub_host: Option<String>,
    pub(super) api_url: Option<String>,
    /// The Kubernetes variables for the proxies of JupyterHub's chart.
    pub(super) cluster: BTreeMap<String, String>,
    /// The certificates to trust instead of the system's. The HTTP client itself reads `SSL_CERT_FILE`, which ranks
    /// below.
    pub(super) certificates: Option<PathBuf>,
    /// The proxies: for `http://`, for `https://`, and for all; and the hosts that use none.
    pub(super) proxies: [Option<String>; 4],
}

impl ClientEnvironment {
    /// Reads the environment of the process. Fails if a variable that it reads is set to something that is no text.
    pub fn read() -> Result<Self, ConfigError> {
        let mut variables = Vec::new();
        for (name, value) in std::env::vars_os() {
            // All names that are read are text.
            let Ok(name) = name.into_string() else {
                continue;
            };
            if is_read(&name)
                && let Some(value) = text_of(&name, Some(value))?
            {
                variables.push((name, value));
            }
        }
        Ok(Self::from(variables))
    }

    /// Takes the settings from these variables. An empty variable counts as unset.
    pub fn from(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let set = variables.into_iter().filter(|(_, value)| !value.is_empty());
        let mut set: BTreeMap<String, String> = set.collect();
        let mut take = |name| set.remove(name);
        Self {
            token: take("JUPYTERHUB_API_TOKEN"),
            user: take("JUPYTERHUB_USER"),
            base_url: take("JUPYTERHUB_BASE_URL"),
            public_hub_url: take("JUPYTERHUB_PUBLIC_HUB_URL"),
            public_url: take("JUPYTERHUB_PUBLIC_URL"),
            hub_host: take("JUPYTERHUB_HOST"),
            api_url: take("JUPYTERHUB_API_URL"),
            // The variables of Python's requests library, which the plugin uses.
            certificates: take("REQUESTS_CA_BUNDLE")
                .or_else(|| take("CURL_CA_BUNDLE"))
                .map(PathBuf::from),
            proxies: [
                take("http_proxy").or_else(|| take("HTTP_PROXY")),
                take("https_proxy").or_else(|| take("HTTPS_PROXY")),
                take("all_proxy").or_else(|| take("ALL_PROXY")),
                take("no_proxy").or_else(|| take("NO_PROXY")),
            ],
            cluster: set
                .into_iter()
                .filter(|(name, _)| name.contains(PUBLIC) || name.contains(PLAIN))
                .collect(),
        }
    }
}

/// Whether [`ClientEnvironment::from`] reads the variable.
fn is_read(name: &str) -> bool {
    name.starts_with("JUPYTERHUB_")
        || name.to_ascii_lowercase().ends_with("_proxy")
        || ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].contains(&name)
        || name.contains(PUBLIC)
        || name.contains(PLAIN)
}
