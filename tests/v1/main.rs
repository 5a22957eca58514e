//! Our own API below `v1/`, with requests as a client sends them.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod assignments;
mod client;
mod collect;
mod dates;
mod events;
mod fetch;
mod give;
mod history;
mod listings;
mod manifests;
mod memory;
mod overview;
mod pages;
mod problems;
mod receipts;
mod release;
mod roster;
mod submissions;
mod submit;
mod trash;
