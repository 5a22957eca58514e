//! The identity of callers, and their permissions.

use nbcourier_testkit::browser::Browser;
use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::routes::routes;
use nbcourier_testkit::{Course, FakeHub, Form, Sent, Server, Setup};
use serde_json::json;

fn file() -> Vec<Sent> {
    vec![Sent::new("a.ipynb", "{}")]
}

/// Returns a hub that knows some people, and a service behind it.
fn start(people: &[&str]) -> (FakeHub, Server) {
    let hub = FakeHub::start();
    hub.knows("root");
    for name in people {
        hub.knows(name);
    }
    let server = Setup::behind(&hub).start();
    (hub, server)
}

#[test]
fn hole_02_a_login_of_another_browser_is_refused() {
    let (hub, server) = start(&["kevin"]);
    let mut victim = Browser::default();
    let back = Browser::default().go_to_hub(&server, &hub, "kevin");
    let reply = victim.get(&server, &back);
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    let code = back.split('&').find(|pair| pair.contains("code=")).unwrap();
    let (path, _) = back.split_once('?').unwrap();
    let code = code.rsplit('?').next().unwrap();
    let reply = victim.get(&server, &format!("{path}?{code}"));
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    let courses = victim.with_cookies(server.call("GET", "courses"));
    assert_eq!(server.send(&courses).status, 401);
}

#[test]
fn hole_03_no_cookie_holds_the_hubs_token_or_is_for_the_whole_site() {
    let (hub, server) = start(&[]);
    hub.gives("token-of-kevin-at-the-hub", user_model("kevin"));
    let browser = Browser::logged_in(&server, &hub, "token-of-kevin-at-the-hub");
    assert!(!browser.cookies.is_empty());
    for (name, value) in &browser.cookies {
        for part in value.split('.') {
            let decoded = decode(part);
            assert!(!decoded.contains("token-of-kevin"), "{name}: {decoded}");
        }
    }
    let mut fresh = Browser::default();
    let back = fresh.go_to_hub(&server, &hub, "token-of-kevin-at-the-hub");
    let reply = server.send(&fresh.with_cookies(server.call("GET", &back)));
    let cookies = reply.headers("set-cookie");
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(cookie.contains("HttpOnly"), "{cookie}");
        assert!(
            cookie.contains(&format!("Path={}", server.prefix())),
            "{cookie}"
        );
    }
}

fn decode(part: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    String::from_utf8_lossy(&bytes.unwrap_or_else(|_| part.as_bytes().to_vec())).into_owned()
}

#[test]
fn hole_04_no_address_reads_or_changes_anything_by_a_cookie_alone() {
    let (hub, server) = start(&["kevin"]);
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &["lawrence"]);
    let browser = Browser::logged_in(&server, &hub, "root");
    let tokens = browser.tokens(&server);
    let others = Browser::logged_in(&server, &hub, "root").tokens(&server);
    for route in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path
            .replace("{course}", "algebra")
            .replace("{assignment}", "ps1")
            .replace("{user}", "lawrence")
            .replace("{id}", "1");
        let reads = matches!(method, "GET" | "HEAD");
        let (right, wrong, foreign) = if reads {
            (&tokens.reading, &tokens.writing, &others.reading)
        } else {
            (&tokens.writing, &tokens.reading, &others.writing)
        };
        let ours = ("Sec-Fetch-Site", "same-origin");
        for headers in [
            &[][..],
            &[("Origin", "https://elsewhere.example")],
            // On a hub with one domain, other people's pages have our origin.
            &[ours],
            &[("Origin", "http://localhost")],
            &[ours, ("X-CSRF-Token", wrong)],
            &[ours, ("X-CSRF-Token", foreign)],
            &[
                ("X-CSRF-Token", right),
                ("Origin", "https://elsewhere.example"),
            ],
            &[("X-CSRF-Token", right), ("Sec-Fetch-Site", "same-site")],
        ] {
            let form = Form::new().field("instructors", "[]");
            let mut call = server.call(method, &path);
            for (name, value) in headers {
                call = call.header(name, value);
            }
            if !reads {
                call = call.form(&form);
            }
            let reply = server.send(&browser.with_cookies(call));
            assert_eq!(reply.status, 403, "{route} {headers:?}: {}", reply.text());
        }
    }
    course.get("student/algebra/lawrence", "root").ok();
    // With the token the page's own changes succeed.
    let remove = server
        .call("DELETE", "student/algebra/lawrence")
        .header("X-CSRF-Token", &tokens.writing);
    server.send(&browser.with_cookies(remove)).ok();
}

#[test]
fn hole_06_unknown_callers_get_the_same_answer_for_every_course() {
    let (_hub, server) = start(&["kevin"]);
    Course::of(&server, "algebra")
        .by_token()
        .make(&["kevin"], &[]);
    for route in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        let ask = |course: &str| {
            let path = path
                .replace("{course}", course)
                .replace("{assignment}", "ps1")
                .replace("{user}", "kevin")
                .replace("{id}", "1");
            let reply = server.send(&server.call(method, &path));
            (reply.status, reply.message())
        };
        let there = ask("algebra");
        assert_eq!(there.0, 401, "{route}");
        assert_eq!(there, ask("nowhere"), "{route}");
    }
}

#[test]
fn hole_07_strangers_learn_nothing_of_a_course_but_that_it_exists() {
    let (_hub, server) = start(&["kevin", "lawrence", "eric"]);
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &["lawrence"]);
    course.release("ps1", "kevin", &file()).ok();
    course.submit("ps1", "lawrence", &file()).ok();
    for route in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        if !path.contains("{course}") || route == "POST course/{course}" {
            continue;
        }
        let ask = |assignment: &str, user: &str| {
            let path = path
                .replace("{course}", "algebra")
                .replace("{assignment}", assignment)
                .replace("{user}", user)
                .replace("{id}", if assignment == "ps1" { "1" } else { "999" });
            let call = server.call(method, &path).token("eric");
            let reply = server.send(&call);
            (reply.status, reply.message())
        };
        let there = ask("ps1", "lawrence");
        assert_eq!(there.0, 403, "{route}: {there:?}");
        assert_eq!(there, ask("ps9", "lawrence"), "{route}");
        assert_eq!(there, ask("ps1", "nobody"), "{route}");
    }
}

#[test]
fn hole_08_a_services_token_is_not_the_user_of_its_name() {
    let (hub, server) = start(&["kevin"]);
    hub.gives("of-the-service", service_model("kevin"));
    hub.gives("of-another", service_model("root"));
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &[]);
    assert_eq!(course.get("students/algebra", "of-the-service").status, 403);
    let made = course.post("course/other", "of-another", &[("instructors", "[]")]);
    assert_eq!(made.status, 403);
}

#[test]
fn hole_09_an_empty_list_of_admins_is_an_empty_list() {
    for admins in ["", ",", " , ,"] {
        let server = Setup::standalone().admins(admins).start();
        for user in ["", " ", "%20"] {
            let reply = server.post("course/algebra", user, &[("instructors", "[]")]);
            assert!(
                matches!(reply.status, 401 | 403),
                "{admins:?}, {user:?}: {}",
                reply.text()
            );
        }
    }
}

#[test]
fn hole_11_an_instructor_elsewhere_has_only_their_role_here() {
    let (_hub, server) = start(&["kevin", "lawrence", "eric"]);
    let here = Course::of(&server, "here").by_token();
    here.make(&["kevin"], &["lawrence", "eric"]);
    // Eric takes this course and teaches another one, with a student who takes both.
    let there = Course::of(&server, "there").by_token();
    there.make(&["eric"], &["lawrence"]);
    here.release("ps1", "kevin", &file()).ok();
    here.submit("ps1", "lawrence", &file()).ok();
    for target in [
        "submissions/here/ps1",
        "submissions/here/ps1/lawrence",
        "submission/here/ps1/lawrence",
        "students/here",
        "v1/courses/here/roster",
        "v1/courses/here/submissions?student=lawrence",
    ] {
        let reply = here.get(target, "eric");
        assert_eq!(reply.status, 403, "{target}: {}", reply.text());
    }
    let own = here.get("v1/courses/here/submissions", "eric").ok().json();
    assert_eq!(own["submissions"], json!([]));
}

#[test]
fn hole_15_a_former_instructor_has_no_permissions() {
    let (hub, server) = start(&["kevin", "eric"]);
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin", "eric"], &[]);
    course.release("ps1", "kevin", &file()).ok();
    let remove = server
        .call("DELETE", "instructor/algebra/eric")
        .token("root");
    server.send(&remove).ok();
    let unrelease = server
        .call("DELETE", "assignment/algebra/ps1")
        .token("eric");
    assert_eq!(server.send(&unrelease).status, 403);
    // A role by a group of the hub depends on the hub's current groups.
    hub.gives(
        "ida",
        json!({"kind": "user", "name": "ida", "admin": false, "groups": ["formgrade-algebra"]}),
    );
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "0s"]).start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &[]);
    course.release("ps1", "kevin", &file()).ok();
    course.get("students/algebra", "ida").ok();
    hub.gives(
        "ida",
        json!({"kind": "user", "name": "ida", "admin": false, "groups": []}),
    );
    let unrelease = server.call("DELETE", "assignment/algebra/ps1").token("ida");
    assert_eq!(server.send(&unrelease).status, 403);
}

#[test]
fn hole_17_nobody_is_an_instructor_unless_somebody_said_so() {
    let (hub, server) = start(&["kevin", "eric"]);
    hub.gives("ida", json!({"kind": "user", "name": "ida", "admin": true, "groups": ["admin", "formgrade", "formgrade-", "instructors"]}));
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &["eric"]);
    for who in ["eric", "ida"] {
        assert_eq!(course.get("students/algebra", who).status, 403, "{who}");
        assert_eq!(course.release("ps1", who, &file()).status, 403, "{who}");
        let made = course.post("course/other", who, &[("instructors", "[]")]);
        assert_eq!(made.status, 403, "{who}");
    }
}
