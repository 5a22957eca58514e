//! The address that the server listens on.

use super::effective::without_password;
use super::{ConfigError, Environment, ServeOptions};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, TcpListener, ToSocketAddrs};

const STANDALONE_PORT: u16 = 12121;

/// A host and a port. The host may be a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    host: String,
    port: u16,
}

impl Binding {
    pub(super) fn new(
        given: &ServeOptions,
        environment: &Environment,
        standalone: bool,
    ) -> Result<Self, ConfigError> {
        let service_url = environment.service_url.as_deref().filter(|_| !standalone);
        let (host, port) = match service_url {
            Some(url) => host_and_port(url)?,
            None => (Ipv4Addr::LOCALHOST.to_string(), STANDALONE_PORT),
        };
        if let Some(address) = given
            .host
            .filter(|address| standalone && !address.is_loopback())
        {
            return Err(ConfigError(format!(
                "A stand-alone server believes every caller's name, so it listens only on a loopback address, not on \
                 {address}. Omit --host, or run nbcourier as a service of a JupyterHub"
            )));
        }
        Ok(Self {
            host: given.host.map_or(host, |address| address.to_string()),
            port: given.port.unwrap_or(port),
        })
    }

    /// Returns the name or address of the host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port. 0 is any free port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Binds the first address of the host.
    pub fn bind(&self) -> std::io::Result<TcpListener> {
        let host = self.host.trim_matches(['[', ']']);
        let addresses: Vec<_> = (host, self.port).to_socket_addrs()?.collect();
        TcpListener::bind(addresses.as_slice())
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Returns the variable of the port, unless it is no setting. Kubernetes sets it to `tcp://ADDRESS:PORT` in all pods beside a
/// Service called `nbcourier` (Kubernetes' documentation, "Service", "Environment variables").
pub fn port_variable() -> Option<&'static str> {
    const NAME: &str = "NBCOURIER_PORT";
    let value = std::env::var_os(NAME).unwrap_or_default();
    let value = value.as_encoded_bytes();
    let is_of_kubernetes = value.starts_with(b"tcp://") || value.starts_with(b"udp://");
    (!is_of_kubernetes).then_some(NAME)
}

fn host_and_port(url: &str) -> Result<(String, u16), ConfigError> {
    let unusable = || {
        ConfigError(format!(
            "JUPYTERHUB_SERVICE_URL is {}, but nbcourier serves plain http behind the hub's proxy. Write \
             http://ADDRESS:PORT, or set the address with --host and --port",
            without_password(url)
        ))
    };
    let rest = url.strip_prefix("http://").ok_or_else(unusable)?;
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            Ok((host.to_owned(), port.parse().map_err(|_| unusable())?))
        }
        _ if authority.is_empty() => Err(unusable()),
        _ => Ok((authority.to_owned(), 80)),
    }
}
