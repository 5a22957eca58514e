//! Releasing by archive.

use super::client::{algebra, call, files, problem, send_tar, submit, tree_digest};
use nbcourier_testkit::{Reply, Sent, Server, Setup};
use serde_json::json;

const TREE: &str = "v1/courses/algebra/assignments/challenge/tree";

fn put(server: &Server, arguments: &str, user: &str, files: &[Sent]) -> Reply {
    send_tar(server, "PUT", &format!("{TREE}{arguments}"), user, files)
}

fn task(text: &str) -> [Sent; 2] {
    [
        Sent::new("task.ipynb", text),
        Sent::new("data", vec![1; 100_000]),
    ]
}

#[test]
fn each_change_is_a_version_and_the_same_files_make_no_version() {
    let server = Setup::standalone().start();
    algebra(&server);
    for (text, version, changed) in [
        ("one", 1, true),
        ("one", 1, false),
        ("two", 2, true),
        ("one", 3, true),
    ] {
        let reply = put(&server, "", "kevin", &task(text)).ok();
        let tree = tree_digest(&task(text));
        let expected = json!({ "version": version, "tree": tree, "changed": changed });
        assert_eq!(reply.json(), expected);
        assert_eq!(files(&server.get(TREE, "lawrence")), task(text));
    }
    let listed = server
        .get("v1/courses/algebra/assignments", "lawrence")
        .ok();
    assert_eq!(listed.json()["assignments"][0]["version"], 3);
}

#[test]
fn submissions_survive_a_new_version_and_taking_the_release_back() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    put(&server, "", "kevin", &task("one")).ok();
    assert_eq!(
        submit(&server, "lawrence", &[Sent::new("work", "mine")]).status,
        201
    );
    put(&server, "", "kevin", &task("two")).ok();
    let release = "v1/courses/algebra/assignments/challenge/release";
    let unrelease = |user| server.send(&call(&server, "DELETE", release, user));
    let gone = unrelease("kevin");
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_eq!(
        problem(&unrelease("kevin")),
        (404, "Assignment not found".to_owned())
    );
    assert_eq!(problem(&server.get(TREE, "lawrence")).0, 404);
    let reply = put(&server, "", "kevin", &task("two")).ok();
    assert_eq!(
        reply.json()["version"],
        3,
        "what is shown again is a version of its own"
    );
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        [Sent::new("work", "mine")]
    );
    assert_eq!(problem(&unrelease("lawrence")).0, 403);
}

#[test]
fn a_first_release_is_refused_if_there_is_one() {
    let server = Setup::standalone().start();
    algebra(&server);
    put(&server, "?only_first=true", "kevin", &task("one")).ok();
    let again = put(&server, "?only_first=true", "kevin", &task("one"));
    assert_eq!(
        problem(&again),
        (409, "Assignment already exists".to_owned())
    );
    put(&server, "?only_first=false", "kevin", &task("two")).ok();
    assert_eq!(files(&server.get(TREE, "lawrence")), task("two"));
}

#[test]
fn only_instructors_release_and_only_under_a_possible_name() {
    let server = Setup::standalone().start();
    algebra(&server);
    for user in ["lawrence", "sam"] {
        for arguments in ["", "?only_first=true"] {
            let refused = put(&server, arguments, user, &task("one"));
            assert_eq!(problem(&refused), (403, "Permission denied".to_owned()));
        }
    }
    let odd = send_tar(
        &server,
        "PUT",
        &TREE.replace("challenge", "a%2Fb"),
        "kevin",
        &[],
    );
    assert_eq!(problem(&odd), (400, "Illegal assignment id".to_owned()));
    let nowhere = send_tar(
        &server,
        "PUT",
        &TREE.replace("algebra", "nowhere"),
        "kevin",
        &[],
    );
    assert_eq!(problem(&nowhere), (404, "Course not found".to_owned()));
}
