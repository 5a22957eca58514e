//! The HTTP interface: parses requests, calls `exchange`, and writes the replies.

#![warn(
    clippy::expect_used,
    reason = "what comes from strangers must not end in a panic"
)]

mod compute;
pub mod error;
mod handler;
mod health;
mod hooks;
mod limits;
mod materials;
mod metrics;
mod middleware;
pub mod ngshare;
pub mod openapi;
pub mod pages;
mod reply;
mod request;
mod request_id;
mod router;
mod routes;
mod server;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod v1;

pub use materials::Materials;
pub use metrics::{Metrics, resident_bytes};
pub use middleware::access_log::LOG_TARGET;
pub use pages::PageSettings;
pub use routes::routes;
pub use server::{Server, Settings, start};
pub use v1::{event, share};
