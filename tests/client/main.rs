//! The commands that send requests to an exchange, run by people on their own computers.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

#[path = "../support/mod.rs"]
mod support;

mod connection;
mod course_management;
mod courses;
mod events;
mod feedback;
mod person;
mod receipts;
mod roster;
mod work;
