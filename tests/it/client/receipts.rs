//! Commands about receipts.

use nbcourier_testkit::person::{Ended, Person};
use nbcourier_testkit::{Course, Sent, Setup};
use serde_json::Value;

#[test]
fn a_receipt_is_verified_and_a_changed_one_is_not() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course.release("ps1", "kevin", &[]).ok();
    course
        .submit("ps1", "lawrence", &[Sent::new("a", "b")])
        .ok();
    let listing = server.get("v1/courses/algebra/submissions", "lawrence");
    let id = listing.ok().json()["submissions"][0]["id"].to_string();
    let target = format!("v1/courses/algebra/submissions/{id}/receipt");
    let receipt = server.get(&target, "lawrence").ok().json();
    let lawrence = Person::at(&server, "lawrence");
    let verify = |receipt: &Value| -> Ended {
        let file = lawrence.file("receipt.json", receipt.to_string());
        lawrence.run(&["receipt", "verify", file.to_str().unwrap()])
    };
    let genuine = verify(&receipt);
    assert_eq!((genuine.code, genuine.err.as_str()), (Some(0), ""));
    assert!(genuine.out.contains("genuine"), "{}", genuine.out);

    let mut changed = receipt.clone();
    changed["receipt"]["student"] = "eric".into();
    let reported = verify(&changed);
    assert_eq!(reported.code, Some(1));
    assert!(reported.out.contains("did not sign"), "{}", reported.out);

    let target = format!("v1/courses/algebra/submissions/{id}?user=kevin");
    let deleted = server.send(&server.call("DELETE", &target));
    assert_eq!(deleted.status, 204);
    let reported = verify(&receipt);
    assert_eq!(reported.code, Some(1));
    assert!(reported.out.contains("no longer there"), "{}", reported.out);
}

#[test]
fn a_file_that_is_no_receipt_is_called_so() {
    let person = Person::unconfigured();
    for content in ["", "{}", "[]", "{\"receipt\": {}}"] {
        let file = person.file("receipt.json", content);
        let said = person.fails(&["receipt", "verify", file.to_str().unwrap()]);
        assert!(said.contains("is not a receipt"), "{said}");
    }
    let said = person.fails(&["receipt", "verify", "nowhere"]);
    assert!(said.contains("cannot be read"), "{said}");
}
