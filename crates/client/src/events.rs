//! The events of an exchange.

use super::http::LONGEST_LISTING;
use super::{Client, Result};
use nbcourier_api::{Event, Events};
use nbcourier_domain::CourseId;

/// The number of events requested at a time.
const PAGE: usize = 1000;

impl Client {
    /// Returns the newest events of a course, or of all courses, newest first. Returns at most `at_most` events, and
    /// none before `since`.
    pub async fn events(
        &self,
        course: Option<&CourseId>,
        since: Option<&str>,
        at_most: usize,
    ) -> Result<Vec<Event>> {
        let names = match course {
            Some(course) => vec!["v1", "courses", course.as_str(), "events"],
            None => vec!["v1", "events"],
        };
        let mut found: Vec<Event> = Vec::new();
        let mut next: Option<String> = None;
        let mut left = LONGEST_LISTING;
        loop {
            let limit = (at_most - found.len()).min(PAGE).to_string();
            let mut arguments = vec![("limit", limit.as_str())];
            arguments.extend(since.map(|since| ("since", since)));
            arguments.extend(next.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Events = self.page(&names, &arguments, &mut left).await?;
            found.extend(page.events);
            next = page.next;
            if next.is_none() || found.len() >= at_most {
                return Ok(found);
            }
        }
    }
}
