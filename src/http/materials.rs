//! The state that requests about repositories need besides the exchange.

use super::error::{Error, Result};
use nbcourier_auth::Vault;
use nbcourier_domain::RepositoryUrl;
use nbcourier_fetching::{Access, Failure};
use nbcourier_work::blocking;
use std::sync::Arc;

/// The vault of secrets, and what git may reach.
#[derive(Clone)]
pub struct Materials {
    /// Seals tokens and secrets of hooks.
    pub vault: Vault,
    /// The bounds of git.
    pub access: Arc<Access>,
}

impl Materials {
    /// Refuses a host with addresses inside the network. A host that is not found may be found later.
    pub async fn check_host(&self, url: RepositoryUrl) -> Result<()> {
        let access = Arc::clone(&self.access);
        match blocking(move || access.look_up(&url)).await? {
            Err(Failure::Refused(sentence)) => Err(Error::bad(sentence)),
            _ => Ok(()),
        }
    }
}
