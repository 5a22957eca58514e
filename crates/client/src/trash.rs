//! The trash: deleted things that can be restored.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{CourseTrash, DeletedCourse, DeletedCourses, Restored};
use nbcourier_domain::CourseId;
use reqwest::Method;

/// The kind of an item in the trash of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// An assignment with its submissions
    Assignment,
    /// A submission
    Submission,
    /// The feedback on a submission, by the submission's number
    Feedback,
}

impl Client {
    /// Returns the deleted courses.
    pub async fn deleted_courses(&self) -> Result<Vec<DeletedCourse>> {
        let parts = |page: DeletedCourses| (page.courses, page.next);
        self.listed(&["v1", "trash"], parts).await
    }

    /// Restores a course.
    pub async fn restore_course(&self, id: i64) -> Result<()> {
        self.restored(&["v1", "trash", &id.to_string()]).await
    }

    /// Returns the trash of a course.
    pub async fn trash(&self, course: &CourseId) -> Result<CourseTrash> {
        let names = ["v1", "courses", course.as_str(), "trash"];
        let mut all = CourseTrash::default();
        let take = |mut trash: CourseTrash| {
            all.assignments.append(&mut trash.assignments);
            all.submissions.append(&mut trash.submissions);
            all.feedback.append(&mut trash.feedback);
            trash.next
        };
        self.pages(&names, take).await?;
        Ok(all)
    }

    /// Restores something to its course.
    pub async fn restore(&self, course: &CourseId, kind: Kind, id: i64) -> Result<()> {
        let kind = match kind {
            Kind::Assignment => "assignments",
            Kind::Submission => "submissions",
            Kind::Feedback => "feedback",
        };
        let id = id.to_string();
        self.restored(&["v1", "courses", course.as_str(), "trash", kind, &id])
            .await
    }

    async fn restored(&self, names: &[&str]) -> Result<()> {
        let _: Restored = self.send(Method::POST, names, Body::Nothing).await?;
        Ok(())
    }
}
