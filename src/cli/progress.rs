//! Progress bar. Silent when standard error is not a terminal.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use nbcourier_backup::ProgressEvent;
use nbcourier_domain::{ByteSize, Span};
use std::fmt::Write;
use std::time::Duration;

/// A progress bar that disappears when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Returns a progress bar for this number of bytes. `what` stands before it.
    pub fn of_bytes(what: &'static str, total: u64) -> Self {
        Self::new(what, total, "{msg} {wide_bar} {done} of {all}, {rest} left")
    }

    /// Returns a progress bar for this number of things.
    pub fn of_things(what: &'static str, total: u64) -> Self {
        Self::new(what, total, "{msg} {wide_bar} {pos} of {len}, {rest} left")
    }

    /// Returns a progress bar for bytes whose number is not known.
    pub fn without_end(what: &'static str) -> Self {
        Self::over(ProgressBar::no_length(), what, "{msg} {done}")
    }

    fn new(what: &'static str, total: u64, template: &str) -> Self {
        Self::over(ProgressBar::new(total), what, template)
    }

    fn over(bar: ProgressBar, what: &'static str, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(
                style
                    .with_key("done", |state: &ProgressState, text: &mut dyn Write| {
                        let _ = text.write_str(&ByteSize(state.pos()).rounded());
                    })
                    .with_key("all", |state: &ProgressState, text: &mut dyn Write| {
                        let _ = text.write_str(&ByteSize(state.len().unwrap_or(0)).rounded());
                    })
                    .with_key("rest", |state: &ProgressState, text: &mut dyn Write| {
                        let seconds = Duration::from_secs(state.eta().as_secs());
                        let _ = text.write_str(&Span(seconds).rounded());
                    }),
            );
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
    pub fn note(&mut self, work: ProgressEvent) {
        match work {
            ProgressEvent::Begin(what, total) => {
                // The previous progress bar must disappear first.
                self.0 = None;
                self.0 = Some(Progress::of_bytes(what, total));
            }
            ProgressEvent::BeginRows(what, total) => {
                self.0 = None;
                self.0 = Some(Progress::of_things(what, total));
            }
            ProgressEvent::Done(more) => {
                if let Some(progress) = &self.0 {
                    progress.add(more);
                }
            }
        }
    }
}
