//! The clock by which the hub's answers expire. Tests move it on instead of waiting.

use std::time::Instant;

/// The system's clock; in tests, as far ahead of it as they say. Clones are one clock.
#[derive(Clone, Default)]
pub(super) struct Clock {
    #[cfg(test)]
    ahead: std::sync::Arc<std::sync::Mutex<std::time::Duration>>,
}

impl Clock {
    /// The time now.
    #[cfg_attr(
        not(test),
        allow(clippy::unused_self, reason = "tests have a clock of their own")
    )]
    pub(super) fn now(&self) -> Instant {
        let now = Instant::now();
        #[cfg(test)]
        let now = now + *self.ahead.lock().unwrap();
        now
    }

    /// Lets so much time pass.
    #[cfg(test)]
    pub(super) fn advance(&self, time: std::time::Duration) {
        *self.ahead.lock().unwrap() += time;
    }
}
