//! Submitting by archive: once, for oneself or for another student, with a receipt.

use super::client::{algebra, call, files, problem, put_json, submit, tree_digest};
use nbcourier_testkit::{Call, Reply, Sent, Server, Setup, tar};
use serde_json::{Value, json};

const SUBMISSIONS: &str = "v1/courses/algebra/assignments/challenge/submissions";

fn work() -> [Sent; 2] {
    [
        Sent::new("a/work.ipynb", "{}"),
        Sent::new("data", vec![5; 100_000]),
    ]
}

fn call_with(server: &Server, arguments: &str, user: &str, files: &[Sent]) -> Call {
    let call = call(server, "POST", &format!("{SUBMISSIONS}{arguments}"), user);
    call.body("application/x-tar", tar::archive(files))
}

fn with_key(server: &Server, key: &str, user: &str, files: &[Sent]) -> Reply {
    server.send(&call_with(server, "", user, files).header("Idempotency-Key", key))
}

fn listed(server: &Server) -> Vec<Value> {
    let listing = server.get("v1/courses/algebra/submissions", "kevin").ok();
    listing.json()["submissions"].as_array().unwrap().clone()
}

#[test]
fn a_submission_is_answered_with_a_receipt_of_what_is_stored() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let reply = submit(&server, "lawrence", &work());
    assert_eq!(reply.status, 201, "{}", reply.text());
    let answer = reply.json();
    let [one] = listed(&server).try_into().unwrap();
    assert_eq!(
        answer["receipt"],
        json!({
            "id": one["id"], "course": "algebra", "assignment": "challenge", "student": "lawrence",
            "submitted_at": one["submitted_at"], "tree": tree_digest(&work()), "files": 2, "bytes": 100_002,
        })
    );
    assert_eq!(answer["signature"].as_str().unwrap().len(), 64);
    let tree = server.get(
        &format!("v1/courses/algebra/submissions/{}/tree", one["id"]),
        "lawrence",
    );
    assert_eq!(files(&tree), work());
    assert_eq!(course.submitted("challenge", "lawrence", None), work());
    let shown = server.get(
        &format!("v1/courses/algebra/submissions/{}/receipt", one["id"]),
        "kevin",
    );
    assert_eq!(shown.ok().json(), answer);
    assert_eq!(
        submit(&server, "lawrence", &[]).status,
        201,
        "nothing can be handed in, too"
    );
}

#[test]
fn a_second_attempt_with_the_same_key_is_the_first_submission() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let first = with_key(&server, "key-1", "lawrence", &work());
    assert_eq!(first.status, 201);
    for files in [&work()[..], &[Sent::new("other", "files")]] {
        let again = with_key(&server, "key-1", "lawrence", files);
        assert_eq!((again.status, again.json()), (200, first.json()));
    }
    assert_eq!(listed(&server).len(), 1);
    assert_eq!(with_key(&server, "key-2", "lawrence", &work()).status, 201);
    assert_eq!(
        with_key(&server, "key-1", "eric", &work()).status,
        201,
        "a key is one's own"
    );
    course.release("other", "kevin", &[]).ok();
    let elsewhere = call_with(&server, "", "lawrence", &work()).header("Idempotency-Key", "key-1");
    assert_eq!(server.send(&elsewhere).status, 200);
    let target = SUBMISSIONS.replace("challenge", "other");
    let elsewhere = call(&server, "POST", &target, "lawrence")
        .body("application/x-tar", tar::archive(&[]))
        .header("Idempotency-Key", "key-1");
    assert_eq!(server.send(&elsewhere).status, 201, "and of one assignment");
    assert_eq!(listed(&server).len(), 4);
}

#[test]
fn work_that_is_in_keeps_its_receipt_after_the_assignment_is_taken_back_and_a_restart() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let first = with_key(&server, "key-1", "lawrence", &work()).json();
    server.delete("assignment/algebra/challenge", "kevin").ok();
    let server = server.kill().start();
    let again = with_key(&server, "key-1", "lawrence", &work());
    assert_eq!((again.status, again.json()), (200, first));
    let other = with_key(&server, "key-2", "lawrence", &work());
    assert_eq!(problem(&other), (404, "Assignment not found".to_owned()));
    let stranger = with_key(&server, "key-1", "sam", &work());
    assert_eq!(problem(&stranger).0, 403);
}

#[test]
fn after_the_cut_off_receipts_stay_valid_and_only_instructors_submit() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let first = with_key(&server, "key-1", "lawrence", &work());
    let dates = "v1/courses/algebra/assignments/challenge/dates";
    let over = json!({ "cutoff_at": "2020-01-01T00:00:00Z" });
    put_json(&server, dates, "kevin", &over).ok();
    let again = with_key(&server, "key-1", "lawrence", &work());
    assert_eq!((again.status, again.json()), (200, first.json()));
    for late in [
        with_key(&server, "key-2", "lawrence", &work()),
        submit(&server, "eric", &work()),
    ] {
        let (status, sentence) = problem(&late);
        assert_eq!(status, 409);
        assert!(sentence.starts_with("Too late"), "{sentence}");
    }
    let for_eric = call_with(&server, "?student=eric", "kevin", &work());
    assert_eq!(server.send(&for_eric).status, 201);
}

#[test]
fn many_attempts_at_once_with_one_key_are_one_submission() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let server = &server;
        let attempt = |_| scope.spawn(move || with_key(server, "key", "lawrence", &work()));
        let running: Vec<_> = (0..12).map(attempt).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let new = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(new, 1);
    assert!(
        replies
            .iter()
            .all(|reply| reply.json() == replies[0].json())
    );
    assert_eq!(listed(&server).len(), 1);
}

#[test]
fn a_key_is_visible_ascii_and_not_too_long() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    for key in ["", "a b", "ü", &"k".repeat(129)] {
        let refused = with_key(&server, key, "lawrence", &work());
        let sentence = "An Idempotency-Key is 1 to 128 visible ASCII characters";
        assert_eq!(problem(&refused), (400, sentence.to_owned()), "{key}");
    }
    assert_eq!(
        with_key(&server, &"k".repeat(128), "lawrence", &work()).status,
        201
    );
}

#[test]
fn an_instructor_hands_in_for_a_student_and_the_receipt_says_so() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let for_student = |student: &str, user| {
        server.send(&call_with(
            &server,
            &format!("?student={student}"),
            user,
            &work(),
        ))
    };
    let reply = for_student("lawrence", "kevin");
    assert_eq!(reply.status, 201);
    let receipt = &reply.json()["receipt"];
    assert_eq!(receipt["student"], "lawrence");
    assert_eq!(receipt["submitted_by"], "kevin");
    assert_eq!(course.submitted("challenge", "lawrence", None), work());
    for (student, user) in [("lawrence", "lawrence"), ("kevin", "kevin")] {
        let own = for_student(student, user).json();
        assert_eq!(own["receipt"]["student"], user);
        assert!(own["receipt"].get("submitted_by").is_none(), "{own}");
    }
    assert_eq!(problem(&for_student("lawrence", "eric")).0, 403);
    assert_eq!(problem(&for_student("nobody", "eric")).0, 403);
    let unknown = (404, "Student not found".to_owned());
    assert_eq!(problem(&for_student("nobody", "kevin")), unknown);
    assert_eq!(problem(&for_student("a%2Fb", "kevin")), unknown);
}

#[test]
fn submitting_needs_permission() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    assert_eq!(
        problem(&submit(&server, "sam", &work())),
        (403, "Permission denied".to_owned())
    );
    let ask = |target: &str| {
        let call = call(&server, "POST", target, "lawrence");
        problem(&server.send(&call.body("application/x-tar", tar::archive(&work()))))
    };
    assert_eq!(ask(&SUBMISSIONS.replace("challenge", "none")).0, 404);
    assert_eq!(ask(&SUBMISSIONS.replace("algebra", "none")).0, 404);
    assert!(listed(&server).is_empty());
}
