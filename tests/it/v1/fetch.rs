//! Single trees as archives.

use super::client::{algebra, call, files, problem, tree_digest};
use flate2::read::GzDecoder;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Sent, Server, Setup, hex_sha256, tar};
use std::io::Read as _;

const TREE: &str = "v1/courses/algebra/assignments/challenge/tree";

/// Returns the ID of the latest submission in the listing.
fn last_number(server: &Server) -> i64 {
    let listed = server.get("v1/courses/algebra/submissions", "kevin").ok();
    let listed = listed.json()["submissions"].as_array().unwrap().clone();
    listed.last().unwrap()["id"].as_i64().unwrap()
}

#[test]
fn a_release_is_fetched_as_an_archive_in_its_order() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let sent = [
        Sent::new("b/task.ipynb", "{}"),
        Sent::new("empty", ""),
        Sent::new("ünïcode (1) = 数学\n", "x".repeat(513)),
        Sent::new(&("deep/".repeat(60) + "deep"), "deep"),
        Sent::new("large", vec![7; 200_000]),
        Sent::new("small behind it", "y"),
    ];
    course.release("challenge", "kevin", &sent).ok();
    let reply = server.get(TREE, "lawrence");
    let length = reply.body.len().to_string();
    assert_eq!(reply.header("content-length"), Some(length.as_str()));
    let digest = tree_digest(&sent);
    assert_eq!(reply.header("x-tree-digest"), Some(digest.as_str()));
    assert_eq!(files(&reply), sent);
    course.release("empty", "kevin", &[]).ok();
    let target = TREE.replace("challenge", "empty");
    assert!(files(&server.get(&target, "lawrence")).is_empty());
}

#[test]
fn earlier_versions_are_for_instructors() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let version = |text: &str| [Sent::new("task", text)];
    course.release("challenge", "kevin", &version("one")).ok();
    server.delete("assignment/algebra/challenge", "kevin").ok();
    let ask = |version: &str, user| server.get(&format!("{TREE}?version={version}"), user);
    assert_eq!(
        files(&ask("1", "kevin")),
        version("one"),
        "though it is not released"
    );
    assert_eq!(problem(&ask("1", "lawrence")).0, 404);
    assert_eq!(problem(&ask("", "kevin")).0, 404);
    course.release("challenge", "kevin", &version("two")).ok();
    assert_eq!(files(&ask("", "lawrence")), version("two"));
    assert_eq!(files(&ask("2", "lawrence")), version("two"));
    assert_eq!(files(&ask("1", "root")), version("one"));
    for number in ["1", "3"] {
        let refused = (403, "Permission denied".to_owned());
        assert_eq!(problem(&ask(number, "lawrence")), refused, "{number}");
    }
    assert_eq!(
        problem(&ask("3", "kevin")),
        (404, "Version not found".to_owned())
    );
    assert_eq!(problem(&ask("new", "kevin")).0, 400);
    assert_eq!(problem(&ask("1", "sam")).0, 403);
}

#[test]
fn a_submission_and_its_feedback_are_for_its_student_and_instructors() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let work = [Sent::new("work", "by lawrence")];
    let time = timestamp_of(&course.submit("challenge", "lawrence", &work));
    let target = format!("v1/courses/algebra/submissions/{}", last_number(&server));
    let tree = |user| server.get(&format!("{target}/tree"), user);
    let feedback = |user| server.get(&format!("{target}/feedback"), user);
    assert_eq!(files(&tree("lawrence")), work);
    assert_eq!(files(&tree("kevin")), work);
    assert_eq!(
        problem(&feedback("lawrence")),
        (404, "Feedback not found".to_owned())
    );
    for text in ["first", "second"] {
        let returned = [Sent::new("seen.html", text)];
        course
            .give_feedback("challenge", "lawrence", &time, &returned)
            .ok();
        assert_eq!(files(&feedback("lawrence")), returned);
        assert_eq!(files(&feedback("kevin")), returned);
    }
    for user in ["eric", "sam"] {
        let refused = (403, "Permission denied".to_owned());
        assert_eq!(problem(&tree(user)), refused);
        assert_eq!(problem(&feedback(user)), refused);
        let nothing = server.get("v1/courses/algebra/submissions/999/tree", user);
        assert_eq!(
            problem(&nothing),
            refused,
            "nothing is revealed without the permission"
        );
    }
    for id in ["999", "0", "-1", "x", "1e3", "99999999999999999999"] {
        let nothing = server.get(
            &format!("v1/courses/algebra/submissions/{id}/tree"),
            "kevin",
        );
        assert_eq!(problem(&nothing), (404, "Submission not found".to_owned()));
    }
    course
        .server
        .post("course/other", "root", &[("instructors", r#"["kevin"]"#)])
        .ok();
    let elsewhere = target.replace("algebra", "other");
    let elsewhere = server.get(&format!("{elsewhere}/tree"), "kevin");
    assert_eq!(
        problem(&elsewhere).0,
        404,
        "a submission belongs to one course"
    );
    server.delete("assignment/algebra/challenge", "kevin").ok();
    let gone = (404, "Assignment not found".to_owned());
    assert_eq!(problem(&tree("lawrence")), gone);
    assert_eq!(problem(&feedback("kevin")), gone);
}

#[test]
fn an_archive_is_compressed_for_those_who_ask_when_it_is_worth_it() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let notebook = [Sent::new(
        "notebook.ipynb",
        "again and again ".repeat(10_000),
    )];
    course.release("challenge", "kevin", &notebook).ok();
    course
        .release("short", "kevin", &[Sent::new("a", "a")])
        .ok();
    let ask = |target: &str, encoding| {
        let call = call(&server, "GET", target, "lawrence").header("Accept-Encoding", encoding);
        server.send(&call).ok()
    };
    let packed = ask(TREE, "gzip, deflate");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < 20_000);
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(tar::files(&unpacked), notebook);
    let packed = ask(TREE, "zstd");
    assert_eq!(packed.header("content-encoding"), Some("zstd"));
    let unpacked = zstd::decode_all(packed.body.as_slice()).unwrap();
    assert_eq!(tar::files(&unpacked), notebook);
    assert_eq!(files(&ask(TREE, "identity")), notebook);
    let short = ask(&TREE.replace("challenge", "short"), "gzip, zstd");
    assert_eq!(files(&short).len(), 1);
}

#[test]
fn damage_shows_in_the_status() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let files = ["a", "b"].map(|path| Sent::new(path, path.repeat(3_000_000)));
    course.release("challenge", "kevin", &files).ok();
    server.remove_large_file(&hex_sha256(&files[1].bytes));
    assert_eq!(problem(&server.get(TREE, "lawrence")).0, 500);
}
