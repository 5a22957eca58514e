//! The operator's commands for the data of people: show, rename, merge, remove, export.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod export;
mod merge;
mod purge;
mod rename;
mod schema;
