//! What is counted about asking the hub, for whoever watches the service.

use nbcourier_domain::{Count, Spread};

/// In microseconds: from a hub on the same machine to one that is given up.
const ANSWER_BOUNDS: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000,
];

/// The questions whose a token is.
#[derive(Debug)]
pub struct HubTally {
    /// Answered from memory, or together with another that asked the same.
    pub hits: Count,
    /// Not so.
    pub misses: Count,
    /// The hub knew the token.
    pub known: Count,
    /// It did not.
    pub unknown: Count,
    /// It could not be asked, or its answer made no sense.
    pub unavailable: Count,
    /// Callers let in for what an unavailable hub had said earlier.
    pub remembered: Count,
    /// How long the hub took, in microseconds.
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
