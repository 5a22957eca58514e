//! The operator's view of a running exchange: its metrics, its settings, and its problems.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]
#![allow(clippy::float_cmp, reason = "numbers that were counted are exact")]
#![allow(clippy::format_push_string, reason = "short")]
#![allow(clippy::too_many_lines, reason = "one page of numbers is one test")]

#[path = "../support/mod.rs"]
mod support;

mod doctor;
mod metrics;
mod numbers;
mod secrets;
