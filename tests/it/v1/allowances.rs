//! Allowances: students who always have more time in a course. Every surface that knows a student's dates knows them.

use super::client::{algebra, call, problem, put_json, submit};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const DUE: &str = "2220-01-01T00:00:00.000000Z";
const DUE_OF_ERIC: &str = "2220-01-03T00:00:00.000000Z";
const CUTOFF: &str = "2220-01-02T00:00:00.000000Z";
const CUTOFF_OF_ERIC: &str = "2220-01-04T00:00:00.000000Z";
const FAR: &str = "2221-01-01T00:00:00.000000Z";
const OF_ERIC: &str = "v1/courses/algebra/allowances/eric";
const LIST: &str = "v1/courses/algebra/allowances";
const CHALLENGE: &str = "v1/courses/algebra/assignments/challenge";

fn released(server: &Server) -> Course<'_> {
    let course = algebra(server);
    course
        .release("challenge", "kevin", &[Sent::new("task.ipynb", "{}")])
        .ok();
    course
}

#[track_caller]
fn give(server: &Server, hours: i64) -> Value {
    let given = json!({ "hours": hours, "note": "dyslexia" });
    put_json(server, OF_ERIC, "kevin", &given).ok().json()
}

#[track_caller]
fn set_dates(server: &Server, due: &str, cutoff: &str) {
    let dates = json!({ "due_at": due, "cutoff_at": cutoff });
    put_json(server, &format!("{CHALLENGE}/dates"), "kevin", &dates).ok();
}

#[track_caller]
fn extend(server: &Server, dates: &Value) {
    let target = format!("{CHALLENGE}/extensions/eric");
    put_json(server, &target, "kevin", dates).ok();
}

/// Returns the due time and the cut-off that a person sees, and whether they are extended.
fn seen(server: &Server, user: &str) -> Value {
    let listed = server.get("v1/courses/algebra/assignments", user).ok();
    let one = &listed.json()["assignments"][0];
    json!([one["due_at"], one["cutoff_at"], one["extended"]])
}

/// Returns the time one hour ago in microseconds.
fn hour_ago() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap() - 3_600_000_000
}

fn events(server: &Server) -> Vec<Value> {
    let listed = server.get("v1/courses/algebra/events", "kevin").ok();
    listed.json()["events"].as_array().unwrap().clone()
}

fn remove(server: &Server) -> Reply {
    server.send(&call(server, "DELETE", OF_ERIC, "kevin"))
}

#[test]
fn an_allowance_moves_the_dates_of_one_student_for_every_assignment() {
    let server = Setup::standalone().start();
    let course = released(&server);
    assert_eq!(
        give(&server, 48),
        json!({ "student": "eric", "hours": 48, "note": "dyslexia" })
    );
    assert_eq!(seen(&server, "eric"), json!([null, null, false]));
    set_dates(&server, DUE, CUTOFF);
    assert_eq!(
        seen(&server, "eric"),
        json!([DUE_OF_ERIC, CUTOFF_OF_ERIC, true])
    );
    for other in ["lawrence", "kevin"] {
        assert_eq!(seen(&server, other), json!([DUE, CUTOFF, false]), "{other}");
    }
    // A later assignment, too.
    course.release("second", "kevin", &[]).ok();
    let dates = "v1/courses/algebra/assignments/second/dates";
    put_json(&server, dates, "kevin", &json!({ "due_at": DUE })).ok();
    let listed = server.get("v1/courses/algebra/assignments", "eric").ok();
    assert_eq!(listed.json()["assignments"][1]["due_at"], DUE_OF_ERIC);
    assert!(!listed.text().contains("dyslexia"), "{}", listed.text());
    assert_eq!(remove(&server).status, 204);
    assert_eq!(seen(&server, "eric"), json!([DUE, CUTOFF, false]));
    assert_eq!(
        problem(&remove(&server)),
        (404, "Allowance not found".to_owned())
    );
}

#[test]
fn of_an_extension_and_an_allowance_the_later_date_counts() {
    let server = Setup::standalone().start();
    released(&server);
    set_dates(&server, DUE, CUTOFF);
    give(&server, 48);
    extend(&server, &json!({ "due_at": CUTOFF }));
    let allowed = json!([DUE_OF_ERIC, CUTOFF_OF_ERIC, true]);
    assert_eq!(seen(&server, "eric"), allowed, "the allowance is later");
    extend(&server, &json!({ "due_at": FAR }));
    assert_eq!(seen(&server, "eric"), json!([FAR, FAR, true]));
    extend(&server, &json!({ "cutoff_at": FAR }));
    assert_eq!(seen(&server, "eric"), json!([DUE_OF_ERIC, FAR, true]));
}

#[test]
fn lateness_and_refusals_count_the_allowance_on_every_surface() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let hour_ago = hour_ago();
    let set = |column: &str, time: i64| {
        let sql = format!("UPDATE assignments SET {column} = {time}");
        Sql::of(&server).execute(&sql);
    };
    for student in ["eric", "lawrence"] {
        submit(&server, student, &[Sent::new("task.ipynb", student)]);
    }
    set("due_at", hour_ago);
    let late = |user: &str| -> Vec<bool> {
        let listed = server.get("v1/courses/algebra/submissions", user).ok();
        let listed = listed.json()["submissions"].as_array().unwrap().clone();
        let late = listed.iter().map(|one| one["late"].as_bool().unwrap());
        late.collect()
    };
    let overview = || {
        let overview = server.get("v1/courses/algebra/overview", "kevin").ok();
        overview.text().matches("\"late\":true").count()
    };
    let board = || {
        let page = server.get("c/algebra/a/challenge?show=late&user=kevin", "kevin");
        page.ok().text()
    };
    assert_eq!((late("kevin"), overview()), (vec![true, true], 2));
    let of_eric = "/people/eric";
    assert!(board().contains(of_eric));
    give(&server, 2);
    assert_eq!(
        (late("kevin"), late("eric"), overview()),
        (vec![false, true], vec![false], 1)
    );
    assert!(!board().contains(of_eric), "late on the board");
    let page = server.get("c/algebra/a/challenge?show=extended", "kevin");
    assert!(page.ok().text().contains(of_eric));
    let own = server.get("c/algebra/a/challenge", "eric").ok().text();
    assert!(own.contains("in time") && own.contains("your own time"));

    // The cut-off of everybody is over, and eric's is not.
    set("cutoff_at", hour_ago);
    course.submit("challenge", "eric", &[]).ok();
    assert_eq!(course.submit("challenge", "lawrence", &[]).status, 409);
    let again = submit(&server, "eric", &[Sent::new("task.ipynb", "again")]);
    assert_eq!(again.status, 201);
    assert_eq!(late("eric"), [false, false, false]);
    // The first page of a student lists what is due for them.
    let first = server.get("", "eric").ok().text();
    assert!(first.contains("challenge"), "due for me");
    assert_eq!(remove(&server).status, 204);
    assert_eq!(course.submit("challenge", "eric", &[]).status, 409);
    assert_eq!(late("eric"), [true, true, true]);
    let all = events(&server);
    let mut removed = all
        .iter()
        .filter(|event| event["action"] == "allowance removed");
    let event = removed.next().expect("an event");
    assert_eq!(
        (&event["detail"]["late"], &event["detail"]["in_time"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn a_gradebook_gets_the_dates_that_an_allowance_gives() {
    let server = Setup::standalone().start();
    released(&server);
    let target = format!("{CHALLENGE}/gradebook");
    let extensions = |query: &str| {
        let facts = server.get(&format!("{target}{query}"), "kevin").ok();
        facts.json()
    };
    give(&server, 48);
    assert_eq!(
        extensions("")["extensions"],
        json!([]),
        "no date, no extension"
    );
    set_dates(&server, DUE, CUTOFF);
    let of_eric = json!({ "student": "eric", "due_at": DUE_OF_ERIC, "cutoff_at": CUTOFF_OF_ERIC });
    assert_eq!(extensions("")["extensions"], json!([of_eric]));
    let lawrence = format!("{CHALLENGE}/extensions/lawrence");
    put_json(&server, &lawrence, "kevin", &json!({ "due_at": FAR })).ok();
    let more = put_json(
        &server,
        &format!("{LIST}/lawrence"),
        "kevin",
        &json!({ "hours": 1 }),
    );
    more.ok();
    let of_lawrence = json!({ "student": "lawrence", "due_at": FAR, "cutoff_at": FAR });
    let all = json!([of_eric, of_lawrence]);
    assert_eq!(extensions("")["extensions"], all);
    // The same in pages of one.
    let (mut found, mut students, mut query) = (Vec::new(), 0, "?limit=1".to_owned());
    loop {
        let page = extensions(&query);
        found.extend(page["extensions"].as_array().unwrap().clone());
        students += page["students"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!((Value::from(found), students), (all, 2));
}

#[test]
fn allowances_are_listed_by_student_for_those_who_teach() {
    let server = Setup::standalone().start();
    released(&server);
    give(&server, 48);
    put_json(
        &server,
        &format!("{LIST}/lawrence"),
        "kevin",
        &json!({ "hours": 8760 }),
    )
    .ok();
    let listed = server.get(LIST, "kevin").ok().json();
    assert_eq!(
        listed["allowances"],
        json!([
            { "student": "eric", "hours": 48, "note": "dyslexia" },
            { "student": "lawrence", "hours": 8760 },
        ])
    );
    let first = server.get(&format!("{LIST}?limit=1"), "kevin").ok().json();
    assert_eq!(first["allowances"].as_array().unwrap().len(), 1);
    let next = format!("{LIST}?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = server.get(&next, "kevin").ok().json();
    assert_eq!(second["allowances"][0]["student"], "lawrence");
    assert_eq!(second["next"], Value::Null);
    for stranger in ["eric", "sam"] {
        assert_eq!(problem(&server.get(LIST, stranger)).0, 403);
        let own = put_json(&server, OF_ERIC, stranger, &json!({ "hours": 5 }));
        assert_eq!(problem(&own).0, 403);
    }
}

#[test]
fn hostile_allowances_are_refused_and_change_nothing() {
    let server = Setup::standalone().start();
    released(&server);
    give(&server, 48);
    for hours in ["0", "-1", "8761", "9223372036854775807"] {
        let body = format!("{{\"hours\": {hours}}}");
        let given = call(&server, "PUT", OF_ERIC, "kevin").body("application/json", body);
        assert_eq!(
            problem(&server.send(&given)),
            (400, "An allowance is from 1 to 8760 hours".to_owned()),
            "{hours}"
        );
    }
    let long = format!("{{\"hours\": 1, \"note\": \"{}\"}}", "x".repeat(4097));
    for body in [
        "{}",
        "[]",
        "null",
        "{\"hours\": null}",
        "{\"hours\": \"48\"}",
        "{\"hours\": 1.5}",
        "{\"hours\": 1e400}",
        "{\"hours\": 9223372036854775808}",
        "{\"hours\": 1, \"note\": 5}",
        "{\"hours\": 1, \"note\": \"a\\u0000b\"}",
        &long,
    ] {
        let given =
            call(&server, "PUT", OF_ERIC, "kevin").body("application/json", body.to_owned());
        let status = server.send(&given).status;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    let nobody = put_json(
        &server,
        &format!("{LIST}/sam"),
        "kevin",
        &json!({ "hours": 1 }),
    );
    assert_eq!(problem(&nobody), (404, "Student not found".to_owned()));
    let listed = server.get(LIST, "kevin").ok().json();
    assert_eq!(listed["allowances"].as_array().unwrap().len(), 1);
    assert_eq!(listed["allowances"][0]["hours"], 48);
    // At the end of the calendar, there is no later time.
    give(&server, 8760);
    let last = "9999-12-31T23:59:59.000000Z";
    set_dates(&server, last, last);
    let end = "9999-12-31T23:59:59.999999Z";
    assert_eq!(seen(&server, "eric"), json!([end, end, true]));
}

#[test]
fn events_say_what_an_allowance_was_and_the_value_before_undoes_the_change() {
    let server = Setup::standalone().start();
    released(&server);
    give(&server, 48);
    let event = &events(&server)[0];
    assert_eq!(
        (
            &event["action"],
            &event["subject"],
            &event["detail"]["before"]
        ),
        (&json!("allowance set"), &json!("eric"), &Value::Null)
    );
    put_json(&server, OF_ERIC, "kevin", &json!({ "hours": 2 })).ok();
    let before = events(&server)[0]["detail"]["before"].clone();
    assert_eq!(before, json!({ "hours": 48, "note": "dyslexia" }));
    put_json(&server, OF_ERIC, "kevin", &before).ok();
    assert_eq!(remove(&server).status, 204);
    let event = &events(&server)[0];
    assert_eq!(event["action"], "allowance removed");
    assert_eq!(event["detail"]["before"], before);
}

#[test]
fn an_allowance_stays_when_the_student_leaves_the_roster_and_can_be_removed_then() {
    let server = Setup::standalone().start();
    released(&server);
    set_dates(&server, DUE, CUTOFF);
    give(&server, 48);
    let roster = "v1/courses/algebra/roster";
    let off = call(&server, "DELETE", &format!("{roster}/eric"), "kevin");
    assert_eq!(server.send(&off).status, 204);
    let people = json!({ "people": [{ "username": "eric", "role": "student" }] });
    put_json(&server, roster, "kevin", &people).ok();
    assert_eq!(seen(&server, "eric")[0], DUE_OF_ERIC);
    assert_eq!(server.send(&off).status, 204);
    assert_eq!(remove(&server).status, 204);
    assert_eq!(problem(&remove(&server)).1, "Student not found");
}

#[test]
fn the_page_of_a_person_shows_the_allowance_to_those_who_may_change_it() {
    let server = Setup::standalone().start();
    let course = released(&server);
    for person in ["eric", "kevin"] {
        let target = format!("{LIST}/{person}");
        let given = json!({ "hours": 31, "note": "as agreed" });
        put_json(&server, &target, "kevin", &given).ok();
        let page = format!("c/{}/people/{person}", course.id);
        let page = server.get(&page, "kevin").ok().text();
        assert!(page.contains("value=\"31\""), "{page}");
        assert!(page.contains("as agreed"), "{page}");
    }
    let own = server.get(&format!("c/{}", course.id), "eric").ok().text();
    assert!(!own.contains("as agreed"), "{own}");
}
