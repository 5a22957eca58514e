//! Commands about people, with the names they have in all courses.

pub mod footprint;
pub mod renames_file;
pub mod user;
pub mod user_export;
