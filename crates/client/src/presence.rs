//! The last time at which students were seen.

use super::{Client, Result};
use nbcourier_api::{Presence, Presences};
use nbcourier_domain::CourseId;

impl Client {
    /// Returns all students of a course in the order of the roster, and whether the hub says when they were active.
    pub async fn presence(&self, course: &CourseId) -> Result<(Vec<Presence>, bool)> {
        let names = ["v1", "courses", course.as_str(), "presence"];
        let mut found: Vec<Presence> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut arguments = vec![("limit", "1000")];
            arguments.extend(next.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Presences = self.get_with(&names, &arguments).await?;
            found.extend(page.presence);
            next = page.next;
            if next.is_none() {
                return Ok((found, page.by_hub));
            }
        }
    }
}
