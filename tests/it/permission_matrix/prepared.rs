//! The state in which a permitted request succeeds.

use super::DUE;
use super::bodies::{page_to_share, parts, roster_of};
use super::rows::{Role, Row, SERVICE};
use crate::sql::Sql;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Form, Sent, Server, percent_encode};
use serde_json::json;
use std::collections::BTreeMap;

/// The people in the course who have submitted.
pub const AUTHORS: [&str; 5] = ["lawrence", "other-student", "alex", "kevin", "root"];

/// A course of kevin and co-instructor, in which alex and co-assistant assist, with lawrence and other-student.
pub struct Prepared<'a> {
    pub course: Course<'a>,
    pub id: String,
    /// The times of the submissions, by author.
    pub times: BTreeMap<&'static str, String>,
    /// The IDs of the submissions, by author.
    pub numbers: BTreeMap<&'static str, i64>,
}

impl<'a> Prepared<'a> {
    /// Makes a course that a request of the row may change.
    pub fn for_row(server: &'a Server, id: &str, row: &Row) -> Self {
        if row.needs_work() {
            Self::with_work(server, id)
        } else {
            Self::with_people(server, id)
        }
    }

    /// Makes a course with one assignment, and a submission with feedback for each person who may submit.
    pub fn with_work(server: &'a Server, id: &str) -> Self {
        let mut prepared = Self::with_people(server, id);
        let course = prepared.course();
        for text in ["earlier", "task"] {
            let files = [Sent::new("task", text)];
            course.release("challenge", "kevin", &files).ok();
            if text == "earlier" {
                let path = format!("assignment/{id}/challenge");
                let call = server.call("DELETE", &path);
                server.send(&call.token("kevin")).ok();
            }
        }
        let times = AUTHORS.map(|author| {
            let work = [Sent::new("work", format!("by {author}"))];
            let time = timestamp_of(&course.submit("challenge", author, &work));
            course.give_feedback("challenge", author, &time, &work).ok();
            (author, time)
        });
        let listing = format!("v1/courses/{id}/submissions");
        let listing = course.get(&listing, "kevin").ok().json();
        let numbers = AUTHORS.map(|author| {
            let listed = listing["submissions"].as_array().expect("submissions");
            let of_author = listed.iter().find(|line| line["student"] == author);
            let number = of_author.expect("theirs")["id"].as_i64();
            (author, number.expect("a number"))
        });
        prepared.times = times.into();
        prepared.numbers = numbers.into();
        prepared
    }

    fn with_people(server: &'a Server, id: &str) -> Self {
        let prepared = Self {
            course: Course::of(server, "").by_token(),
            id: id.to_owned(),
            times: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        let (instructors, students) = (["kevin", "co-instructor"], ["lawrence", "other-student"]);
        prepared.course().make(&instructors, &students);
        let people = ["alex", "co-assistant"];
        let people = people.map(|name| json!({ "username": name, "role": "assistant" }));
        let roster = server.call("PUT", &format!("v1/courses/{id}/roster"));
        let people = json!({ "people": people }).to_string();
        let roster = roster.body("application/json", people);
        server.send(&roster.token("root")).ok();
        prepared
    }

    pub fn course(&self) -> Course<'_> {
        Course {
            id: &self.id,
            ..self.course
        }
    }

    /// Makes the directory that the row is about, as the roles need it. Returns its owner and name.
    pub fn directory(&self, role: &Role, row: &Row) -> (String, String) {
        let server = self.course.server;
        let send = |method: &str, target: &str, token: &str, body: serde_json::Value| {
            let call = server.call(method, target).token(token);
            server.send(&call.body("application/json", body.to_string()))
        };
        let (owner, writer) = match row.about {
            "of the course" => (format!("course:{}", self.id), "co-instructor"),
            "one's own" => (role.own.to_owned(), "root"),
            _ => ("other-student".to_owned(), "other-student"),
        };
        let kind = row.about.rsplit(' ').next().unwrap_or_default();
        let name = format!("{kind}-{}-{}", self.id, role.head.replace(' ', "-"));
        let path = format!("v1/directories/{}/{name}", percent_encode(&owner));
        let new = json!({ "owner": owner, "name": name });
        let made = send("POST", "v1/directories", writer, new);
        if made.status != 201 {
            // Rows that only read share one course, and so their directories.
            assert_eq!(made.message(), "Directory already exists");
            return (owner, name);
        }
        if row.about != "one's own" {
            let file = server
                .call("PUT", &format!("{path}/files/task"))
                .token(writer);
            let file = file.body("application/octet-stream", "do it");
            server.send(&file).ok();
            let folder = json!({ "changes": [{ "op": "mkdir", "path": "folder" }] });
            send("POST", &format!("{path}/changes"), writer, folder).ok();
        }
        if let Some(level) = match kind {
            "reading" => Some("read"),
            "writing" => Some("write"),
            _ => None,
        } {
            let to = if role.token == Some(SERVICE) {
                "service:kevin"
            } else {
                role.own
            };
            let grants = json!({ "grants": [{ "kind": "user", "name": to, "level": level }] });
            send("PUT", &format!("{path}/grants"), writer, grants).ok();
        }
        (owner, name)
    }

    /// Makes a directory of the course that follows a repository. The server looks at it only if somebody asks for that.
    pub fn follow(&self) {
        let server = self.course.server;
        let new = json!({ "owner": format!("course:{}", self.id), "name": "followed" });
        let made = server.call("POST", "v1/directories").token("root");
        server.send(&made.body("application/json", new.to_string()));
        self.follow_in("followed");
    }

    /// Makes that directory of the course follow a repository, if it does not yet.
    pub fn follow_in(&self, name: &str) {
        let server = self.course.server;
        let name = name.replace('\'', "''");
        Sql::of(server).execute(&format!(
            "INSERT INTO sources (directory_id, url, exclude, every_seconds, allow_solutions, hook_id, hook_secret, next_at)
                SELECT d.id, 'https://localhost:1/x', '[]', 3600, FALSE, 'hook of {0}, {name}', '00', 9000000000000000
                FROM directories d JOIN courses c ON c.id = d.course_id WHERE c.name = '{0}' AND d.name = '{name}'
                    AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.directory_id = d.id)",
            self.id
        ));
    }

    /// Returns the number and the secret of a page that the person shares in the course.
    pub fn share(&self, person: &str, audience: &str) -> (String, String) {
        let server = self.course.server;
        let settings = server.call("PUT", &format!("v1/courses/{}/settings", self.id));
        let settings = settings.body("application/json", r#"{"sharing": "hub"}"#);
        server.send(&settings.token("root")).ok();
        // A person shares only so many pages at a time.
        Sql::of(server).execute("DELETE FROM shares");
        // A stranger shares nothing.
        let sender = match person {
            "other-student" => person,
            author if AUTHORS.contains(&author) => person,
            _ => "other-student",
        };
        let target = format!(
            "v1/shares?course={}&title=plot&audience={audience}",
            self.id
        );
        let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
        let call = server.call("POST", &target).token(sender);
        let made = server.send(&call.body(&kind, page_to_share()));
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let token = made["url"].as_str().and_then(|url| url.rsplit('/').next());
        (made["id"].to_string(), token.expect("a secret").to_owned())
    }

    /// Gives a student more time if the row takes it back.
    pub fn give_time(&self, row: &Row, course: &str, student: &str) {
        let is = |end: &str| row.route.ends_with(end);
        let deletes = row.route.starts_with("DELETE ");
        if is("/more-time/remove") || deletes && is("/extensions/{user}") {
            self.extend(course, student);
        }
        if is("/allowance/remove") || deletes && is("/allowances/{user}") {
            self.allow(course, student);
        }
    }

    /// Gives a student an allowance.
    fn allow(&self, course: &str, student: &str) {
        let allowance = format!("v1/courses/{course}/allowances/{student}");
        let given = self.course.server.call("PUT", &allowance).token("root");
        let given = given.body("application/json", r#"{"hours": 48}"#);
        self.course.server.send(&given);
    }

    /// Gives a student an extension.
    fn extend(&self, course: &str, student: &str) {
        let extension = format!("v1/courses/{course}/assignments/challenge/extensions/{student}");
        let given = self.course.server.call("PUT", &extension).token("root");
        let given = given.body("application/json", DUE);
        self.course.server.send(&given);
    }

    /// Returns the ID for `{id}`; deletes the thing first if the row restores it.
    pub fn number(&self, path: &str, user: &str) -> String {
        let own = self.numbers.get(user).copied().unwrap_or(0).to_string();
        let course = format!("v1/courses/{}", self.id);
        match path {
            "v1/trash/{id}" => self.deleted(),
            "v1/courses/{course}/trash/assignments/{id}" => {
                self.delete(&format!("{course}/assignments/challenge"));
                let trash = self.course.get(&format!("{course}/trash"), "root");
                trash.ok().json()["assignments"][0]["id"].to_string()
            }
            "v1/courses/{course}/trash/submissions/{id}" => {
                self.delete(&format!("{course}/submissions/{own}"));
                own
            }
            "v1/courses/{course}/trash/feedback/{id}" => {
                self.delete(&format!("{course}/submissions/{own}/feedback"));
                own
            }
            _ => own,
        }
    }

    pub fn delete(&self, target: &str) {
        let server = self.course.server;
        server.send(&server.call("DELETE", target).token("root"));
    }

    /// Deletes the course and returns the ID under which it can be restored.
    pub fn deleted(&self) -> String {
        let server = self.course.server;
        self.delete(&format!("course/{}", self.id));
        let trash = server
            .send(&server.call("GET", "v1/trash").token("root"))
            .ok()
            .json();
        let courses = trash["courses"].as_array().expect("courses");
        let deleted = courses
            .iter()
            .find(|course| course["course"] == self.id.as_str());
        deleted.expect("the deleted course")["id"].to_string()
    }

    /// Adds a person to the roster, if the caller with this token may, and returns the ID of the request.
    pub fn done_by(&self, token: Option<&str>) -> String {
        let server = self.course.server;
        let id = format!("deed-in-{}", self.id);
        let call = server.call("PUT", &format!("v1/courses/{}/roster", self.id));
        let call = call.body("application/json", roster_of("sam", "a new student"));
        let call = call.header("X-Request-Id", &id);
        server.send(&match token {
            Some(token) => call.token(token),
            None => call,
        });
        id
    }

    /// Returns the form of a list with this person. Unless it is only looked at, an administrator has looked before.
    pub fn list_of(&self, user: &str, about: &str) -> Vec<u8> {
        let role = about.rsplit(' ').next().unwrap_or_default();
        let text = format!("username,role\n{user},{role}\n");
        if about.starts_with("look") {
            return parts(&[("text", &text)]);
        }
        let server = self.course.server;
        let look = server.call("POST", &format!("c/{}/import", self.id));
        let look = look.body(
            &format!("multipart/form-data; boundary={}", Form::BOUNDARY),
            parts(&[("text", &text)]),
        );
        let page = server.send(&look.token("root")).ok().text();
        let seen = page.split("name=\"seen\" value=\"").nth(1);
        let seen = seen.and_then(|rest| rest.split('"').next());
        parts(&[
            ("text", &text),
            ("seen", seen.expect("a list")),
            ("step", "add"),
        ])
    }
}
