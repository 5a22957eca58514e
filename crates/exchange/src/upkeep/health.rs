//! The check whether the exchange could accept a submission now.

use crate::{Exchange, Result};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The time for which a successful check remains valid. A check costs a flush of the disk, and anybody may request one.
const COUNTS: Duration = Duration::from_secs(1);

/// The time of the last successful check. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct LastCheck(Arc<Mutex<Option<Instant>>>);

/// Writes to the database and to the blob directory, and checks the free space. Requests during a successful check or
/// shortly after it share its result. Migrations need no check: an exchange never opens a database that lacks one.
pub async fn check(exchange: &Exchange) -> Result<()> {
    let mut last = exchange.last_check.0.lock().await;
    if last.is_some_and(|look| look.elapsed() < COUNTS) {
        return Ok(());
    }
    look(exchange).await?;
    *last = Some(Instant::now());
    Ok(())
}

async fn look(exchange: &Exchange) -> Result<()> {
    exchange.rows.check_writable().await?;
    let (blobs, space) = (exchange.blobs.clone(), exchange.space.clone());
    blocking(move || {
        blobs.check_writable()?;
        space.check(0)
    })
    .await?
}
