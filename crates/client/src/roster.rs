//! The roster of a course.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{Member, Roster, RosterChange, RosterChanges, RosterEntry};
use nbcourier_domain::{CourseId, UserName};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Returns all members of the course.
    pub async fn roster(&self, course: &CourseId) -> Result<Vec<Member>> {
        let names = ["v1", "courses", course.as_str(), "roster"];
        let parts = |page: Roster| (page.people, page.next);
        self.listed(&names, parts).await
    }

    /// Adds or updates these members: all of them or, on an error, none.
    pub async fn put_roster(
        &self,
        course: &CourseId,
        people: Vec<RosterEntry>,
    ) -> Result<RosterChanges> {
        let names = ["v1", "courses", course.as_str(), "roster"];
        let body = json!(RosterChange {
            people: people.into(),
        });
        self.send(Method::PUT, &names, Body::Json(&body)).await
    }

    /// Removes a member from the roster.
    pub async fn remove_from_roster(&self, course: &CourseId, user: &UserName) -> Result<()> {
        let (course, user) = (course.as_str(), user.as_str());
        self.delete(&["v1", "courses", course, "roster", user])
            .await
    }
}
