//! Another name.

use crate::desk::{ADA, BOB, Desk};
use serde_json::json;

const NEW: &str = "hypatia";

#[test]
fn who_is_renamed_has_all_they_had_and_the_old_name_nothing() {
    let desk = Desk::new();
    let before = desk.times(ADA);
    let receipts = desk
        .server
        .get("v1/courses/algebra/submissions", ADA)
        .ok()
        .json();
    let id = &receipts["submissions"][0]["id"];
    let target = format!("v1/courses/algebra/submissions/{id}/receipt");
    let receipt = desk.server.get(&target, ADA).ok();

    let would = desk.does(&["rename", ADA, NEW, "--dry-run"]);
    assert!(would.contains("Would have renamed"), "{would}");
    assert_eq!(desk.times(ADA), before, "nothing was done");
    let said = desk.does(&["rename", ADA, NEW]);
    assert!(said.contains("2 courses, 2 submissions"), "{said}");

    assert_eq!(desk.times(NEW), before);
    assert_eq!(desk.times(ADA), Vec::<String>::new());
    let roster = desk.server.get(&format!("student/algebra/{NEW}"), NEW).ok();
    assert_eq!(roster.json()["email"], "ada@example.org");
    let teaches = desk.server.get("instructors/maths", NEW).ok().json();
    assert_eq!(teaches["instructors"][0]["username"], NEW);
    assert_eq!(
        desk.server
            .get("v1/courses/algebra/assignments", ADA)
            .status,
        403
    );

    for found in desk.found(ADA) {
        assert!(
            found.contains(&format!("\"formerly\":\"{ADA}\"")),
            "{found}"
        );
    }
    for course in ["algebra", "maths"] {
        let told = &desk.events(course)[0];
        assert_eq!(told["action"], "user renamed");
        assert_eq!(told["subject"], NEW);
        assert_eq!(told["detail"], json!({ "formerly": ADA }));
        assert!(told["actor"].as_str().unwrap().starts_with("operator:"));
    }
    let call = desk
        .server
        .call("POST", &format!("v1/receipts/verify?user={NEW}"));
    let verdict = desk
        .server
        .send(&call.body("application/json", receipt.text()));
    assert_eq!(verdict.json(), json!({ "valid": true, "stored": true }));
}

#[test]
fn a_name_that_has_anything_is_not_given_to_somebody_else() {
    let desk = Desk::new();
    let said = desk.fails(&["rename", ADA, BOB]);
    assert!(said.contains("user merge"), "{said}");
    for reserved in ["service:x", "operator:x", "former:x"] {
        let said = desk.fails(&["rename", ADA, reserved]);
        assert!(said.contains("cannot be the name"), "{said}");
    }
    let said = desk.fails(&["rename", "nobody", NEW]);
    assert!(said.contains("Nothing is stored of nobody"), "{said}");
    assert_eq!(desk.times(ADA).len(), 2);
}

#[test]
fn where_a_name_stands_is_shown_before_anything_is_done() {
    let desk = Desk::new();
    let said = desk.does(&["show", ADA]);
    assert!(said.contains("algebra  student"), "{said}");
    assert!(said.contains("maths    instructor"), "{said}");
    let shown: serde_json::Value =
        serde_json::from_str(&desk.does(&["show", ADA, "--json"])).unwrap();
    let counts = |course: usize| {
        let course = &shown["courses"][course];
        let names = [
            "submissions",
            "feedback",
            "extensions",
            "released",
            "handed_in_for_others",
            "feedback_given",
        ];
        names.map(|name| course[name].as_i64().unwrap())
    };
    assert_eq!(counts(0), [2, 1, 1, 0, 0, 0]);
    assert_eq!(counts(1), [0, 0, 0, 1, 1, 1]);
    assert!(
        desk.does(&["show", "nobody"])
            .contains("nobody is in no course")
    );
}
