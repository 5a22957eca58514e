//! The dates of assignments, and the extensions.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The dates of an assignment, each in RFC 3339 or `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dates {
    /// The opening time: students see the assignment from then on.
    pub opens_at: Option<String>,
    /// The due time: later submissions are late.
    pub due_at: Option<String>,
    /// The cut-off: later submissions are refused.
    pub cutoff_at: Option<String>,
}

/// Other dates for one student. A date that is `None` is the same as for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// The student's name.
    pub student: String,
    /// The due time: later submissions are late.
    pub due_at: Option<String>,
    /// The cut-off: later submissions are refused.
    pub cutoff_at: Option<String>,
}

/// The reply to new dates. A reply that lacks one of the three members does not come from an exchange.
#[derive(Deserialize)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
struct Saved {
    #[serde(deserialize_with = "Option::deserialize")]
    opens_at: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    due_at: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    cutoff_at: Option<String>,
}

#[derive(Deserialize)]
struct Extensions {
    extensions: Vec<Extension>,
}

impl Client {
    /// Sets all three dates. `None` removes a date.
    pub async fn set_dates(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        dates: &Dates,
    ) -> Result<Dates> {
        let names = below(course, assignment, "dates");
        let saved: Saved = self
            .send(Method::PUT, &names, Body::Json(&json!(dates)))
            .await?;
        Ok(Dates {
            opens_at: saved.opens_at,
            due_at: saved.due_at,
            cutoff_at: saved.cutoff_at,
        })
    }

    /// Returns the extensions for an assignment.
    pub async fn extensions(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
    ) -> Result<Vec<Extension>> {
        let reply: Extensions = self.get(&below(course, assignment, "extensions")).await?;
        Ok(reply.extensions)
    }

    /// Sets a student's extension, in place of an earlier one.
    pub async fn set_extension(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        extension: &Extension,
    ) -> Result<()> {
        let names = below(course, assignment, "extensions");
        let names = [&names[..], &[extension.student.as_str()]].concat();
        let body = json!({ "due_at": extension.due_at, "cutoff_at": extension.cutoff_at });
        let _: Extension = self.send(Method::PUT, &names, Body::Json(&body)).await?;
        Ok(())
    }

    /// Removes a student's extension.
    pub async fn remove_extension(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        student: &UserName,
    ) -> Result<()> {
        let names = below(course, assignment, "extensions");
        self.delete(&[&names[..], &[student.as_str()]].concat())
            .await
    }
}

fn below<'a>(course: &'a CourseId, assignment: &'a AssignmentId, what: &'a str) -> [&'a str; 6] {
    let (course, assignment) = (course.as_str(), assignment.as_str());
    ["v1", "courses", course, "assignments", assignment, what]
}
