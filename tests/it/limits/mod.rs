//! Limited resources: storage quotas, the space on the disk, and the time of the service.

mod oracles;
mod quotas;
mod rate;
mod refusals;
mod space;
mod unknown_tokens;
mod uploads;

use nbcourier_testkit::{Call, Course, Reply, Sent, Server, files_json, tar};

/// Returns the course of kevin, with challenge released and some students.
fn algebra<'a>(server: &'a Server, files: &[Sent]) -> Course<'a> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], &["ada", "bob"]);
    course.release("challenge", "kevin", files).ok();
    course
}

/// Returns bytes that nobody else has.
fn bytes(seed: &str, size: usize) -> Vec<u8> {
    seed.bytes().cycle().take(size).collect()
}

fn v1(server: &Server, method: &str, target: &str, user: &str) -> Call {
    let and = if target.contains('?') { '&' } else { '?' };
    server.call(
        method,
        &format!("v1/courses/algebra/{target}{and}user={user}"),
    )
}

fn send_tar(server: &Server, method: &str, target: &str, user: &str, files: &[Sent]) -> Reply {
    let call = v1(server, method, target, user);
    server.send(&call.body("application/x-tar", tar::archive(files)))
}

/// Checks for a refusal in the form of the address's protocol.
#[track_caller]
fn refused(reply: &Reply, status: u16, words: &[&str]) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let answer = reply.json();
    if reply.header("content-type") == Some("application/problem+json") {
        assert_eq!(answer["status"], status);
    } else {
        assert_eq!(answer["success"], false);
    }
    for word in words {
        assert!(
            reply.message().contains(word),
            "{word}: {}",
            reply.message()
        );
    }
}

/// Returns the replies to valid requests to all addresses that accept files.
fn uploads(course: &Course<'_>, submission: i64, time: &str) -> Vec<(&'static str, Reply)> {
    let (server, id) = (course.server, course.id);
    let file = |text: &str| [Sent::new("a", bytes(text, 200_000))];
    let form = |target: &str, user: &str, text: &str| {
        course.post(
            target,
            user,
            &[("files", &files_json(&file(text))), ("timestamp", time)],
        )
    };
    let in_batch = [Sent::new(
        &format!("{submission}/a"),
        bytes("batch", 200_000),
    )];
    let challenge = "assignments/challenge";
    vec![
        (
            "a release",
            form(&format!("assignment/{id}/new"), "kevin", "one"),
        ),
        (
            "a submission",
            form(&format!("submission/{id}/challenge"), "ada", "two"),
        ),
        (
            "feedback",
            form(&format!("feedback/{id}/challenge/ada"), "kevin", "three"),
        ),
        (
            "a release below v1",
            send_tar(
                server,
                "PUT",
                &format!("{challenge}/tree"),
                "kevin",
                &file("four"),
            ),
        ),
        (
            "a submission below v1",
            send_tar(
                server,
                "POST",
                &format!("{challenge}/submissions"),
                "ada",
                &file("five"),
            ),
        ),
        (
            "a submission for somebody else",
            send_tar(
                server,
                "POST",
                &format!("{challenge}/submissions?student=ada"),
                "kevin",
                &file("six"),
            ),
        ),
        (
            "feedback below v1",
            send_tar(
                server,
                "POST",
                &format!("submissions/{submission}/feedback"),
                "kevin",
                &file("seven"),
            ),
        ),
        (
            "feedback for a class",
            send_tar(
                server,
                "POST",
                &format!("{challenge}/feedback"),
                "kevin",
                &in_batch,
            ),
        ),
    ]
}

/// Returns the ID and the time of ada's first submission.
fn first_of_ada(course: &Course<'_>) -> (i64, String) {
    let listed = course
        .get(
            "v1/courses/algebra/submissions?assignment=challenge&student=ada",
            "kevin",
        )
        .ok()
        .json();
    let id = listed["submissions"].as_array().unwrap().last().unwrap()["id"]
        .as_i64()
        .unwrap();
    let listed = course
        .get("submissions/algebra/challenge/ada", "ada")
        .ok()
        .json();
    let time = listed["submissions"][0]["timestamp"]
        .as_str()
        .unwrap()
        .to_owned();
    (id, time)
}

fn count(course: &Course<'_>, student: &str) -> usize {
    let listed = course
        .get(&format!("submissions/algebra/challenge/{student}"), student)
        .ok()
        .json();
    listed["submissions"].as_array().unwrap().len()
}
