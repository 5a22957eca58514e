//! The metrics of the database.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::sync::Arc;

/// The bounds of the histogram of commit times, in seconds: from a flush of a good disk to one of a failing disk.
const COMMIT_BOUNDS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
const BATCH_BOUNDS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// The metrics of the writers.
#[derive(Debug)]
pub struct WriterMetrics {
    /// The number of changes that wait.
    pub waiting: Gauge,
    /// The numbers of changes per commit.
    pub batches: Histogram,
    /// The durations of commits, including the flush of the disk, in seconds.
    pub commits: Histogram,
    /// The number of batches that were not fully written.
    pub failures: Counter,
}

impl Default for WriterMetrics {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            batches: Histogram::new(BATCH_BOUNDS),
            commits: Histogram::new(COMMIT_BOUNDS),
            failures: Counter::default(),
        }
    }
}

/// Counts a change as waiting until it begins or is given up.
pub(super) struct Waiting(Arc<WriterMetrics>);

impl Waiting {
    pub fn begin(metrics: &Arc<WriterMetrics>) -> Self {
        metrics.waiting.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.dec();
    }
}
