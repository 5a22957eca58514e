//! Metrics of the questions to the hub.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Bounds in seconds, from a hub on the same machine to a hub that timed out.
const ANSWER_BOUNDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// Counters by the value of one label.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// Metrics of the questions who owns a token.
#[derive(Debug)]
pub struct HubMetrics {
    /// Tokens looked up in the memory, by `result`.
    pub lookups: Counters,
    /// Questions to the hub, by `outcome`.
    pub checks: Counters,
    /// Callers admitted because of an earlier answer of an unavailable hub.
    pub remembered: Counter,
    /// The duration of the hub's answers, in seconds.
    pub answers: Histogram,
    /// Questions answered from memory, or together with another that asked the same.
    pub(super) hits: Counter,
    /// Questions that were not answered so.
    pub(super) misses: Counter,
    /// Questions about a token that the hub knew.
    pub(super) known: Counter,
    /// Questions about a token that the hub did not know.
    pub(super) unknown: Counter,
    /// Questions that the hub could not be asked, or whose answer made no sense.
    pub(super) unavailable: Counter,
}

impl Default for HubMetrics {
    fn default() -> Self {
        let (lookups, checks) = (Counters::default(), Counters::default());
        let result = |value| lookups.get_or_create_owned(&[("result", value)]);
        let outcome = |value| checks.get_or_create_owned(&[("outcome", value)]);
        Self {
            hits: result("hit"),
            misses: result("miss"),
            known: outcome("known"),
            unknown: outcome("unknown"),
            unavailable: outcome("unavailable"),
            remembered: Counter::default(),
            answers: Histogram::new(ANSWER_BOUNDS),
            lookups,
            checks,
        }
    }
}
