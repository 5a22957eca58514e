//! How far a long piece of work is, on a terminal; where standard error is none, nothing.

use indicatif::{ProgressBar, ProgressStyle};
use nbcourier_backup::Work;

/// A line that grows while work goes on and is gone when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of so many bytes; `what` is said before the bar.
    pub fn of_bytes(what: &'static str, total: u64) -> Self {
        Self::new(
            what,
            total,
            "{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left",
        )
    }

    /// Of so many things.
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

    /// So much more is done.
    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The progress of work that tells of itself.
pub struct Watch(Option<Progress>);

impl Watch {
    /// Before anything begins.
    pub fn new() -> Self {
        Self(None)
    }

    /// Takes in how far the work is.
    pub fn note(&mut self, work: Work) {
        match work {
            Work::Begin(what, total) => {
                // The line before goes first.
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
