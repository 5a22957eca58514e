//! How much the exchange has done and holds, for whoever watches.

use super::{Error, Exchange, Result, runs};
use nbcourier_domain::Count;
use nbcourier_storage::{self as store, WriterTally};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

pub use nbcourier_blobs::Space;
pub use nbcourier_storage::DatabaseFiles;

/// How long a count of the blobs serves at least.
const COUNT_SERVES: Duration = Duration::from_secs(15);
/// How many times longer than it took a count serves: counting costs a hundredth of one core at most.
const COUNT_SHARE: u32 = 100;

/// What was done since the process began.
#[derive(Debug, Default)]
pub struct Tally {
    /// Submissions taken in.
    pub submissions: Count,
    /// Versions released.
    pub releases: Count,
    /// Feedback given.
    pub feedback: Count,
}

/// What is there now.
#[derive(Debug, Clone)]
pub struct Holdings {
    /// Contents, each counted once, and their bytes; at most some seconds old.
    pub blobs: (u64, u64),
    /// The file system of the blobs.
    pub blob_space: Space,
    /// The files of the database.
    pub database: DatabaseFiles,
    /// The last run of each task.
    pub runs: Vec<runs::Run>,
}

/// The last count of the blobs.
#[derive(Clone, Default)]
pub(super) struct Counted(Arc<Mutex<Option<LastCount>>>);

#[derive(Clone, Copy)]
struct LastCount {
    blobs: (u64, u64),
    serves_until: Instant,
}

impl Exchange {
    /// What was done since the process began.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The work of the database's writer.
    pub fn writer_tally(&self) -> &WriterTally {
        self.store.tally()
    }
}

/// Looks at what there is; the blobs are counted anew only now and then, however often somebody asks.
pub async fn holdings(exchange: &Exchange) -> Result<Holdings> {
    let blobs = exchange.blobs.clone();
    let store = exchange.store.clone();
    let (blob_space, database) =
        blocking(move || Ok::<_, Error>((blobs.space()?, store.files()?))).await??;
    Ok(Holdings {
        blobs: count(exchange).await?,
        blob_space,
        database,
        runs: runs::list(&exchange.store).await?,
    })
}

async fn count(exchange: &Exchange) -> Result<(u64, u64)> {
    let mut counted = exchange.counted.0.lock().await;
    let now = Instant::now();
    if let Some(last) = *counted
        && now < last.serves_until
    {
        return Ok(last.blobs);
    }
    let blobs = exchange
        .store
        .read(|conn| Ok::<_, Error>(store::blobs::totals(conn)?))
        .await?;
    let serves = COUNT_SERVES.max(now.elapsed().saturating_mul(COUNT_SHARE));
    *counted = Some(LastCount {
        blobs,
        serves_until: Instant::now() + serves,
    });
    Ok(blobs)
}
