//! What tests of several crates need: a hub, a browser, and the log.
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
