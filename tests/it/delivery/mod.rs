//! The folders that courses deliver to the homes of their members.

mod bundling;
mod faults;
mod hostile;
pub mod lesson;
mod many;
mod own_work;
mod pulling;
mod reporting;
mod reverting;
mod script;
mod starting;
mod troubles;
