//! Sessions and logins that ended before they expired. Signed texts stay valid until they expire, so earlier ends are
//! remembered until then.
//!
//! The memory of a single server is its process, and a restart forgets it. Several servers share a memory, which each of
//! them asks at each request of a session.

use super::AuthError;
use super::jwt::seconds_since_1970;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The maximum number of remembered IDs. Beyond it, the ID that expires next is forgotten. Each has cost its owner a
/// login.
const MOST: usize = 100_000;

/// The answer of a shared memory, which may be out of reach.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send>>;

/// A memory of ended sessions and logins that several servers share.
pub trait SharedEnds: Send + Sync {
    /// Whether it has ended.
    fn has(&self, id: &str) -> Answer<bool>;

    /// Ends it. The memory may forget it after this second since 1970. Returns whether it had not ended before.
    fn add(&self, id: &str, until: u64) -> Answer<bool>;

    /// Makes it valid again.
    fn remove(&self, id: &str) -> Answer<()>;
}

/// The IDs of ended sessions or logins.
pub(super) struct Spent {
    lifetime: Duration,
    memory: Memory,
}

enum Memory {
    Own(Ends),
    Shared(Arc<dyn SharedEnds>),
}

impl Spent {
    /// Creates an empty memory, or uses the `shared` one, for texts that expire within `lifetime`.
    pub(super) fn new(lifetime: Duration, shared: Option<Arc<dyn SharedEnds>>) -> Self {
        let memory = shared.map_or_else(|| Memory::Own(Ends::default()), Memory::Shared);
        Self { lifetime, memory }
    }

    /// Whether it has ended.
    pub(super) async fn has(&self, id: &str) -> Result<bool, AuthError> {
        match &self.memory {
            Memory::Own(ends) => Ok(ends.has(id)),
            Memory::Shared(ends) => ends.has(id).await.map_err(out_of_reach),
        }
    }

    /// Ends it. Returns whether it had not ended before.
    pub(super) async fn add(&self, id: &str) -> Result<bool, AuthError> {
        let now = seconds_since_1970();
        // The second of expiry is over when the next one begins.
        let until = now
            .saturating_add(self.lifetime.as_secs())
            .saturating_add(1);
        match &self.memory {
            Memory::Own(ends) => Ok(ends.add(id, now, until)),
            Memory::Shared(ends) => ends.add(id, until).await.map_err(out_of_reach),
        }
    }

    /// Makes it valid again.
    pub(super) async fn remove(&self, id: &str) -> Result<(), AuthError> {
        match &self.memory {
            Memory::Own(ends) => {
                ends.remove(id);
                Ok(())
            }
            Memory::Shared(ends) => ends.remove(id).await.map_err(out_of_reach),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn out_of_reach(error: impl Display) -> AuthError {
    AuthError::SessionsUnavailable {
        reason: error.to_string(),
    }
}

/// Ended IDs, each with the second in which the signed text expires.
#[derive(Default)]
struct Ends(Mutex<HashMap<String, u64>>);

impl Ends {
    fn has(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    fn add(&self, id: &str, now: u64, end: u64) -> bool {
        let mut until = self.lock();
        until.retain(|_, until| *until > now);
        if until.contains_key(id) {
            return false;
        }
        if until.len() >= MOST
            && let Some(next) = until.iter().min_by_key(|(_, until)| **until)
        {
            let next = next.0.clone();
            until.remove(&next);
        }
        until.insert(id.to_owned(), end);
        true
    }

    fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    #[test]
    fn an_end_counts_once_and_can_be_undone() {
        let ends = Ends::default();
        assert!(!ends.has("one"));
        assert!(ends.add("one", 0, HOUR));
        assert!(!ends.add("one", 0, HOUR));
        assert!(ends.has("one") && !ends.has("other"));
        ends.remove("one");
        assert!(ends.add("one", 0, HOUR));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_nothing_for_longer_than_needed() {
        let ends = Ends::default();
        ends.lock()
            .extend((0..MOST as u64).map(|n| (n.to_string(), u64::MAX - n)));
        assert!(ends.add("another", 1, HOUR));
        assert_eq!(ends.lock().len(), MOST);
        ends.lock().insert("old".into(), 1);
        ends.add("yet another", 1, HOUR);
        assert!(!ends.has("old"));
        assert!(ends.lock().len() <= MOST);
    }

    /// A memory whose place is out of reach.
    struct Unreachable;

    impl SharedEnds for Unreachable {
        fn has(&self, _: &str) -> Answer<bool> {
            Box::pin(async { Err("no route".into()) })
        }

        fn add(&self, _: &str, _: u64) -> Answer<bool> {
            Box::pin(async { Err("no route".into()) })
        }

        fn remove(&self, _: &str) -> Answer<()> {
            Box::pin(async { Err("no route".into()) })
        }
    }

    #[actix_web::test]
    async fn a_session_that_may_have_ended_is_not_valid() {
        let spent = Spent::new(Duration::from_secs(HOUR), Some(Arc::new(Unreachable)));
        let reason = "no route".to_owned();
        let error = AuthError::SessionsUnavailable { reason };
        assert_eq!(spent.has("one").await, Err(error.clone()));
        assert_eq!(spent.add("one").await, Err(error.clone()));
        assert_eq!(spent.remove("one").await, Err(error));
    }
}
