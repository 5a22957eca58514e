//! The roster of a course.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::{CourseId, Role, UserName};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A member of a course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// The name at the hub.
    pub username: String,
    /// The role in the course.
    pub role: Role,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether a group of the hub gives the member this role.
    pub by_group: bool,
}

/// A member to add or update. A detail that is `None` stays unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The name at the hub.
    pub username: String,
    /// The new role.
    pub role: Role,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// The result of adding and updating members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changes {
    /// The number of added members.
    pub added: usize,
    /// The number of updated members.
    pub updated: usize,
    /// Warnings about odd names. Older exchanges send none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    people: Vec<Member>,
    /// The cursor of the next page.
    next: Option<String>,
}

impl Client {
    /// Returns all members of the course.
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

    /// Adds or updates these members: all of them or, on an error, none.
    pub async fn put_roster(&self, course: &CourseId, people: &[Line]) -> Result<Changes> {
        let names = ["v1", "courses", course.as_str(), "roster"];
        let body = json!({ "people": people });
        self.send(Method::PUT, &names, Body::Json(&body)).await
    }

    /// Removes a member from the roster.
    pub async fn remove_from_roster(&self, course: &CourseId, user: &UserName) -> Result<()> {
        let (course, user) = (course.as_str(), user.as_str());
        self.delete(&["v1", "courses", course, "roster", user])
            .await
    }
}
