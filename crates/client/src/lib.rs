//! The other side: what the commands ask an exchange, which may be on another machine.
//!
//! What `v1/` has is asked there; what only the ngshare protocol has (making and deleting courses) or what must work
//! against ngshare as well is asked in that.

mod courses;
mod error;
mod events;
mod feedback;
mod http;
mod ngshare;
mod probe;
mod receipts;
mod roster;
mod times;
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
pub use trash::{DeletedCourse, DeletedWork, Kind, Trash};
pub use work::{AssignmentOverview, Overview, StudentOverview, Work};

/// What asking gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;
