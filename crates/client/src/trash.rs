//! The trash: deleted things that can be restored.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::CourseId;
use reqwest::Method;
use serde::{Deserialize, Serialize};

/// A deleted course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeletedCourse {
    /// The number by which the course can be restored.
    pub id: i64,
    /// The name of the course when it was deleted.
    pub course: String,
    /// The time of deletion, in RFC 3339.
    pub deleted_at: String,
}

/// The trash of a course.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trash {
    /// Assignments with all their submissions.
    pub assignments: Vec<DeletedWork>,
    /// Submissions.
    pub submissions: Vec<DeletedWork>,
    /// Feedback, by the numbers of its submissions.
    pub feedback: Vec<DeletedWork>,
}

/// A deleted assignment, submission or feedback.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeletedWork {
    /// The number by which it can be restored.
    pub id: i64,
    /// The name of the assignment, or of the assignment that it belongs to.
    pub assignment: String,
    /// The student's name; `None` for an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    /// The time of deletion, in RFC 3339.
    pub deleted_at: String,
}

/// What something in the trash of a course is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// An assignment with its submissions
    Assignment,
    /// A submission
    Submission,
    /// The feedback on a submission, by the submission's number
    Feedback,
}

#[derive(Deserialize)]
struct DeletedCourses {
    courses: Vec<DeletedCourse>,
    /// The cursor of the next page. Older exchanges send a single page and no cursor.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(flatten)]
    trash: Trash,
    next: Option<String>,
}

/// The reply to a restore has no members. Any other object does not come from an exchange.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restored {}

impl Client {
    /// Returns the deleted courses.
    pub async fn deleted_courses(&self) -> Result<Vec<DeletedCourse>> {
        let mut courses = Vec::new();
        let take = |mut page: DeletedCourses| {
            courses.append(&mut page.courses);
            page.next
        };
        self.pages(&["v1", "trash"], take).await?;
        Ok(courses)
    }

    /// Restores a course.
    pub async fn restore_course(&self, id: i64) -> Result<()> {
        self.restored(&["v1", "trash", &id.to_string()]).await
    }

    /// Returns the trash of a course.
    pub async fn trash(&self, course: &CourseId) -> Result<Trash> {
        let names = ["v1", "courses", course.as_str(), "trash"];
        let mut all = Trash::default();
        let take = |Page { mut trash, next }: Page| {
            all.assignments.append(&mut trash.assignments);
            all.submissions.append(&mut trash.submissions);
            all.feedback.append(&mut trash.feedback);
            next
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
