//! A course whose instructor is kevin and whose directory `materials` may follow a repository.

use super::git_server::GitServer;
use crate::directories::client::{Directory, send_json};
use nbcourier_testkit::{Course, Reply, Server, Setup, eventually_some};
use serde_json::{Value, json};

pub const SOURCE: &str = "v1/courses/algebra/directories/materials/source";

pub struct Algebra {
    pub server: Server,
}

/// The outcome of a look.
#[derive(Debug)]
pub struct Outcome {
    pub word: String,
    pub report: String,
    pub version: Option<i64>,
}

impl Algebra {
    pub fn setup(git: &GitServer) -> Setup {
        let arguments = git.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Setup::standalone().args(&arguments)
    }

    pub fn start(setup: &Setup) -> Self {
        let server = setup.start();
        Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
        Directory::make(&server, "course:algebra", "materials", "kevin");
        Self { server }
    }

    pub fn materials(&self) -> Directory<'_> {
        Directory::of(&self.server, "course:algebra", "materials", "kevin")
    }

    pub fn send(&self, method: &str, target: &str, user: &str, body: &Value) -> Reply {
        send_json(&self.server, method, target, user, body)
    }

    pub fn set(&self, settings: &Value) -> Reply {
        self.send("PUT", SOURCE, "kevin", settings)
    }

    /// Makes the directory follow the repository. Returns the outcome of the first look.
    #[track_caller]
    pub fn follow(&self, settings: &Value) -> Outcome {
        let reply = self.set(settings);
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.outcome(None)
    }

    #[track_caller]
    pub fn pull(&self) -> Outcome {
        let asked = self.send("POST", &format!("{SOURCE}/pull"), "kevin", &Value::Null);
        assert_eq!(asked.status, 202, "{}", asked.text());
        self.outcome(asked.json()["run"].as_i64())
    }

    pub fn runs(&self) -> Vec<Value> {
        let runs = self
            .server
            .get(&format!("{SOURCE}/runs"), "kevin")
            .ok()
            .json();
        runs["runs"].as_array().unwrap().clone()
    }

    /// Waits for the end of that run, or of the newest one.
    #[track_caller]
    pub fn outcome(&self, number: Option<i64>) -> Outcome {
        eventually_some("the run ends", || {
            let runs = self.runs();
            let run = match number {
                None => runs.first(),
                Some(number) => runs.iter().find(|run| run["id"] == number),
            };
            let run = run.filter(|run| !run["outcome"].is_null())?;
            Some(Outcome {
                word: run["outcome"].as_str().unwrap().to_owned(),
                report: run["report"].as_str().unwrap_or_default().to_owned(),
                version: run["version"].as_i64(),
            })
        })
    }
}

pub fn settings(url: &str) -> Value {
    json!({ "url": url, "branch": "main" })
}
