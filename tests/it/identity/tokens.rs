//! Tokens, and the number of requests to the hub about them.

use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::{Course, FakeHub, HubBehaviour, Reply, Server, Setup, eventually};
use serde_json::json;
use std::time::Duration;

fn courses(server: &Server, authorization: &str) -> Reply {
    server.send(
        &server
            .call("GET", "courses")
            .header("Authorization", authorization),
    )
}

#[track_caller]
fn assert_nobody(reply: &Reply) {
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert_eq!(reply.json()["success"], false);
    assert!(!reply.message().is_empty());
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn both_schemes_of_authorization_are_understood() {
    let hub = FakeHub::start();
    hub.knows("root");
    let server = Setup::behind(&hub).start();
    for scheme in ["token", "Bearer", "Token", "bearer"] {
        courses(&server, &format!("{scheme} root")).ok();
    }
}

#[test]
fn an_unknown_token_is_nobody() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    assert_nobody(&courses(&server, "token kevin"));
    assert_nobody(&courses(&server, "Bearer kevin"));
}

#[test]
fn without_a_token_nobody_asks_the_hub() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    assert_nobody(&server.send(&server.call("GET", "courses")));
    for header in [
        "",
        "token",
        "token ",
        "Bearer",
        "Basic a2V2aW46a2V2aW4=",
        "kevin",
        "token a b",
    ] {
        assert_nobody(&courses(&server, header));
    }
    assert_eq!(hub.questions(), 0);
}

#[test]
fn the_argument_user_does_not_matter_behind_a_hub() {
    let hub = FakeHub::start();
    hub.knows("root").knows("eric");
    let server = Setup::behind(&hub).start();
    assert_nobody(&server.get("courses", "root"));
    assert_nobody(&server.post("course/course1", "root", &[]));
    let form = nbcourier_testkit::Form::new().field("user", "root");
    let by_eric = server
        .call("POST", "course/course1?user=root")
        .token("eric")
        .form(&form);
    assert_eq!(server.send(&by_eric).status, 403);
    let form = nbcourier_testkit::Form::new().field("user", "eric");
    let by_root = server
        .call("POST", "course/course1?user=eric")
        .token("root")
        .form(&form);
    server.send(&by_root).ok();
}

#[test]
fn a_service_is_not_the_person_of_its_name() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    hub.gives("service-kevin", service_model("kevin"));
    hub.gives("service-root", service_model("root"));
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&["kevin"], &[]);
    let list = |token: &str| course.get("courses", token).ok().json()["courses"].clone();
    assert_eq!(list("kevin"), json!(["course1"]));
    assert_eq!(list("service-kevin"), json!([]));
    assert_eq!(list("service-root"), json!([]));
    assert_eq!(
        course.post("course/course2", "service-root", &[]).status,
        403
    );
    let refused = course.release("challenge", "service-kevin", &[]);
    assert_eq!(refused.status, 403);
}

#[test]
fn many_requests_with_a_new_token_are_one_question() {
    let hub = FakeHub::start();
    hub.knows("root");
    let server = Setup::behind(&hub).start();
    hub.feels(HubBehaviour::Slow(Duration::from_millis(500)));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| courses(&server, "token root").ok());
        }
    });
    assert_eq!(hub.questions(), 1);
}

#[test]
fn an_answer_counts_for_a_while() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    let server = Setup::behind(&hub).start();
    for _ in 0..3 {
        courses(&server, "token root").ok();
        courses(&server, "Bearer kevin").ok();
    }
    assert_eq!(hub.questions(), 2);
}

#[test]
fn an_answer_does_not_count_for_ever() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "1"]).start();
    courses(&server, "token kevin").ok();
    hub.forgets("kevin");
    eventually("the hub is asked again", || {
        courses(&server, "token kevin");
        hub.questions() > 1
    });
    assert_nobody(&courses(&server, "token kevin"));
}

#[test]
fn a_refusal_is_remembered_for_a_moment() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    for _ in 0..5 {
        assert_nobody(&courses(&server, "token unknown"));
    }
    assert_eq!(hub.questions(), 1);
}

#[test]
fn the_hubs_admins_are_admins_only_when_told_so() {
    let hub = FakeHub::start();
    let mut model = user_model("abigail");
    model["admin"] = json!(true);
    hub.gives("abigail", model);
    let by_default = Setup::behind(&hub).start();
    let strict = Setup::behind(&hub).args(&["--hub-admins"]).start();
    for (server, status) in [(by_default, 403), (strict, 200)] {
        let call = server.call("POST", "course/course1").token("abigail");
        assert_eq!(server.send(&call).status, status);
    }
}

#[test]
fn a_token_needs_a_scope_of_the_service_only_when_told_so() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let mut model = user_model("root");
    model["scopes"] = json!(["access:services!service=nbcourier"]);
    hub.gives("scoped", model.clone());
    model["scopes"] = json!(["access:services!service=another"]);
    hub.gives("scoped elsewhere".replace(' ', "-").as_str(), model);
    let by_default = Setup::behind(&hub).start();
    courses(&by_default, "token kevin").ok();
    let strict = Setup::behind(&hub)
        .args(&["--require-service-scope"])
        .start();
    courses(&strict, "token scoped").ok();
    for token in ["kevin", "scoped-elsewhere"] {
        let refused = courses(&strict, &format!("token {token}"));
        assert_eq!(refused.status, 403, "{}", refused.text());
        assert_eq!(refused.json()["success"], false);
    }
}
