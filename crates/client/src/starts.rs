//! The deliveries at the starts of servers.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{NewStart, Start, Starts, StartsAlike};
use nbcourier_domain::{CourseId, StartOutcome, UserName};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Reports a delivery at the start of the caller's server.
    pub async fn report_start(&self, course: &CourseId, new: &NewStart) -> Result<()> {
        let body = json!(new);
        self.send(Method::POST, &below(course), Body::Json(&body))
            .await
    }

    /// Returns the newest starts in a course, at most so many, and how the last starts of its members went.
    pub async fn starts(
        &self,
        course: &CourseId,
        person: Option<&UserName>,
        outcome: Option<StartOutcome>,
        at_most: usize,
    ) -> Result<(Vec<Start>, Vec<StartsAlike>)> {
        let (mut found, mut summary): (Vec<Start>, _) = (Vec::new(), Vec::new());
        let limit = at_most.min(1000).to_string();
        let mut arguments = vec![("limit", limit.as_str())];
        arguments.extend(person.map(|person| ("person", person.as_str())));
        arguments.extend(outcome.map(|outcome| ("outcome", outcome.word())));
        let take = |page: Starts| {
            summary.extend(page.summary.into_iter().flatten());
            found.extend(page.starts);
            page.next.filter(|_| found.len() < at_most)
        };
        self.pages_with(&below(course), &arguments, take).await?;
        found.truncate(at_most);
        Ok((found, summary))
    }
}

fn below(course: &CourseId) -> [&str; 4] {
    ["v1", "courses", course.as_str(), "starts"]
}
