//! The identity of a caller, which is the only part of a request's authentication that the exchange sees.

use nbcourier_domain::{IllegalName, Timestamp, UserName};
use std::fmt;
use std::time::Instant;

/// The kind of a caller: a person, or a service of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A person with an account on the hub.
    User,
    /// A service of the hub; its name is `service:NAME`.
    Service,
}

/// The proof by which a caller was identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A token that the hub vouched for.
    Token,
    /// The session cookie of a browser that has logged in.
    Session,
    /// The caller's own claim, in stand-alone mode.
    Standalone,
    /// Access to the data directory.
    DataDirectory,
}

/// The hub's groups of a caller, by how far they can be relied on.
#[derive(Debug, Clone)]
pub enum HubGroups {
    /// All groups, as the hub reported them for a token or a login.
    Fresh {
        /// The names of the groups.
        names: Vec<String>,
        /// The time of the hub's report.
        as_of: Instant,
    },
    /// The groups that a session remembers from its login: up to an hour old, and cut off where they do not fit into
    /// a cookie.
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
    /// Creates a caller that `via` proved. Use it only where a credential has just been checked.
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

    /// Returns the same caller in these groups.
    #[must_use]
    pub fn with_groups(mut self, groups: HubGroups) -> Self {
        self.groups = groups;
        self
    }

    /// Returns the same caller, with the time when the hub created the account.
    #[must_use]
    pub fn with_account(mut self, made_at: Option<Timestamp>) -> Self {
        self.account_made_at = made_at;
        self
    }

    /// Returns the name of the caller in rosters and submissions. That of a service begins with `service:`.
    pub fn name(&self) -> &UserName {
        &self.name
    }

    /// Returns whether the caller is a person or a service.
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    /// Whether the caller passes every course's checks.
    pub fn is_admin(&self) -> bool {
        self.admin
    }

    /// Returns the hub's groups of the caller. A session has those of its login, as far as its cookie has room.
    pub fn groups(&self) -> &[String] {
        match &self.groups {
            HubGroups::Fresh { names, .. } | HubGroups::AsOfLogin(names) => names,
        }
    }

    /// Returns all groups of the caller and when the hub reported them. `None` for a session, which only remembers
    /// some.
    pub fn fresh_groups(&self) -> Option<(&[String], Instant)> {
        match &self.groups {
            HubGroups::Fresh { names, as_of } => Some((names, *as_of)),
            HubGroups::AsOfLogin(_) => None,
        }
    }

    /// Returns when the hub created the caller's account, if known. An earlier account of that name was another
    /// person's.
    pub fn account_made_at(&self) -> Option<Timestamp> {
        self.account_made_at
    }

    /// Returns the proof by which the caller was identified.
    pub fn via(&self) -> Credential {
        self.via
    }

    /// Records the ID of the request, which is also in the log.
    #[must_use]
    pub fn in_request(mut self, id: String) -> Self {
        self.request_id = Some(id);
        self
    }

    /// Returns the ID of the request in the log.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the operator, an administrator known as `operator:NAME`: a person who can write the data directory and
    /// runs the program on it.
    ///
    /// The name is that of the account on the machine, as the environment reports it. The check is the directory's
    /// permissions.
    pub fn operator(account: &str) -> Result<Self, IllegalName> {
        let name = UserName::of_operator(account)?;
        Ok(Self::new(
            name,
            CallerKind::User,
            true,
            Credential::DataDirectory,
        ))
    }

    /// Returns the server itself, known as `operator:the server`, for work that nobody asked for.
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
