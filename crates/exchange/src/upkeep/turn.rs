//! Turns of the processes that clean up the same exchange.

use super::runs::{self, Task};
use crate::{Exchange, Result};
use nbcourier_domain::Timestamp;
use nbcourier_storage::{Held, Lock};
use std::time::Duration;

/// The turn to clean up. No other process has it at the same time. If the process ends, others can have it at once.
pub struct Turn(Held);

impl Turn {
    /// Takes the turn. Returns `None` while another process cleans up.
    ///
    /// An embedded exchange has no turns: its clean-ups may overlap.
    pub async fn take(exchange: &Exchange) -> Result<Option<Self>> {
        Ok(exchange.rows.hold(Lock::CleanUp).await?.map(Self))
    }

    /// Ends the turn.
    pub async fn end(self) {
        self.0.free().await;
    }
}

/// Returns the time until the regular clean-up is due, if the last one of any process began its pause of `every`. It is
/// due at once in an embedded exchange.
pub async fn due_in(exchange: &Exchange, every: Duration) -> Result<Duration> {
    if !exchange.rows.is_shared() {
        return Ok(Duration::ZERO);
    }
    let runs = runs::list(exchange).await?;
    let last = runs.iter().find(|run| run.task == Task::Gc.word());
    Ok(last.map_or(Duration::ZERO, |last| {
        remaining(last.ended_at, Timestamp::now(), every)
    }))
}

/// Returns the rest of a pause that began at `ended`. The clock that measured it may be ahead of ours.
fn remaining(ended: Timestamp, now: Timestamp, every: Duration) -> Duration {
    let since = now.micros().saturating_sub(ended.micros());
    let since = Duration::from_micros(u64::try_from(since).unwrap_or(0));
    every.saturating_sub(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_never_longer_than_it_should_be() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let every = Duration::from_hours(1);
        let rest = |now| remaining(at(10_000), at(now), every);
        assert_eq!(rest(10_000), every);
        assert_eq!(rest(10_600), Duration::from_mins(50));
        assert_eq!(rest(13_600), Duration::ZERO);
        assert_eq!(rest(99_000), Duration::ZERO);
        // A replica whose clock is ahead has cleaned up.
        assert_eq!(rest(9_000), every);
    }
}
