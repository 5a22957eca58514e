//! Commands about courses, which ask a running exchange.

pub mod activity;
pub mod allowance;
pub mod course;
pub mod course_management;
pub mod dates;
pub mod events;
pub mod extension;
pub mod feedback;
pub mod gradebook;
pub mod materials;
pub mod presence;
pub mod receipt;
pub mod roster;
pub mod roster_file;
pub mod starts;
pub mod submissions;
pub mod trash;
