//! An operator beside a running server with a term's work.

use crate::sql::Sql;
use nbcourier_testkit::tar::{archive, files};
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, run, timestamp_of};
use serde_json::{Value, json};

/// Names that occur in nothing else.
pub const ADA: &str = "adelheid";
pub const BOB: &str = "bartholomew";
pub const IRA: &str = "iradne";

/// A running server with the courses `algebra`, where ira teaches ada and bob, and `maths`, where ada teaches bob.
pub struct Desk {
    pub server: Server,
}

impl Desk {
    pub fn new() -> Self {
        // One test submits for as long as a renaming takes.
        let server = Setup::standalone()
            .args(&["--max-submissions", "0", "--activity"])
            .start();
        let algebra = Course::of(&server, "algebra");
        algebra.make(&[IRA], &[BOB]);
        let details = [
            ("first_name", "Ada"),
            ("last_name", "L."),
            ("email", "ada@example.org"),
        ];
        let target = format!("student/algebra/{ADA}");
        server.post(&target, IRA, &details).ok();
        algebra
            .release("ps1", IRA, &[Sent::new("task", "do it")])
            .ok();
        let maths = Course::of(&server, "maths");
        maths.make(&[ADA], &[BOB]);
        maths
            .release("sheet", ADA, &[Sent::new("task", "prove it")])
            .ok();
        let desk = Self { server };
        let on = "UPDATE courses SET activity = TRUE WHERE name = 'algebra'";
        desk.database().execute(on);
        let time = desk.hand_in(ADA, "one");
        desk.hand_in(ADA, "two");
        let feedback = format!("feedback/algebra/ps1/{ADA}");
        let files = nbcourier_testkit::files_json(&[Sent::new("marks", "good")]);
        let fields = [("timestamp", time.as_str()), ("files", &files)];
        desk.server.post(&feedback, IRA, &fields).ok();
        desk.put_extension(ADA, "2220-01-01T00:00:00Z");
        // Ada submits for bob, whom she teaches, and gives feedback on it.
        let target =
            format!("v1/courses/maths/assignments/sheet/submissions?user={ADA}&student={BOB}");
        let call = desk.server.call("POST", &target);
        let work = archive(&[Sent::new("proof", "q.e.d.")]);
        let call = call
            .header("Idempotency-Key", "first-try")
            .body("application/x-tar", work);
        let receipt = desk.server.send(&call).json();
        let id = receipt["receipt"]["id"].to_string();
        let target = format!("v1/courses/maths/submissions/{id}/feedback?user={ADA}");
        let call = desk.server.call("POST", &target);
        let marks = archive(&[Sent::new("marks", "fine")]);
        assert_eq!(
            desk.server
                .send(&call.body("application/x-tar", marks))
                .status,
            200
        );
        desk
    }

    /// Submits to ps1 of algebra; returns the time.
    pub fn hand_in(&self, who: &str, text: &str) -> String {
        let algebra = Course::of(&self.server, "algebra");
        timestamp_of(&algebra.submit("ps1", who, &[Sent::new("work", text)]))
    }

    pub fn put_extension(&self, who: &str, due: &str) {
        let target = format!("v1/courses/algebra/assignments/ps1/extensions/{who}?user={IRA}");
        let call = self.server.call("PUT", &target);
        let body = json!({ "due_at": due }).to_string();
        self.server.send(&call.body("application/json", body)).ok();
    }

    /// Gives a person an allowance in algebra.
    pub fn put_allowance(&self, who: &str, hours: u32) {
        let target = format!("v1/courses/algebra/allowances/{who}?user={IRA}");
        let call = self.server.call("PUT", &target);
        let body = json!({ "hours": hours, "note": "a weak heart" }).to_string();
        self.server.send(&call.body("application/json", body)).ok();
    }

    /// Fetches ps1 of algebra, reads the feedback there, and reports a start and work as that person. Returns once that is noted.
    pub fn see(&self, who: &str) {
        let mut database = self.database();
        let mut rows = || {
            let fetches = database.count("count(*)", "fetches");
            fetches + database.count("count(*)", "feedback_readings")
        };
        let before = rows();
        self.server.get("assignment/algebra/ps1", who).ok();
        let feedback = self.server.get("v1/courses/algebra/feedback", who).ok();
        let reads = i64::from(files(&feedback.body).len() > 1);
        eventually("it is noted", || rows() == before + 1 + reads);
        let target = format!("v1/courses/algebra/starts?user={who}");
        let start = json!({ "outcome": "failed", "millis": 1, "report": { "failures": ["full"] } });
        let call = self.server.call("POST", &target);
        let call = call.body("application/json", start.to_string());
        assert_eq!(self.server.send(&call).status, 204);
        let work = |kind| json!({ "course": "algebra", "path": "ps1/p1.ipynb", "kind": kind });
        let report = json!({ "items": [work("open"), work("save"), work("minutes")] });
        let call = self.server.call("POST", &format!("v1/activity?user={who}"));
        let call = call.body("application/json", report.to_string());
        assert_eq!(self.server.send(&call).status, 202);
    }

    /// Runs `nbcourier user …` beside the server; returns its exit code and its output.
    pub fn user(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let data = self.server.data_dir().display().to_string();
        let (what, rest) = arguments.split_first().unwrap();
        let all = [&["user", what, "--data-dir", &data], rest].concat();
        let output = run(&all);
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// Runs `nbcourier user …`, which must succeed; returns its output.
    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let (code, said) = self.user(arguments);
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Runs `nbcourier user …`, which must fail; returns its output.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let (code, said) = self.user(arguments);
        assert_eq!(code, Some(1), "{said}");
        said
    }

    pub fn database(&self) -> Sql {
        Sql::of(&self.server)
    }

    /// Returns the columns that contain a text, each with a value.
    pub fn found(&self, text: &str) -> Vec<String> {
        let mut database = self.database();
        let mut found = Vec::new();
        for (table, column, is_text) in database.columns() {
            if !is_text {
                continue;
            }
            let query = format!(
                "SELECT {column} AS value FROM {table} WHERE instr({column}, '{text}') > 0 LIMIT 1"
            );
            let values = database.texts(&query).into_iter();
            found.extend(values.map(|value| format!("{table}.{column}: {value}")));
        }
        found
    }

    /// Returns the events of a course, newest first.
    pub fn events(&self, course: &str) -> Vec<Value> {
        let target = format!("v1/courses/{course}/events");
        let listing = self.server.get(&target, "root").ok().json();
        listing["events"].as_array().unwrap().clone()
    }

    /// Returns the times of a person's submissions to ps1 as instructors see them.
    pub fn times(&self, who: &str) -> Vec<String> {
        let target = format!("v1/courses/algebra/submissions?student={who}");
        let reply = self.server.get(&target, IRA);
        if reply.status == 404 {
            return Vec::new();
        }
        let listing = reply.ok().json();
        let all = listing["submissions"].as_array().unwrap();
        let times = all
            .iter()
            .map(|one| one["submitted_at"].as_str().unwrap().to_owned());
        times.collect()
    }
}
