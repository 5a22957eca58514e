//! Pages that are refused.

use super::{HTML, Link, PAGE, Part, SOURCE, course, send};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use serde_json::json;

const PLOT: &str = "course=algebra&title=A%20plot";

#[test]
fn nothing_is_shared_until_the_course_allows_it() {
    let server = course(&Setup::standalone(), "off");
    let settings = |user| server.get("v1/courses/algebra/settings", user).ok().json();
    assert_eq!(settings("ada")["sharing"], "off");
    for user in ["ada", "kevin", "root"] {
        let refused = send(&server, user, PLOT, &[HTML]);
        assert_eq!(refused.status, 403, "{user}");
        let said = refused.json()["detail"].to_string();
        assert!(said.contains("settings of the course"), "{said}");
    }
    super::allow(&server, "course");
    send(&server, "ada", PLOT, &[HTML]).ok_with(201);
    let wider = send(&server, "ada", &format!("{PLOT}&audience=hub"), &[HTML]);
    assert_eq!(wider.status, 403);
    // Strangers do not share, whatever the course allows.
    assert_eq!(send(&server, "eve", PLOT, &[HTML]).status, 403);
    let nowhere = send(&server, "ada", "course=nowhere&title=x", &[HTML]);
    assert_eq!(nowhere.status, 404);
}

trait WithStatus {
    fn ok_with(&self, status: u16);
}

impl WithStatus for nbcourier_testkit::Reply {
    #[track_caller]
    fn ok_with(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text());
    }
}

#[test]
fn wrong_requests_share_nothing() {
    let server = course(&Setup::standalone(), "hub");
    let long = format!("course=algebra&title={}", "x".repeat(201));
    for arguments in [
        "course=algebra",
        "title=x",
        "course=algebra&title=%20",
        "course=algebra&title=a%0Ab",
        &long,
        "course=algebra&title=x&days=0",
        "course=algebra&title=x&days=91",
        "course=algebra&title=x&days=-1",
        "course=algebra&title=x&days=soon",
        "course=algebra&title=x&audience=world",
        "course=algebra&title=x&audience=off",
    ] {
        let reply = send(&server, "ada", arguments, &[HTML]);
        assert_eq!(reply.status, 400, "{arguments}: {}", reply.text());
    }
    let typed = |kind| ("page", "plot.html", kind, PAGE);
    let many: Vec<Part<'_>> = std::iter::repeat_n(("other", "x", "text/plain", "x"), 20).collect();
    let parts: [(&[Part<'_>], u16); 6] = [
        (&[], 400),
        (&[SOURCE], 400),
        (&[HTML, HTML], 400),
        (&[typed("application/javascript")], 415),
        (&[typed("image/svg+xml")], 415),
        (&many, 400),
    ];
    for (parts, status) in parts {
        send(&server, "ada", PLOT, parts).ok_with(status);
    }
    let call = server.call("POST", &format!("v1/shares?user=ada&{PLOT}"));
    let plain = call.body("text/html", PAGE);
    assert_eq!(server.send(&plain).status, 415);
    let mut sql = Sql::of(&server);
    assert_eq!(sql.count("count(*)", "shares"), 0);
    // Parts with other names are passed over.
    let other = ("other", "x", "text/plain", "x");
    send(&server, "ada", PLOT, &[other, HTML, other]).ok_with(201);
}

#[test]
fn a_person_shares_at_most_fifty_pages() {
    let server = course(&Setup::standalone(), "course");
    let links: Vec<Link> = (0..50).map(|_| Link::make(&server, "ada", "")).collect();
    let refused = send(&server, "ada", PLOT, &[HTML]);
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.text().contains("Revoke one first"),
        "{}",
        refused.text()
    );
    Link::make(&server, "bob", "");
    links[0].revoke_ok(&server, "ada");
    Link::make(&server, "ada", "");
    // Those that have ended are forgotten, except the newest hundred.
    let mut sql = Sql::of(&server);
    let token = sql.bytes_of("CAST(i AS TEXT)");
    sql.execute(&format!(
        "INSERT INTO shares (token, made_by, course_id, title, audience, made_at, expires_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            SELECT {token}, 'ada', 1, 'old', 'course', 0, 1 FROM n"
    ));
    links[1].revoke_ok(&server, "ada");
    Link::make(&server, "ada", "");
    assert_eq!(sql.count("count(*)", "shares WHERE made_by = 'ada'"), 150);
}

#[test]
fn the_pages_of_a_deleted_course_take_no_place() {
    let server = course(&Setup::standalone(), "course");
    Course::of(&server, "calculus").make(&["kevin"], &["ada"]);
    let settings = json!({ "sharing": "course" }).to_string();
    let call = server.call("PUT", "v1/courses/calculus/settings?user=kevin");
    server.send(&call.body("application/json", settings)).ok();
    let mut sql = Sql::of(&server);
    let token = sql.bytes_of("CAST(i AS TEXT)");
    sql.execute(&format!(
        "INSERT INTO shares (token, made_by, course_id, title, audience, made_at, expires_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
            SELECT {token}, 'ada', courses.id, 'old', 'course', 0, 4102444800000000 FROM n, courses
            WHERE courses.name = 'algebra'"
    ));
    let share = || send(&server, "ada", "course=calculus&title=A%20plot", &[HTML]);
    share().ok_with(409);
    server.delete("course/algebra", "root").ok();
    // Nobody can revoke one of those.
    share().ok_with(201);
}

/// Gives a student an allowance.
fn allow_hours(server: &Server, student: &str, hours: u32) {
    let target = format!("v1/courses/algebra/allowances/{student}?user=kevin");
    let call = server.call("PUT", &target);
    let body = json!({ "hours": hours }).to_string();
    server.send(&call.body("application/json", body)).ok();
}

/// Sets the cut-off of the assignment, or the own one of a student.
fn cut_off(server: &Server, of: &str, at: &str) {
    let path = format!("v1/courses/algebra/assignments/ps1/{of}?user=kevin");
    let body = format!(r#"{{"cutoff_at": "{at}"}}"#);
    let call = server.call("PUT", &path);
    server.send(&call.body("application/json", body)).ok();
}

#[test]
fn a_notebook_of_an_assignment_that_students_work_on_is_shared_by_staff_only() {
    let server = course(&Setup::standalone(), "course");
    let algebra = Course::of(&server, "algebra");
    let files = [
        Sent::new("unit/Problem1.ipynb", "{}"),
        Sent::new("data.csv", "1"),
    ];
    algebra.release("ps1", "kevin", &files).ok();
    let named = |user, title: &str, page, source| {
        let arguments = format!("course=algebra&title={title}");
        let page = ("page", page, "text/html", PAGE);
        let source = ("source", source, "text/plain", "{}");
        send(&server, user, &arguments, &[page, source]).status
    };
    // The title and the names of both files count, whatever their letters' case.
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 403);
    assert_eq!(named("ada", "Look", "PROBLEM1.html", "a.ipynb"), 403);
    assert_eq!(named("ada", "Look", "a.html", "problem1.ipynb"), 403);
    assert_eq!(named("ada", "Look", "a.html", "work/problem1.ipynb"), 403);
    assert_eq!(named("ada", "Problem1.ipynb", "a.html", "a.ipynb"), 403);
    // Other names, and other files of the release, do not.
    assert_eq!(named("ada", "problem", "a.html", "data.ipynb"), 201);
    assert_eq!(named("ada", "problem_", "unit.html", "%25.ipynb"), 201);
    assert_eq!(named("kevin", "Problem1", "a.html", "a.ipynb"), 201);
    let refused = send(&server, "ada", "course=algebra&title=Problem1", &[HTML]);
    assert!(
        refused.text().contains("the assignment ps1"),
        "{}",
        refused.text()
    );
    // A notebook of that name is shared after the cut-off of the last student.
    cut_off(&server, "dates", "2020-01-01T00:00:00Z");
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 201);
    cut_off(&server, "extensions/bob", "2220-01-01T00:00:00Z");
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 403);
    cut_off(&server, "extensions/bob", "2021-01-01T00:00:00Z");
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 201);
    // An allowance counts for as long as its student can submit.
    allow_hours(&server, "bob", 8760);
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 201);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let hour_ago = format!("UPDATE assignments SET cutoff_at = {now} - 3600000000");
    Sql::of(&server).execute(&hour_ago);
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 403);
    cut_off(&server, "dates", "2220-01-01T00:00:00Z");
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 403);
    // A release that was taken back is not worked on.
    let taken_back = server.delete("v1/courses/algebra/assignments/ps1/release", "kevin");
    taken_back.ok_with(204);
    assert_eq!(named("ada", "problem1", "a.html", "a.ipynb"), 201);
}
