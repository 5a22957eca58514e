//! Courses and their released assignments.

use super::{Client, Dates, Result};
use nbcourier_domain::{CourseId, Role};
use serde::{Deserialize, Serialize};

/// A course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Course {
    /// The name of the course.
    pub course: String,
    /// The caller's role in the course; `None` for an administrator who is not a member.
    pub role: Option<Role>,
}

/// An assignment that is currently released.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Released {
    /// The name of the assignment.
    pub assignment: String,
    /// The number of its releases so far.
    pub version: i64,
    /// The time of this release, in RFC 3339.
    pub released_at: String,
    /// Opening time, due time and cut-off, as they are for the caller.
    #[serde(flatten)]
    pub dates: Dates,
}

#[derive(Deserialize)]
struct Courses {
    courses: Vec<Course>,
    /// The cursor of the next page. Older exchanges send a single page and no cursor.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Assignments {
    assignments: Vec<Released>,
    next: Option<String>,
}

impl Client {
    /// Returns the caller's courses; for an administrator, all courses.
    pub async fn courses(&self) -> Result<Vec<Course>> {
        let mut courses = Vec::new();
        let take = |mut page: Courses| {
            courses.append(&mut page.courses);
            page.next
        };
        self.pages(&["v1", "courses"], take).await?;
        Ok(courses)
    }

    /// Returns the assignments that are released in a course.
    pub async fn assignments(&self, course: &CourseId) -> Result<Vec<Released>> {
        let names = ["v1", "courses", course.as_str(), "assignments"];
        let mut assignments = Vec::new();
        let take = |mut page: Assignments| {
            assignments.append(&mut page.assignments);
            page.next
        };
        self.pages(&names, take).await?;
        Ok(assignments)
    }
}
