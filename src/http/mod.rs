//! The HTTP interface: parses requests, calls `exchange`, and writes the replies.

#![warn(
    clippy::expect_used,
    reason = "what comes from strangers must not end in a panic"
)]

mod access_log;
mod body;
pub mod error;
mod fair_share;
mod health;
mod idempotency;
mod identify;
mod json_body;
mod list;
mod listing;
mod manifest;
mod metrics;
mod names;
pub mod ngshare;
pub mod openapi;
mod own_host;
pub mod pages;
mod paging;
mod panics;
mod person;
mod problem;
mod receipt;
mod receive;
mod server;
mod state;
mod tar_reply;
#[cfg(test)]
pub(crate) mod tests;
mod tree_body;
mod tree_readers;
mod user_argument;
mod v1;

pub use access_log::LOG_TARGET;
pub use metrics::Metrics;
pub use server::{Server, Settings, addresses, start};
