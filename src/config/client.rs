//! The exchange that a command asks, and its caller. The rules are those of the nbgrader plugin, so that a command in a
//! terminal behaves like a notebook.

use super::hub::text_of;
use super::{ConfigError, read_file};
use nbcourier_domain::RESERVED;
use percent_encoding::utf8_percent_encode;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// The default name of the service in the hub's configuration.
const SERVICE: &str = "nbcourier";
/// The default port of configurable-http-proxy. The API port of the hub serves no services.
const PROXY_PORT: &str = "8000";
/// The port of the hub on The Littlest JupyterHub. Its proxy uses the default port of the web.
const TLJH_HUB_PORT: u16 = 15001;
/// A part of the names of the Kubernetes variables for the chart's public proxy.
const PUBLIC: &str = "PROXY_PUBLIC_SERVICE_";
/// The same part for the proxy behind it, which exists when the chart gets certificates itself.
const PLAIN: &str = "PROXY_HTTP_SERVICE_";

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

/// The variables of the environment that name the exchange and the caller.
#[derive(Clone, Default)]
pub struct ClientEnvironment {
    token: Option<String>,
    user: Option<String>,
    base_url: Option<String>,
    /// Set by JupyterHub 5 and newer, if the operator configured the public address.
    public_hub_url: Option<String>,
    public_url: Option<String>,
    /// The address of the hub, if each user has a domain.
    hub_host: Option<String>,
    api_url: Option<String>,
    /// The Kubernetes variables for the proxies of JupyterHub's chart.
    cluster: BTreeMap<String, String>,
    /// The certificates to trust instead of the system's. The HTTP client itself reads `SSL_CERT_FILE`, which ranks
    /// below.
    certificates: Option<PathBuf>,
    /// The proxies: for `http://`, for `https://`, and for all; and the hosts that use none.
    proxies: [Option<String>; 4],
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

/// The address of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address below which all requests go, without a final slash.
    pub url: String,
    /// The variable of the environment from which the address was derived, or `None` if it was set.
    pub source: Option<String>,
}

impl Place {
    /// Whether requests bypass the proxies of the environment: the address was derived, or the host is near. A proxy must
    /// not get the token because of a guess.
    fn is_direct(&self) -> bool {
        self.source.is_some()
            || reqwest::Url::parse(&self.url).is_ok_and(|url| url.host_str().is_none_or(is_near))
    }

    /// Returns a sentence that says how to correct the address.
    pub fn advice(&self) -> String {
        match &self.source {
            Some(source) => format!(
                "That address was derived from {source}. If it is wrong, set NBCOURIER_URL or --url to the \
                 exchange's address"
            ),
            None => "Correct the address with --url or NBCOURIER_URL, or ask the administrators of your JupyterHub".into(),
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
    pub place: Place,
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
            .field("place", &self.place)
            .field("token", &"(redacted)")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Combines the command line and the environment.
    pub fn new(given: &ClientArgs, environment: &ClientEnvironment) -> Result<Self, ConfigError> {
        let place = place(given, environment)?;
        let [http, https, all, except] = environment.proxies.clone();
        let own = if place.url.starts_with("https:") {
            https
        } else {
            http
        };
        let proxy = own.or(all).filter(|_| !place.is_direct());
        Ok(Self {
            certificates: environment.certificates.clone(),
            token: token(given, environment)?,
            user: environment.user.clone(),
            proxy: proxy.map(|url| Proxy { url, except }),
            place,
        })
    }
}

fn token(given: &ClientArgs, environment: &ClientEnvironment) -> Result<String, ConfigError> {
    let token = match &given.token_file {
        // Not `secret::read`: for a stand-alone exchange, the token is a name and no secret.
        Some(file) => Some(read_file(file)?.trim().to_owned()),
        None => environment.token.clone(),
    };
    token.filter(|token| !token.is_empty()).ok_or_else(|| {
        ConfigError(
            "There is no token, so the exchange cannot know who you are. Set JUPYTERHUB_API_TOKEN, which a notebook \
             server of JupyterHub has, or name a file with a token with --token-file"
                .into(),
        )
    })
}

// The plugin has the same rules in python/nbcourier/address.py. tests/addresses.json tests both.
fn place(given: &ClientArgs, environment: &ClientEnvironment) -> Result<Place, ConfigError> {
    let said = given.url.clone().filter(|url| !url.is_empty());
    if let Some(url) = said {
        check(&url)?;
        let url = url.trim_end_matches('/').to_owned();
        return Ok(Place { url, source: None });
    }
    let service = given
        .service_name
        .as_deref()
        .filter(|name| !name.is_empty());
    let service = service.unwrap_or(SERVICE);
    let (origin, source) = origin(service, environment)?;
    let base = base(environment);
    let service = utf8_percent_encode(service, RESERVED);
    let url = format!("{origin}{base}/services/{service}");
    check(&url)?;
    Ok(Place {
        url,
        source: Some(source),
    })
}

fn check(url: &str) -> Result<(), ConfigError> {
    let shown = super::without_password(url);
    let Some(parsed) = parse(Some(url)) else {
        return Err(ConfigError(format!(
            "The exchange's address should begin with http:// or https://, but it is {shown:?}. Correct --url or \
             NBCOURIER_URL"
        )));
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(ConfigError(
            "The exchange's address contains a user name or password, which the exchange does not use. Remove them \
             from --url or NBCOURIER_URL, and set a token with JUPYTERHUB_API_TOKEN or --token-file"
                .into(),
        ));
    }
    if url.contains(['?', '#']) {
        return Err(ConfigError(format!(
            "The exchange's address should have no '?' and no '#', but it is {shown:?}"
        )));
    }
    Ok(())
}

/// Returns the path of the hub, without a final slash.
fn base(environment: &ClientEnvironment) -> String {
    let public = parse(environment.public_hub_url.as_deref());
    let base = match (&environment.base_url, &public) {
        (Some(base), _) => base.as_str(),
        (None, Some(hub)) => {
            let path = hub.path().trim_end_matches('/');
            path.strip_suffix("/hub").unwrap_or(path)
        }
        (None, None) => "",
    };
    let base = base.trim_matches('/');
    if base.is_empty() {
        String::new()
    } else {
        format!("/{base}")
    }
}

/// Returns the scheme, host and port, and the variable they come from.
fn origin(service: &str, environment: &ClientEnvironment) -> Result<(String, String), ConfigError> {
    let hub = parse(environment.public_hub_url.as_deref());
    let host = parse(environment.hub_host.as_deref());
    let own = parse(environment.public_url.as_deref());
    let known = [
        ("JUPYTERHUB_PUBLIC_HUB_URL", &hub),
        ("JUPYTERHUB_HOST", &host),
        ("JUPYTERHUB_PUBLIC_URL", &own),
    ];
    let mut known = known.into_iter();
    let public = known.find_map(|(name, url)| Some((name, url.as_ref()?)));
    if let Some((source, url)) = public {
        let differs =
            matches!((&hub, &own), (Some(hub), Some(own)) if hub.origin() != own.origin());
        if host.is_some() || differs {
            let label = label(service, hub.is_some() || own.is_some())?;
            return Ok((
                format!("{}://{label}.{}", url.scheme(), authority(url)),
                source.into(),
            ));
        }
        if url.scheme() == "https" {
            return Ok((url.origin().ascii_serialization(), source.into()));
        }
    }
    let api = parse(environment.api_url.as_deref());
    if let Some(found) = in_cluster(&environment.cluster, api.as_ref()) {
        return Ok(found);
    }
    if let Some((source, url)) = public {
        return Ok((url.origin().ascii_serialization(), source.into()));
    }
    let Some((api, host)) = api.as_ref().and_then(|api| Some((api, api.host_str()?))) else {
        return Err(ConfigError(
            "The address of the exchange is unknown. Set it with --url or NBCOURIER_URL".into(),
        ));
    };
    let is_tljh = is_here(host) && api.port() == Some(TLJH_HUB_PORT);
    // Requests to this machine cannot be read on the way.
    let scheme = if is_here(host) { "http" } else { api.scheme() };
    let port = (!is_tljh).then_some(PROXY_PORT);
    Ok((joined(scheme, host, port), "JUPYTERHUB_API_URL".into()))
}

/// Returns the label that a service's domain has before the domain of the hub.
fn label(service: &str, is_new: bool) -> Result<String, ConfigError> {
    if !is_new {
        return Ok("services".into());
    }
    let is_label = (1..=63).contains(&service.len())
        && service
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !service.bytes().all(|byte| byte.is_ascii_digit())
        && !service.contains("--")
        && !service.starts_with('-')
        && !service.ends_with('-');
    if !is_label {
        return Err(ConfigError(format!(
            "The address of the exchange is unknown, and the domain of a service named {service:?} cannot be \
             derived. Set the address with --url or NBCOURIER_URL"
        )));
    }
    Ok(format!("{}--service", service.to_lowercase()))
}

/// Returns the address of the chart's proxy from the Kubernetes variables.
fn in_cluster(
    variables: &BTreeMap<String, String>,
    api: Option<&reqwest::Url>,
) -> Option<(String, String)> {
    let release = release(variables, api)?;
    let get = |name: &str| {
        variables
            .get(&format!("{release}{name}"))
            .map(String::as_str)
    };
    let port = |name: &str| get(name).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_https = api.is_some_and(|api| api.scheme() == "https");
    // The proxy behind the public one, which exists when the chart gets certificates itself.
    if let Some(host) = get("PROXY_HTTP_SERVICE_HOST").filter(|_| !is_https) {
        let origin = joined("http", host, port("PROXY_HTTP_SERVICE_PORT"));
        return Some((origin, format!("{release}PROXY_HTTP_SERVICE_HOST")));
    }
    let host = get("PROXY_PUBLIC_SERVICE_HOST")?;
    let usual = port("PROXY_PUBLIC_SERVICE_PORT");
    let secure = port("PROXY_PUBLIC_SERVICE_PORT_HTTPS");
    let origin = if is_https || secure.is_some() || usual == Some("443") {
        joined("https", host, secure.or(usual))
    } else {
        joined("http", host, usual)
    };
    Some((origin, format!("{release}PROXY_PUBLIC_SERVICE_HOST")))
}

/// Returns the prefix of the variables for the hub's own Kubernetes services. It is often empty, otherwise the name of
/// the release.
fn release(variables: &BTreeMap<String, String>, api: Option<&reqwest::Url>) -> Option<String> {
    let found = variables.keys().filter_map(|name| {
        let release = name.strip_suffix("PROXY_PUBLIC_SERVICE_HOST")?;
        (release.is_empty() || release.ends_with('_')).then_some(release)
    });
    let found: Vec<&str> = found.collect();
    let host = api.and_then(reqwest::Url::host_str).unwrap_or_default();
    let name = host.split('.').next().unwrap_or_default();
    let own = name.strip_suffix("hub").unwrap_or(name);
    let own = own.to_uppercase().replace('-', "_");
    let mut wanted = [own.as_str(), ""].into_iter();
    let only = (found.len() == 1).then(|| found[0]);
    wanted
        .find(|release| found.contains(release))
        .or(only)
        .map(str::to_owned)
}

fn joined(scheme: &str, host: &str, port: Option<&str>) -> String {
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn authority(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn parse(url: Option<&str>) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(url?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn is_here(host: &str) -> bool {
    match address(host) {
        Some(address) => address.is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Whether the host is this machine, or in the same cluster or private network.
fn is_near(host: &str) -> bool {
    let is_inside = |end: &&str| host.ends_with(*end);
    match address(host) {
        Some(IpAddr::V4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        Some(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        None => {
            let ends = [".local", ".internal", ".svc", ".localhost"];
            !host.contains('.') || ends.iter().any(is_inside)
        }
    }
}

fn address(host: &str) -> Option<IpAddr> {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let place = place(&given, &ClientEnvironment::from(case.environment));
            if let Some(word) = case.refused {
                let error = place.unwrap_err();
                assert!(error.0.contains(&word), "{}: {error}", case.what);
            } else {
                let place = place.unwrap();
                let direct = place.is_direct();
                let found = (Some(place.url), place.source, Some(direct));
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
            "of the environment".to_owned(),
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
