//! Who a request comes from, when there is a hub to ask: a stand-in that is well, slow, ill or gone as told.

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
