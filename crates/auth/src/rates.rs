//! Rate limits: a number of times a second, averaged over a while, with a burst allowed.

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The maximum number of remembered clients, each of some tens of bytes. Idle clients are forgotten. Beyond it, innocent
/// clients share counters with others.
const MAX_REMEMBERED: usize = 1_000_000;
/// The number of counters that further clients share when that maximum is reached.
const SHARED: u64 = 1024;
/// The interval at which idle clients are looked for.
const FORGETTING: Duration = Duration::from_secs(1);

/// A rate limiter for each client, in bounded memory.
pub struct Rates {
    limiter: DefaultKeyedRateLimiter<u64>,
    clock: DefaultClock,
    // The hash has a random key, so that nobody can choose a name that counts as somebody else's.
    hasher: RandomState,
    forgot: Mutex<Option<Instant>>,
    most: usize,
}

impl Rates {
    /// Creates a limiter of this rate per second, with this burst for a client that was idle.
    pub fn new(per_second: NonZeroU32, at_once: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(at_once);
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            hasher: RandomState::new(),
            forgot: Mutex::default(),
            most: MAX_REMEMBERED,
        }
    }

    /// Counts one use by `who`. When the limit is exceeded, counts nothing and returns the time to wait as the error.
    pub fn count(&self, who: impl Hash) -> Result<(), Duration> {
        let mut key = self.hasher.hash_one(who);
        if self.limiter.len() >= self.most {
            self.forget();
            if self.limiter.len() >= self.most {
                key %= SHARED;
            }
        }
        let answer = self.limiter.check_key(&key);
        answer.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    fn forget(&self) {
        let mut forgot = self.forgot.lock().unwrap_or_else(PoisonError::into_inner);
        if forgot.is_none_or(|time| time.elapsed() > FORGETTING) {
            self.limiter.retain_recent();
            *forgot = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(per_second: u32, at_once: u32) -> Rates {
        let number = |number| NonZeroU32::new(number).unwrap();
        Rates::new(number(per_second), number(at_once))
    }

    #[test]
    fn a_client_above_the_rate_waits_and_others_do_not() {
        let rates = rates(1, 3);
        for _ in 0..3 {
            assert_eq!(rates.count("ada"), Ok(()));
        }
        let wait = rates.count("ada").unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(rates.count("bob"), Ok(()));
    }

    #[test]
    fn however_many_come_few_are_remembered() {
        let rates = Rates {
            most: 10_000,
            ..rates(1, 1)
        };
        for who in 0..2 * rates.most {
            let _ = rates.count(who);
        }
        assert!(rates.limiter.len() <= rates.most + 1024);
    }
}
