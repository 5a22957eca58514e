//! Our own API below `v1/`, asked as a client would.

#![allow(clippy::unwrap_used)] // what cannot go on shows where
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
