//! The listing of submissions.

use super::client::{algebra, call, problem};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use serde_json::{Value, json};

const LISTING: &str = "v1/courses/algebra/submissions";

fn list(server: &Server, arguments: &str, user: &str) -> Vec<Value> {
    let listing = server.get(&format!("{LISTING}?{arguments}"), user).ok();
    listing.json()["submissions"].as_array().unwrap().clone()
}

fn who(listed: &[Value]) -> Vec<String> {
    let line = |one: &Value| {
        format!(
            "{} {}",
            one["assignment"].as_str().unwrap(),
            one["student"].as_str().unwrap()
        )
    };
    listed.iter().map(line).collect()
}

/// Lets lawrence, eric and lawrence again submit to one assignment, and eric to another.
fn with_work(server: &Server) -> Course<'_> {
    let course = algebra(server);
    course.release("one", "kevin", &[]).ok();
    course.release("two", "kevin", &[]).ok();
    for (assignment, student) in [
        ("one", "lawrence"),
        ("one", "eric"),
        ("two", "eric"),
        ("one", "lawrence"),
    ] {
        course
            .submit(assignment, student, &[Sent::new("work", student)])
            .ok();
    }
    course
}

#[test]
fn one_request_tells_an_instructor_all_of_a_course() {
    let server = Setup::standalone().start();
    with_work(&server);
    let all = list(&server, "", "kevin");
    assert_eq!(
        who(&all),
        ["one lawrence", "one eric", "two eric", "one lawrence"]
    );
    assert_eq!((&all[0]["files"], &all[0]["bytes"]), (&json!(1), &json!(8)));
    assert_eq!(
        all[0]["tree"], all[3]["tree"],
        "the same files are the same tree"
    );
    assert_ne!(all[0]["tree"], all[1]["tree"]);
    assert_eq!(all[0]["feedback"], Value::Null);
    let ids: Vec<i64> = all.iter().map(|one| one["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && ids[0] != ids[3]);
    assert_eq!(who(&list(&server, "assignment=one", "kevin")).len(), 3);
    assert_eq!(
        who(&list(&server, "student=eric", "kevin")),
        ["one eric", "two eric"]
    );
    assert_eq!(
        who(&list(&server, "student=eric&assignment=two", "root")),
        ["two eric"]
    );
}

#[test]
fn the_files_of_each_tree_are_listed_once_and_only_on_request() {
    let server = Setup::standalone().start();
    with_work(&server);
    let listing = server.get(LISTING, "kevin").ok();
    assert_eq!(listing.json().get("trees"), None);
    for no in ["files=false", "files=1", "files=TRUE"] {
        let reply = server.get(&format!("{LISTING}?{no}"), "kevin").ok();
        assert_eq!(reply.body, listing.body, "{no}");
    }
    let target = format!("{LISTING}?files=true");
    let with_files = server.get(&target, "kevin").ok();
    assert_ne!(with_files.header("etag"), listing.header("etag"));
    let with_files = with_files.json();
    assert_eq!(with_files["submissions"], listing.json()["submissions"]);
    let trees = with_files["trees"].as_object().unwrap();
    // lawrence's tree, which he submitted twice, and eric's, which he submitted to both.
    assert_eq!(trees.len(), 2);
    for submission in with_files["submissions"].as_array().unwrap() {
        let files = trees[submission["tree"].as_str().unwrap()].as_array();
        let files = files.unwrap();
        assert_eq!(json!(files.len()), submission["files"]);
        let student = submission["student"].as_str().unwrap();
        assert_eq!(files[0]["path"], "work");
        assert_eq!(
            files[0]["sha256"],
            nbcourier_testkit::hex_sha256(student.as_bytes())
        );
    }
    let nothing = server
        .get(&format!("{LISTING}?files=true"), "lawrence")
        .ok();
    assert_eq!(nothing.json()["trees"].as_object().unwrap().len(), 1);
    server.delete("assignment/algebra/one", "kevin").ok();
    server.delete("assignment/algebra/two", "kevin").ok();
    let nothing = server.get(&target, "kevin").ok();
    assert_eq!(
        nothing.json(),
        json!({ "submissions": [], "next": null, "trees": {} })
    );
}

#[test]
fn a_page_ends_where_its_trees_have_many_files() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    let files = |number: usize| -> Vec<Sent> {
        let file = |n: usize| Sent::new(&format!("{number}-{n}"), "");
        (0..9000).map(file).collect()
    };
    for number in [1, 1, 2, 3, 3] {
        course.submit("one", "eric", &files(number)).ok();
    }
    let target = format!("{LISTING}?files=true");
    let first = server.get(&target, "eric").ok().json();
    // The third tree would make more than 20,000 files together; trees that are listed already do not count again.
    assert_eq!(first["submissions"].as_array().unwrap().len(), 3);
    assert_eq!(first["trees"].as_object().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let last = server.get(&format!("{target}&cursor={next}"), "eric");
    let last = last.ok().json();
    assert_eq!(last["submissions"].as_array().unwrap().len(), 2);
    assert_eq!(last["trees"].as_object().unwrap().len(), 1);
    assert_eq!(last["next"], Value::Null);
    let whole = list(&server, "", "eric");
    assert_eq!(whole.len(), 5, "without files they are one page");
}

#[test]
fn a_student_is_told_of_their_own_only() {
    let server = Setup::standalone().start();
    with_work(&server);
    assert_eq!(who(&list(&server, "", "eric")), ["one eric", "two eric"]);
    assert_eq!(
        who(&list(&server, "student=eric&assignment=one", "eric")),
        ["one eric"]
    );
    let ask =
        |arguments: &str, user| problem(&server.get(&format!("{LISTING}?{arguments}"), user)).0;
    assert_eq!(ask("student=lawrence", "eric"), 403);
    assert_eq!(ask("student=nobody", "eric"), 403);
    assert_eq!(ask("", "sam"), 403);
    assert_eq!(ask("student=nobody", "kevin"), 404);
    assert_eq!(ask("assignment=three", "kevin"), 404);
}

#[test]
fn the_newest_feedback_comes_with_the_submission() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let time = timestamp_of(&course.submit("two", "lawrence", &[]));
    for text in ["first", "second"] {
        course
            .give_feedback("two", "lawrence", &time, &[Sent::new("seen.html", text)])
            .ok();
    }
    let own = list(&server, "assignment=two", "lawrence");
    let feedback = &own[0]["feedback"];
    assert_eq!(
        (&feedback["files"], &feedback["bytes"]),
        (&json!(1), &json!(6))
    );
    let reply = server.get(&format!("{LISTING}?assignment=two&files=true"), "lawrence");
    let trees = &reply.ok().json()["trees"];
    let files = &trees[feedback["tree"].as_str().unwrap()];
    assert_eq!(files[0]["path"], "seen.html");
    assert_eq!(files[0]["md5"], nbcourier_testkit::md5_hex(b"second"));
    assert!(feedback["returned_at"].as_str().unwrap() > own[0]["submitted_at"].as_str().unwrap());
    let without = list(&server, "", "eric");
    assert!(without.iter().all(|one| one["feedback"].is_null()));
}

#[test]
fn submissions_to_unreleased_assignments_are_not_listed() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    server.delete("assignment/algebra/two", "kevin").ok();
    assert_eq!(list(&server, "", "kevin").len(), 3);
    course.release("two", "kevin", &[]).ok();
    assert_eq!(list(&server, "", "kevin").len(), 4);
}

#[test]
fn pages_put_together_are_the_listing() {
    let server = Setup::standalone().start();
    with_work(&server);
    let all = list(&server, "", "kevin");
    for limit in 1..=5 {
        let mut together = Vec::new();
        let mut cursor = String::new();
        loop {
            let target = format!("{LISTING}?limit={limit}&cursor={cursor}");
            let page = server.get(&target, "kevin").ok().json();
            let submissions = page["submissions"].as_array().unwrap();
            assert!((1..=limit).contains(&submissions.len()));
            together.extend(submissions.clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            next.clone_into(&mut cursor);
        }
        assert_eq!(together, all, "{limit}");
    }
    for nonsense in [
        "limit=0",
        "limit=10001",
        "limit=x",
        "limit=-1",
        "cursor=1",
        "cursor=a.b",
        "cursor=1.1.1",
    ] {
        let reply = server.get(&format!("{LISTING}?{nonsense}"), "kevin");
        assert_eq!(problem(&reply).0, 400, "{nonsense}");
    }
}

#[test]
fn an_unchanged_listing_is_not_sent_again() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let first = server.get(LISTING, "kevin").ok();
    let tag = first.header("etag").unwrap().to_owned();
    let again = |tag: &str| {
        server.send(
            &call(&server, "GET", LISTING, "kevin")
                .header("If-None-Match", tag)
                .header("Accept-Encoding", "gzip"),
        )
    };
    let unchanged = again(&tag);
    assert_eq!(
        (unchanged.status, unchanged.header("etag")),
        (304, Some(tag.as_str()))
    );
    assert_eq!(again(&format!("\"other\", {tag}")).status, 304);
    assert_eq!(again("\"other\"").status, 200);
    course.submit("two", "lawrence", &[]).ok();
    let changed = again(&tag);
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let others = server.get(LISTING, "eric").ok();
    assert_ne!(others.header("etag"), changed.header("etag"));
}
