//! The opening times, due times and cut-offs of assignments.

use super::client::{algebra, call, problem, put_json};
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, files_json, percent_encode};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

const PAST: &str = "2020-01-01T00:00:00.000000Z";
const LATER_PAST: &str = "2020-02-02T00:00:00.000000Z";
const FUTURE: &str = "2220-01-01T00:00:00.000000Z";
const LATER_FUTURE: &str = "2220-02-02T00:00:00.000000Z";

/// Makes the course `algebra` with `challenge` released.
fn released(server: &Server) -> Course<'_> {
    let course = algebra(server);
    course
        .release("challenge", "kevin", &[Sent::new("task", "task")])
        .ok();
    course
}

#[track_caller]
fn set(server: &Server, dates: &Value) -> Value {
    let target = "v1/courses/algebra/assignments/challenge/dates";
    put_json(server, target, "kevin", dates).ok().json()
}

fn extension_of(student: &str) -> String {
    format!("v1/courses/algebra/assignments/challenge/extensions/{student}")
}

#[track_caller]
fn extend(server: &Server, student: &str, dates: &Value) {
    put_json(server, &extension_of(student), "kevin", dates).ok();
}

fn listed(server: &Server, user: &str) -> Vec<Value> {
    let listing = server.get("v1/courses/algebra/submissions", user).ok();
    listing.json()["submissions"].as_array().unwrap().clone()
}

fn shown(server: &Server, user: &str) -> Vec<Value> {
    let listing = server.get("v1/courses/algebra/assignments", user).ok();
    listing.json()["assignments"].as_array().unwrap().clone()
}

/// Returns the opening time, due time and cut-off, and whether they are extended.
fn dates_shown(server: &Server, user: &str) -> Value {
    let one = &shown(server, user)[0];
    json!([
        one["opens_at"],
        one["due_at"],
        one["cutoff_at"],
        one["extended"]
    ])
}

#[track_caller]
fn too_late(reply: &Reply, cutoff: &str) {
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let sentence = format!("Too late: the cut-off of challenge was {cutoff}");
    assert_eq!(
        (reply.status, reply.json()),
        (409, json!({ "success": false, "message": sentence }))
    );
}

#[test]
fn dates_are_set_as_a_whole_and_shown_to_everybody() {
    let server = Setup::standalone().start();
    released(&server);
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, null, null, false])
    );
    let given = json!({ "opens_at": "2020-01-01T01:00:00+01:00", "due_at": FUTURE });
    assert_eq!(
        set(&server, &given),
        json!({ "opens_at": PAST, "due_at": FUTURE, "cutoff_at": null })
    );
    for user in ["eric", "kevin", "root"] {
        assert_eq!(
            dates_shown(&server, user),
            json!([PAST, FUTURE, null, false])
        );
    }
    set(&server, &json!({ "cutoff_at": FUTURE, "due_at": null }));
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, null, FUTURE, false])
    );
}

#[test]
fn an_assignment_may_have_dates_before_it_is_released() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    set(&server, &json!({ "due_at": FUTURE }));
    assert!(shown(&server, "kevin").is_empty());
    let names = server.get("assignments/algebra", "kevin").ok().json();
    assert_eq!(names["assignments"], json!([]));
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, FUTURE, null, false])
    );
    assert_eq!(shown(&server, "eric")[0]["version"], 1);

    server.delete("assignment/algebra/challenge", "kevin").ok();
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, FUTURE, null, false])
    );
}

#[test]
fn before_it_opens_an_assignment_is_there_for_instructors_only() {
    let server = Setup::standalone().start();
    let course = released(&server);
    course.submit("challenge", "lawrence", &[]).ok();
    let open = [
        ("assignment/algebra/challenge", "GET"),
        ("submissions/algebra/challenge/lawrence", "GET"),
        ("submission/algebra/challenge/lawrence", "GET"),
        (
            "feedback/algebra/challenge/lawrence?timestamp=2020-01-01 00:00:00",
            "GET",
        ),
        ("submission/algebra/challenge", "POST"),
        ("v1/courses/algebra/submissions?assignment=challenge", "GET"),
        ("v1/courses/algebra/assignments/challenge/tree", "GET"),
    ];
    let ask = |(target, method): (&str, &str), user| {
        let target = target.replace(' ', "%20");
        if method == "GET" {
            server.get(&target, user)
        } else {
            server.post(&target, user, &[("files", "[]")])
        }
    };
    set(&server, &json!({ "opens_at": FUTURE }));
    let names = |user| server.get("assignments/algebra", user).ok().json()["assignments"].clone();
    assert_eq!(
        (names("lawrence"), names("kevin")),
        (json!([]), json!(["challenge"]))
    );
    assert!(shown(&server, "lawrence").is_empty() && shown(&server, "root").len() == 1);
    assert!(listed(&server, "lawrence").is_empty() && listed(&server, "kevin").len() == 1);
    for one in open {
        let refused = ask(one, "lawrence");
        assert_eq!(
            (refused.status, refused.message().as_str()),
            (404, "Assignment not found"),
            "{one:?}"
        );
        assert_ne!(
            ask(one, "kevin").message(),
            "Assignment not found",
            "{one:?}"
        );
    }
    set(&server, &json!({ "opens_at": PAST }));
    assert_eq!(names("lawrence"), json!(["challenge"]));
    assert_eq!(listed(&server, "lawrence").len(), 1);
    for one in open {
        assert_ne!(
            ask(one, "lawrence").message(),
            "Assignment not found",
            "{one:?}"
        );
    }
}

#[test]
fn a_submission_after_the_due_time_is_late_without_an_extension() {
    let server = Setup::standalone().start();
    let course = released(&server);
    for student in ["lawrence", "eric"] {
        course.submit("challenge", student, &[]).ok();
    }
    let late = |user| {
        let lates = listed(&server, user);
        lates
            .iter()
            .map(|one| one["late"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        late("kevin"),
        [false, false],
        "where no date is set nothing is late"
    );
    assert_eq!(listed(&server, "eric")[0]["submitted_by"], Value::Null);
    set(&server, &json!({ "due_at": PAST }));
    assert_eq!(late("kevin"), [true, true]);
    extend(&server, "lawrence", &json!({ "due_at": FUTURE }));
    assert_eq!(late("kevin"), [false, true]);
    assert_eq!(
        (late("lawrence"), late("eric")),
        (vec![json!(false)], vec![json!(true)])
    );
    assert_eq!(
        dates_shown(&server, "lawrence"),
        json!([null, FUTURE, null, true])
    );
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, PAST, null, false])
    );
    assert_eq!(
        dates_shown(&server, "kevin"),
        json!([null, PAST, null, false])
    );
    let gone = call(&server, "DELETE", &extension_of("lawrence"), "kevin");
    assert_eq!(server.send(&gone).status, 204);
    assert_eq!(late("kevin"), [true, true]);
    assert_eq!(
        problem(&server.send(&gone)),
        (404, "Extension not found".to_owned())
    );
}

#[test]
fn a_submission_after_the_cut_off_is_refused_in_the_words_of_the_old_client() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let submit = |user| course.submit("challenge", user, &[Sent::new("work", user)]);
    set(&server, &json!({ "due_at": PAST, "cutoff_at": FUTURE }));
    submit("lawrence").ok();
    set(&server, &json!({ "due_at": PAST, "cutoff_at": LATER_PAST }));
    too_late(&submit("lawrence"), LATER_PAST);
    too_late(&submit("eric"), LATER_PAST);
    submit("kevin").ok();
    assert_eq!(listed(&server, "root").len(), 2);
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        [Sent::new("work", "lawrence")],
        "what came in time stays"
    );
    server.get("assignment/algebra/challenge", "eric").ok();
    set(&server, &json!({}));
    submit("eric").ok();
}

#[test]
fn an_extension_moves_the_cut_off_of_one_student() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let submit = |user| course.submit("challenge", user, &[]);
    set(&server, &json!({ "due_at": PAST, "cutoff_at": PAST }));
    // A later due time also moves the cut-off.
    extend(&server, "lawrence", &json!({ "due_at": FUTURE }));
    assert_eq!(
        dates_shown(&server, "lawrence"),
        json!([null, FUTURE, FUTURE, true])
    );
    submit("lawrence").ok();
    too_late(&submit("eric"), PAST);
    extend(&server, "lawrence", &json!({ "cutoff_at": LATER_PAST }));
    too_late(&submit("lawrence"), LATER_PAST);
    extend(
        &server,
        "eric",
        &json!({ "due_at": LATER_PAST, "cutoff_at": FUTURE }),
    );
    submit("eric").ok();
    assert_eq!(listed(&server, "eric")[0]["late"], true);
    // The extension's cut-off also applies if the assignment has none.
    set(&server, &json!({}));
    too_late(&submit("lawrence"), LATER_PAST);
}

#[test]
fn a_gradebook_gets_dates_extensions_and_names_in_one_answer() {
    let server = Setup::standalone().start();
    released(&server);
    set(&server, &json!({ "due_at": PAST }));
    extend(&server, "eric", &json!({ "due_at": FUTURE }));
    let line =
        json!({ "username": "eric", "role": "student", "first_name": "Eric", "email": "e@u" });
    let people = json!({ "people": [line] });
    put_json(&server, "v1/courses/algebra/roster", "kevin", &people).ok();
    let target = "v1/courses/algebra/assignments/challenge/gradebook";
    let answered = server.get(target, "kevin").ok().json();
    assert_eq!(answered["due_at"], PAST);
    assert_eq!(answered["cutoff_at"], Value::Null);
    assert_eq!(
        answered["extensions"],
        json!([{ "student": "eric", "due_at": FUTURE, "cutoff_at": null }])
    );
    let students = answered["students"].as_array().unwrap();
    let eric = students
        .iter()
        .find(|student| student["username"] == "eric");
    let eric = eric.expect("eric takes the course");
    assert_eq!(
        (&eric["first_name"], &eric["email"]),
        (&json!("Eric"), &json!("e@u"))
    );
    assert!(
        students
            .iter()
            .all(|student| student["username"] != "kevin")
    );
    assert_eq!(problem(&server.get(target, "eric")).0, 403);
    let none = target.replace("challenge", "none");
    assert_eq!(
        problem(&server.get(&none, "kevin")).1,
        "Assignment not found"
    );
}

#[test]
fn extensions_are_listed_by_student_for_instructors() {
    let server = Setup::standalone().start();
    released(&server);
    extend(
        &server,
        "lawrence",
        &json!({ "due_at": FUTURE, "cutoff_at": LATER_FUTURE }),
    );
    extend(&server, "eric", &json!({ "cutoff_at": FUTURE }));
    let target = "v1/courses/algebra/assignments/challenge/extensions";
    let list = server.get(target, "kevin").ok();
    assert_eq!(
        list.json()["extensions"],
        json!([
            { "student": "eric", "due_at": null, "cutoff_at": FUTURE },
            { "student": "lawrence", "due_at": FUTURE, "cutoff_at": LATER_FUTURE },
        ])
    );
    let known =
        call(&server, "GET", target, "kevin").header("If-None-Match", list.header("etag").unwrap());
    assert_eq!(server.send(&known).status, 304);
    assert_eq!(problem(&server.get(target, "eric")).0, 403);
    let none = target.replace("challenge", "none");
    assert_eq!(
        problem(&server.get(&none, "kevin")).1,
        "Assignment not found"
    );
    let nobody = put_json(
        &server,
        &extension_of("sam"),
        "kevin",
        &json!({ "due_at": PAST }),
    );
    assert_eq!(problem(&nobody), (404, "Student not found".to_owned()));
}

#[test]
fn dates_that_make_no_sense_are_refused_and_nothing_is_changed() {
    let server = Setup::standalone().start();
    released(&server);
    set(&server, &json!({ "due_at": PAST }));
    extend(&server, "eric", &json!({ "due_at": FUTURE }));
    let dates = "v1/courses/algebra/assignments/challenge/dates";
    let refused = |target: &str, nonsense: &Value| {
        let (status, sentence) = problem(&put_json(&server, target, "kevin", nonsense));
        assert_eq!(status, 400, "{nonsense}: {sentence}");
    };
    for nonsense in [
        json!({ "opens_at": FUTURE, "due_at": PAST }),
        json!({ "opens_at": FUTURE, "cutoff_at": PAST }),
    ] {
        refused(dates, &nonsense);
    }
    for nonsense in [
        json!({ "due_at": FUTURE, "cutoff_at": PAST }),
        json!({ "due_at": "tomorrow" }),
        // In UTC these years have five digits, or none that Python knows.
        json!({ "due_at": "9999-12-31T23:59:59-05:00" }),
        json!({ "due_at": "0001-01-01T00:00:00+23:59" }),
        json!({ "due_at": "" }),
        json!({ "due_at": 1 }),
        json!({ "due_at": { "opens_at": null } }),
        json!([]),
        json!(null),
    ] {
        refused(dates, &nonsense);
        refused(&extension_of("eric"), &nonsense);
    }
    let of_nothing = put_json(&server, &extension_of("eric"), "kevin", &json!({}));
    assert_eq!(problem(&of_nothing).1, "Please supply due_at or cutoff_at");
    assert_eq!(
        dates_shown(&server, "lawrence"),
        json!([null, PAST, null, false])
    );
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, FUTURE, null, true])
    );
    let illegal = put_json(
        &server,
        &dates.replace("challenge", "%2e%2e"),
        "kevin",
        &json!({}),
    );
    assert_eq!(problem(&illegal).0, 400);
}

#[test]
fn a_cut_off_set_while_an_upload_is_under_way_counts() {
    let server = Setup::standalone().start();
    released(&server);
    let files = percent_encode(&files_json(&[Sent::new("work", vec![b'x'; 200_000])]));
    // Half of it is long enough for finding the caller and for the checks that need no files.
    let body = format!("user=lawrence&files={files}");
    let (first, rest) = body.split_at(body.len() / 2);
    let mut line = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(
        line,
        "POST /api/submission/algebra/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    set(&server, &json!({ "cutoff_at": PAST }));
    line.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 409"), "{answer}");
    assert!(listed(&server, "kevin").is_empty());
}

#[test]
fn every_submission_is_either_stored_or_refused_while_extensions_come_and_go() {
    let server = Setup::standalone().start();
    let course = released(&server);
    set(&server, &json!({ "cutoff_at": PAST }));
    let stored: usize = std::thread::scope(|scope| {
        let submitting: Vec<_> = ["lawrence", "eric"]
            .into_iter()
            .map(|student| {
                scope.spawn(move || {
                    let statuses = (0..30).map(|_| course.submit("challenge", student, &[]).status);
                    let statuses: Vec<u16> = statuses.collect();
                    assert!(statuses.iter().all(|status| [200, 409].contains(status)));
                    statuses.iter().filter(|status| **status == 200).count()
                })
            })
            .collect();
        for round in 0..30 {
            let student = ["lawrence", "eric"][round % 2];
            extend(&server, student, &json!({ "cutoff_at": FUTURE }));
            let gone = call(&server, "DELETE", &extension_of(student), "kevin");
            assert_eq!(server.send(&gone).status, 204);
        }
        submitting.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(listed(&server, "kevin").len(), stored);
    too_late(&course.submit("challenge", "eric", &[]), PAST);
}

#[test]
fn dates_and_extensions_go_into_the_trash_with_the_assignment_and_come_back() {
    let server = Setup::standalone().start();
    let course = released(&server);
    set(&server, &json!({ "due_at": FUTURE }));
    extend(&server, "eric", &json!({ "due_at": LATER_FUTURE }));
    let assignment = "v1/courses/algebra/assignments/challenge";
    let delete = || {
        server
            .send(&call(&server, "DELETE", assignment, "kevin"))
            .status
    };
    assert_eq!(delete(), 204);
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, null, null, false])
    );
    let trash = server.get("v1/courses/algebra/trash", "kevin").ok().json();
    let id = &trash["assignments"][0]["id"];
    assert_eq!(delete(), 204);
    let target = format!("v1/courses/algebra/trash/assignments/{id}");
    server.post(&target, "kevin", &[]).ok();
    assert_eq!(
        dates_shown(&server, "lawrence"),
        json!([null, FUTURE, null, false])
    );
    assert_eq!(
        dates_shown(&server, "eric"),
        json!([null, LATER_FUTURE, null, true])
    );
}
