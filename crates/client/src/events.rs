//! Who did what.

use super::{Client, Result};
use nbcourier_domain::CourseId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many are asked for at a time.
const PAGE: usize = 1000;

/// Something that was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Its number; later ones have larger numbers.
    pub id: i64,
    /// When that was, in RFC 3339.
    pub at: String,
    /// What was done, in a word or two.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// For or to whom.
    pub subject: Option<String>,
    /// In which course.
    pub course: Option<String>,
    /// With which assignment.
    pub assignment: Option<String>,
    /// With which submission.
    pub submission: Option<i64>,
    /// More about it.
    pub detail: Option<Map<String, Value>>,
    /// The id of the request in the log of the exchange.
    pub request: Option<String>,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
    next: Option<String>,
}

impl Client {
    /// The last events of a course, or of all, at most so many and none before that time; the last one first.
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
