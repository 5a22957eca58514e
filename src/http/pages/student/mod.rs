//! Pages for students: what is due, what they have submitted, and the feedback on it. Instructors open the same pages
//! for a student.

pub mod assignment;
pub mod course;
pub mod feedback;
pub mod submission;
pub mod upload;
