//! nbcourier: the exchange service nbgrader needs wherever JupyterHub has no shared file system.
//!
//! The modules in reading order; ARCHITECTURE.md is the map.

pub mod cli;
pub mod config;
pub mod http;
