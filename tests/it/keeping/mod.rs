//! The storage of a term's work: backup and restore, clean-ups, repairs, archives of courses.

mod archive;
mod backup;
mod clearing;
pub mod place;
mod private;
mod repairing;
mod shared_in_archive;
mod under_load;
