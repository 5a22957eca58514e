//! The events of an exchange.

use super::{Client, Result};
use nbcourier_domain::CourseId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The number of events requested at a time.
const PAGE: usize = 1000;

/// The record of one change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// The number of the event. Later events have larger numbers.
    pub id: i64,
    /// The time of the change, in RFC 3339.
    pub at: String,
    /// The action, in a word or two.
    pub action: String,
    /// The person or service that made the change.
    pub actor: String,
    /// The person whom the change concerns.
    pub subject: Option<String>,
    /// The course.
    pub course: Option<String>,
    /// The assignment.
    pub assignment: Option<String>,
    /// The submission.
    pub submission: Option<i64>,
    /// Further details.
    pub detail: Option<Map<String, Value>>,
    /// The ID of the request in the log of the exchange.
    pub request: Option<String>,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
    next: Option<String>,
}

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
        loop {
            let limit = (at_most - found.len()).min(PAGE).to_string();
            let mut arguments = vec![("limit", limit.as_str())];
            arguments.extend(since.map(|since| ("since", since)));
            arguments.extend(next.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Events = self.get_with(&names, &arguments).await?;
            found.extend(page.events);
            next = page.next;
            if next.is_none() || found.len() >= at_most {
                return Ok(found);
            }
        }
    }
}
