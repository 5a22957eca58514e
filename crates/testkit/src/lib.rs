//! A fake hub, a browser and the log, for the tests of several crates.
//!
//! It depends on none of them, so that the unit tests of each can use it.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops"
)]

mod browser;
mod hub;
mod logged;

pub use browser::Browser;
pub use hub::{API_TOKEN, CALLBACK_URL, FakeHub, Mood};
pub use logged::Logged;
