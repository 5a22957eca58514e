//! How the work of a term is kept: backups and bringing them back, clearing away, mending, archives of courses.

#![allow(clippy::unwrap_used)] // what cannot go on shows where

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod backup;
mod clearing;
mod mending;
mod place;
mod private;
mod under_load;
