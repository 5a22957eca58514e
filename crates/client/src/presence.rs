//! The last time at which students were seen.

use super::{Client, Result};
use nbcourier_api::{Presence, Presences};
use nbcourier_domain::CourseId;

impl Client {
    /// Returns all students of a course in the order of the roster, and whether the hub says when they were active.
    pub async fn presence(&self, course: &CourseId) -> Result<(Vec<Presence>, bool)> {
        let names = ["v1", "courses", course.as_str(), "presence"];
        let mut found: Vec<Presence> = Vec::new();
        let mut by_hub = false;
        let take = |page: Presences| {
            found.extend(page.presence);
            by_hub = page.by_hub;
            page.next
        };
        self.pages_with(&names, &[("limit", "1000")], take).await?;
        Ok((found, by_hub))
    }
}
