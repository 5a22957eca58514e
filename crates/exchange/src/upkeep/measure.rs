//! Counts of what the exchange has done and what it holds, for monitoring.

use super::runs;
use crate::sources;
use crate::{Error, Exchange, Result};
use nbcourier_storage::{self as store, DatabaseFiles, WriterMetrics};
use nbcourier_work::blocking;
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

use nbcourier_blobs::RemoteBlobs;
pub use nbcourier_blobs::{Sent, Space};

/// Minimum time for which a count of the blobs is reused.
const COUNT_SERVES: Duration = Duration::from_secs(15);
/// A count is reused for this multiple of the time it took, so that counting takes at most a hundredth of one core.
const COUNT_SHARE: u32 = 100;

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct ExchangeMetrics {
    /// Accepted submissions.
    pub submissions: Counter,
    /// Released versions.
    pub releases: Counter,
    /// Given feedback.
    pub feedback: Counter,
    /// New versions of directories.
    pub directory_versions: Counter,
    /// Pieces of work on notebooks that were counted.
    pub activity: Counter,
    /// Fetches and readings of students that were not noted.
    pub unnoted: Counter,
}

/// The current contents of the exchange.
#[derive(Debug, Clone)]
pub struct Holdings {
    /// The part that is the same for all servers of the exchange. Only the server that started first reports it, so that sums
    /// are right.
    pub common: Option<Common>,
    /// The space of the blobs' file system.
    pub blob_space: Space,
    /// The sizes of the database's files, if it has some on this machine.
    pub database: Option<DatabaseFiles>,
    /// The time by which the clock of this machine is ahead of that of the database's server, in microseconds.
    pub clock_ahead: Option<i64>,
    /// The objects that this server has sent to the bucket, if there is one.
    pub sent: Option<Sent>,
}

/// The contents of an exchange that are the same for all its servers.
#[derive(Debug, Clone)]
pub struct Common {
    /// The number of distinct contents and their bytes. The count may be some seconds old.
    pub blobs: (u64, u64),
    /// The last run of each task.
    pub runs: Vec<runs::Run>,
    /// The number of directories whose repository could not be followed three times or more in a row.
    pub failing_sources: u64,
    /// The number of objects that wait for their deletion and their bytes, if there is a bucket.
    pub removed_objects: Option<(u64, u64)>,
}

/// The last count of the blobs.
#[derive(Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<Option<LastCount>>>);

#[derive(Clone, Copy)]
struct LastCount {
    blobs: (u64, u64),
    serves_until: Instant,
}

impl Exchange {
    /// Returns the counters since the start of the process.
    pub fn metrics(&self) -> &ExchangeMetrics {
        &self.metrics
    }

    /// Returns the counters of the database's writer.
    pub fn writer_metrics(&self) -> &WriterMetrics {
        self.rows.metrics()
    }
}

/// Returns the current contents. However often it is called, it counts the blobs only now and then.
pub async fn holdings(exchange: &Exchange) -> Result<Holdings> {
    let blobs = exchange.blobs.clone();
    let rows = exchange.rows.clone();
    let (blob_space, database) =
        blocking(move || Ok::<_, Error>((blobs.space()?, rows.files()?))).await??;
    let common = if exchange.is_first() {
        Some(Common {
            blobs: count(exchange).await?,
            runs: runs::list(exchange).await?,
            failing_sources: sources::failing(exchange).await?,
            removed_objects: waiting(exchange).await?,
        })
    } else {
        // Shows whether the database answers.
        runs::list(exchange).await?;
        None
    };
    Ok(Holdings {
        common,
        blob_space,
        database,
        clock_ahead: exchange.rows.role().clock_ahead(),
        sent: exchange.blobs.remote().map(RemoteBlobs::sent),
    })
}

async fn waiting(exchange: &Exchange) -> Result<Option<(u64, u64)>> {
    if exchange.blobs.remote().is_none() {
        return Ok(None);
    }
    let read = exchange
        .without_policy()
        .read(|conn| Ok(store::objects::waiting(conn)?));
    read.await.map(Some)
}

pub(crate) async fn count(exchange: &Exchange) -> Result<(u64, u64)> {
    let mut counted = exchange.counted.0.lock().await;
    let now = Instant::now();
    if let Some(last) = *counted
        && now < last.serves_until
    {
        return Ok(last.blobs);
    }
    let blobs = exchange
        .without_policy()
        .read(|conn| Ok(store::totals::totals(conn)?))
        .await?;
    let serves = COUNT_SERVES.max(now.elapsed().saturating_mul(COUNT_SHARE));
    *counted = Some(LastCount {
        blobs,
        serves_until: Instant::now() + serves,
    });
    Ok(blobs)
}
