//! The regular clean-up. Of several servers of one exchange, one does it.

use nbcourier_domain::Count;
use nbcourier_exchange::activity;
use nbcourier_exchange::upkeep::gc;
use nbcourier_exchange::upkeep::turn::{self, Turn};
use nbcourier_exchange::{Exchange, Mode, Result};
use nbcourier_identity::Caller;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Time between two clean-ups.
const EVERY: Duration = Duration::from_hours(1);
/// Time after which a server looks again while another process cleans up.
const AGAIN: Duration = Duration::from_mins(10);
/// Maximum time by which a clean-up is later, so that not all servers look for a turn in the same second.
const JITTER: Duration = Duration::from_mins(1);

/// The times for which data is kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// The time for deleted data.
    pub deleted: Duration,
    /// The time for events.
    pub events: Duration,
    /// The time for the daily sums of activity.
    pub activity: Duration,
}

/// Removes deleted data after its retention time, old events, and old sums of activity, for as long as the server runs.
pub async fn regularly(exchange: Exchange, kept: Kept) {
    loop {
        let pause = match clean_up_if_due(&exchange, kept).await {
            Ok(pause) => pause,
            Err(error) => {
                log::error!("The clean-up could not begin: {error}");
                EVERY
            }
        };
        tokio::time::sleep(pause + jitter()).await;
    }
}

/// Returns the time until the next clean-up.
async fn clean_up_if_due(exchange: &Exchange, kept: Kept) -> Result<Duration> {
    let due_in = turn::due_in(exchange, EVERY).await?;
    if !due_in.is_zero() {
        // A turn that is not used would keep `nbcourier gc` out.
        log::debug!("The clean-up is due in {} seconds", due_in.as_secs());
        return Ok(due_in);
    }
    let Some(turn) = Turn::take(exchange).await? else {
        log::debug!("Another nbcourier is cleaning up");
        return Ok(AGAIN);
    };
    // Another process may have cleaned up since the first look.
    let due_in = turn::due_in(exchange, EVERY).await?;
    if due_in.is_zero() {
        clean_up(exchange, kept).await;
    }
    turn.end().await;
    let next = if due_in.is_zero() { EVERY } else { due_in };
    log::debug!("The clean-up is due in {} seconds", next.as_secs());
    Ok(next)
}

async fn clean_up(exchange: &Exchange, kept: Kept) {
    let server = Caller::server();
    match gc::forget_events(exchange, &server, kept.events).await {
        Ok(0) => {}
        Ok(events) => log::info!("Removed {events} old events"),
        Err(error) => log::error!("Removing old events failed: {error}"),
    }
    match activity::forget(exchange, kept.activity, Mode::Apply).await {
        Ok(0) => {}
        Ok(sums) => log::info!("Removed {} of activity", Count(sums, "daily sum")),
        Err(error) => log::error!("Removing old activity failed: {error}"),
    }
    let extent = gc::Extent::Regular;
    match gc::collect(exchange, &server, kept.deleted, gc::GRACE, extent).await {
        Ok(report) if report == gc::GcReport::default() => {}
        Ok(report) => log::info!("Removed {report}"),
        Err(error) => log::error!("The clean-up failed: {error}"),
    }
}

/// Returns a random time. The random keys of a hash map suffice for it.
fn jitter() -> Duration {
    let random = RandomState::new().hash_one(0) % 1000;
    JITTER.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 1000.0)
}
