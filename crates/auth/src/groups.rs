//! All groups of the hub with their members, asked for at once: callers report only their own groups, and some never
//! call.
//!
//! JupyterHub's REST API, as read in the sources of 5.5 and 6.1: `GET /groups` is 403 without the scope `list:groups`,
//! leaves out the members without `read:groups`, and comes in pages of at most 200 groups. A scope with a filter
//! (`list:groups!group=…`) shortens the list without a word.

use super::hub::{HubAnswer, HubClient, HubUser, Outage, PageAnswer};
use super::token::Token;
use nbcourier_domain::Group;

/// The number of groups asked for in one request.
const PAGE: usize = 100;
/// The maximum number of groups that are read, so that no answer of the hub fills the memory.
const MAX_GROUPS: usize = 20_000;
/// The maximum number of members of all groups together.
const MAX_MEMBERS: usize = 1_000_000;
/// The scopes that show all groups and their members.
const SCOPES: [&str; 2] = ["list:groups", "read:groups"];

/// The result of asking for the groups.
#[derive(Debug, PartialEq, Eq)]
pub enum GroupList {
    /// Every group with all of its members.
    All(Vec<Group>),
    /// The token lacks the scopes, or has them for some groups only.
    Withheld,
    /// The hub has more groups or members than are read.
    TooMany,
    /// The hub did not answer as it should. The sentence says how.
    Unavailable(String),
}

/// Whether a token with these scopes may see every group and its members.
fn tells_groups(scopes: &[String]) -> bool {
    let has = |wanted: &&str| scopes.iter().any(|scope| scope == wanted);
    SCOPES.iter().all(has)
}

impl HubClient {
    /// Asks for every group with the service's own token.
    pub(super) async fn groups(&self, own: &Token) -> GroupList {
        let mut found = Vec::new();
        let (mut offset, mut members) = (0, 0);
        loop {
            let page = match self.page_of_groups(own, offset, PAGE).await {
                PageAnswer::Page(page) => page,
                PageAnswer::Withheld => return GroupList::Withheld,
                PageAnswer::Unavailable(outage) => return GroupList::Unavailable(outage.reason),
            };
            if found.is_empty() {
                match self.may_list_groups(own).await {
                    Ok(true) => {}
                    Ok(false) => return GroupList::Withheld,
                    Err(outage) => return GroupList::Unavailable(outage.reason),
                }
            }
            members += page
                .items
                .iter()
                .map(|group| group.users.len())
                .sum::<usize>();
            found.extend(page.items);
            if found.len() > MAX_GROUPS || members > MAX_MEMBERS {
                return GroupList::TooMany;
            }
            match page.next {
                Some(next) if next > offset => offset = next,
                _ => return GroupList::All(found),
            }
        }
    }

    async fn may_list_groups(&self, own: &Token) -> Result<bool, Outage> {
        match self.owner_of(own).await {
            HubAnswer::Known(HubUser { scopes, .. }) => Ok(tells_groups(&scopes)),
            HubAnswer::Unknown => Ok(false),
            HubAnswer::Unavailable(outage) => Err(outage),
        }
    }
}
