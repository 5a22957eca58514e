//! The overview of a course: the submissions of each student.

use super::{Client, Dates, Result};
use nbcourier_domain::CourseId;
use serde::{Deserialize, Serialize};

/// The overview of a course.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Overview {
    /// The assignments of the course.
    pub assignments: Vec<AssignmentOverview>,
    /// All enrolled students, and everybody else who submitted something.
    pub students: Vec<StudentOverview>,
}

/// The overview of an assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignmentOverview {
    /// The name of the assignment.
    pub assignment: String,
    /// Opening time, due time and cut-off.
    #[serde(flatten)]
    pub dates: Dates,
    /// Whether students can fetch it.
    pub released: bool,
    /// The number of students who submitted.
    pub submitted: usize,
    /// The number of students who did not.
    pub missing: usize,
    /// The number of students whose latest submission is late.
    pub late: usize,
    /// The number of students who have feedback.
    pub feedback: usize,
}

/// The overview of a student.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StudentOverview {
    /// The student's name at the hub.
    pub student: String,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// Whether the student is enrolled now.
    pub enrolled: bool,
    /// The student's submissions, by assignment.
    pub work: Vec<Work>,
}

/// A student's submissions to one assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    /// The name of the assignment.
    pub assignment: String,
    /// The time of the latest submission, in RFC 3339.
    pub submitted_at: String,
    /// Whether the latest submission is late.
    pub late: bool,
    /// The number of submissions.
    pub submissions: usize,
    /// `none`, `returned`, or `outdated` if only an earlier submission has feedback.
    pub feedback: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(flatten)]
    overview: Overview,
    /// The cursor of the next page of students. Older exchanges send a single page and no cursor.
    #[serde(default)]
    next: Option<String>,
}

impl Client {
    /// Returns the overview of a course.
    pub async fn overview(&self, course: &CourseId) -> Result<Overview> {
        let names = ["v1", "courses", course.as_str(), "overview"];
        let mut all = Overview::default();
        let take = |Page { mut overview, next }: Page| {
            // Each page holds all assignments.
            all.assignments = overview.assignments;
            all.students.append(&mut overview.students);
            next
        };
        self.pages(&names, take).await?;
        Ok(all)
    }
}
