//! Addresses of git repositories, their branches, and names of commits.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The maximum length of an address in bytes.
const LONGEST_URL: usize = 1000;
/// The maximum length of the name of a branch in bytes.
const LONGEST_BRANCH: usize = 200;
/// The maximum length of the name of a host in bytes (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;
/// The port of `https`.
const HTTPS: u16 = 443;

/// The reason why an address of a repository cannot be used. The sentence says what to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalRepository {
    /// The scheme is another one, or there is none.
    #[error(
        "the address of a repository begins with https://. Other ways, such as ssh, git, file and ext, are refused"
    )]
    Scheme,
    /// The address contains a name or a password.
    #[error(
        "the address of a repository has no user name and no password in it. Give a token instead"
    )]
    User,
    /// The host is no name and no address.
    #[error("the address of a repository has a host such as git.example.org, written in ASCII")]
    Host,
    /// The port is no number.
    #[error("the port in the address of a repository is a number from 1 to 65535")]
    Port,
    /// There is no path, or it has characters that do not belong there.
    #[error(
        "the address of a repository ends with its path, such as /algebra/materials.git. It has no blanks, quotation \
         marks, backslashes, empty parts, ? or #"
    )]
    Path,
    /// The address is too long.
    #[error("the address of a repository has at most {LONGEST_URL} bytes")]
    TooLong,
}

/// The `https` address of a git repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryUrl {
    text: String,
    host: String,
    port: u16,
}

impl RepositoryUrl {
    /// Parses an address. It is passed on as it was written, so it has only characters that every program reads alike.
    pub fn parse(text: &str) -> Result<Self, IllegalRepository> {
        if text.len() > LONGEST_URL {
            return Err(IllegalRepository::TooLong);
        }
        let rest = text
            .strip_prefix("https://")
            .ok_or(IllegalRepository::Scheme)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(IllegalRepository::User);
        }
        let (host, port) = split_port(authority)?;
        if !is_host(host) {
            return Err(IllegalRepository::Host);
        }
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%+,=@:!$&()*;".contains(&byte);
        let mut parts = path.split('/').skip(1).peekable();
        let has_parts = parts.peek().is_some_and(|first| !first.is_empty());
        let is_whole = path
            .trim_end_matches('/')
            .split('/')
            .skip(1)
            .all(|part| !matches!(part, "" | "." | ".."));
        if !has_parts || !is_whole || !path.bytes().all(is_plain) {
            return Err(IllegalRepository::Path);
        }
        Ok(Self {
            text: text.to_owned(),
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// Returns the address as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host in small letters. An address of version 6 has its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the host, if it is an IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok()
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split_port(authority: &str) -> Result<(&str, u16), IllegalRepository> {
    let end = authority.find(']').map_or(0, |end| end + 1);
    let Some(colon) = authority[end..].find(':') else {
        return Ok((authority, HTTPS));
    };
    let (host, port) = authority.split_at(end + colon);
    let digits = &port[1..];
    let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|port| is_number && *port > 0);
    Ok((host, number.ok_or(IllegalRepository::Port)?))
}

/// Whether the text is a name of a host or an IP address in its usual form. Names that end with a number could be read as
/// addresses (WHATWG URL Standard, section 3.5).
fn is_host(host: &str) -> bool {
    if let Some(bare) = host.strip_prefix('[') {
        let bare = bare.strip_suffix(']').unwrap_or_default();
        return bare.parse::<Ipv6Addr>().is_ok();
    }
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_legal)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= LONGEST_HOST
        && host.split('.').all(is_label)
        && last
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// The text is no name of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a branch is one such as main or lecture/2027, by the rules of git-check-ref-format"
)]
pub struct IllegalBranch;

/// The name of a branch, such as `main`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchName(String);

impl BranchName {
    /// Parses the name of a branch by the rules of git-check-ref-format(1).
    pub fn parse(text: &str) -> Result<Self, IllegalBranch> {
        let is_part = |part: &str| {
            let has_end = [".", ".lock"].iter().any(|end| part.ends_with(end));
            !part.is_empty() && !part.starts_with('.') && !has_end
        };
        let is_odd = |letter: char| {
            letter.is_control() || letter.is_whitespace() || "~^:?*[\\\"'".contains(letter)
        };
        let is_legal = text.len() <= LONGEST_BRANCH
            && !text.starts_with('-')
            && text != "@"
            && !text.contains("..")
            && !text.contains("@{")
            && !text.contains(is_odd)
            && text.split('/').all(is_part);
        if is_legal {
            Ok(Self(text.to_owned()))
        } else {
            Err(IllegalBranch)
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a git object: 40 hexadecimal digits, or 64 in a repository with SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// Parses the name of an object.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_legal = matches!(text.len(), 40 | 64) && text.bytes().all(is_digit);
        is_legal.then(|| Self(text.to_owned()))
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_address_has_a_host_a_port_and_a_path() {
        for (text, host, port) in [
            (
                "https://git.example.org/algebra.git",
                "git.example.org",
                443,
            ),
            ("https://GitHub.com/a/b/", "github.com", 443),
            (
                "https://git.example.org:8443/~ann/a%20b.git",
                "git.example.org",
                8443,
            ),
            ("https://192.0.2.7/a", "192.0.2.7", 443),
            ("https://[2001:db8::1]:8443/a", "[2001:db8::1]", 8443),
            ("https://localhost/a", "localhost", 443),
        ] {
            let url = RepositoryUrl::parse(text).unwrap();
            assert_eq!((url.host(), url.port(), url.as_str()), (host, port, text));
        }
        assert!(
            RepositoryUrl::parse("https://[::1]/a")
                .unwrap()
                .ip()
                .is_some()
        );
        assert!(
            RepositoryUrl::parse("https://a.example/a")
                .unwrap()
                .ip()
                .is_none()
        );
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        use IllegalRepository as I;
        for (text, why) in [
            ("", I::Scheme),
            ("/srv/git/a.git", I::Scheme),
            ("a.git", I::Scheme),
            ("-uhttps://a.example/a", I::Scheme),
            ("--upload-pack=touch /tmp/x", I::Scheme),
            ("http://a.example/a", I::Scheme),
            ("HTTPS://a.example/a", I::Scheme),
            ("file:///etc", I::Scheme),
            ("ext::sh -c touch% /tmp/x", I::Scheme),
            ("ext::https://a.example/a", I::Scheme),
            ("ssh://git@a.example/a", I::Scheme),
            ("git@a.example:a.git", I::Scheme),
            ("git://a.example/a", I::Scheme),
            (" https://a.example/a", I::Scheme),
            ("https://user@a.example/a", I::User),
            ("https://user:secret@a.example/a", I::User),
            ("https://a.example@127.0.0.1/a", I::User),
            ("https:///a", I::Host),
            ("https://-a.example/a", I::Host),
            ("https://a..example/a", I::Host),
            ("https://a_b.example/a", I::Host),
            ("https://a.example\\@b/a", I::User),
            ("https://a.example\\b/a", I::Host),
            ("https://m\u{fc}nchen.example/a", I::Host),
            ("https://0x7f000001/a", I::Host),
            ("https://2130706433/a", I::Host),
            ("https://127.1/a", I::Host),
            ("https://0177.0.0.1/a", I::Host),
            ("https://a.example./a", I::Host),
            ("https://[::1/a", I::Port),
            ("https://[fe80::1%25eth0]/a", I::Host),
            ("https://a.example:/a", I::Port),
            ("https://a.example:0/a", I::Port),
            ("https://a.example:65536/a", I::Port),
            ("https://a.example:+443/a", I::Port),
            ("https://a.example", I::Path),
            ("https://a.example/", I::Path),
            ("https://a.example//a", I::Path),
            ("https://a.example/../a", I::Path),
            ("https://a.example/a b", I::Path),
            ("https://a.example/a\n", I::Path),
            ("https://a.example/a\0", I::Path),
            ("https://a.example/a?service=x", I::Path),
            ("https://a.example/a#b", I::Path),
            ("https://a.example/\"a", I::Path),
        ] {
            assert_eq!(RepositoryUrl::parse(text), Err(why), "{text:?}");
        }
        let long = format!("https://a.example/{}", "a".repeat(LONGEST_URL));
        assert_eq!(RepositoryUrl::parse(&long), Err(I::TooLong));
    }

    #[test]
    fn a_branch_is_a_name_by_the_rules_of_git() {
        for name in ["main", "lecture/2027", "v1.2", "\u{fc}bung", "a-b_c"] {
            assert_eq!(BranchName::parse(name).unwrap().as_str(), name);
        }
        let long = "a".repeat(LONGEST_BRANCH + 1);
        for name in [
            "", "-main", "a..b", ".a", "a/.b", "a.lock", "a/", "/a", "a//b", "a b", "a~1", "a^",
            "a:b", "a?", "a*", "a[b", "a\\b", "@", "a@{1}", "a.", "a\nb", "+a:b", &long,
        ] {
            assert_eq!(BranchName::parse(name), Err(IllegalBranch), "{name:?}");
        }
    }

    #[test]
    fn an_object_has_40_or_64_digits() {
        assert!(ObjectName::parse(&"a".repeat(40)).is_some());
        assert!(ObjectName::parse(&"0".repeat(64)).is_some());
        for text in [
            "",
            "HEAD",
            &"a".repeat(41),
            &"A".repeat(40),
            &"g".repeat(40),
        ] {
            assert!(ObjectName::parse(text).is_none(), "{text}");
        }
    }
}
