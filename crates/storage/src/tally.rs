//! The metrics of the database.

use nbcourier_domain::{Count, Level, Spread};

/// The bounds of the histogram of commit times, in microseconds: from a flush of a good disk to one of a failing
/// disk.
const COMMIT_BOUNDS: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];
const BATCH_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64];

/// The metrics of the single writer.
#[derive(Debug)]
pub struct WriterTally {
    /// The number of changes that wait.
    pub waiting: Level,
    /// The numbers of changes per commit.
    pub batches: Spread,
    /// The durations of commits, including the flush of the disk, in microseconds.
    pub commits: Spread,
    /// The number of batches that were not fully written.
    pub failures: Count,
}

impl Default for WriterTally {
    fn default() -> Self {
        Self {
            waiting: Level::default(),
            batches: Spread::new(BATCH_BOUNDS),
            commits: Spread::new(COMMIT_BOUNDS),
            failures: Count::default(),
        }
    }
}
