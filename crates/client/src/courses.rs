//! Courses and their released assignments.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{Assignment, Assignments, Course, CourseSettings, Courses, NewCourseSettings};
use nbcourier_domain::{AssignmentId, CourseId};
use reqwest::Method;
use serde_json::json;
use std::io;

impl Client {
    /// Returns the caller's courses; for an administrator, all courses.
    pub async fn courses(&self) -> Result<Vec<Course>> {
        let parts = |page: Courses| (page.courses, page.next);
        self.listed(&["v1", "courses"], parts).await
    }

    /// Returns the title and the time zone of a course.
    pub async fn course_settings(&self, course: &CourseId) -> Result<CourseSettings> {
        let names = ["v1", "courses", course.as_str(), "settings"];
        self.get(&names).await
    }

    /// Sets the title and the time zone of a course. `None` removes one.
    pub async fn set_course_settings(
        &self,
        course: &CourseId,
        settings: &NewCourseSettings,
    ) -> Result<CourseSettings> {
        let names = ["v1", "courses", course.as_str(), "settings"];
        self.send(Method::PUT, &names, Body::Json(&json!(settings)))
            .await
    }

    /// Returns the assignments that are released in a course.
    pub async fn assignments(&self, course: &CourseId) -> Result<Vec<Assignment>> {
        let names = ["v1", "courses", course.as_str(), "assignments"];
        let parts = |page: Assignments| (page.assignments, page.next);
        self.listed(&names, parts).await
    }

    /// Receives the released files of an assignment, as a tar archive, piece by piece. The inner error is that of `take`,
    /// which ends the transfer.
    pub async fn released_files(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        let (course, assignment) = (course.as_str(), assignment.as_str());
        let names = ["v1", "courses", course, "assignments", assignment, "tree"];
        let reply = self.receive(&names, &[]).await?;
        self.pour(reply, take).await
    }
}
