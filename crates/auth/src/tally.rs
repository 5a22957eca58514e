//! Metrics of the questions to the hub.

use nbcourier_domain::{Count, Spread};

/// Bounds in microseconds, from a hub on the same machine to a hub that timed out.
const ANSWER_BOUNDS: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];

/// Metrics of the questions who owns a token.
#[derive(Debug)]
pub struct HubTally {
    /// Questions answered from memory, or together with another that asked the same.
    pub hits: Count,
    /// Questions that were not answered so.
    pub misses: Count,
    /// Questions about a token that the hub knew.
    pub known: Count,
    /// Questions about a token that the hub did not know.
    pub unknown: Count,
    /// Questions that the hub could not be asked, or whose answer made no sense.
    pub unavailable: Count,
    /// Callers admitted because of an earlier answer of an unavailable hub.
    pub remembered: Count,
    /// The duration of the hub's answers, in microseconds.
    pub answers: Spread,
}

impl Default for HubTally {
    fn default() -> Self {
        Self {
            hits: Count::default(),
            misses: Count::default(),
            known: Count::default(),
            unknown: Count::default(),
            unavailable: Count::default(),
            remembered: Count::default(),
            answers: Spread::new(ANSWER_BOUNDS),
        }
    }
}
