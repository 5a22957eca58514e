//! What students have seen is noted after the reply: who fetched which version, and who read their feedback.

use super::client::{algebra, call, files, problem, put_json, send_tar};
use crate::sql::Sql;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, percent_encode};
use serde_json::{Value, json};

const FETCHES: &str = "v1/courses/algebra/assignments/challenge/fetches";
const TREE: &str = "v1/courses/algebra/assignments/challenge/tree";

/// A course with a released assignment, and feedback on a submission of eric.
struct Stage {
    server: Server,
    time: String,
    submission: String,
}

impl Stage {
    fn new(setup: &Setup) -> Self {
        let server = setup.start();
        let course = algebra(&server);
        let task = [Sent::new("task", "do it")];
        course.release("challenge", "kevin", &task).ok();
        let time = timestamp_of(&course.submit("challenge", "eric", &[]));
        let page = [
            Sent::new("page.html", "<p>Good.</p>"),
            Sent::new("empty", ""),
        ];
        course.give_feedback("challenge", "eric", &time, &page).ok();
        let listed = server
            .get("v1/courses/algebra/submissions", "kevin")
            .ok()
            .json();
        let submission = listed["submissions"][0]["id"].to_string();
        Self {
            server,
            time,
            submission,
        }
    }

    fn course(&self) -> Course<'_> {
        Course::of(&self.server, "algebra")
    }

    fn get(&self, target: &str, user: &str) {
        self.server.get(target, user).ok();
    }

    /// Returns student, version and number of times of each fetch.
    fn fetches(&self) -> Vec<Value> {
        let listed = self.server.get(FETCHES, "kevin").ok().json();
        let rows = listed["fetches"].as_array().unwrap().iter();
        let row = |row: &Value| json!([row["student"], row["version"], row["times"]]);
        rows.map(row).collect()
    }

    /// Returns the readings of the feedback.
    fn read(&self) -> Value {
        let listed = self
            .server
            .get("v1/courses/algebra/submissions", "kevin")
            .ok()
            .json();
        listed["submissions"][0]["feedback"]["read"].clone()
    }

    fn read_by_ngshare(&self) -> String {
        let time = percent_encode(&self.time);
        format!("feedback/algebra/challenge/eric?timestamp={time}")
    }

    /// Waits until what was noted so far is written: a note of a new student is written after all others.
    fn settle(&self, student: &str) {
        self.course().enrol(student).ok();
        self.get(TREE, student);
        eventually("the notes are written", || {
            self.fetches().iter().any(|row| row[0] == student)
        });
        let servers = self.server.replica_ports();
        if servers.len() > 1 {
            self.settle_each(&servers, student);
        }
    }

    /// Waits until each server has written what it noted, with a fetch of another assignment from each.
    fn settle_each(&self, servers: &[u16], name: &str) {
        let assignment = format!("after-{name}");
        self.course().release(&assignment, "kevin", &[]).ok();
        let at = format!("v1/courses/algebra/assignments/{assignment}");
        for (number, port) in servers.iter().enumerate() {
            let student = format!("{name}-{number}");
            self.course().enrol(&student).ok();
            let target = format!("{at}/tree?user={student}");
            let reply = self.server.call("GET", &target).send(*port);
            reply.expect("a reply").ok();
        }
        eventually("each server has written its notes", || {
            let listed = self.server.get(&format!("{at}/fetches"), "kevin");
            listed.ok().json()["fetches"].as_array().unwrap().len() == servers.len()
        });
        // The class is that of the test again.
        for number in 0..servers.len() {
            let student = format!("student/algebra/{name}-{number}");
            self.server.delete(&student, "kevin").ok();
        }
    }
}

#[test]
fn every_surface_notes_a_fetch_of_a_student() {
    let stage = Stage::new(&Setup::standalone());
    for (target, student) in [
        ("assignment/algebra/challenge", "by-ngshare"),
        (TREE, "by-v1"),
        ("c/algebra/a/challenge/zip", "by-page"),
    ] {
        stage.course().enrol(student).ok();
        for _ in 0..3 {
            stage.get(target, student);
        }
    }
    // Neither a list without contents, nor a reading of those who teach, nor another assignment.
    stage.get("assignment/algebra/challenge?list_only=true", "lawrence");
    stage.get("v1/courses/algebra/assignments?files=true", "lawrence");
    stage.get(TREE, "kevin");
    stage.get(TREE, "root");
    stage.settle("last");
    let expected: Vec<Value> = ["by-ngshare", "by-page", "by-v1", "last"]
        .map(|student| json!([student, 1, 1]))
        .into();
    assert_eq!(stage.fetches(), expected);

    let task = [Sent::new("task", "do it better")];
    send_tar(&stage.server, "PUT", TREE, "kevin", &task).ok();
    stage.get(TREE, "by-v1");
    stage.settle("later");
    let both: Vec<Value> = stage.fetches();
    let of_one = both.iter().filter(|row| row[0] == "by-v1");
    let of_one: Vec<&Value> = of_one.collect();
    assert_eq!(of_one, [&json!(["by-v1", 1, 1]), &json!(["by-v1", 2, 1])]);
    assert_eq!(both.len(), 6, "{both:?}");
}

#[test]
fn the_fetches_come_in_pages_and_only_for_those_who_teach() {
    let stage = Stage::new(&Setup::standalone());
    for student in ["ann.1", "ben~2", "eric", "lawrence"] {
        stage.course().enrol(student).ok();
        stage.get(TREE, student);
    }
    stage.settle("zoe");
    let (mut students, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stage
            .server
            .get(&format!("{FETCHES}?limit=2{cursor}"), "kevin");
        let page = page.ok().json();
        for row in page["fetches"].as_array().unwrap() {
            students.push(row["student"].as_str().unwrap().to_owned());
            assert_eq!(row["first_at"], row["last_at"]);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", percent_encode(next)),
            None => break,
        }
    }
    assert_eq!(students, ["ann.1", "ben~2", "eric", "lawrence", "zoe"]);
    let denied = problem(&stage.server.get(FETCHES, "eric"));
    assert_eq!(denied.0, 403);
    for cursor in ["x", "1", "x.ann", ".", "1.%FF"] {
        let target = format!("{FETCHES}?cursor={}", percent_encode(cursor));
        let refused = problem(&stage.server.get(&target, "kevin"));
        assert_eq!(refused, (400, "Illegal cursor".to_owned()));
    }
}

#[test]
fn every_surface_notes_that_a_student_has_read_feedback() {
    for target in [
        "ngshare",
        "v1/courses/algebra/submissions/ID/feedback",
        "v1/courses/algebra/feedback",
        "c/algebra/s/ID/feedback/zip",
        "c/algebra/s/ID/feedback/files/empty",
        "c/algebra/s/ID/feedback/read/page.html",
    ] {
        let stage = Stage::new(&Setup::standalone());
        let target = match target {
            "ngshare" => stage.read_by_ngshare(),
            other => other.replace("ID", &stage.submission),
        };
        // Those who teach, and the page that lists the files, note nothing.
        stage.get(&target.replace("/read/", "/files/"), "kevin");
        stage.get(
            &format!("c/algebra/s/{}/feedback", stage.submission),
            "eric",
        );
        if target.starts_with("feedback/") {
            stage.get(&format!("{target}&list_only=true"), "eric");
        }
        stage.settle("first");
        assert_eq!(stage.read(), Value::Null, "{target}");
        for _ in 0..2 {
            let read = stage.server.get(&target, "eric");
            assert!(matches!(read.status, 200 | 303), "{target}");
        }
        stage.settle("second");
        assert_eq!(stage.read()["times"], 1, "{target}");
        let history = format!(
            "v1/courses/algebra/submissions/{}/history",
            stage.submission
        );
        let history = stage.server.get(&history, "eric").ok().json();
        assert_eq!(history["feedback"][0]["read"], stage.read());
    }
}

#[test]
fn new_feedback_is_not_read_yet() {
    let stage = Stage::new(&Setup::standalone());
    stage.get(&stage.read_by_ngshare(), "eric");
    stage.settle("first");
    assert_eq!(stage.read()["times"], 1);
    let page = [Sent::new("page.html", "Even better.")];
    let course = stage.course();
    course
        .give_feedback("challenge", "eric", &stage.time, &page)
        .ok();
    assert_eq!(stage.read(), Value::Null);
}

#[test]
fn a_reading_is_noted_at_most_once_in_ten_minutes_by_all_servers_together() {
    let setup = Setup::standalone();
    let stage = Stage::new(&setup);
    let see = |stage: &Stage| {
        stage.get(TREE, "eric");
        stage.get(&stage.read_by_ngshare(), "eric");
    };
    let seen = |stage: &Stage| {
        let fetches = stage.fetches();
        let fetch = fetches.iter().find(|row| row[0] == "eric").unwrap();
        (fetch[2].clone(), stage.read()["times"].clone())
    };
    see(&stage);
    stage.settle("first");
    assert_eq!(seen(&stage), (json!(1), json!(1)));
    // A new process remembers nothing, and finds what is noted.
    let again = |stage: Stage| {
        let (time, submission) = (stage.time, stage.submission);
        let mut server = stage.server;
        server.ask_to_stop();
        assert_eq!(server.exit_code(), Some(0));
        Stage {
            server: setup.start(),
            time,
            submission,
        }
    };
    let stage = again(stage);
    see(&stage);
    stage.settle("second");
    assert_eq!(seen(&stage), (json!(1), json!(1)));
    let age = |table| {
        format!("UPDATE {table} SET first_at = first_at - 700000000, last_at = last_at - 600000000")
    };
    let mut database = Sql::of(&stage.server);
    for table in ["fetches", "feedback_readings"] {
        database.execute(&age(table));
    }
    let before = stage.read();
    let stage = again(stage);
    see(&stage);
    stage.settle("third");
    assert_eq!(seen(&stage), (json!(2), json!(2)));
    let after = stage.read();
    assert_eq!(after["first_at"], before["first_at"]);
    assert!(after["last_at"].as_str() > before["last_at"].as_str());
}

#[test]
fn a_server_that_stops_writes_what_it_has_not_written_yet() {
    let setup = Setup::standalone();
    let stage = Stage::new(&setup);
    let time = stage.time.clone();
    stage.get(TREE, "lawrence");
    stage.get(&stage.read_by_ngshare(), "eric");
    let mut server = stage.server;
    server.ask_to_stop();
    assert_eq!(server.exit_code(), Some(0));
    let stage = Stage {
        server: setup.start(),
        time,
        submission: stage.submission,
    };
    assert_eq!(stage.fetches(), [json!(["lawrence", 1, 1])]);
    assert_eq!(stage.read()["times"], 1);
}

#[test]
fn what_is_in_the_trash_or_of_a_person_who_left_is_not_noted() {
    let stage = Stage::new(&Setup::standalone());
    stage.get(TREE, "lawrence");
    stage.get(&stage.read_by_ngshare(), "eric");
    // Before it is written.
    stage
        .server
        .delete("student/algebra/lawrence", "kevin")
        .ok();
    let feedback = format!(
        "v1/courses/algebra/submissions/{}/feedback",
        stage.submission
    );
    let removed = call(&stage.server, "DELETE", &feedback, "kevin");
    assert_eq!(stage.server.send(&removed).status, 204);
    stage.settle("last");
    assert_eq!(stage.fetches(), [json!(["last", 1, 1])]);
    assert_eq!(
        Sql::of(&stage.server).count("count(*)", "feedback_readings"),
        0
    );
}

#[test]
fn the_board_names_those_who_have_not_even_fetched() {
    let stage = Stage::new(&Setup::standalone());
    let board = |query: &str| {
        let target = format!("c/algebra/a/challenge{query}");
        stage.server.get(&target, "kevin").ok().text()
    };
    stage.course().enrol("anna").ok();
    stage.course().enrol("bea").ok();
    let page = board("?show=not-fetched");
    for student in ["anna", "bea", "lawrence"] {
        assert!(page.contains(&format!("value=\"{student}\"")), "{page}");
    }
    assert!(!page.contains("value=\"eric\""), "he has submitted: {page}");
    stage.get(TREE, "anna");
    stage.settle("bob");
    let task = [Sent::new("task", "do it better")];
    send_tar(&stage.server, "PUT", TREE, "kevin", &task).ok();
    stage.get(TREE, "bea");
    stage.settle("carl");
    let page = board("?show=not-fetched");
    assert!(page.contains("value=\"lawrence\""), "{page}");
    for student in ["anna", "bea", "bob", "carl", "eric"] {
        assert!(!page.contains(&format!("value=\"{student}\"")), "{page}");
    }
    for sentence in [
        "2 students have fetched version 2.",
        "2 students have only fetched version 1.",
        "1 student has not submitted and not even fetched it.",
    ] {
        assert!(page.contains(sentence), "{page}");
    }
}

#[test]
fn those_who_teach_see_on_a_students_pages_whether_the_feedback_was_read() {
    let stage = Stage::new(&Setup::standalone());
    let pages = [
        "c/algebra/people/eric".to_owned(),
        "c/algebra/a/challenge?student=eric".to_owned(),
        format!("c/algebra/s/{}/feedback", stage.submission),
    ];
    let page = |target: &str, user| stage.server.get(target, user).ok().text();
    for target in &pages {
        assert!(page(target, "kevin").contains("not read yet"), "{target}");
    }
    stage.get(&stage.read_by_ngshare(), "eric");
    stage.settle("first");
    for target in &pages {
        let text = page(target, "kevin");
        assert!(!text.contains("not read yet"), "{target}: {text}");
        let is_told = text.contains("<small>read ") || text.contains("<small>(read ");
        assert!(is_told, "{target}: {text}");
    }
    let own = page(&pages[2], "eric");
    assert!(
        !own.contains("read yet") && !own.contains("(read "),
        "{own}"
    );
}

#[test]
fn an_archive_of_a_course_keeps_what_was_seen() {
    // The tests of archives compare all of it. This one looks at the words.
    let stage = Stage::new(&Setup::standalone());
    stage.get(TREE, "eric");
    stage.get(&stage.read_by_ngshare(), "eric");
    stage.settle("zoe");
    let data = stage.server.data_dir().display().to_string();
    let archive = stage.server.data_dir().join("course.tar");
    let archive = archive.display().to_string();
    let run = nbcourier_testkit::run;
    let exported = run(&[
        "export",
        "algebra",
        "--output",
        &archive,
        "--data-dir",
        &data,
    ]);
    assert!(exported.status.success(), "{exported:?}");
    let bytes = std::fs::read(&archive).unwrap();
    let manifest = nbcourier_testkit::tar::files(&bytes)
        .into_iter()
        .find(|file| file.path.ends_with("manifest.json"))
        .unwrap();
    let manifest: Value = serde_json::from_slice(&manifest.bytes).unwrap();
    let assignment = &manifest["assignments"][0];
    assert_eq!(assignment["versions"][0]["fetched"][0]["student"], "eric");
    assert_eq!(
        assignment["submissions"][0]["feedback"][0]["read"]["times"],
        1
    );
}

#[test]
fn fetches_of_an_assignment_with_hostile_names_are_listed() {
    let stage = Stage::new(&Setup::standalone());
    let roster = |student: &str| json!({ "people": [{ "username": student, "role": "student" }] });
    for student in ["<img src=x>", "ä b", "a\"b'c"] {
        let put = put_json(
            &stage.server,
            "v1/courses/algebra/roster",
            "kevin",
            &roster(student),
        );
        assert!(put.status < 300, "{}", put.text());
        files(&stage.server.get(TREE, student));
    }
    stage.settle("zoe");
    assert_eq!(stage.fetches().len(), 4);
    let page = stage.server.get("c/algebra/a/challenge", "kevin").ok();
    assert!(!page.text().contains("<img"), "{}", page.text());
}
