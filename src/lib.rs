//! The exchange service for nbgrader on a JupyterHub without a shared file system.
//!
//! ARCHITECTURE.md is the map of the modules. They stand here in reading order.

pub mod cli;
pub mod config;
pub mod findings;
pub mod http;
mod tables;
