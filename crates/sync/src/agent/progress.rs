//! The progress of a round that takes long. It is in the folder, for `nbcourier sync status`.

use crate::folder::{Root, text_of};
use nbcourier_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

const NAME: &str = "progress.json";
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 4096;
/// The number of bytes from which on work is long.
const LONG: u64 = 1 << 20;
/// The time between two writes.
const EVERY: Duration = Duration::from_secs(1);

/// The part of a round that takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Files of the folder are read.
    Reading,
    /// Files of the directory are received.
    Receiving,
    /// Files of the folder are sent.
    Sending,
}

/// The progress of a part of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The part.
    pub work: Work,
    /// The number of bytes that are done.
    pub done: u64,
    /// The number of all bytes, where it is known.
    pub of: Option<u64>,
}

/// The progress that a round has noted in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The progress.
    #[serde(flatten)]
    pub progress: Progress,
    /// The time of the note, as RFC 3339. It shows whether the round goes on.
    pub at: String,
}

impl Noted {
    /// Returns the last note of the round that is at work in a folder.
    pub fn read(own: &Root) -> io::Result<Option<Self>> {
        let text = text_of(own, NAME, MAX_BYTES)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Writes the note. It is not flushed, since nobody needs it after a power cut.
    fn write(&self, own: &Root) -> io::Result<()> {
        let beside = format!("{NAME}.new");
        own.create(&beside)?.write_all(&serde_json::to_vec(self)?)?;
        own.replace(&beside, own, NAME)
    }
}

/// Tells how far a round is: a listener each time, and the folder now and then.
pub struct Meter<'a> {
    own: &'a Root,
    listener: &'a dyn Fn(Progress),
    now: Cell<Option<Progress>>,
    written: Cell<Option<Instant>>,
}

impl<'a> Meter<'a> {
    /// Returns the meter of a round, whose state is in this folder.
    pub fn new(own: &'a Root, listener: &'a dyn Fn(Progress)) -> Self {
        let meter = Self {
            own,
            listener,
            now: Cell::new(None),
            written: Cell::new(None),
        };
        // A round that was killed has left it.
        meter.clear();
        meter
    }

    /// Begins a part of the round.
    pub fn begin(&self, work: Work, of: Option<u64>) {
        let now = Progress { work, done: 0, of };
        self.now.set(Some(now));
        if of.is_some_and(|of| of >= LONG) {
            self.tell(now);
        }
    }

    /// Adds bytes that are done.
    pub fn add(&self, bytes: u64) {
        let Some(mut now) = self.now.get() else {
            return;
        };
        now.done = now.done.saturating_add(bytes);
        self.now.set(Some(now));
        if now.of.unwrap_or(now.done) >= LONG {
            self.tell(now);
        }
    }

    fn tell(&self, now: Progress) {
        (self.listener)(now);
        let is_late = self.written.get().is_none_or(|at| at.elapsed() >= EVERY);
        if now.done == 0 || is_late {
            let noted = Noted {
                progress: now,
                at: Timestamp::now().to_rfc3339(),
            };
            // The work itself does not depend on it.
            let _ = noted.write(self.own);
            self.written.set(Some(Instant::now()));
        }
    }

    fn clear(&self) {
        let _ = self.own.remove(NAME);
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if self.written.get().is_some() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn only_long_work_is_told_and_nothing_is_left_of_it() {
        let place = tempfile::tempdir().unwrap();
        let own = Root::open(place.path()).unwrap();
        let told = RefCell::new(Vec::new());
        let listener = |it: Progress| told.borrow_mut().push((it.work, it.done, it.of));
        let meter = Meter::new(&own, &listener);
        meter.add(LONG);
        meter.begin(Work::Sending, Some(LONG - 1));
        meter.add(LONG - 1);
        assert_eq!(Noted::read(&own).unwrap(), None);
        meter.begin(Work::Reading, None);
        meter.add(LONG / 2);
        meter.add(LONG);
        meter.begin(Work::Receiving, Some(LONG));
        let known = Noted::read(&own).unwrap().unwrap().progress;
        assert_eq!(
            (known.work, known.done, known.of),
            (Work::Receiving, 0, Some(LONG))
        );
        meter.add(LONG);
        let expected = [
            (Work::Reading, LONG / 2 + LONG, None),
            (Work::Receiving, 0, Some(LONG)),
            (Work::Receiving, LONG, Some(LONG)),
        ];
        assert_eq!(*told.borrow(), expected);
        drop(meter);
        assert_eq!(Noted::read(&own).unwrap(), None);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
