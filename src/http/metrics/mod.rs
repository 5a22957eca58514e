//! The metrics for Prometheus: requests, their times, and the state of the service.
//!
//! The crates count in types of prometheus-client and do not know this module. Here the metrics get their names. No label holds a name that a user chose: routes are patterns, and all other labels are fixed
//! words.

mod access;
mod page;
mod process;
mod requests;

pub use access::Metrics;
pub use page::counted;
pub use process::resident_bytes;
pub use requests::Requests;

pub(super) use access::{Guard, alone, show};
