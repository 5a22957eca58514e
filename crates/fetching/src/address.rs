//! The addresses of a host. The one that was checked is the one that git connects to, so a second answer of the name
//! service cannot lead it elsewhere.

use crate::access::Access;
use crate::failure::Failure;
use nbcourier_domain::RepositoryUrl;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

/// The maximum number of addresses that are passed on.
const MOST: usize = 8;

impl Access {
    /// Looks up the addresses of the repository's host. It blocks.
    ///
    /// Refuses a host that has an address which is not public, and the hosts of the hub and of the exchange, unless the
    /// operator has named the host.
    pub fn look_up(&self, url: &RepositoryUrl) -> Result<Vec<IpAddr>, Failure> {
        let (host, port) = (url.host(), url.port());
        let found: Vec<IpAddr> = match url.ip() {
            Some(ip) => vec![ip],
            None => addresses(host, port).ok_or_else(|| {
                Failure::failed(format!(
                    "The host {host} was not found. Check the address of the repository"
                ))
            })?,
        };
        if found.is_empty() {
            return Err(Failure::failed(format!(
                "The host {host} has no address. Check the address of the repository"
            )));
        }
        let is_named = self.hosts.iter().any(|named| named.is_of(url));
        let refused = |why: &str| {
            let port = if port == 443 {
                String::new()
            } else {
                format!(":{port}")
            };
            Failure::refused(format!(
                "The host {host} {why}. If it is meant, the operator of the exchange names it with --git-hosts {host}{port}"
            ))
        };
        if !is_named && !found.iter().copied().all(is_public) {
            return Err(refused(
                "has an address inside this network, which repositories may not have",
            ));
        }
        if !is_named && self.is_own(host, &found) {
            return Err(refused(
                "is that of the hub or of the exchange, which have no repositories",
            ));
        }
        Ok(found.into_iter().take(MOST).collect())
    }

    /// Whether the host is one of our own, or has an address of one.
    fn is_own(&self, host: &str, found: &[IpAddr]) -> bool {
        self.own_hosts.iter().any(|own| {
            let is_same = |address: &IpAddr| found.contains(address);
            host.eq_ignore_ascii_case(own)
                || addresses(own, 443).is_some_and(|own| own.iter().any(is_same))
        })
    }
}

/// Returns the addresses of a host, or `None` if it has none.
fn addresses(host: &str, port: u16) -> Option<Vec<IpAddr>> {
    let found = (host, port).to_socket_addrs().ok()?;
    Some(found.map(|address| address.ip()).collect())
}

/// Whether an address is on the public internet, by the registries of special addresses (RFC 6890 and later).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by the customers of a provider (RFC 6598).
        || (a == 100 && (64..128).contains(&b))
        // Assignments of protocols, benchmarks, and relays to version 6.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Mapped and translated addresses of version 4, and 6to4, which carries the address of a relay.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        // Assignments of protocols with Teredo, benchmarks and ORCHID; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything else outside of the unicast space that is given out: loopback, unspecified, local, multicast, and NAT64
        // of one's own network.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::GitHost;
    use std::ffi::OsString;
    use std::time::Duration;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "192.169.0.1",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:0101:0101::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    fn access(hosts: &[&str]) -> Access {
        Access {
            directory: "/nowhere".into(),
            launcher: None,
            search_path: OsString::new(),
            hosts: hosts
                .iter()
                .map(|host| GitHost::parse(host).unwrap())
                .collect(),
            own_hosts: vec!["hub.example".to_owned(), "1.1.1.1".to_owned()],
            certificates: None,
            max_repository: 1,
            time: Duration::ZERO,
        }
    }

    #[test]
    fn a_host_inside_the_network_is_refused_unless_it_is_named() {
        for text in [
            "https://127.0.0.1:8443/a",
            "https://localhost:8443/a",
            "https://[::1]:8443/a",
            "https://169.254.169.254/a",
        ] {
            let url = RepositoryUrl::parse(text).unwrap();
            let refusal = access(&["other.example", "127.0.0.1"])
                .look_up(&url)
                .unwrap_err();
            assert!(matches!(refusal, Failure::Refused(_)), "{text}");
            assert!(refusal.to_string().contains("--git-hosts"), "{refusal}");
        }
        // The public address of the hub, whatever the name.
        let url = RepositoryUrl::parse("https://1.1.1.1/a").unwrap();
        let refusal = access(&[]).look_up(&url).unwrap_err().to_string();
        assert!(refusal.contains("that of the hub"), "{refusal}");
        assert!(access(&["1.1.1.1"]).look_up(&url).is_ok());
        let url = RepositoryUrl::parse("https://9.9.9.9/a").unwrap();
        assert!(access(&[]).look_up(&url).is_ok());
        let url = RepositoryUrl::parse("https://127.0.0.1:8443/a").unwrap();
        assert_eq!(
            access(&["127.0.0.1:8443"]).look_up(&url).unwrap(),
            ["127.0.0.1".parse::<IpAddr>().unwrap()]
        );
    }
}
