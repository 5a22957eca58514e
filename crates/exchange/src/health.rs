//! Whether the exchange could take a submission now.

use super::{Exchange, Result};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// For how long a look that found nothing wrong counts. A look costs a flush of the disk, and anybody may ask.
const COUNTS: Duration = Duration::from_secs(1);

/// When the last look ended that found nothing wrong. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct LastLook(Arc<Mutex<Option<Instant>>>);

/// Writes to the database and to the blob directory, and looks at the free space; whoever asks meanwhile, or shortly
/// after, gets the same answer. The migrations need no look: an exchange is never opened on a database that lacks one.
pub async fn check(exchange: &Exchange) -> Result<()> {
    let mut last = exchange.last_look.0.lock().await;
    if last.is_some_and(|look| look.elapsed() < COUNTS) {
        return Ok(());
    }
    look(exchange).await?;
    *last = Some(Instant::now());
    Ok(())
}

async fn look(exchange: &Exchange) -> Result<()> {
    exchange.store.check_writable().await?;
    let (blobs, space) = (exchange.blobs.clone(), exchange.space.clone());
    blocking(move || {
        blobs.check_writable()?;
        space.check(0)
    })
    .await?
}
