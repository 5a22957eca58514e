//! The identity of callers behind a hub: a fake hub that is healthy, slow, faulty or gone.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

mod groups;
mod login;
mod outage;
mod requests;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
