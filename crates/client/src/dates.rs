//! The dates of assignments, and the extensions.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{Dates, Extension, Extensions, NewDates, NewExtension};
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Sets all three dates. `None` removes a date.
    pub async fn set_dates(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        dates: &NewDates,
    ) -> Result<Dates> {
        let names = below(course, assignment, "dates");
        self.send(Method::PUT, &names, Body::Json(&json!(dates)))
            .await
    }

    /// Returns the extensions for an assignment.
    pub async fn extensions(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
    ) -> Result<Vec<Extension>> {
        let parts = |page: Extensions| (page.extensions, page.next);
        let names = below(course, assignment, "extensions");
        self.listed(&names, parts).await
    }

    /// Sets a student's extension, in place of an earlier one.
    pub async fn set_extension(
        &self,
        course: &CourseId,
        assignment: &AssignmentId,
        student: &UserName,
        extension: &NewExtension,
    ) -> Result<Extension> {
        let names = below(course, assignment, "extensions");
        let names = [&names[..], &[student.as_str()]].concat();
        self.send(Method::PUT, &names, Body::Json(&json!(extension)))
            .await
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
