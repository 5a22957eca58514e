//! Renaming people.

use super::desk::{ADA, BOB, Desk};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

const NEW: &str = "hypatia";

#[test]
fn a_renamed_person_keeps_everything_and_the_old_name_has_nothing() {
    let desk = Desk::new();
    desk.see(ADA);
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
    let fetches = "v1/courses/algebra/assignments/ps1/fetches";
    let fetches = desk.server.get(fetches, "root").ok().json();
    assert_eq!(fetches["fetches"][0]["student"], NEW);
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
        let event = &desk.events(course)[0];
        assert_eq!(event["action"], "user renamed");
        assert_eq!(event["subject"], NEW);
        assert_eq!(event["detail"], json!({ "formerly": ADA }));
        assert!(event["actor"].as_str().unwrap().starts_with("operator:"));
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
    let said = desk.fails(&["rename", ADA, "service:x"]);
    assert!(said.contains("cannot be the name"), "{said}");
    for reserved in ["operator:x", "former:x"] {
        let (code, said) = desk.user(&["rename", ADA, reserved]);
        assert_eq!(code, Some(2), "{said}");
        assert!(
            said.contains("names of operators, former users and services"),
            "{said}"
        );
    }
    let said = desk.fails(&["rename", "nobody", NEW]);
    assert!(said.contains("Nothing is stored about nobody"), "{said}");
    assert_eq!(desk.times(ADA).len(), 2);
}

#[test]
fn the_places_of_a_name_are_shown_before_any_change() {
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

fn renames(desk: &Desk, content: &str, dry: bool) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("renames.csv");
    std::fs::write(&file, content).unwrap();
    let mut arguments = vec!["rename", "--from-file", file.to_str().unwrap()];
    if dry {
        arguments.push("--dry-run");
    }
    desk.user(&arguments)
}

#[test]
fn names_are_exchanged_and_passed_on_from_a_file_in_any_order() {
    let desk = Desk::new();
    let (ada, bob) = (desk.times(ADA), desk.times(BOB));
    assert_ne!(ada, bob);
    // Each has the other's name afterwards.
    let swap = format!("old,new\n{ADA},{BOB}\n{BOB},{ADA}\n");
    let (code, said) = renames(&desk, &swap, true);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("{ADA}: would be renamed to {BOB}")),
        "{said}"
    );
    assert!(said.contains("Would have renamed: 2 of 2 names"), "{said}");
    assert_eq!(desk.times(ADA), ada);
    let (code, said) = renames(&desk, &swap, false);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        (desk.times(ADA), desk.times(BOB)),
        (bob.clone(), ada.clone())
    );
    // A chain in an order in which single steps would fail, and without a header line.
    let chain = format!("{BOB};{ADA}\n{ADA};{NEW}\nnobody;somebody\n");
    let (code, said) = renames(&desk, &chain, false);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nobody: nothing is stored"), "{said}");
    assert!(said.contains("Renamed: 2 of 3 names."), "{said}");
    assert_eq!((desk.times(ADA), desk.times(NEW)), (ada, bob));
    assert_eq!(desk.times(BOB), Vec::<String>::new());
    assert!(
        desk.found("renaming").is_empty(),
        "{:?}",
        desk.found("renaming")
    );
}

#[test]
fn a_file_of_renames_of_which_a_line_is_refused_changes_nothing_and_the_line_is_named() {
    let desk = Desk::new();
    let (ada, bob) = (desk.times(ADA), desk.times(BOB));
    for (rest, sentence) in [
        (
            format!("{BOB},x\n{BOB},y\n"),
            "Line 4: \"bob\" already gets another name in line 3",
        ),
        (
            format!("{BOB},{NEW}\n"),
            "Line 3: \"hypatia\" is already given to somebody else in line 2",
        ),
        (
            format!("{BOB},service:x\n"),
            "Line 3: \"service:x\" cannot be",
        ),
        (format!("{BOB},a/b\n"), "Line 3: \"a/b\""),
        (
            format!("{BOB},b\u{200b}b\n"),
            "the invisible character U+200B",
        ),
        (format!("{BOB},{BOB}\n"), "is both the old and the new name"),
        (format!("{BOB}\n"), "Line 3"),
    ] {
        let sentence = sentence.replace("bob", BOB);
        let (code, said) = renames(&desk, &format!("old,new\n{ADA},{NEW}\n{rest}"), false);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&sentence), "{said}");
        assert_eq!(
            (desk.times(ADA), desk.times(BOB)),
            (ada.clone(), bob.clone())
        );
    }
    // A person who keeps the name has data there.
    let (code, said) = renames(&desk, &format!("x,y\n{ADA},{BOB}\n"), false);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("user merge"), "{said}");
    assert_eq!((desk.times(ADA), desk.times(BOB)), (ada, bob));
}

/// Returns the members of the roster, with the times of their submissions to ps1.
fn everything(desk: &Desk) -> BTreeMap<String, Vec<String>> {
    let target = "v1/courses/algebra/submissions?limit=1000";
    let listing = desk.server.get(target, "root").ok().json();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in listing["submissions"].as_array().unwrap() {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        found
            .entry(text("student"))
            .or_default()
            .push(text("submitted_at"));
    }
    found
}

#[test]
fn a_class_is_renamed_in_circles_and_chains_while_it_hands_in() {
    // A submission beside the renaming waits for ten seconds at most, also on a slow machine.
    const CLASS: usize = 120;
    const CIRCLE: usize = 40;
    let desk = Desk::new();
    let people: Vec<_> = (0..CLASS)
        .map(|number| json!({ "username": format!("u{number}"), "role": "student" }))
        .collect();
    let call = desk
        .server
        .call("PUT", "v1/courses/algebra/roster?user=root");
    let body = json!({ "people": people }).to_string();
    desk.server.send(&call.body("application/json", body)).ok();
    for number in 0..CLASS {
        desk.hand_in(&format!("u{number}"), &format!("work of u{number}"));
    }
    let before = everything(&desk);

    // A circle, a swap of two names, and a chain in an order in which single steps would fail.
    let new = |number: usize| match number {
        _ if number < CIRCLE => format!("u{}", (number + 1) % CIRCLE),
        CIRCLE => format!("u{}", CIRCLE + 1),
        _ if number == CIRCLE + 1 => format!("u{CIRCLE}"),
        _ => format!("u{}", number + 1),
    };
    let mut file = "old,new\n".to_owned();
    for number in 0..CLASS {
        writeln!(file, "u{number},{}", new(number)).unwrap();
    }
    let (code, said) = renames(&desk, &file, true);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Would have renamed: 120 of 120 names"),
        "{said}"
    );
    assert!(everything(&desk) == before, "a dry run changes nothing");

    let is_over = AtomicBool::new(false);
    let handed_in = std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut times = Vec::new();
            loop {
                times.push(desk.hand_in(BOB, &format!("work {}", times.len())));
                // The listing below shows up to 1000 submissions.
                if is_over.load(Ordering::Relaxed) || times.len() == 500 {
                    return times;
                }
            }
        });
        let (code, said) = renames(&desk, &file, false);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Renamed: 120 of 120 names."), "{said}");
        busy.join().unwrap()
    });
    let after = everything(&desk);
    for number in 0..CLASS {
        let old = format!("u{number}");
        assert_eq!(
            after[&new(number)],
            before[&old],
            "{old} is {} now",
            new(number)
        );
    }
    assert!(!after.contains_key(&format!("u{}", CIRCLE + 2)));
    assert!(!handed_in.is_empty());
    assert_eq!(
        after[BOB].len(),
        before.get(BOB).map_or(0, Vec::len) + handed_in.len()
    );
    assert_eq!(after[ADA], before[ADA]);
    assert!(desk.found("renaming").is_empty());
}
