//! What was deleted and can be brought back.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::CourseId;
use reqwest::Method;
use serde::{Deserialize, Serialize};

/// A deleted course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeletedCourse {
    /// Its number.
    pub id: i64,
    /// The name it had.
    pub course: String,
    /// When that was, in RFC 3339.
    pub deleted_at: String,
}

/// What was deleted in a course.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trash {
    /// Assignments with all that was handed in to them.
    pub assignments: Vec<DeletedWork>,
    /// Submissions.
    pub submissions: Vec<DeletedWork>,
    /// Feedback, by the numbers of its submissions.
    pub feedback: Vec<DeletedWork>,
}

/// Something of a course that was deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeletedWork {
    /// Its number.
    pub id: i64,
    /// To which assignment it belongs, or which it is.
    pub assignment: String,
    /// Whose it is; nobody's, if it is an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    /// When that was, in RFC 3339.
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
    /// Where the next page begins; of an older exchange there is one page.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(flatten)]
    trash: Trash,
    next: Option<String>,
}

/// The reply to a restore has no members. Any other object comes from a stranger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restored {}

impl Client {
    /// The deleted courses.
    pub async fn deleted_courses(&self) -> Result<Vec<DeletedCourse>> {
        let mut courses = Vec::new();
        let take = |mut page: DeletedCourses| {
            courses.append(&mut page.courses);
            page.next
        };
        self.pages(&["v1", "trash"], take).await?;
        Ok(courses)
    }

    /// Brings a course back.
    pub async fn restore_course(&self, id: i64) -> Result<()> {
        self.restored(&["v1", "trash", &id.to_string()]).await
    }

    /// What was deleted in a course.
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

    /// Brings something back into its course.
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
