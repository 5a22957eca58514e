//! Submissions: who has submitted in a course, and whether a receipt is valid.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{CourseOverview, ReceiptVerdict, UnverifiedReceipt};
use nbcourier_domain::CourseId;
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Returns the overview of a course.
    pub async fn overview(&self, course: &CourseId) -> Result<CourseOverview> {
        let names = ["v1", "courses", course.as_str(), "overview"];
        let mut all = CourseOverview::default();
        let take = |mut overview: CourseOverview| {
            // The first page lists the assignments. Older exchanges list them on every page.
            if all.assignments.is_empty() {
                all.assignments = overview.assignments;
            }
            all.students.append(&mut overview.students);
            overview.next
        };
        self.pages(&names, take).await?;
        Ok(all)
    }

    /// Asks the exchange whether a receipt is valid.
    pub async fn verify(&self, receipt: &UnverifiedReceipt) -> Result<ReceiptVerdict> {
        let body = json!(receipt);
        let names = ["v1", "receipts", "verify"];
        self.send(Method::POST, &names, Body::Json(&body)).await
    }
}
