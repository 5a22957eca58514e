//! The search for the address of the exchange: it is set, or derived from the variables of a notebook server.

use super::ConfigError;
use super::client_environment::ClientEnvironment;
use nbcourier_domain::RESERVED;
use percent_encoding::utf8_percent_encode;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The default name of the service in the hub's configuration.
const SERVICE: &str = "nbcourier";
/// The default port of configurable-http-proxy. The API port of the hub serves no services.
const PROXY_PORT: &str = "8000";
/// The port of the hub on The Littlest JupyterHub. Its proxy uses the default port of the web.
const TLJH_HUB_PORT: u16 = 15001;

/// The address of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeAddress {
    /// The address below which all requests go, without a final slash.
    pub url: String,
    /// The variable of the environment from which the address was derived, or `None` if it was set.
    pub source: Option<String>,
}

impl ExchangeAddress {
    /// Whether requests bypass the proxies of the environment: the address was derived, or the host is near. A proxy must
    /// not get the token because of a guess.
    pub(super) fn is_direct(&self) -> bool {
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

// The plugin has the same rules in python/nbcourier/address.py. tests/addresses.json tests both.
/// Returns the address that is set, or else the one derived from the environment.
pub(super) fn find(
    url: Option<&str>,
    service: Option<&str>,
    environment: &ClientEnvironment,
) -> Result<ExchangeAddress, ConfigError> {
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        check(url)?;
        let url = url.trim_end_matches('/').to_owned();
        return Ok(ExchangeAddress { url, source: None });
    }
    let service = service.filter(|name| !name.is_empty());
    let service = service.unwrap_or(SERVICE);
    let (origin, source) = origin(service, environment)?;
    let base = base(environment);
    let service = utf8_percent_encode(service, RESERVED);
    let url = format!("{origin}{base}/services/{service}");
    check(&url)?;
    Ok(ExchangeAddress {
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
    let host = without_root(host);
    match address(host) {
        Some(address) => address.is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Returns the name without the dot at its end, which stands for the root of all domains.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether the host is this machine, or in the same cluster or private network.
fn is_near(host: &str) -> bool {
    let host = without_root(host);
    let is_inside = |end: &&str| host.ends_with(*end);
    match address(host) {
        Some(IpAddr::V4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Some(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
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
    // An address of the fourth version may be written as one of the sixth.
    host.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}
