//! What Prometheus asks for: how much was asked of the service, how fast it was, and how it fares.
//!
//! Rooms further in count in `domain`'s `Count`, `Level` and `Spread`, and know nothing of this; here the numbers are
//! read and written down. No label holds what somebody named: routes are patterns, all else is words of our own.

mod access;
mod page;
mod process;
mod requests;
mod sheet;

pub use access::Metrics;
pub use requests::Requests;

pub(super) use access::{Guard, alone, show};
