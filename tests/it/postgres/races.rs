//! Two changes at the same time. The first has written everything and hangs before its commit. The outcome is one that
//! the two could have had one after the other.

use nbcourier_testdb::shared;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, eventually, run, tar, timestamp_of};
use serde_json::json;
use std::thread;

const COMMIT: &[u8] = b"COMMIT\0";

/// A server whose commits can be held back, with a course.
pub(super) struct Stage {
    proxy: TcpProxy,
    database: String,
    pub server: Server,
}

impl Stage {
    pub fn new(arguments: &[&str]) -> Self {
        let proxy = TcpProxy::sparing(shared().port(), super::READING);
        let database = shared().create();
        let url = format!(
            "postgres://{}@127.0.0.1:{}/{database}",
            nbcourier_testdb::USER,
            proxy.port()
        );
        let server = Setup::standalone()
            .on_postgres(&url)
            .args(arguments)
            .start();
        let stage = Self {
            proxy,
            database,
            server,
        };
        let course = stage.course();
        course.make(&["kim"], &["ann", "ben"]);
        course.release("ps1", "kim", &work("task")).ok();
        // The clean-up at the start commits, too.
        eventually("the first clean-up", || {
            stage.sql("SELECT count(*) FROM runs") != "0"
        });
        stage
    }

    fn course(&self) -> Course<'_> {
        Course::of(&self.server, "algebra")
    }

    pub fn sql(&self, query: &str) -> String {
        shared().sql(&self.database, query)
    }

    /// Runs `first` until its commit, then `second` beside it, and then the commit.
    pub fn race<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.race_at(COMMIT, first, second)
    }

    /// Runs `first` until it sends that text to the database, then `second` beside it, and then the rest.
    pub fn race_at<A: Send, B: Send>(
        &self,
        text: &[u8],
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.proxy.behave(Behaviour::HoldOne(text.to_vec()));
        thread::scope(|scope| {
            let first = scope.spawn(first);
            self.proxy.wait_for_effect();
            let second = scope.spawn(second);
            eventually("the second change waits or has ended", || {
                second.is_finished() || self.is_waiting()
            });
            self.proxy.behave(Behaviour::Pass);
            (first.join().unwrap(), second.join().unwrap())
        })
    }

    /// Whether a change waits for another.
    fn is_waiting(&self) -> bool {
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
                       WHERE NOT granted AND datname = current_database()";
        self.sql(waiting) != "0"
    }

    /// Returns the times of the student's submissions as the student sees them.
    fn times(&self, student: &str) -> Vec<String> {
        let listed = self
            .server
            .get(&format!("submissions/algebra/ps1/{student}"), student);
        let listed = listed.ok().json();
        let rows = listed["submissions"].as_array().unwrap().iter();
        rows.map(|row| row["timestamp"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Runs a command on the data directory. Returns whether it succeeded.
    pub fn command(&self, arguments: &[&str]) -> bool {
        let data = self.server.data_dir().display().to_string();
        let output = run(&[arguments, &["--data-dir", &data]].concat());
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 1)),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        code == Some(0)
    }
}

fn work(text: &str) -> [Sent; 1] {
    [Sent::new("work", text)]
}

fn statuses((one, other): (Reply, Reply)) -> [u16; 2] {
    [one.status, other.status]
}

#[test]
fn two_submissions_of_a_student_have_two_times() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let (one, other) = stage.race(
        || course.submit("ps1", "ann", &work("one")),
        || course.submit("ps1", "ann", &work("other")),
    );
    let (one, other) = (timestamp_of(&one), timestamp_of(&other));
    assert!(one < other, "{one} {other}");
    assert_eq!(course.submitted("ps1", "ann", Some(&one)), work("one"));
    assert_eq!(course.submitted("ps1", "ann", Some(&other)), work("other"));
}

#[test]
fn a_key_makes_one_submission() {
    let stage = Stage::new(&[]);
    let attempt = || {
        let target = "v1/courses/algebra/assignments/ps1/submissions?user=ann";
        let call = stage
            .server
            .call("POST", target)
            .header("Idempotency-Key", "key");
        stage
            .server
            .send(&call.body("application/x-tar", tar::archive(&work("one"))))
    };
    let (one, other) = stage.race(attempt, attempt);
    assert_eq!(one.json()["receipt"], other.json()["receipt"]);
    assert_eq!(stage.times("ann").len(), 1);
}

#[test]
fn limits_count_a_submission_that_is_about_to_be_made() {
    let large = |text: &str| [Sent::new("work", text.repeat(30_000))];
    for (limit, refused) in [
        ("--max-submissions=1", 409),
        ("--max-user-size=100000", 413),
    ] {
        let stage = Stage::new(&[limit]);
        let course = stage.course();
        let raced = stage.race(
            || course.submit("ps1", "ann", &large("ab")),
            || course.submit("ps1", "ann", &large("cd")),
        );
        assert_eq!(statuses(raced), [200, refused], "{limit}");
        assert_eq!(stage.times("ann").len(), 1);
    }
}

#[test]
fn students_may_have_equal_files_at_the_same_time() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let raced = stage.race(
        || course.submit("ps1", "ann", &work("the same")),
        || course.submit("ps1", "ben", &work("the same")),
    );
    assert_eq!(statuses(raced), [200, 200]);
    for student in ["ann", "ben"] {
        assert_eq!(course.submitted("ps1", student, None), work("the same"));
    }
}

#[test]
fn an_assignment_is_released_once_or_in_two_versions() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let raced = stage.race(
        || course.release("ps2", "kim", &work("one")),
        || course.release("ps2", "kim", &work("other")),
    );
    assert_eq!(statuses(raced), [200, 409]);

    let put = |text: &str| {
        let call = stage
            .server
            .call("PUT", "v1/courses/algebra/assignments/ps3/tree?user=kim");
        stage
            .server
            .send(&call.body("application/x-tar", tar::archive(&work(text))))
    };
    let (one, other) = stage.race(|| put("one"), || put("other"));
    let version = |reply: Reply| reply.ok().json()["version"].as_i64().unwrap();
    assert_eq!((version(one), version(other)), (1, 2));
}

#[test]
fn a_release_beside_its_withdrawal_is_one_or_the_other() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let target = "assignment/algebra/ps1";
    let raced = stage.race(
        || stage.server.delete(target, "kim"),
        || stage.server.delete(target, "kim"),
    );
    assert_eq!(statuses(raced), [200, 404]);
    let raced = stage.race(
        || course.release("ps1", "kim", &work("new")),
        || course.release("ps1", "kim", &work("newer")),
    );
    assert_eq!(statuses(raced), [200, 409]);
}

#[test]
fn the_same_feedback_twice_is_given_once() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let time = timestamp_of(&course.submit("ps1", "ann", &work("one")));
    let raced = stage.race(
        || course.give_feedback("ps1", "ann", &time, &work("good")),
        || course.give_feedback("ps1", "ann", &time, &work("good")),
    );
    assert_eq!(statuses(raced), [200, 200]);
    assert_eq!(stage.sql("SELECT count(*) FROM feedback"), "1");
}

#[test]
fn a_name_of_a_course_is_given_once() {
    let stage = Stage::new(&[]);
    let create = || stage.server.post("course/botany", "root", &[]);
    assert_eq!(statuses(stage.race(create, create)), [200, 409]);
    stage.server.delete("course/botany", "root").ok();
    let trash = stage.server.get("v1/trash", "root").ok().json();
    let target = format!("v1/trash/{}?user=root", trash["courses"][0]["id"]);
    let restore = || stage.server.send(&stage.server.call("POST", &target));
    assert_eq!(statuses(stage.race(create, restore)), [200, 409]);
}

#[test]
fn an_instructor_made_meanwhile_does_not_become_a_student() {
    let stage = Stage::new(&[]);
    let details = [("first_name", ""), ("last_name", ""), ("email", "")];
    let raced = stage.race(
        || {
            stage
                .server
                .post("instructor/algebra/cleo", "root", &details)
        },
        || stage.server.post("student/algebra/cleo", "kim", &details),
    );
    assert_eq!(statuses(raced), [200, 409]);
    let found = stage.server.get("instructors/algebra", "kim").ok().text();
    assert!(found.contains("cleo"), "{found}");

    let raced = stage.race(
        || stage.server.delete("student/algebra/ben", "kim"),
        || stage.server.delete("student/algebra/ben", "kim"),
    );
    assert_eq!(statuses(raced), [200, 404]);
}

#[test]
fn a_submission_beside_a_renaming_is_carried_over_or_made_after_it() {
    let stage = Stage::new(&[]);
    let course = stage.course();
    let (submitted, renamed) = stage.race(
        || course.submit("ps1", "ann", &work("before")),
        || stage.command(&["user", "rename", "ann", "anna"]),
    );
    assert_eq!((submitted.status, renamed), (200, true));
    assert_eq!(course.submitted("ps1", "anna", None), work("before"));

    let (renamed, submitted) = stage.race(
        || stage.command(&["user", "rename", "ben", "benno"]),
        || course.submit("ps1", "ben", &work("after")),
    );
    assert!(renamed);
    // The name belongs to nobody of the course any more, or the submission came first and went along.
    match submitted.status {
        200 => {
            let rows = "SELECT string_agg(student, ',') FROM submissions WHERE student LIKE 'ben%'";
            assert!(["ben", "benno"].contains(&stage.sql(rows).as_str()));
        }
        status => assert_eq!(status, 403),
    }
}

#[test]
fn a_note_of_a_fetch_beside_a_renaming_is_carried_over_or_not_made() {
    let stage = Stage::new(&[]);
    let fetch = |who: &str| stage.server.get("assignment/algebra/ps1", who).status;
    let rows = || stage.sql("SELECT string_agg(student, ',') FROM fetches");
    let note = |who: &str| {
        stage.course().enrol(who).ok();
        assert_eq!(fetch(who), 200);
        eventually("the note is written", || rows().contains(who));
    };
    // The note is written a moment after the reply. Its commit hangs.
    let (fetched, renamed) = stage.race(
        || fetch("ann"),
        || stage.command(&["user", "rename", "ann", "anna"]),
    );
    assert_eq!((fetched, renamed), (200, true));
    // Notes are written in turn, so none of Ann's waits any more.
    note("cleo");

    let (renamed, fetched) = stage.race(
        || stage.command(&["user", "rename", "ben", "benno"]),
        || {
            let fetched = fetch("ben");
            // The command may hang in an earlier transaction, which has locked nothing yet.
            eventually("the note waits for the name or is written", || {
                stage.is_waiting() || rows().contains("ben")
            });
            fetched
        },
    );
    assert_eq!((renamed, fetched), (true, 200));
    note("dora");
    let is_former = |name: &str| name == "ann" || name == "ben";
    assert!(!rows().split(',').any(is_former), "{}", rows());
}

#[test]
fn bytes_that_a_clean_up_removes_are_stored_again() {
    let clean_up = ["gc", "--grace", "0", "--retention", "0"];
    let stage = Stage::new(&[]);
    let course = stage.course();
    // The only submission with these bytes goes into the trash.
    course.submit("ps1", "ann", &work("precious")).ok();
    let listed = stage
        .server
        .get("v1/courses/algebra/submissions?student=ann", "kim")
        .ok()
        .json();
    let id = &listed["submissions"][0]["id"];
    let target = format!("v1/courses/algebra/submissions/{id}?user=kim");
    let removed = stage.server.send(&stage.server.call("DELETE", &target));
    assert!(removed.status < 300, "{}", removed.text());

    let (cleared, submitted) = stage.race(
        || stage.command(&clean_up),
        || course.submit("ps1", "ben", &work("precious")),
    );
    assert_eq!((cleared, submitted.status), (true, 200));
    assert_eq!(course.submitted("ps1", "ben", None), work("precious"));

    let (submitted, cleared) = stage.race(
        || course.submit("ps1", "ann", &work("new bytes")),
        || stage.command(&clean_up),
    );
    assert_eq!((submitted.status, cleared), (200, true));
    assert_eq!(course.submitted("ps1", "ann", None), work("new bytes"));
    assert!(stage.command(&["fsck"]));
}

#[test]
fn two_reports_of_work_count_no_more_notebooks_than_one() {
    let stage = Stage::new(&["--activity"]);
    let settings = json!({ "activity": true }).to_string();
    let on = stage
        .server
        .call("PUT", "v1/courses/algebra/settings?user=kim");
    stage
        .server
        .send(&on.body("application/json", settings))
        .ok();
    let report = |name: &str| {
        let items: Vec<_> = (0..30)
            .map(|number| {
                let path = format!("algebra/{name}{number}.ipynb");
                json!({ "course": "algebra", "path": path, "kind": "open" })
            })
            .collect();
        let call = stage.server.call("POST", "v1/activity?user=ann");
        let body = json!({ "items": items }).to_string();
        stage.server.send(&call.body("application/json", body))
    };
    let replies = stage.race(|| report("one"), || report("other"));
    assert_eq!(statuses(replies), [202, 202]);
    assert_eq!(stage.sql("SELECT count(*) FROM activity"), "50");
}

#[test]
fn two_changes_of_an_allowance_each_tell_the_one_before() {
    let stage = Stage::new(&[]);
    let set = |hours: i64| {
        let target = "v1/courses/algebra/allowances/ann?user=kim";
        let call = stage.server.call("PUT", target);
        let body = json!({ "hours": hours }).to_string();
        stage.server.send(&call.body("application/json", body))
    };
    let replies = stage.race(|| set(1), || set(2));
    assert_eq!(statuses(replies), [200, 200]);
    let listed = stage.server.get("v1/courses/algebra/events", "kim").ok();
    let detail = &listed.json()["events"][0]["detail"];
    assert_eq!(
        (&detail["hours"], &detail["before"]["hours"]),
        (&json!(2), &json!(1))
    );
}
