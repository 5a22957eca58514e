//! The view of the whole exchange that administrators have. Each function runs one statement, whose cost is bounded by an index or
//! by the number of courses and people.

mod courses;
mod figures;
mod person;
mod room;

pub use courses::{CourseFilter, CourseLine, CourseOrder, courses, teachers, unknown_teachers};
pub use figures::{Figures, figures, replicas, set_aside};
pub use person::{PersonLine, PersonPlace, people_like, places_of};
pub use room::{Owned, TrashSize, course_rows, largest_people, trash};
