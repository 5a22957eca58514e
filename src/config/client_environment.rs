//! The variables of the environment that name an exchange and its caller.

use super::ConfigError;
use super::hub::text_of;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A part of the names of the Kubernetes variables for the chart's public proxy.
const PUBLIC: &str = "PROXY_PUBLIC_SERVICE_";
/// The same part for the proxy behind it, which exists when the chart gets certificates itself.
const PLAIN: &str = "PROXY_HTTP_SERVICE_";

/// The variables with certificates, and those with proxies.
const CERTIFICATES: [&str; 4] = [
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
const PROXIES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A variable of the environment that says how an exchange is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSetting {
    /// The name and the value.
    Known(&'static str, String),
    /// The name. The value holds a password.
    Secret(&'static str),
}

impl NetworkSetting {
    /// Returns those of the environment of the process, for a program that starts without it. Paths are absolute.
    pub fn all() -> Vec<Self> {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Vec<Self> {
        let set = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(|value| (name, value))
        };
        let certificates = CERTIFICATES
            .into_iter()
            .filter_map(set)
            .map(|(name, path)| {
                let path =
                    std::path::absolute(&path).map_or(path, |path| path.display().to_string());
                Self::Known(name, path)
            });
        let proxies = PROXIES.into_iter().filter_map(set).map(|(name, value)| {
            if value.contains('@') {
                Self::Secret(name)
            } else {
                Self::Known(name, value)
            }
        });
        certificates.chain(proxies).collect()
    }
}

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
        || CERTIFICATES[..2].contains(&name)
        || name.contains(PUBLIC)
        || name.contains(PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_elsewhere_gets_certificates_and_proxies_and_no_password() {
        let set = |name: &str| {
            let value = match name {
                "SSL_CERT_FILE" => "/etc/hub.pem",
                "REQUESTS_CA_BUNDLE" => "",
                "https_proxy" => "http://proxy:3128",
                "HTTP_PROXY" => "http://ada:secret@proxy:3128",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let known = |name, value: &str| NetworkSetting::Known(name, value.to_owned());
        let expected = [
            known("SSL_CERT_FILE", "/etc/hub.pem"),
            NetworkSetting::Secret("HTTP_PROXY"),
            known("https_proxy", "http://proxy:3128"),
        ];
        assert_eq!(NetworkSetting::of(set), expected);
    }
}
