//! Courses and their released assignments.

use super::{Client, Result};
use nbcourier_api::{Assignment, Assignments, Course, Courses};
use nbcourier_domain::CourseId;

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
    pub async fn assignments(&self, course: &CourseId) -> Result<Vec<Assignment>> {
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
