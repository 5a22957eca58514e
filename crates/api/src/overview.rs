//! The overview of a course: which students submitted which assignments.

use super::Dates;
use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The overview of a course.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct CourseOverview {
    /// All assignments, released or not. Only the first page lists them.
    pub assignments: Vec<AssignmentOverview>,
    /// All enrolled students, and everybody else who has submitted.
    pub students: Vec<StudentOverview>,
    /// The `cursor` with which the same request gets the next page of students.
    pub next: Option<String>,
}

/// An assignment, with numbers of students.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentOverview {
    pub assignment: String,
    pub opens_at: Option<Rfc3339>,
    pub due_at: Option<Rfc3339>,
    pub cutoff_at: Option<Rfc3339>,
    pub released: bool,
    /// The number of students who have submitted.
    pub submitted: usize,
    /// The number of enrolled students who have not submitted.
    pub missing: usize,
    /// The number of students whose latest submission is late.
    pub late: usize,
    /// The number of students with feedback on their latest submission.
    pub feedback: usize,
}

impl AssignmentOverview {
    /// Returns the dates for everybody.
    pub const fn dates(&self) -> Dates {
        Dates {
            opens_at: self.opens_at,
            due_at: self.due_at,
            cutoff_at: self.cutoff_at,
        }
    }
}

/// A student with their submissions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StudentOverview {
    pub student: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Whether the student is enrolled now.
    pub enrolled: bool,
    /// The student's submissions by assignment, in the order of the assignments.
    pub work: Vec<SubmissionOverview>,
}

/// A student's submissions to an assignment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WorkOverview")]
pub struct SubmissionOverview {
    pub assignment: String,
    /// The time of the latest submission.
    pub submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    pub late: bool,
    /// The number of submissions.
    pub submissions: usize,
    pub feedback: FeedbackState,
}

/// The state of the feedback on a student's submissions to an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackState {
    /// There is no feedback.
    None,
    /// The latest submission has feedback.
    Returned,
    /// Only an earlier submission has feedback.
    Outdated,
}

impl FeedbackState {
    /// Returns the word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Returned => "returned",
            Self::Outdated => "outdated",
        }
    }
}
