//! The check whether the exchange could accept a submission now.

use crate::{Exchange, Result};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The time for which a successful check remains valid. A check costs a flush of the disk, and anybody may request one.
const COUNTS: Duration = Duration::from_secs(1);

/// The times of the last successful checks. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct LastCheck(Arc<Mutex<Times>>);

#[derive(Default)]
struct Times {
    whole: Option<Instant>,
    local: Option<Instant>,
}

/// The extent of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that a submission needs.
    Whole,
    /// The parts on this machine, without a database of a server and without a bucket.
    Local,
}

/// Writes to the database and to the blob directory, and checks the free space. Requests during a successful check or
/// shortly after it share its result. Migrations need no check: an exchange never opens a database that lacks one.
pub async fn check(exchange: &Exchange, extent: Extent) -> Result<()> {
    let mut times = exchange.last_check.0.lock().await;
    let last = match extent {
        Extent::Whole => &mut times.whole,
        Extent::Local => &mut times.local,
    };
    if last.is_some_and(|look| look.elapsed() < COUNTS) {
        return Ok(());
    }
    look(exchange, extent).await?;
    *last = Some(Instant::now());
    Ok(())
}

async fn look(exchange: &Exchange, extent: Extent) -> Result<()> {
    if extent == Extent::Whole || !exchange.rows.is_shared() {
        exchange.rows.check_writable().await?;
    }
    let (blobs, space) = (exchange.blobs.clone(), exchange.space.clone());
    blocking(move || {
        match extent {
            Extent::Whole => blobs.check_writable()?,
            Extent::Local => blobs.check_local()?,
        }
        space.check(0)
    })
    .await?
}
