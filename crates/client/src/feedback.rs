//! Feedback that students can fetch.

use super::{Client, Error, Result};
use nbcourier_api::{Submission, Submissions};
use nbcourier_domain::{AssignmentId, CourseId, UserName};

/// The number of submissions requested at a time.
const AT_ONCE: &str = "500";

impl Client {
    /// Returns the submissions to an assignment that have feedback, of all students or of one.
    pub async fn returned(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        student: Option<&UserName>,
    ) -> Result<Vec<Submission>> {
        let names = ["v1", "courses", course.as_str(), "submissions"];
        let mut found = Vec::new();
        let mut arguments = vec![("assignment", assignment.as_str()), ("limit", AT_ONCE)];
        arguments.extend(student.map(|student| ("student", student.as_str())));
        let take = |page: Submissions| {
            let listed = page.submissions.into_iter();
            found.extend(listed.filter(|submission| submission.feedback.is_some()));
            page.next
        };
        self.pages_with(&names, &arguments, take).await?;
        Ok(found)
    }

    /// Moves the feedback on a submission to the trash.
    pub async fn remove_feedback(&self, course: &CourseId, id: i64) -> Result<()> {
        let id = id.to_string();
        let names = [
            "v1",
            "courses",
            course.as_str(),
            "submissions",
            &id,
            "feedback",
        ];
        match self.delete(&names).await {
            // Another caller was faster, or the reply to an earlier attempt was lost.
            Err(Error::Refused { status: 404, .. }) => Ok(()),
            result => result,
        }
    }
}
