//! The operator's commands for the data of people: show, rename, merge, remove, export.

pub mod desk;
mod export;
mod merge;
mod purge;
mod rename;
mod schema;
