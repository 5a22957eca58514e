//! The metrics for Prometheus: requests, their times, and the state of the service.
//!
//! Inner modules count with `Count`, `Level` and `Spread` of `domain` and do not know this module. Here the values are
//! read and written. No label holds a name that a user chose: routes are patterns, and all other labels are fixed
//! words.

mod access;
mod page;
mod process;
mod requests;
mod sheet;

pub use access::Metrics;
pub use requests::Requests;

pub(super) use access::{Guard, alone, show};
