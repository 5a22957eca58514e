//! The bounds that an operator sets for git: hosts with private addresses, certificates, sizes and times.

use nbcourier_domain::RepositoryUrl;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The bounds of git, and the directory where it works.
#[derive(Debug, Clone)]
pub struct Access {
    /// The directory of the fetched repositories.
    pub directory: PathBuf,
    /// This program, which starts git with limits. Without it, git runs without those limits.
    pub launcher: Option<PathBuf>,
    /// The directories in which git and its parts are searched for, as the variable `PATH` lists them.
    pub search_path: OsString,
    /// The hosts that may have addresses which are not public.
    pub hosts: Vec<GitHost>,
    /// The hosts of the hub and of the exchange, without ports. They have no repositories.
    pub own_hosts: Vec<String>,
    /// The certificates of authorities that are trusted instead of the system's.
    pub certificates: Option<PathBuf>,
    /// Maximum size of a fetched repository in bytes.
    pub max_repository: u64,
    /// Maximum time of one command of git.
    pub time: Duration,
}

/// The text is no host with or without a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a host of --git-hosts is one such as git.example.org or git.example.org:8443")]
pub struct IllegalHost;

/// A host with a port. Without one, it is 443.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHost {
    host: String,
    port: u16,
}

impl GitHost {
    /// Parses `HOST` or `HOST:PORT`.
    pub fn parse(text: &str) -> Result<Self, IllegalHost> {
        // The same rules as for the host of a repository.
        let url = RepositoryUrl::parse(&format!("https://{text}/x")).map_err(|_| IllegalHost)?;
        if text.contains('/') {
            return Err(IllegalHost);
        }
        Ok(Self {
            host: url.host().to_owned(),
            port: url.port(),
        })
    }

    /// Whether it is the host of that repository.
    pub fn is_of(&self, url: &RepositoryUrl) -> bool {
        self.host == url.host() && self.port == url.port()
    }
}

impl fmt::Display for GitHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A token for a private repository: `TOKEN` or `NAME:TOKEN`. It cannot be printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Maximum length in bytes.
    pub const LONGEST: usize = 1000;

    /// Parses a token. It is one word of ASCII characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_legal = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_legal.then(|| Self(text.to_owned()))
    }

    /// Returns the header that proves the right to read.
    ///
    /// GitHub, GitLab, Forgejo and Gitea take a token as the password of any name. GitLab's deploy tokens have names of
    /// their own, which stand before a colon.
    pub(crate) fn header(&self) -> String {
        use base64::Engine as _;
        let pair = if self.0.contains(':') {
            self.0.clone()
        } else {
            format!("oauth2:{}", self.0)
        };
        let encoded = base64::prelude::BASE64_STANDARD.encode(pair);
        format!("Authorization: Basic {encoded}")
    }

    /// Returns the text with the token replaced.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let header = self.header();
        let encoded = header.rsplit(' ').next().unwrap_or(&header);
        text.replace(encoded, "…").replace(&self.0, "…")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_host_counts_with_its_port_only() {
        let url = |text: &str| RepositoryUrl::parse(text).unwrap();
        let plain = GitHost::parse("Git.example.org").unwrap();
        assert!(plain.is_of(&url("https://git.example.org/a")));
        assert!(!plain.is_of(&url("https://git.example.org:8443/a")));
        assert!(!plain.is_of(&url("https://other.git.example.org/a")));
        let other = GitHost::parse("127.0.0.1:8443").unwrap();
        assert!(other.is_of(&url("https://127.0.0.1:8443/a")));
        for text in [
            "",
            "a b",
            "*",
            "*.example.org",
            "https://a",
            "a/b",
            "a@b",
            "a:x",
            "10.0.0.0/8",
        ] {
            assert!(GitHost::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_one_word_and_never_shown() {
        let token = Token::parse("glpat-s3cret").unwrap();
        assert_eq!(format!("{token:?}"), "Token");
        assert_eq!(
            token.header(),
            "Authorization: Basic b2F1dGgyOmdscGF0LXMzY3JldA=="
        );
        let named = Token::parse("gitlab+deploy:s3").unwrap();
        assert_eq!(
            named.header(),
            "Authorization: Basic Z2l0bGFiK2RlcGxveTpzMw=="
        );
        let text = format!("fatal: glpat-s3cret and {}", token.header());
        assert_eq!(
            token.hidden_in(&text),
            "fatal: … and Authorization: Basic …"
        );
        for text in ["", "two words", "a\nb", "\u{e4}", &"a".repeat(1001)] {
            assert!(Token::parse(text).is_none());
        }
    }
}
