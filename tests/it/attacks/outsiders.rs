//! Answers to people who may not see a thing. Every address of both APIs is requested for things that exist, that are
//! not visible yet, and that do not exist. The answers must be the same.

use crate::sql::Sql;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::routes::every_address;
use nbcourier_testkit::{
    Course, FakeHub, Form, Sent, Server, Setup, eventually, files_json, percent_encode, tar,
};
use serde_json::json;
use std::collections::BTreeMap;

const SERVICE: &str = "token-of-a-service";
/// A person who submitted and then left; see [`prepare`].
const FORMER: &str = "fred";

fn start() -> (FakeHub, Server) {
    let hub = FakeHub::start();
    for name in [
        "root", "kevin", "lawrence", "other", FORMER, "gil", "eric", "abigail", "zed",
    ] {
        hub.gives(name, user_model(name));
    }
    hub.gives(SERVICE, service_model("lawrence"));
    let server = Setup::behind(&hub).unlimited().start();
    (hub, server)
}

/// Makes the course algebra with `ps-open` and submissions, `ps-too`, `ps-exam` that opens much later, and
/// `ps-unshown` that was withdrawn. Returns the time and ID of the submission to `ps-open` by student.
fn prepare(server: &Server) -> BTreeMap<&'static str, (String, i64)> {
    let course = Course::of(server, "algebra").by_token();
    course.make(&["kevin"], &["lawrence", "other", FORMER, "gil"]);
    let elsewhere = Course::of(server, "geometry").by_token();
    elsewhere.make(&["abigail"], &["eric"]);
    let file = [Sent::new("task", "task")];
    for assignment in ["ps-open", "ps-too", "ps-exam", "ps-unshown"] {
        course.release(assignment, "kevin", &file).ok();
    }
    for student in ["lawrence", "other"] {
        course.submit("ps-unshown", student, &file).ok();
        course.submit("ps-exam", student, &file).ok();
    }
    let work = ["lawrence", "other", FORMER].map(|student| {
        let work = [Sent::new("work", student)];
        let time = timestamp_of(&course.submit("ps-open", student, &work));
        course.give_feedback("ps-open", student, &time, &work).ok();
        (student, time)
    });
    read_feedback(&course, &work);
    share_files(server);
    set_opening(server, "2220-01-01T00:00:00Z");
    let back = server
        .call("DELETE", "assignment/algebra/ps-unshown")
        .token("kevin");
    server.send(&back).ok();
    for student in [FORMER, "gil"] {
        let target = format!("student/algebra/{student}");
        server
            .send(&server.call("DELETE", &target).token("kevin"))
            .ok();
    }
    let listed = course
        .get("v1/courses/algebra/submissions?assignment=ps-open", "kevin")
        .ok()
        .json();
    let listed = listed["submissions"].as_array().unwrap().clone();
    let number = |student: &str| {
        let line = listed.iter().find(|line| line["student"] == student);
        line.unwrap()["id"].as_i64().unwrap()
    };
    work.map(|(student, time)| (student, (time, number(student))))
        .into()
}

/// Lets the students read their feedback, and waits until this is noted. It is noted after the reply, so otherwise some
/// answers would tell it and others not.
fn read_feedback(course: &Course<'_>, work: &[(&str, String)]) {
    for (student, time) in work {
        let time = percent_encode(time);
        let target = format!("feedback/algebra/ps-open/{student}?timestamp={time}");
        course.get(&target, student).ok();
    }
    eventually("the readings are noted", || {
        let target = "v1/courses/algebra/submissions?assignment=ps-open";
        let listed = course.get(target, "kevin").ok().json();
        let mut listed = listed["submissions"].as_array().unwrap().iter();
        listed.all(|line| line["feedback"]["read"].is_object())
    });
}

/// Makes a directory of the course that follows a repository, and shares many pages in the course. One of them has the
/// number of a submission.
fn share_files(server: &Server) {
    let call = server.call("POST", "v1/directories").token("kevin");
    let named = r#"{ "owner": "course:algebra", "name": "materials" }"#;
    assert_eq!(
        server.send(&call.body("application/json", named)).status,
        201
    );
    Sql::of(server).execute(
        "INSERT INTO sources (directory_id, url, exclude, every_seconds, allow_solutions, hook_id, hook_secret, next_at)
            SELECT id, 'https://git.invalid/', '[]', 3600, 0, 'hook', x'00', 4102444800000000 FROM directories;
        INSERT INTO shares (token, made_by, course_id, title, audience, page_blob, made_at, expires_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
            SELECT CAST(i AS BLOB), 'kevin', (SELECT id FROM courses WHERE name = 'algebra'), 'Page', 'course',
                (SELECT min(id) FROM blobs), 1, 4102444800000000 FROM n;",
    );
}

fn set_opening(server: &Server, opens_at: &str) {
    let dates = server
        .call("PUT", "v1/courses/algebra/assignments/ps-exam/dates")
        .token("kevin");
    let dates = dates.body(
        "application/json",
        json!({ "opens_at": opens_at }).to_string(),
    );
    assert_eq!(server.send(&dates).status, 200);
}

/// The names in a request.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    assignment: &'a str,
    user: &'a str,
    id: i64,
    time: &'a str,
}

impl Names<'_> {
    /// Returns the name of a directory of the course. It exists if the assignment does.
    fn directory(&self) -> &'static str {
        if self.assignment == "ps-none" {
            "no-such-directory"
        } else {
            "materials"
        }
    }
}

/// Sends every form of request that the address has, with these names; returns each answer without the names.
fn ask(server: &Server, route: &str, token: &str, names: Names<'_>) -> Vec<(String, u16, String)> {
    let Names {
        assignment,
        user,
        id,
        time,
    } = names;
    let (method, path) = route.split_once(' ').unwrap();
    let path = path
        .replace("{course}", "algebra")
        .replace("{assignment}", assignment)
        .replace("{user}", user)
        .replace("{id}", &id.to_string())
        .replace("{owner}", "course:algebra")
        .replace("{directory}", names.directory())
        .replace("{name}", names.directory())
        .replace("{version}", "1")
        .replace("{path}", "work");
    assert!(!path.contains('{'), "what is that in {path}");
    let time = percent_encode(time);
    let of_both = [
        String::new(),
        format!("assignment={assignment}&student={user}"),
        format!("assignment={assignment}"),
    ];
    let mut queries = vec![String::new()];
    match (method, path.starts_with("v1/")) {
        ("GET", true) if path.ends_with("/tree") => queries.push("version=1".to_owned()),
        (_, true) => queries.extend(of_both.into_iter().skip(1)),
        ("GET", false) => queries.push(format!("timestamp={time}&list_only=true")),
        _ => {}
    }
    let file = [Sent::new("work", "work")];
    let batch = [Sent::new(&format!("{id}/work"), "work")];
    let form = Form::new()
        .field("files", &files_json(&file))
        .field("timestamp", names.time);
    let mut answers = Vec::new();
    for query in queries {
        let target = format!("{path}?{query}");
        let call = || server.call(method, &target).token(token);
        let mut calls = vec![call()];
        if method != "GET" {
            let text = json!({ "due_at": "2221-01-01T00:00:00Z" }).to_string();
            calls = if path.starts_with("v1/") {
                vec![
                    call().body("application/x-tar", tar::archive(&batch)),
                    call().body("application/json", text),
                ]
            } else {
                vec![call().form(&form)]
            };
        }
        for (place, call) in calls.into_iter().enumerate() {
            let reply = server.send(&call);
            // The head of an archive holds the time of the request.
            let is_archive = reply.header("content-type") == Some("application/x-tar");
            let content = if is_archive {
                format!("{:?}", tar::files(&reply.body))
            } else {
                content_of(&reply.steady_text())
            };
            let text = without_columns(&content)
                .replace(assignment, "ASSIGNMENT")
                .replace(user, "USER")
                .replace(names.directory(), "DIRECTORY");
            let asked = query
                .replace(assignment, "ASSIGNMENT")
                .replace(user, "USER")
                .replace(&time, "TIME");
            answers.push((format!("{asked} {place}"), reply.status, text));
        }
    }
    answers
}

/// Returns a text without the columns that it names. An archive begins with a name, so the column of the first character that is
/// not JSON depends on the length of that name.
fn without_columns(text: &str) -> String {
    let mut parts = text.split(" column ");
    let begin = parts.next().unwrap_or_default().to_owned();
    parts.fold(begin, |before, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before} column {rest}")
    })
}

/// Returns what a page says, without the name of the person who opens it.
fn content_of(text: &str) -> String {
    let main = text.split_once("<main").map_or(text, |(_, main)| main);
    match main.split_once("You are ") {
        Some((before, after)) => {
            let after = after.split_once('.').map_or(after, |(_, rest)| rest);
            format!("{before}{after}")
        }
        None => main.to_owned(),
    }
}

fn in_a_course() -> impl Iterator<Item = String> {
    // The APIs and the pages.
    let routes = every_address().into_iter();
    // Making and deleting a course, and the trash of all courses, name nothing inside a course.
    routes.filter(|route| route.contains("{course}") && !route.ends_with("course/{course}"))
}

#[test]
fn a_stranger_to_a_course_learns_nothing_of_its_content() {
    let (_hub, server) = start();
    let work = prepare(&server);
    let (time, number) = &work["lawrence"];
    let mut before = Vec::new();
    for opening in ["2220-01-01T00:00:00Z", "2020-01-01T00:00:00Z"] {
        set_opening(&server, opening);
        let mut seen = Vec::new();
        for route in in_a_course() {
            for token in ["zed", "gil", SERVICE] {
                let own = if token == SERVICE {
                    "service:lawrence"
                } else {
                    token
                };
                let named = |assignment, user| Names {
                    assignment,
                    user,
                    id: *number,
                    time,
                };
                // Requests about the caller, and about others who exist or do not.
                for (first, others) in [(own, [own, own]), ("lawrence", ["kevin", "nobody"])] {
                    let expected = ask(&server, &route, token, named("ps-none", first));
                    assert!(
                        expected
                            .iter()
                            .all(|(_, status, _)| matches!(status, 400 | 403 | 404 | 415)),
                        "{route} {token}: {expected:?}"
                    );
                    let users = [others[0], others[1], first];
                    for (assignment, user) in
                        ["ps-open", "ps-exam", "ps-unshown"].into_iter().zip(users)
                    {
                        let answers = ask(&server, &route, token, named(assignment, user));
                        assert_eq!(
                            answers, expected,
                            "{route}: {token} asks for {assignment} of {user}"
                        );
                    }
                    let missing = Names {
                        id: 4711,
                        time: "2020-01-01 00:00:00",
                        ..named("ps-open", first)
                    };
                    assert_eq!(
                        ask(&server, &route, token, missing),
                        expected,
                        "{route}: {token}"
                    );
                    seen.push((route.clone(), token, expected));
                }
            }
        }
        if before.is_empty() {
            before = seen;
        } else {
            assert_eq!(
                before, seen,
                "when an assignment opens is nothing to strangers"
            );
        }
    }
}

#[test]
fn a_stranger_to_a_directory_learns_nothing_of_it() {
    let (_hub, server) = start();
    prepare(&server);
    let call = server.call("POST", "v1/directories").token("other");
    let own = call.body("application/json", r#"{ "name": "thesis" }"#);
    assert_eq!(server.send(&own).status, 201);
    let change = |body: &str, kind: &str| (kind.to_owned(), body.as_bytes().to_vec());
    let page = b"--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\nx\r\n--b--\r\n";
    let bodies = [
        change("{}", "application/json"),
        change(
            r#"{ "changes": [], "grants": [], "name": "copy", "label": "one" }"#,
            "application/json",
        ),
        change(
            "path=&name=x&what=x&kind=user&level=read&step=pull",
            "application/x-www-form-urlencoded",
        ),
        ("multipart/form-data; boundary=b".to_owned(), page.to_vec()),
        change("bytes", "application/octet-stream"),
    ];
    let routes = every_address().into_iter();
    let mut asked = 0;
    for route in routes.filter(|route| route.contains("{directory}")) {
        let (method, path) = route.split_once(' ').unwrap();
        for token in ["zed", "lawrence", SERVICE] {
            for (place, (kind, body)) in bodies.iter().enumerate() {
                if matches!(method, "GET" | "HEAD") && place > 0 {
                    continue;
                }
                let ask = |owner: &str, directory: &str| {
                    let path = path
                        .replace("{owner}", owner)
                        .replace("{directory}", directory)
                        .replace("{version}", "1")
                        .replace("{path}", "work");
                    assert!(!path.contains('{'), "what is that in {path}");
                    let query = "version=1&path=work&since=0";
                    let call = server.call(method, &format!("{path}?{query}")).token(token);
                    let call = match method {
                        "GET" | "HEAD" => call,
                        _ => call.body(kind, body.clone()),
                    };
                    let reply = call.send(server.port()).unwrap();
                    let text = content_of(&reply.steady_text());
                    let text = text.replace(directory, "DIRECTORY");
                    let owners = [owner.replace(':', "%3A"), owner.to_owned()];
                    let text = owners
                        .iter()
                        .fold(text, |text, owner| text.replace(owner, "OWNER"));
                    (reply.status, text)
                };
                let expected = ask("other", "no-such-one");
                assert!(
                    matches!(expected.0, 302 | 303 | 400 | 401 | 403 | 404 | 415),
                    "{route} {token}: {expected:?}"
                );
                for (owner, directory) in [
                    ("other", "thesis"),
                    ("nobody", "no-such-one"),
                    ("course:nowhere", "no-such-one"),
                    ("course:geometry", "no-such-one"),
                ] {
                    assert_eq!(
                        ask(owner, directory),
                        expected,
                        "{route} {token}: {owner}/{directory}"
                    );
                    asked += 1;
                }
                if token != "lawrence" {
                    assert_eq!(
                        ask("course:algebra", "materials"),
                        expected,
                        "{route} {token}"
                    );
                }
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn a_former_member_learns_of_nothing_but_their_own_work() {
    let (_hub, server) = start();
    let work = prepare(&server);
    let (time, number) = &work[FORMER];
    for route in in_a_course() {
        for user in [FORMER, "lawrence"] {
            let named = |assignment| Names {
                assignment,
                user,
                id: 4711,
                time,
            };
            let expected = ask(&server, &route, FORMER, named("ps-none"));
            for assignment in ["ps-too", "ps-exam", "ps-unshown"] {
                let answers = ask(&server, &route, FORMER, named(assignment));
                assert_eq!(answers, expected, "{route}: {assignment} of {user}");
            }
        }
    }
    let target = format!("v1/courses/algebra/submissions/{number}/tree");
    for target in [
        "submissions/algebra/ps-open/fred",
        "submission/algebra/ps-open/fred",
        &target,
    ] {
        assert_eq!(
            server
                .send(&server.call("GET", target).token(FORMER))
                .status,
            200,
            "{target}"
        );
    }
}

#[test]
fn a_student_gets_the_same_answer_for_unopened_and_missing_assignments() {
    let (_hub, server) = start();
    let work = prepare(&server);
    let (time, number) = &work["other"];
    for route in in_a_course() {
        // These pages list the student's own work, which is kept when an assignment is withdrawn.
        if ["GET c/{course}", "GET c/{course}/people/{user}"].contains(&route.as_str()) {
            continue;
        }
        for user in ["lawrence", "other", "kevin", "nobody"] {
            let named = |assignment| Names {
                assignment,
                user,
                id: *number,
                time,
            };
            let expected = ask(&server, &route, "lawrence", named("ps-none"));
            for assignment in ["ps-exam", "ps-unshown"] {
                let answers = ask(&server, &route, "lawrence", named(assignment));
                assert_eq!(answers, expected, "{route}: {assignment} of {user}");
            }
        }
        // Requests about others who exist or do not. The names of instructors are no secret in a course.
        if route == "GET instructor/{course}/{user}" {
            continue;
        }
        for assignment in ["ps-open", "ps-none"] {
            let named = |user, id| Names {
                assignment,
                user,
                id,
                time,
            };
            // The caller's own requests succeed, and their answers differ each time.
            let others = |answers: Vec<(String, u16, String)>| -> Vec<(String, u16, String)> {
                answers
                    .into_iter()
                    .filter(|(_, status, _)| *status >= 300)
                    .collect()
            };
            let expected = others(ask(&server, &route, "lawrence", named("nobody", 4711)));
            let answers = others(ask(&server, &route, "lawrence", named("other", *number)));
            assert_eq!(answers, expected, "{route}: {assignment} of another");
        }
    }
}
