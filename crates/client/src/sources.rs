//! Repositories that directories of courses follow.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{NewSource, PullAsked, Source, SourceRun, SourceRuns};
use nbcourier_domain::CourseId;
use reqwest::Method;
use serde_json::{Value, json};

impl Client {
    /// Makes a directory of a course follow a repository.
    pub async fn set_source(
        &self,
        course: &CourseId,
        name: &str,
        new: &NewSource,
    ) -> Result<Source> {
        let names = below(course, name);
        self.send(Method::PUT, &names, Body::Json(&json!(new)))
            .await
    }

    /// Returns the repository that a directory follows.
    pub async fn source(&self, course: &CourseId, name: &str) -> Result<Source> {
        self.get(&below(course, name)).await
    }

    /// Makes a directory follow nothing.
    pub async fn remove_source(&self, course: &CourseId, name: &str) -> Result<()> {
        self.delete(&below(course, name)).await
    }

    /// Makes the server look at the repository now. Returns the number of the run.
    pub async fn pull_source(&self, course: &CourseId, name: &str) -> Result<i64> {
        let names = [&below(course, name)[..], &["pull"]].concat();
        let asked: PullAsked = self
            .send(Method::POST, &names, Body::Json(&Value::Null))
            .await?;
        Ok(asked.run)
    }

    /// Returns the last looks at the repository, the newest first.
    pub async fn source_runs(&self, course: &CourseId, name: &str) -> Result<Vec<SourceRun>> {
        let names = [&below(course, name)[..], &["runs"]].concat();
        let runs: SourceRuns = self.get(&names).await?;
        Ok(runs.runs)
    }
}

fn below<'a>(course: &'a CourseId, name: &'a str) -> [&'a str; 6] {
    [
        "v1",
        "courses",
        course.as_str(),
        "directories",
        name,
        "source",
    ]
}
