//! Numbers that a room keeps about its own work, for whoever watches the service. Counting takes neither locks nor
//! memory; a room that counts does not know who reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often something happened since the process began, or how much of something there was.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Once more.
    pub fn once(&self) {
        self.add(1);
    }

    /// That often, or that much, more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// So far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many of something there are now.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How values spread: how many there were up to each of some bounds, and their sum.
#[derive(Debug)]
pub struct Spread {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A spread at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spreading {
    /// Each bound, and how many values were not above it and above the one before.
    pub up_to: Vec<(u64, u64)>,
    /// How many were above the last bound.
    pub above: u64,
    /// All of them together.
    pub sum: u64,
}

impl Spread {
    /// Nothing seen yet; the bounds grow.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// One more value.
    pub fn add(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// One more length of time, in microseconds.
    pub fn took(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was seen so far.
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
    /// How many values there were.
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
