//! The identity of a caller: the part of a request that the operations of the exchange get to know.

use nbcourier_domain::{IllegalName, Timestamp, UserName};
use std::fmt;
use std::time::Instant;

/// Whether a person calls or a service of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A person with an account on the hub.
    User,
    /// A service of the hub; its name is `service:NAME`.
    Service,
}

/// By what a caller was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A token that the hub vouched for.
    Token,
    /// The session cookie of a browser that has logged in.
    Session,
    /// The caller's own word, in stand-alone mode.
    Standalone,
    /// Access to the data directory.
    DataDirectory,
}

/// The hub's groups that somebody is in, by how much they can be relied on.
#[derive(Debug, Clone)]
pub enum HubGroups {
    /// All of them, as the hub said when it was asked about a token or a login.
    Fresh {
        /// Their names.
        names: Vec<String>,
        /// When the hub said so.
        told: Instant,
    },
    /// Those that a session remembers from its login: up to an hour old, and cut off where they do not fit into a cookie.
    AsOfLogin(Vec<String>),
}

/// A person or service whose identity was checked.
///
/// Only the crate `auth` makes callers from requests. Functions that take one need not check again.
#[derive(Clone)]
pub struct Caller {
    name: UserName,
    kind: CallerKind,
    admin: bool,
    groups: HubGroups,
    account_made_at: Option<Timestamp>,
    via: Credential,
    request_id: Option<String>,
}

impl Caller {
    /// A caller that `via` proved. Use it only where a credential has just been checked.
    pub fn new(name: UserName, kind: CallerKind, admin: bool, via: Credential) -> Self {
        Self {
            name,
            kind,
            admin,
            groups: HubGroups::AsOfLogin(Vec::new()),
            account_made_at: None,
            via,
            request_id: None,
        }
    }

    /// The same caller in these groups.
    #[must_use]
    pub fn with_groups(mut self, groups: HubGroups) -> Self {
        self.groups = groups;
        self
    }

    /// The same caller, whose account the hub made at this time.
    #[must_use]
    pub fn with_account(mut self, made_at: Option<Timestamp>) -> Self {
        self.account_made_at = made_at;
        self
    }

    /// The name by which rosters and submissions know the caller; that of a service begins with `service:`.
    pub fn name(&self) -> &UserName {
        &self.name
    }

    /// Whether a person calls or a service.
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    /// Whether the caller passes every course's checks.
    pub fn is_admin(&self) -> bool {
        self.admin
    }

    /// The hub's groups the caller is in; of a session's, those there were at login, as far as its cookie has room.
    pub fn groups(&self) -> &[String] {
        match &self.groups {
            HubGroups::Fresh { names, .. } | HubGroups::AsOfLogin(names) => names,
        }
    }

    /// All groups the caller is in and when the hub said so; `None` of a session, which only remembers some.
    pub fn fresh_groups(&self) -> Option<(&[String], Instant)> {
        match &self.groups {
            HubGroups::Fresh { names, told } => Some((names, *told)),
            HubGroups::AsOfLogin(_) => None,
        }
    }

    /// When the hub made the caller's account, where it tells that; an earlier one of the same name was somebody else's.
    pub fn account_made_at(&self) -> Option<Timestamp> {
        self.account_made_at
    }

    /// By what the caller was known.
    pub fn via(&self) -> Credential {
        self.via
    }

    /// Remembers in which request this is the caller; the id is the one in the log.
    #[must_use]
    pub fn in_request(mut self, id: String) -> Self {
        self.request_id = Some(id);
        self
    }

    /// The id of the request in the log.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whoever can write the data directory and uses the program on it: an admin, known as `operator:NAME`.
    ///
    /// The name is that of the account on the machine, as its environment tells it; the directory's permissions are what
    /// was checked.
    pub fn operator(account: &str) -> Result<Self, IllegalName> {
        let name = UserName::of_operator(account)?;
        Ok(Self::new(
            name,
            CallerKind::User,
            true,
            Credential::DataDirectory,
        ))
    }

    /// The server itself, in what it does without being asked, known as `operator:the server`.
    pub fn server() -> Self {
        let name = UserName::of_server();
        Self::new(name, CallerKind::User, true, Credential::DataDirectory)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("admin", &self.admin)
            .field("groups", &self.groups())
            .field("via", &self.via)
            .finish_non_exhaustive()
    }
}
