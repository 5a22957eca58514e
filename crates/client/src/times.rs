//! When assignments open, are due and close.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The times of an assignment, each in RFC 3339 or `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dates {
    /// Students see it from then on.
    pub opens_at: Option<String>,
    /// What comes later is late.
    pub due_at: Option<String>,
    /// What comes later is refused.
    pub cutoff_at: Option<String>,
}

/// Other times for one student; what is `None` is as for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Whose it is.
    pub student: String,
    /// What comes later is late.
    pub due_at: Option<String>,
    /// What comes later is refused.
    pub cutoff_at: Option<String>,
}

/// The reply to new dates. Without all three members it comes from a stranger.
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
    /// Sets all three; `None` means none.
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

    /// Who has more time for an assignment.
    pub async fn extensions(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
    ) -> Result<Vec<Extension>> {
        let reply: Extensions = self.get(&below(course, assignment, "extensions")).await?;
        Ok(reply.extensions)
    }

    /// Gives a student other times, instead of any given before.
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

    /// Takes a student's other times away.
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
