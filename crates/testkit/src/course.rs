//! A course with people in it, made by HTTP requests.

use super::{Call, Form, Reply, Sent, Server, files, files_json};
use serde_json::{Value, json};

/// The way in which a request names its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// The argument `user`, as in stand-alone mode.
    Argument,
    /// `Authorization: token NAME`, if the fake hub knows the token `NAME` for the user of that name.
    Token,
}

/// Requests about one course of one server.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    pub server: &'a Server,
    pub id: &'a str,
    pub permit: Permit,
}

impl<'a> Course<'a> {
    pub fn of(server: &'a Server, id: &'a str) -> Self {
        Self {
            server,
            id,
            permit: Permit::Argument,
        }
    }

    /// Returns the same course, with requests by token.
    pub fn by_token(self) -> Self {
        Self {
            permit: Permit::Token,
            ..self
        }
    }

    /// Makes the course with its instructors and students.
    #[track_caller]
    pub fn make(&self, instructors: &[&str], students: &[&str]) {
        let admin = super::setup::ADMIN;
        let list = json!(instructors).to_string();
        self.post(
            &format!("course/{}", self.id),
            admin,
            &[("instructors", &list)],
        )
        .ok();
        for student in students {
            self.enrol(student).ok();
        }
    }

    #[track_caller]
    pub fn enrol(&self, student: &str) -> Reply {
        let details = [("first_name", ""), ("last_name", ""), ("email", "")];
        let target = format!("student/{}/{student}", self.id);
        self.post(&target, super::setup::ADMIN, &details)
    }

    #[track_caller]
    pub fn release(&self, assignment: &str, by: &str, files: &[Sent]) -> Reply {
        let target = format!("assignment/{}/{assignment}", self.id);
        self.post(&target, by, &[("files", &files_json(files))])
    }

    /// Submits the files; the reply contains the timestamp.
    #[track_caller]
    pub fn submit(&self, assignment: &str, student: &str, files: &[Sent]) -> Reply {
        let target = format!("submission/{}/{assignment}", self.id);
        self.post(&target, student, &[("files", &files_json(files))])
    }

    /// Returns the files of the submission at that time, or of the latest one.
    #[track_caller]
    pub fn submitted(&self, assignment: &str, student: &str, timestamp: Option<&str>) -> Vec<Sent> {
        let mut target = format!("submission/{}/{assignment}/{student}", self.id);
        if let Some(timestamp) = timestamp {
            target.push_str(&format!("?timestamp={}", super::percent_encode(timestamp)));
        }
        files::files_of_reply(&self.get(&target, super::setup::ADMIN).ok().json())
    }

    #[track_caller]
    pub fn give_feedback(
        &self,
        assignment: &str,
        student: &str,
        time: &str,
        files: &[Sent],
    ) -> Reply {
        let target = format!("feedback/{}/{assignment}/{student}", self.id);
        let fields = [("timestamp", time), ("files", &files_json(files))];
        self.post(&target, super::setup::ADMIN, &fields)
    }

    #[track_caller]
    pub fn get(&self, target: &str, user: &str) -> Reply {
        match self.permit {
            Permit::Argument => self.server.get(target, user),
            Permit::Token => self
                .server
                .send(&self.server.call("GET", target).token(user)),
        }
    }

    #[track_caller]
    pub fn post(&self, target: &str, user: &str, fields: &[(&str, &str)]) -> Reply {
        match self.permit {
            Permit::Argument => self.server.post(target, user, fields),
            Permit::Token => {
                let form = fields
                    .iter()
                    .fold(Form::new(), |form, (name, value)| form.field(name, value));
                let call: Call = self.server.call("POST", target).token(user).form(&form);
                self.server.send(&call)
            }
        }
    }
}

/// Returns the timestamp in the reply to a submission.
#[track_caller]
pub fn timestamp_of(reply: &Reply) -> String {
    let value: Value = reply.clone().ok().json();
    value["timestamp"].as_str().expect("a timestamp").to_owned()
}
