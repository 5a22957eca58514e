//! Sessions and logins that ended before they expired. Signed texts stay valid until they expire, so earlier ends are
//! remembered until then.
//!
//! The memory belongs to this process: a restart forgets it.

use super::jwt::seconds_since_1970;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The maximum number of remembered IDs. Beyond it, the ID that expires next is forgotten. Each has cost its owner a
/// login.
const MOST: usize = 100_000;

/// The IDs of ended sessions or logins, each with the second in which the signed text expires.
pub(super) struct Spent {
    lifetime: Duration,
    until: Mutex<HashMap<String, u64>>,
}

impl Spent {
    /// Creates an empty memory, for texts that expire within `lifetime`.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            until: Mutex::default(),
        }
    }

    /// Whether it has ended.
    pub(super) fn has(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Ends it. Returns whether it had not ended before.
    pub(super) fn add(&self, id: &str) -> bool {
        let now = seconds_since_1970();
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
        // The second of expiry is over when the next one begins.
        let end = now
            .saturating_add(self.lifetime.as_secs())
            .saturating_add(1);
        until.insert(id.to_owned(), end);
        true
    }

    /// Makes it valid again.
    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_once_and_can_be_undone() {
        let spent = Spent::new(Duration::from_hours(1));
        assert!(!spent.has("one"));
        assert!(spent.add("one"));
        assert!(!spent.add("one"));
        assert!(spent.has("one") && !spent.has("other"));
        spent.remove("one");
        assert!(spent.add("one"));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for_and_nothing_for_longer_than_needed() {
        let spent = Spent::new(Duration::from_hours(1));
        spent
            .lock()
            .extend((0..MOST as u64).map(|n| (n.to_string(), u64::MAX - n)));
        assert!(spent.add("another"));
        assert_eq!(spent.lock().len(), MOST);
        spent.lock().insert("old".into(), 1);
        spent.add("yet another");
        assert!(!spent.has("old"));
        assert!(spent.lock().len() <= MOST);
    }
}
