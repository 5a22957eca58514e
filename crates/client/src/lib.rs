//! The client of an exchange, which the commands use. The exchange may run on another machine.
//!
//! The client uses `v1/` where possible. It uses the ngshare protocol for requests that exist only there (creating
//! and deleting courses), and for those that must work against ngshare as well.

mod courses;
mod error;
mod events;
mod feedback;
mod http;
mod ngshare;
mod probe;
mod receipts;
mod recognition;
mod roster;
mod times;
mod token;
mod trash;
mod work;

pub use courses::{Course, Released};
pub use error::Error;
pub use events::Event;
pub use feedback::Returned;
pub use http::{Client, Way};
pub use ngshare::{Details, Enrolment};
pub use probe::{Arrival, Health, Probe};
pub use receipts::{Receipt, Verdict};
pub use roster::{Changes, Line, Member};
pub use times::{Dates, Extension};
pub use token::odd_length;
pub use trash::{DeletedCourse, DeletedWork, Kind, Trash};
pub use work::{AssignmentOverview, Overview, StudentOverview, Work};

/// The result of a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;
