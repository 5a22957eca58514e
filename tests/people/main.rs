//! What an operator does with what is stored of people: shown, renamed, united, removed, exported.

#![allow(clippy::unwrap_used)] // what cannot go on shows where
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
