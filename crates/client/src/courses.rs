//! Courses, and what is released in them.

use super::{Client, Dates, Result};
use nbcourier_domain::{CourseId, Role};
use serde::{Deserialize, Serialize};

/// A course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Course {
    /// Its id.
    pub course: String,
    /// What the one who asks is there; `None` for an admin who is not in it.
    pub role: Option<Role>,
}

/// An assignment that is released now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Released {
    /// Its id.
    pub assignment: String,
    /// How often it was released.
    pub version: i64,
    /// When this version was.
    pub released_at: String,
    /// When it opens, is due and closes, for the one who asks.
    #[serde(flatten)]
    pub dates: Dates,
}

#[derive(Deserialize)]
struct Courses {
    courses: Vec<Course>,
    /// Where the next page begins; of an older exchange there is one page.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Assignments {
    assignments: Vec<Released>,
    next: Option<String>,
}

impl Client {
    /// The courses of the one who asks, for an admin all.
    pub async fn courses(&self) -> Result<Vec<Course>> {
        let mut courses = Vec::new();
        let take = |mut page: Courses| {
            courses.append(&mut page.courses);
            page.next
        };
        self.pages(&["v1", "courses"], take).await?;
        Ok(courses)
    }

    /// What is released in a course.
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
