//! Who is in a course.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::{CourseId, Role, UserName};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Somebody in a course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Their name at the hub.
    pub username: String,
    /// What they are in the course.
    pub role: Role,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether a group of the hub makes them that.
    pub by_group: bool,
}

/// Somebody to be added or updated; a detail that is `None` stays what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Their name at the hub.
    pub username: String,
    /// What they are to be.
    pub role: Role,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// What became of the lines.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changes {
    /// People who were not in the course.
    pub added: usize,
    /// People who were.
    pub updated: usize,
    /// What is odd about names; an older exchange says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    people: Vec<Member>,
    /// Where the next page begins.
    next: Option<String>,
}

impl Client {
    /// Everybody in the course.
    pub async fn roster(&self, course: &CourseId) -> Result<Vec<Member>> {
        let names = ["v1", "courses", course.as_str(), "roster"];
        let mut people = Vec::new();
        let take = |mut page: Page| {
            people.append(&mut page.people);
            page.next
        };
        self.pages(&names, take).await?;
        Ok(people)
    }

    /// Adds or updates them, all or none.
    pub async fn put_roster(&self, course: &CourseId, people: &[Line]) -> Result<Changes> {
        let names = ["v1", "courses", course.as_str(), "roster"];
        let body = json!({ "people": people });
        self.send(Method::PUT, &names, Body::Json(&body)).await
    }

    /// Takes somebody off the course.
    pub async fn remove_from_roster(&self, course: &CourseId, user: &UserName) -> Result<()> {
        let (course, user) = (course.as_str(), user.as_str());
        self.delete(&["v1", "courses", course, "roster", user])
            .await
    }
}
