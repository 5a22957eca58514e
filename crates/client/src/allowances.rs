//! The allowances of students in a course.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{Allowance, Allowances, NewAllowance};
use nbcourier_domain::{CourseId, UserName};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Returns the allowances in a course.
    pub async fn allowances(&self, course: &CourseId) -> Result<Vec<Allowance>> {
        let parts = |page: Allowances| (page.allowances, page.next);
        self.listed(&below(course), parts).await
    }

    /// Sets a student's allowance, in place of an earlier one.
    pub async fn set_allowance(
        &self,
        course: &CourseId,
        student: &UserName,
        allowance: &NewAllowance,
    ) -> Result<Allowance> {
        let names = [&below(course)[..], &[student.as_str()]].concat();
        self.send(Method::PUT, &names, Body::Json(&json!(allowance)))
            .await
    }

    /// Removes a student's allowance.
    pub async fn remove_allowance(&self, course: &CourseId, student: &UserName) -> Result<()> {
        let names = [&below(course)[..], &[student.as_str()]].concat();
        self.delete(&names).await
    }
}

fn below(course: &CourseId) -> [&str; 4] {
    ["v1", "courses", course.as_str(), "allowances"]
}
