//! Requests in ngshare's protocol, which work against ngshare as well.

use super::http::Body;
use super::{Client, Result};
use nbcourier_domain::{CourseId, Role, UserName};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The details of a person as the protocol sends them. A field that is `None` is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Details {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// The result for one student of a request with many students.
#[derive(Debug, Clone, Deserialize)]
pub struct Enrolment {
    /// The student's name.
    pub username: String,
    /// Whether the student is enrolled.
    pub success: bool,
    /// The reason why not.
    pub message: Option<String>,
}

#[derive(Serialize)]
struct Student<'a> {
    username: &'a str,
    #[serde(flatten)]
    details: &'a Details,
}

/// A successful reply without further content.
#[derive(Deserialize)]
struct Done {}

#[derive(Deserialize)]
struct Status {
    status: Vec<Enrolment>,
}

impl Client {
    /// Creates a course with its instructors.
    pub async fn create_course(&self, course: &CourseId, instructors: &[UserName]) -> Result<()> {
        let names = ["course", course.as_str()];
        let instructors: Vec<&str> = instructors.iter().map(UserName::as_str).collect();
        let instructors = json!(instructors).to_string();
        let fields = [("instructors", instructors.as_str())];
        self.form::<Done>(Method::POST, &names, &fields).await?;
        Ok(())
    }

    /// Deletes a course. nbcourier keeps it for the retention time; ngshare does not.
    pub async fn delete_course(&self, course: &CourseId) -> Result<()> {
        let names = ["course", course.as_str()];
        self.form::<Done>(Method::DELETE, &names, &[]).await?;
        Ok(())
    }

    /// Adds a member to a course, or updates their details.
    pub async fn put_member(
        &self,
        course: &CourseId,
        role: Role,
        user: &UserName,
        details: &Details,
    ) -> Result<()> {
        let names = [role.word(), course.as_str(), user.as_str()];
        let given = [
            ("first_name", &details.first_name),
            ("last_name", &details.last_name),
            ("email", &details.email),
        ];
        let given = given.into_iter();
        let fields: Vec<_> = given
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
            .collect();
        self.form::<Done>(Method::POST, &names, &fields).await?;
        Ok(())
    }

    /// Removes a member from a course.
    pub async fn remove_member(
        &self,
        course: &CourseId,
        role: Role,
        user: &UserName,
    ) -> Result<()> {
        let names = [role.word(), course.as_str(), user.as_str()];
        self.form::<Done>(Method::DELETE, &names, &[]).await?;
        Ok(())
    }

    /// Enrols or updates many students at once. Returns the result for each student.
    pub async fn put_students(
        &self,
        course: &CourseId,
        students: &[(UserName, Details)],
    ) -> Result<Vec<Enrolment>> {
        let students = students.iter().map(|(user, details)| Student {
            username: user.as_str(),
            details,
        });
        let students = json!(students.collect::<Vec<_>>()).to_string();
        let names = ["students", course.as_str()];
        let fields = [("students", students.as_str())];
        let reply: Status = self.form(Method::POST, &names, &fields).await?;
        Ok(reply.status)
    }

    async fn form<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        names: &[&str],
        fields: &[(&str, &str)],
    ) -> Result<T> {
        let user = self.user.as_deref().map(|user| ("user", user));
        let fields: Vec<_> = user.into_iter().chain(fields.iter().copied()).collect();
        self.send(method, names, Body::Form(&fields)).await
    }
}
