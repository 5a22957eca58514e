//! Waiting for an expected event, always with a limit.

use std::time::{Duration, Instant};

/// The time limit of a test's wait. No correct program takes a fraction of it, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(5);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `is_so` returns true; fails with `what` after the time limit.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    eventually_some(what, || is_so().then_some(()));
}

/// Waits until `look` returns something, and returns that; fails with `what` after the time limit.
#[track_caller]
pub fn eventually_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(PAUSE);
    }
}
