//! Who has handed in what.

use super::{Client, Dates, Result};
use nbcourier_domain::CourseId;
use serde::{Deserialize, Serialize};

/// A course at a glance.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Overview {
    /// Its assignments.
    pub assignments: Vec<AssignmentOverview>,
    /// Everybody enrolled, and everybody who handed something in.
    pub students: Vec<StudentOverview>,
}

/// An assignment at a glance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssignmentOverview {
    /// Its id.
    pub assignment: String,
    /// When it opens, is due and closes.
    #[serde(flatten)]
    pub dates: Dates,
    /// Whether students can fetch it.
    pub released: bool,
    /// How many students have handed in.
    pub submitted: usize,
    /// How many have not.
    pub missing: usize,
    /// Of how many the latest is late.
    pub late: usize,
    /// How many have feedback.
    pub feedback: usize,
}

/// A student at a glance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StudentOverview {
    /// Their name at the hub.
    pub student: String,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// Whether they are in the course now.
    pub enrolled: bool,
    /// What they handed in, by assignment.
    pub work: Vec<Work>,
}

/// What a student handed in to an assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    /// To which.
    pub assignment: String,
    /// When the latest came, in RFC 3339.
    pub submitted_at: String,
    /// Whether that was after it was due.
    pub late: bool,
    /// How many there are.
    pub submissions: usize,
    /// `none`, `returned`, or `outdated` when only an earlier one has feedback.
    pub feedback: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(flatten)]
    overview: Overview,
    /// Where the next page of students begins; of an older exchange there is one page.
    #[serde(default)]
    next: Option<String>,
}

impl Client {
    /// The course at a glance.
    pub async fn overview(&self, course: &CourseId) -> Result<Overview> {
        let names = ["v1", "courses", course.as_str(), "overview"];
        let mut all = Overview::default();
        let take = |Page { mut overview, next }: Page| {
            // Each page has all assignments.
            all.assignments = overview.assignments;
            all.students.append(&mut overview.students);
            next
        };
        self.pages(&names, take).await?;
        Ok(all)
    }
}
