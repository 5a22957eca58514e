//! The storage of a term's work: backup and restore, clean-ups, repairs, archives of courses.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod backup;
mod clearing;
mod mending;
mod place;
mod private;
mod under_load;
