//! Every listing and every archive of many trees comes in pages, and the pages together are complete.

use super::client::{algebra, call, files, put_json, send_tar, submit};
use nbcourier_testkit::{Course, Sent, Server, Setup, percent_encode};
use serde_json::{Value, json};

const COURSE: &str = "v1/courses/algebra";
const CHALLENGE: &str = "v1/courses/algebra/assignments/challenge";
/// The number of entries in each listing.
const MANY: usize = 5;

fn delete(server: &Server, target: &str, user: &str) {
    let reply = server.send(&call(server, "DELETE", target, user));
    assert_eq!(reply.status, 204, "{target}: {}", reply.text());
}

/// Makes a course with several entries in every listing; returns the ID of a submission with feedback.
fn filled(server: &Server) -> String {
    let course = algebra(server);
    for number in 0..MANY {
        let file = |name: &str| [Sent::new(name, format!("{name} {number}"))];
        let student = format!("student-{number}");
        course.enrol(&student).ok();
        Course::of(server, &format!("course-{number}")).make(&["kevin"], &[&student]);
        let deleted = format!("deleted-{number}");
        Course::of(server, &deleted).make(&["kevin"], &[]);
        server.delete(&format!("course/{deleted}"), "root").ok();
        send_tar(
            server,
            "PUT",
            &format!("{CHALLENGE}/tree"),
            "kevin",
            &file("task"),
        );
        course
            .release(&format!("old-{number}"), "kevin", &file("old"))
            .ok();
        let due = json!({ "due_at": "2031-01-01T00:00:00Z" });
        let extension = format!("{CHALLENGE}/extensions/{student}");
        assert_eq!(put_json(server, &extension, "kevin", &due).status, 200);
        for name in ["work", "second", "third"] {
            assert_eq!(submit(server, &student, &file(name)).status, 201);
        }
        delete(
            server,
            &format!("{COURSE}/assignments/old-{number}"),
            "kevin",
        );
    }
    let listed = server
        .get(&format!("{COURSE}/submissions"), "kevin")
        .ok()
        .json();
    let numbers: Vec<String> = listed["submissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["id"].to_string())
        .collect();
    for (place, number) in numbers.iter().enumerate() {
        let target = format!("{COURSE}/submissions/{number}");
        let give = |text: String| {
            let page = [Sent::new("work.html", text)];
            let given = send_tar(
                server,
                "POST",
                &format!("{target}/feedback"),
                "kevin",
                &page,
            );
            assert_eq!(given.status, 200, "{}", given.text());
        };
        give(format!("for {number}"));
        match place % 3 {
            0 => delete(server, &target, "kevin"),
            1 => {
                // Some of the feedback is in the trash, and some is not.
                give(format!("again for {number}"));
                delete(server, &format!("{target}/feedback"), "kevin");
            }
            _ => (1..MANY).for_each(|more| give(format!("{more} for {number}"))),
        }
    }
    numbers[2].clone()
}

/// Returns the joined lists of all pages of that size, and the number of pages.
fn read(server: &Server, target: &str, user: &str, limit: usize) -> (Value, usize) {
    let and = if target.contains('?') { '&' } else { '?' };
    let mut whole = json!({});
    let mut pages = 0;
    let mut cursor = None;
    loop {
        let given: Option<&String> = cursor.as_ref();
        let given = given.map_or_else(String::new, |cursor| {
            format!("&cursor={}", percent_encode(cursor))
        });
        let reply = server.get(&format!("{target}{and}limit={limit}{given}"), user);
        let is_archive = reply.header("content-type") == Some("application/x-tar");
        let mut page = if is_archive {
            // The files, and their entries in the manifest.
            let mut files = files(&reply);
            let mut manifest: Value = serde_json::from_slice(&files.remove(0).bytes).unwrap();
            let names = files.iter().map(|file| json!([file.path, file.bytes]));
            manifest["files"] = names.collect();
            manifest
        } else {
            reply.ok().json()
        };
        let next = page["next"].take();
        page.as_object_mut().unwrap().remove("next").unwrap();
        let lists = page.as_object_mut().unwrap().iter_mut();
        let mut items = 0;
        for (name, list) in lists {
            let Some(more) = list.as_array_mut() else {
                continue;
            };
            if name != "files" {
                items += more.len();
            }
            let known = &mut whole[name];
            match known.as_array_mut() {
                Some(known) => known.append(more),
                None => *known = list.take(),
            }
        }
        assert!(items <= limit, "{target}: {items} on a page of {limit}");
        pages += 1;
        assert!(pages < 1000, "{target}: the pages do not end");
        let Some(next) = next.as_str() else {
            return (whole, pages);
        };
        cursor = Some(next.to_owned());
    }
}

#[test]
fn the_pages_of_every_listing_are_together_the_whole() {
    let server = Setup::standalone().start();
    let with_feedback = filled(&server);
    let history = format!("{COURSE}/submissions/{with_feedback}/history");
    for (target, user, at_least) in [
        ("v1/courses", "kevin", MANY + 1),
        ("v1/courses", "root", MANY + 1),
        ("v1/courses", "student-1", 2),
        ("v1/trash", "root", MANY),
        (&format!("{COURSE}/roster"), "kevin", MANY + 2),
        (&format!("{COURSE}/assignments"), "kevin", 1),
        (&format!("{COURSE}/submissions"), "kevin", 2 * MANY),
        (&format!("{COURSE}/submissions"), "student-1", 2),
        (&format!("{COURSE}/trash"), "kevin", 3 * MANY),
        (&format!("{COURSE}/feedback"), "kevin", MANY),
        (&format!("{COURSE}/feedback"), "student-1", 1),
        (
            &format!("{COURSE}/feedback?assignment=challenge"),
            "kevin",
            MANY,
        ),
        (&format!("{COURSE}/events"), "kevin", 3 * MANY),
        ("v1/events", "root", 3 * MANY),
        (&format!("{CHALLENGE}/collect"), "kevin", MANY),
        (&format!("{CHALLENGE}/history"), "kevin", MANY),
        (&format!("{CHALLENGE}/extensions"), "kevin", MANY),
        (&format!("{CHALLENGE}/gradebook"), "kevin", 2 * MANY + 1),
        (&history, "kevin", MANY),
        (&history, "student-0", MANY),
    ] {
        let (whole, pages) = read(&server, target, user, 10_000);
        assert_eq!(pages, 1, "{target}");
        let lists = whole
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "files");
        let items: usize = lists.map(|(_, list)| list.as_array().unwrap().len()).sum();
        assert!(items >= at_least, "{target} for {user}: {whole:#}");
        for limit in [1, 2, 3, 5, 7] {
            let (together, pages) = read(&server, target, user, limit);
            assert_eq!(together, whole, "{target} for {user} by {limit}");
            assert!(pages >= items.div_ceil(limit), "{target} by {limit}");
        }
    }
}

#[test]
fn a_cursor_of_another_listing_is_refused_before_anything_is_looked_up() {
    let server = Setup::standalone().start();
    algebra(&server);
    for (target, nonsense) in [
        ("v1/courses", "%25FF"),
        ("v1/trash", "x"),
        ("v1/trash", "a1.1"),
        ("v1/courses/algebra/trash", "1.1"),
        ("v1/courses/algebra/trash", "b1.1"),
        ("v1/courses/algebra/trash", "a1.99999999999999999999"),
        ("v1/courses/algebra/feedback", "1"),
        ("v1/courses/algebra/assignments/challenge/collect", "%25FF"),
        ("v1/courses/algebra/assignments/challenge/history", "x"),
        (
            "v1/courses/algebra/assignments/challenge/extensions",
            "%25FF",
        ),
        (
            "v1/courses/algebra/assignments/challenge/gradebook",
            "-%25FF",
        ),
        ("v1/courses/algebra/assignments/challenge/gradebook", "x"),
        ("v1/courses/algebra/submissions/1/history", "1"),
        ("v1/courses/algebra/submissions/1/history", "-1.1"),
    ] {
        for (argument, sentence) in [
            (format!("cursor={nonsense}"), "Illegal cursor"),
            (
                "limit=0".to_owned(),
                "The limit is a number from 1 to 10000",
            ),
            (
                "limit=10001".to_owned(),
                "The limit is a number from 1 to 10000",
            ),
        ] {
            let reply = server.get(&format!("{target}?{argument}"), "nobody-of-it");
            let (status, detail) = super::client::problem(&reply);
            assert_eq!(
                (status, detail.as_str()),
                (400, sentence),
                "{target}?{argument}"
            );
        }
    }
}
