//! Directories: their contents, changes, versions, grants, and the trash.

mod changes;
pub mod client;
mod contents;
mod forms;
mod hostile;
mod keeping;
pub mod pages;
mod sharing;
mod versions;
