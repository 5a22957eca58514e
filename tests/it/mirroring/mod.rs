//! Mirrors of the directories of courses, on a machine with many users.

mod access;
mod faults;
mod going_on;
pub mod hostile;
mod machine;
mod versions;
