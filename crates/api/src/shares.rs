//! Pages that people share by links.

use nbcourier_domain::{Audience, Rfc3339};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Links to shared pages, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Shares {
    pub shares: Vec<Share>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A link to a shared page. Only the reply to the request that made the link has its address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    pub id: i64,
    pub course: String,
    pub title: String,
    /// The people who may see the page: the members of the course, or everybody on the hub.
    pub audience: Audience,
    pub made_by: String,
    pub made_at: Rfc3339,
    pub expires_at: Rfc3339,
    /// Whether the notebook can be downloaded.
    pub source: bool,
    pub state: ShareState,
    pub revoked_at: Option<Rfc3339>,
    pub revoked_by: Option<String>,
}

/// The state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareState {
    /// It works.
    Live,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// The course does not allow its audience now.
    Off,
}

impl ShareState {
    /// Returns the word for the state.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Off => "off",
        }
    }
}

/// A page that was shared just now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SharedPage {
    pub id: i64,
    /// The link. No later reply has it.
    pub url: String,
}
