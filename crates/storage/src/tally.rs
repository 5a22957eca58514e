//! What the store counts about itself, for whoever watches the service.

use nbcourier_domain::{Count, Level, Spread};

/// In microseconds: from a flush of a good disk to one that is in trouble.
const COMMIT_BOUNDS: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];
const BATCH_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64];

/// The work of the one writer.
#[derive(Debug)]
pub struct WriterTally {
    /// Changes that wait for it.
    pub waiting: Level,
    /// How many changes shared a commit.
    pub batches: Spread,
    /// How long commits took, the flush of the disk included, in microseconds.
    pub commits: Spread,
    /// Batches of which nothing was written.
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
