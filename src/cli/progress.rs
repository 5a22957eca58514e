//! Progress bar. Silent when standard error is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use nbcourier_backup::Work;

/// A progress bar that disappears when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Returns a progress bar for this number of bytes. `what` stands before it.
    pub fn of_bytes(what: &'static str, total: u64) -> Self {
        Self::new(
            what,
            total,
            "{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left",
        )
    }

    /// Returns a progress bar for this number of things.
    pub fn of_things(what: &'static str, total: u64) -> Self {
        Self::new(what, total, "{msg} {wide_bar} {pos} of {len}, {eta} left")
    }

    fn new(what: &'static str, total: u64, template: &str) -> Self {
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    /// Advances the progress bar.
    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The progress bar of work that reports events.
pub struct Watch(Option<Progress>);

impl Watch {
    /// Returns a watch without a progress bar.
    pub fn new() -> Self {
        Self(None)
    }

    /// Takes an event and updates the progress bar.
    pub fn note(&mut self, work: Work) {
        match work {
            Work::Begin(what, total) => {
                // The previous progress bar must disappear first.
                self.0 = None;
                self.0 = Some(Progress::of_bytes(what, total));
            }
            Work::Done(more) => {
                if let Some(progress) = &self.0 {
                    progress.add(more);
                }
            }
        }
    }
}
