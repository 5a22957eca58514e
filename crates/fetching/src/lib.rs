//! Fetches commits of git repositories. The program `git` does it, in a bounded child that gets no environment, reaches one
//! checked address, and never checks anything out. Nothing of a repository is executed, and no path of one is used on the
//! disk.
//!
//! This crate knows no exchange: it yields the files of a commit as entries and bytes.

mod access;
mod address;
mod child;
mod failure;
mod launch;
mod listing;
mod markers;
mod objects;
mod repository;
mod selection;

pub use access::{Access, GitHost, IllegalHost, Token};
pub use child::NO_GIT;
pub use failure::Failure;
pub use launch::{Bounds, LAUNCH, become_git};
pub use listing::{Entry, Kind};
pub use markers::{Found, Markers, lfs_pointer};
pub use objects::Objects;
pub use repository::{Remote, Repository};
pub use selection::{Selected, Selection, select};
