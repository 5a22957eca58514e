//! nbcourier: the exchange service nbgrader needs wherever JupyterHub has no shared file system.
//!
//! The modules in reading order; ARCHITECTURE.md is the map.

pub mod auth;
pub mod blobs;
pub mod cli;
pub mod client;
pub mod codec;
pub mod config;
pub mod domain;
pub mod exchange;
pub mod http;
pub mod keeping;
pub mod moving;
pub mod store;
