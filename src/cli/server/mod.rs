//! Commands that run the server and show its settings.

mod clean_up;
pub mod config;
mod ended_sessions;
pub mod logging;
pub mod memory;
pub mod open_files;
pub mod routes;
pub mod serve;
