//! The clock by which the hub's answers expire. Tests advance it instead of waiting.

use std::time::Instant;

/// The system's clock. In tests, it can be ahead of the system's. Clones share one clock.
#[derive(Clone, Default)]
pub(super) struct Clock {
    #[cfg(test)]
    ahead: std::sync::Arc<std::sync::Mutex<std::time::Duration>>,
}

impl Clock {
    /// Returns the current time.
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

    /// Advances the clock.
    #[cfg(test)]
    pub(super) fn advance(&self, time: std::time::Duration) {
        *self.ahead.lock().unwrap() += time;
    }
}
