//! The export of a person's data, for the person.

use super::desk::{ADA, BOB, Desk, IRA};
use nbcourier_testkit::tar::files;
use serde_json::{Value, json};

#[test]
fn an_export_holds_all_that_is_stored_of_somebody_and_reads_well_without_nbcourier() {
    let desk = Desk::new();
    desk.see(ADA);
    // The event of a change has the people as they were, and the note of an extension is about the person.
    for other in ["b@example.org", "b@example.net"] {
        let of = |name: &str, email: &str| json!({ "username": name, "role": "student", "first_name": "Ada", "last_name": "L.", "email": email });
        let people = json!({ "people": [of(ADA, "ada@example.org"), of(BOB, other)] });
        let target = format!("v1/courses/algebra/roster?user={IRA}");
        let call = desk.server.call("PUT", &target);
        desk.server
            .send(&call.body("application/json", people.to_string()))
            .ok();
    }
    let target = format!("v1/courses/algebra/assignments/ps1/extensions/{ADA}?user={IRA}");
    let noted = json!({ "due_at": "2220-01-01T00:00:00Z", "note": "a broken leg" });
    let call = desk.server.call("PUT", &target);
    desk.server
        .send(&call.body("application/json", noted.to_string()))
        .ok();
    desk.put_allowance(ADA, 48);
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("ada.tar");
    let archive = archive.to_str().unwrap();
    let said = desk.does(&["export", ADA, "--output", archive]);
    assert!(said.contains("2 submissions"), "{said}");
    let entries = files(&std::fs::read(archive).unwrap());
    let text = |path: &str| {
        let path = format!("{ADA}/{path}");
        let entry = entries.iter().find(|entry| entry.path == path);
        let entry = entry.unwrap_or_else(|| panic!("{path} in {:?}", paths(&entries)));
        String::from_utf8(entry.bytes.clone()).unwrap()
    };
    let json = |path: &str| -> Value { serde_json::from_str(&text(path)).unwrap() };
    assert!(text("README.txt").contains("submissions.json"));
    let person = json("person.json");
    assert_eq!(person["person"]["courses"][0]["email"], "ada@example.org");
    assert_eq!(person["person"]["courses"][1]["role"], "instructor");
    assert_eq!(
        person["extensions"][0]["due_at"],
        "2220-01-01T00:00:00.000000Z"
    );
    assert_eq!(person["extensions"][0]["note"], "a broken leg");
    assert_eq!(
        person["allowances"],
        json!([{ "course": "algebra", "hours": 48, "note": "a weak heart" }])
    );
    assert_eq!(person["person"]["courses"][0]["allowances"], 1);
    assert_eq!(person["released"][0]["assignment"], "sheet");
    let fetched = &person["fetched"][0];
    assert_eq!(fetched["assignment"], "ps1");
    assert_eq!(
        (&fetched["version"], &fetched["times"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(person["person"]["courses"][0]["fetched"], 1);
    let start = &person["starts"][0];
    assert_eq!(
        (&start["course"], &start["outcome"]),
        (&json!("algebra"), &json!("failed"))
    );
    assert_eq!(start["report"]["failures"], json!(["full"]));
    assert_eq!(person["person"]["courses"][0]["starts"], 1);
    let work = &person["activity"][0];
    assert_eq!(
        (&work["course"], &work["path"], &work["opens"]),
        (&json!("algebra"), &json!("ps1/p1.ipynb"), &json!(1))
    );
    assert_eq!(person["person"]["courses"][0]["activity"], 1);
    assert_eq!(person["feedback_given"].as_array().unwrap().len(), 1);

    let submissions = json("submissions.json");
    assert_eq!(submissions.as_array().unwrap().len(), 2);
    for (number, content) in [(0, "one"), (1, "two")] {
        let directory = submissions[number]["directory"].as_str().unwrap();
        assert_eq!(text(&format!("{directory}/work")), content);
    }
    let feedback = &submissions[0]["feedback"][0];
    assert_eq!(feedback["returned_by"], IRA);
    assert_eq!(feedback["read"]["times"], 1);
    let directory = feedback["directory"].as_str().unwrap();
    assert_eq!(text(&format!("{directory}/marks")), "good");
    let events = text("events.jsonl");
    assert!(
        !events.contains("b@example.org"),
        "details of another person"
    );
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names = |event: &&Value| event.to_string().contains(ADA);
    assert!(events.len() >= 6 && events.iter().filter(names).count() == events.len());
    assert!(
        !paths(&entries).iter().any(|path| path.contains(BOB)),
        "nobody else's"
    );

    let said = desk.fails(&["export", ADA, "--output", archive]);
    assert!(
        said.contains("--output"),
        "what is there is not replaced: {said}"
    );
    let said = desk.fails(&["export", "nobody", "--output", "x.tar"]);
    assert!(said.contains("Nothing is stored about nobody"), "{said}");
}

fn paths(entries: &[nbcourier_testkit::Sent]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}
