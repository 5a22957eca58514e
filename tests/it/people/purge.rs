//! Removing a person for good.

use super::desk::{ADA, BOB, Desk, IRA};
use nbcourier_testkit::run;

fn gc(desk: &Desk) {
    let data = desk.server.data_dir().display().to_string();
    let output = run(&["gc", "--grace", "0", "--data-dir", &data]);
    assert!(output.status.success());
}

#[test]
fn a_removed_person_leaves_only_what_others_need_without_the_name() {
    let desk = Desk::new();
    desk.see(ADA);
    desk.does(&["rename", ADA, "hypatia"]);
    desk.does(&["rename", "hypatia", ADA]);
    // Events say what was before: the old address, and the note of an extension.
    let details = [
        ("first_name", "Ada"),
        ("last_name", "L."),
        ("email", "ada@example.net"),
    ];
    let target = format!("student/algebra/{ADA}");
    desk.server.post(&target, IRA, &details).ok();
    let target = format!("v1/courses/algebra/assignments/ps1/extensions/{ADA}?user={IRA}");
    for note in ["a broken leg", "a broken arm"] {
        let body = serde_json::json!({ "due_at": "2220-01-01T00:00:00Z", "note": note });
        let call = desk.server.call("PUT", &target);
        desk.server
            .send(&call.body("application/json", body.to_string()))
            .ok();
    }
    desk.put_allowance(ADA, 48);
    desk.put_allowance(ADA, 24);
    for text in ["ada@example.org", "a broken leg", "a weak heart"] {
        assert_ne!(desk.found(text), [""; 0]);
    }
    let said = desk.fails(&["purge", ADA]);
    assert!(
        said.contains("2 submissions") && said.contains("--yes"),
        "{said}"
    );
    let said = desk.does(&["purge", ADA, "--dry-run"]);
    assert!(said.contains("Would have removed"), "{said}");
    assert_eq!(desk.times(ADA).len(), 2);
    let said = desk.does(&["purge", ADA, "--yes"]);
    gc(&desk);

    assert_eq!(desk.found(ADA), [""; 0]);
    for table in [
        "fetches",
        "feedback_readings",
        "starts",
        "activity",
        "allowances",
    ] {
        assert_eq!(desk.database().count("count(*)", table), 0, "{table}");
    }
    for text in [
        "hypatia",
        "ada@example.org",
        "ada@example.net",
        "a broken",
        "a weak heart",
        "two",
    ] {
        assert_eq!(desk.found(text), [""; 0]);
    }
    let pseudonym = said.split("others need, belongs to ").nth(1).unwrap();
    let pseudonym = pseudonym.split(". ").next().unwrap();
    assert!(pseudonym.starts_with("former:"), "{said}");
    let versions = "v1/courses/maths/assignments/sheet/history";
    let versions = desk.server.get(versions, "root").ok().json();
    assert_eq!(versions["releases"][0]["released_by"], pseudonym);
    let own = desk
        .server
        .get("v1/courses/maths/submissions", BOB)
        .ok()
        .json();
    let own = &own["submissions"][0];
    assert_eq!(own["submitted_by"], pseudonym);
    let given = format!("v1/courses/maths/submissions/{}/history", own["id"]);
    let given = desk.server.get(&given, BOB).ok().json();
    assert_eq!(given["feedback"][0]["returned_by"], pseudonym);
    for course in ["algebra", "maths"] {
        let noted = &desk.events(course)[0];
        assert_eq!(
            (&noted["action"], &noted["subject"]),
            (&"user purged".into(), &pseudonym.into())
        );
    }
    let handed_in = desk
        .events("algebra")
        .iter()
        .filter(|event| event["action"] == "submitted")
        .count();
    assert_eq!(handed_in, 2, "events keep what happened");
    let data = desk.server.data_dir().display().to_string();
    assert!(run(&["fsck", "--data-dir", &data]).status.success());
    assert!(
        desk.fails(&["purge", ADA, "--yes"])
            .contains("Nothing is stored")
    );
}

#[test]
fn work_may_stay_without_its_name() {
    let desk = Desk::new();
    desk.see(ADA);
    let before = desk.times(ADA);
    let said = desk.does(&["purge", ADA, "--keep-work", "--yes"]);
    for table in ["fetches", "feedback_readings"] {
        assert_eq!(desk.database().count("count(*)", table), 0, "{table}");
    }
    assert_eq!(desk.found(ADA), [""; 0]);
    assert_eq!(desk.found("ada@example.org"), [""; 0]);
    let pseudonym = said.split("others need, belongs to ").nth(1).unwrap();
    let pseudonym = pseudonym.split(". ").next().unwrap();
    assert_eq!(desk.times(pseudonym), before);
    let roster = desk
        .server
        .get("v1/courses/algebra/roster", IRA)
        .ok()
        .json();
    let people = roster["people"].as_array().unwrap();
    assert_eq!(people.len(), 2, "in no course any more: {people:?}");
}
