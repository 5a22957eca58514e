//! The settings of a course.

use super::client::{algebra, problem, put_json};
use nbcourier_testkit::Setup;
use serde_json::json;

const SETTINGS: &str = "v1/courses/algebra/settings";

#[test]
fn instructors_set_them_and_members_see_them() {
    let server = Setup::standalone().start();
    algebra(&server);
    let none = json!({ "title": null, "time_zone": null, "sharing": "off", "activity": false });
    assert_eq!(server.get(SETTINGS, "eric").ok().json(), none);
    let given = json!({ "title": " Lineare Algebra I ", "time_zone": "Europe/Berlin", "sharing": "course" });
    let mut kept = given.clone();
    kept["title"] = json!("Lineare Algebra I");
    kept["activity"] = json!(false);
    let set = put_json(&server, SETTINGS, "kevin", &given).ok();
    assert_eq!(set.json(), kept);
    assert_eq!(server.get(SETTINGS, "eric").ok().json(), kept);
    assert_eq!(server.get(SETTINGS, "stranger").status, 403);
    assert_eq!(put_json(&server, SETTINGS, "eric", &given).status, 403);

    // An absent title or time zone is removed, the rest stays, and the event says what it was.
    let title = json!({ "title": "Algebra" });
    put_json(&server, SETTINGS, "kevin", &title).ok();
    let events = server.get("v1/courses/algebra/events", "kevin").ok();
    let event = &events.json()["events"][0];
    assert_eq!(event["action"], "course changed");
    assert_eq!(
        event["detail"],
        json!({
            "title": "Algebra", "time_zone": null, "sharing": "course", "activity": false, "before": kept,
        })
    );
}

#[test]
fn what_is_no_title_or_no_time_zone_is_refused() {
    let server = Setup::standalone().start();
    algebra(&server);
    for (given, says) in [
        (json!({ "title": "" }), "The title is empty"),
        (json!({ "title": "a\nb" }), "control character"),
        (json!({ "title": "a\0b" }), "control character"),
        (json!({ "title": "x".repeat(201) }), "longer than 200 bytes"),
        (json!({ "time_zone": "CET+1" }), "Europe/Berlin"),
        (json!({ "time_zone": "" }), "Europe/Berlin"),
        (json!({ "title": "Algebra", "time_zone": "Mars" }), "Mars"),
        (json!({ "sharing": "world" }), "request format"),
    ] {
        let (status, said) = problem(&put_json(&server, SETTINGS, "kevin", &given));
        assert_eq!(status, 400, "{given}");
        assert!(said.contains(says), "{given}: {said}");
    }
    let none = json!({ "title": null, "time_zone": null, "sharing": "off", "activity": false });
    assert_eq!(server.get(SETTINGS, "kevin").ok().json(), none);
}
