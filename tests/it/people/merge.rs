//! Merging two names of one person.

use super::desk::{ADA, BOB, Desk, IRA};
use nbcourier_testkit::Sent;
use nbcourier_testkit::tar::archive;
use serde_json::json;

fn try_with_key(desk: &Desk, who: &str) {
    let target = format!("v1/courses/algebra/assignments/ps1/submissions?user={who}");
    let call = desk
        .server
        .call("POST", &target)
        .header("Idempotency-Key", "same-key");
    let work = archive(&[Sent::new("work", "with a key")]);
    assert_eq!(
        desk.server
            .send(&call.body("application/x-tar", work))
            .status,
        201
    );
}

#[test]
fn two_names_are_merged_and_nothing_is_lost() {
    let desk = Desk::new();
    desk.hand_in(BOB, "three");
    for who in [ADA, BOB] {
        try_with_key(&desk, who);
    }
    desk.put_extension(BOB, "2221-01-01T00:00:00Z");
    desk.put_allowance(ADA, 48);
    desk.put_allowance(BOB, 24);
    desk.see(ADA);
    desk.see(BOB);
    // Several submissions at one microsecond, as far as one student may have them.
    let at = |who: &str| {
        format!(
            "UPDATE submissions SET submitted_at = 1000 + (SELECT count(*) FROM submissions s
                WHERE s.student = submissions.student AND s.assignment_id = submissions.assignment_id
                    AND s.id < submissions.id) WHERE student = '{who}';"
        )
    };
    desk.database().execute(&(at(ADA) + &at(BOB)));

    let said = desk.fails(&["merge", ADA, BOB]);
    assert!(said.contains("--yes"), "{said}");
    assert_eq!(desk.times(ADA).len(), 3, "nothing was done");
    desk.does(&["merge", ADA, BOB, "--dry-run"]);
    assert_eq!(desk.times(ADA).len(), 3, "nothing was done");
    desk.does(&["merge", ADA, BOB, "--yes"]);

    let mut times = desk.times(BOB);
    assert_eq!(times.len(), 5);
    times.sort();
    times.dedup();
    assert_eq!(times.len(), 5, "each has a time of its own: {times:?}");
    let person = desk
        .server
        .get(&format!("student/algebra/{BOB}"), IRA)
        .ok()
        .json();
    assert_eq!(person["first_name"], "Ada", "filled in");
    let instructors = desk.server.get("instructors/maths", BOB).ok().json();
    assert_eq!(
        instructors["instructors"][0]["username"], BOB,
        "an instructor stays one"
    );
    let fetches = "v1/courses/algebra/assignments/ps1/fetches";
    let fetches = desk.server.get(fetches, IRA).ok().json();
    assert_eq!(fetches["fetches"].as_array().unwrap().len(), 1);
    let fetch = &fetches["fetches"][0];
    assert_eq!(
        (&fetch["student"], &fetch["times"]),
        (&BOB.into(), &2.into())
    );
    assert!(
        fetch["first_at"].as_str() < fetch["last_at"].as_str(),
        "{fetch}"
    );
    let starts = desk.server.get("v1/courses/algebra/starts", IRA).ok();
    let starts = starts.json()["starts"].as_array().unwrap().clone();
    let of_bob = starts.iter().filter(|start| start["person"] == BOB);
    assert_eq!(of_bob.count(), 2);
    let activity = "v1/courses/algebra/activity?by=notebook";
    let activity = desk.server.get(activity, IRA).ok().json();
    let work = &activity["activity"][0];
    assert_eq!(
        (&work["students"], &work["opens"], &work["minutes"]),
        (&1.into(), &2.into(), &2.into())
    );
    let extensions = "v1/courses/algebra/assignments/ps1/extensions";
    let extensions = desk.server.get(extensions, IRA).ok().json();
    assert_eq!(extensions["extensions"].as_array().unwrap().len(), 1);
    let due = extensions["extensions"][0]["due_at"].as_str().unwrap();
    assert!(due.starts_with("2221"), "the later one: {due}");
    let allowances = desk.server.get("v1/courses/algebra/allowances", IRA).ok();
    let allowances = allowances.json()["allowances"].clone();
    assert_eq!(
        allowances,
        json!([{ "student": BOB, "hours": 48, "note": "a weak heart" }]),
        "the longer one"
    );
    let own = desk
        .server
        .get("v1/courses/maths/submissions", BOB)
        .ok()
        .json();
    assert_eq!(
        own["submissions"][0]["submitted_by"],
        serde_json::Value::Null,
        "it was themselves"
    );
    // A repeated attempt is still recognised.
    try_again(&desk);
    for found in desk.found(ADA) {
        assert!(found.contains("\"formerly\""), "{found}");
    }
    assert_eq!(desk.events("maths")[0]["action"], "user merged");
    assert_eq!(
        nbcourier_testkit::run(&[
            "fsck",
            "--data-dir",
            &desk.server.data_dir().display().to_string()
        ])
        .status
        .code(),
        Some(0)
    );
}

fn try_again(desk: &Desk) {
    let target = format!("v1/courses/algebra/assignments/ps1/submissions?user={BOB}");
    let call = desk
        .server
        .call("POST", &target)
        .header("Idempotency-Key", "same-key");
    let work = archive(&[Sent::new("work", "again")]);
    let reply = desk.server.send(&call.body("application/x-tar", work));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(desk.times(BOB).len(), 5);
}

#[test]
fn nobody_is_merged_with_themselves_or_into_a_reserved_name() {
    let desk = Desk::new();
    assert!(
        desk.fails(&["merge", ADA, ADA, "--yes"])
            .contains("Both names")
    );
    assert!(
        desk.fails(&["merge", ADA, "service:x", "--yes"])
            .contains("cannot be")
    );
    assert!(
        desk.fails(&["merge", "operator:x", ADA, "--yes"])
            .contains("cannot be")
    );
}
