//! Counters, gauges and histograms of the crates. Updating them takes neither locks nor memory, and a crate that
//! counts does not know the readers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A counter of events or amounts since the process began.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds one.
    pub fn once(&self) {
        self.add(1);
    }

    /// Adds an amount.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Returns the value so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A gauge: the number of things that exist now.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// Adds one.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Subtracts one.
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the current value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A histogram: the number of values up to each of some bounds, and their sum.
#[derive(Debug)]
pub struct Spread {
    bounds: &'static [u64],
    /// One count for each bound, and one for the values above the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// The state of a histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spreading {
    /// Each bound, with the number of values up to it and above the one before.
    pub up_to: Vec<(u64, u64)>,
    /// The number of values above the last bound.
    pub above: u64,
    /// The sum of all values.
    pub sum: u64,
}

impl Spread {
    /// Creates an empty histogram. The bounds must increase.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Adds a value.
    pub fn add(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Adds a duration, in microseconds.
    pub fn took(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns the current state.
    pub fn read(&self) -> Spreading {
        let mut counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let up_to = self.bounds.iter().copied().zip(counts.by_ref()).collect();
        Spreading {
            up_to,
            above: self.counts[self.bounds.len()].load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl Spreading {
    /// Returns the number of values.
    pub fn count(&self) -> u64 {
        self.up_to.iter().map(|(_, count)| count).sum::<u64>() + self.above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_up_to_the_first_bound_that_it_is_not_above() {
        let spread = Spread::new(&[1, 10]);
        for value in [0, 1, 2, 10, 11, 1000] {
            spread.add(value);
        }
        let read = spread.read();
        assert_eq!(read.up_to, [(1, 2), (10, 2)]);
        assert_eq!((read.above, read.sum, read.count()), (2, 1024, 6));
    }
}
