//! The HTTP interface: parses requests, calls `exchange`, and writes the replies.

#![warn(
    clippy::expect_used,
    reason = "what comes from strangers must not end in a panic"
)]

pub mod error;
mod health;
mod metrics;
mod middleware;
pub mod ngshare;
pub mod openapi;
pub mod pages;
mod reply;
mod request;
mod server;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod v1;

pub use metrics::Metrics;
pub use middleware::access_log::LOG_TARGET;
pub use server::{Server, Settings, addresses, start};
pub use v1::event;
