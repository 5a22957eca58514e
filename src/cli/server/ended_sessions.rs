//! The memory of ended sessions and logins that the servers of one database share.

use nbcourier_auth::{Answer, SharedEnds};
use nbcourier_storage::Store;
use std::sync::Arc;

/// Ended sessions and logins as rows.
pub struct EndedSessions(Store);

impl EndedSessions {
    /// Returns the memory in a database with several servers. Returns `None` for an embedded one, whose server remembers
    /// them in its process.
    pub fn shared(store: &Store) -> Option<Arc<dyn SharedEnds>> {
        let ends = || Arc::new(Self(store.clone())) as Arc<dyn SharedEnds>;
        store.is_shared().then(ends)
    }
}

impl SharedEnds for EndedSessions {
    fn has(&self, id: &str) -> Answer<bool> {
        let (store, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move { Ok(store.has_ended(id).await?) })
    }

    fn add(&self, id: &str, until: u64) -> Answer<bool> {
        let (store, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move { Ok(store.end_session(id, until).await?) })
    }

    fn remove(&self, id: &str) -> Answer<()> {
        let (store, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move { Ok(store.reopen_session(id).await?) })
    }
}
