//! Counts the effects of a fault, for the table at the end.

use nbcourier_testkit::Reply;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Whether this is the long form.
pub fn is_torture() -> bool {
    std::env::var_os("NBCOURIER_TORTURE").is_some()
}

/// Returns the number of rounds: the first in the short form, the second in the long one.
pub fn rounds(short: u64, long: u64) -> u64 {
    if is_torture() { long } else { short }
}

/// Returns the seed of all random choices; `NBCOURIER_SEED` sets another one.
pub fn seed() -> u64 {
    let given = std::env::var("NBCOURIER_SEED");
    given.map_or(1, |seed| seed.parse().expect("NBCOURIER_SEED is a number"))
}

/// A row of the table. Its counts are appended to the file that `NBCOURIER_TALLY` names when the test is over.
pub struct Tally {
    fault: &'static str,
    rounds: AtomicU64,
    answered: AtomicU64,
    compared: AtomicU64,
    lost: AtomicU64,
    wrong: AtomicU64,
    unnamed: AtomicU64,
    looped: AtomicU64,
}

impl Tally {
    pub fn of(fault: &'static str) -> Self {
        Self {
            fault,
            rounds: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            compared: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            unnamed: AtomicU64::new(0),
            looped: AtomicU64::new(0),
        }
    }

    /// Counts one more occurrence of the fault.
    pub fn round(&self) {
        let rounds = self.rounds.fetch_add(1, SeqCst) + 1;
        if is_torture() && rounds.is_multiple_of(10) {
            println!("{}", self.line().replace('\t', " | "));
        }
    }

    /// Counts a change that was confirmed and from now on must be there.
    pub fn answered(&self) {
        self.answered.fetch_add(1, SeqCst);
    }

    /// Counts a comparison of served and expected contents.
    pub fn compare(&self, is_same: bool, what: &str) {
        self.compared.fetch_add(1, SeqCst);
        if !is_same {
            self.wrong.fetch_add(1, SeqCst);
            eprintln!("{}: WRONG BYTES: {what}", self.fault);
        }
    }

    /// Counts a confirmed change that is no longer there.
    pub fn lost(&self, what: &str) {
        self.lost.fetch_add(1, SeqCst);
        eprintln!("{}: LOST: {what}", self.fault);
    }

    /// Checks a reply: a failure of the server must have one of these statuses.
    pub fn see(&self, reply: &Reply, named: &[u16]) {
        if reply.status >= 500 && !named.contains(&reply.status) {
            self.unnamed.fetch_add(1, SeqCst);
            eprintln!("{}: {}: {}", self.fault, reply.status, reply.text());
        }
    }

    /// Counts a round that changed something although nothing had changed.
    pub fn looped(&self, what: &str) {
        self.looped.fetch_add(1, SeqCst);
        eprintln!("{}: LOOP: {what}", self.fault);
    }

    /// Fails if anything was lost or wrong, if a failure was unexpected, or if a round changed something without a reason.
    pub fn assert_clean(&self) {
        let counts = [&self.lost, &self.wrong, &self.unnamed, &self.looped];
        let counts = counts.map(|count| count.load(SeqCst));
        assert_eq!(counts, [0, 0, 0, 0], "lost, wrong, other 5xx and loops");
        assert!(self.rounds.load(SeqCst) > 0, "nothing was tried");
    }

    fn line(&self) -> String {
        let counts = [
            &self.rounds,
            &self.answered,
            &self.compared,
            &self.lost,
            &self.wrong,
            &self.unnamed,
            &self.looped,
        ];
        let counts = counts.map(|count| count.load(SeqCst).to_string());
        format!("{}\t{}", self.fault, counts.join("\t"))
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Some(path) = std::env::var_os("NBCOURIER_TALLY") else {
            return;
        };
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        // A panic here would hide the one that is under way.
        if let Ok(mut file) = file {
            let _ = writeln!(file, "{}", self.line());
        }
    }
}
