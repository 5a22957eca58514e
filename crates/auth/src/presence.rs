//! The last activity of all users of the hub, asked for at most every five minutes, when somebody wants to see it.
//!
//! JupyterHub's REST API, as read in the sources of 5.5 and 6.1: `GET /users` is 403 without the scope `list:users`, leaves
//! out `last_activity` without `read:users:activity`, and `servers` without `read:servers`. It comes in pages of at most
//! 200 users. The activity of a user is that of their servers, and of the pages and tokens that they use.

use super::hub::{HubClient, PageAnswer};
use super::token::Token;
use nbcourier_domain::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The number of users asked for in one request.
const PAGE: usize = 200;
/// The maximum number of users that are read, so that no answer of the hub fills the memory.
const MAX_USERS: usize = 100_000;
/// The time for which the answer of the hub is used.
const LIFETIME: Duration = Duration::from_mins(5);
/// The time for which a hub that did not answer is not asked again.
const PAUSE: Duration = Duration::from_mins(1);
/// The limit for reading all pages.
const LIMIT: Duration = Duration::from_secs(10);

/// The hub's word about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// The last activity, if the service may know it.
    pub last_activity: Option<Timestamp>,
    /// Whether the user has a server, if the service may know it.
    pub is_running: Option<bool>,
}

/// The hub's word about its users, by their names. It is empty if the hub does not tell.
pub type Sightings = Arc<HashMap<String, Sighting>>;

/// The last answer of the hub about its users.
#[derive(Default)]
pub(super) struct HubPresence(Mutex<Option<Known>>);

struct Known {
    until: Instant,
    users: Option<Sightings>,
}

/// A user, as far as the scopes of the token show them.
#[derive(Deserialize)]
struct Listed {
    name: String,
    #[serde(default)]
    last_activity: Option<String>,
    #[serde(default)]
    servers: Option<serde_json::Map<String, serde_json::Value>>,
}

impl HubPresence {
    /// Returns the last activity of all users. `None` if the hub does not tell. One caller asks, and the others wait.
    pub(super) async fn users(&self, hub: &HubClient, own: &Token) -> Option<Sightings> {
        let mut known = self.0.lock().await;
        if let Some(known) = known.as_ref().filter(|known| Instant::now() < known.until) {
            return known.users.clone();
        }
        let asked = tokio::time::timeout(LIMIT, read_all(hub, own)).await;
        let (users, lifetime) = match asked {
            Ok(Ok(users)) => (users.map(Arc::new), LIFETIME),
            Ok(Err(reason)) => {
                log::warn!("The hub cannot list its users at the moment: {reason}");
                (None, PAUSE)
            }
            Err(_) => {
                let seconds = LIMIT.as_secs();
                log::warn!("The hub did not list its users within {seconds} seconds");
                (None, PAUSE)
            }
        };
        *known = Some(Known {
            until: Instant::now() + lifetime,
            users: users.clone(),
        });
        users
    }
}

/// Reads all pages. Returns `None` if the token may not see them, or if there are too many.
async fn read_all(
    hub: &HubClient,
    own: &Token,
) -> Result<Option<HashMap<String, Sighting>>, String> {
    let mut found = HashMap::new();
    let mut offset = 0;
    loop {
        let page = match hub.page_of_users::<Listed>(own, offset, PAGE).await {
            PageAnswer::Page(page) => page,
            PageAnswer::Withheld => return Ok(None),
            PageAnswer::Unavailable(outage) => return Err(outage.reason),
        };
        for user in page.items {
            let time = user.last_activity.as_deref();
            let sighting = Sighting {
                last_activity: time.and_then(|text| Timestamp::parse(text).ok()),
                is_running: user.servers.map(|servers| !servers.is_empty()),
            };
            found.insert(user.name, sighting);
        }
        if found.len() > MAX_USERS {
            log::warn!("The hub has more than {MAX_USERS} users, so their activity is not read");
            return Ok(None);
        }
        match page.next {
            Some(next) if next > offset => offset = next,
            _ => return Ok(Some(found)),
        }
    }
}
