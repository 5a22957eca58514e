//! The size of pages: bytes as they are and as they are sent, elements, and the requests of a first visit.

use crate::sql::Sql;
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup};
use std::collections::BTreeSet;

const STUDENTS: usize = 1000;
const ASSIGNMENTS: usize = 10;
const KB: usize = 1000;

fn get(server: &Server, target: &str, user: &str, encoding: &str) -> Reply {
    let call = server.call("GET", target).browser(user);
    server.send(&call.header("Accept-Encoding", encoding))
}

/// Returns the length of a page as it is, its length as it is sent to a browser, and the number of its elements.
fn size(server: &Server, target: &str, user: &str) -> (usize, usize, usize) {
    let plain = get(server, target, user, "identity").ok();
    let packed = get(server, target, user, "gzip").ok();
    let text = plain.text();
    let begins = text.match_indices('<').filter(|(at, _)| {
        let next = text.as_bytes().get(at + 1);
        next.is_some_and(u8::is_ascii_alphabetic)
    });
    (plain.body.len(), packed.body.len(), begins.count())
}

/// Makes a course of 1,000 students with names, of whom most submit to ten assignments at times of their own.
fn large() -> Server {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &[]);
    for number in 0..ASSIGNMENTS {
        let files = [Sent::new("task", number.to_string())];
        course.release(&format!("ps{number}"), "kevin", &files).ok();
    }
    // Names without a pattern that a compressor would find.
    let letters = |seed: &str| {
        let letter = |n: usize| format!("char(97 + ({seed} * {n} + {seed} / {n}) % 26)");
        [7919, 104_729, 1_299_709, 15_485_863, 31, 331]
            .map(letter)
            .join(" || ")
    };
    let (user, first, last) = (letters("i * 3"), letters("i * 5"), letters("i * 11"));
    Sql::of(&server).execute(&format!(
        "INSERT INTO members (course_id, username, role, first_name, last_name, email)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {STUDENTS})
            SELECT c.id, {user} || i, 1, {first}, {last}, {user} || i || '@example.org' FROM n, courses c;
        UPDATE assignments SET due_at = 1770000000000000 + id * 604800000000;
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            SELECT a.id, m.username, a.due_at - 300000000000 + (m.id * 7919 + a.id * 104729) % 6000 * 60000000,
                (SELECT min(tree_id) FROM releases)
            FROM members m, assignments a WHERE m.role = 1 AND (m.id * 31 + a.id * 17) % 11 > 1;"
    ));
    server
}

#[test]
fn pages_of_a_thousand_students_stay_small() {
    let server = large();
    // The pages, with the maximum bytes as they are, the maximum bytes as they are sent, and the maximum elements.
    for (target, most_bytes, most_sent, most_elements) in [
        ("c/algebra/a/ps3", 400 * KB, 48 * KB, 13_000),
        ("c/algebra/everybody", 300 * KB, 28 * KB, 14_000),
        ("c/algebra/people", 400 * KB, 48 * KB, 13_000),
        ("c/algebra/figures", 64 * KB, 12 * KB, 3_000),
        ("c/algebra", 64 * KB, 12 * KB, 3_000),
    ] {
        let (bytes, sent, elements) = size(&server, target, "kevin");
        eprintln!("{target}: {bytes} bytes, {sent} as sent, {elements} elements");
        assert!(bytes <= most_bytes, "{target}: {bytes} bytes");
        assert!(sent <= most_sent, "{target}: {sent} bytes as sent");
        assert!(elements <= most_elements, "{target}: {elements} elements");
    }
}

#[test]
fn a_live_part_is_small_and_comes_again_only_if_it_changed() {
    let server = large();
    let call = server.call("GET", "live/algebra/ps3?user=kevin");
    let live = server.send(&call.header("Accept-Encoding", "gzip")).ok();
    eprintln!("live part: {} bytes as sent", live.body.len());
    assert!(live.body.len() <= 2 * KB, "{}", live.body.len());
    let tag = live.header("etag").expect("a tag");
    let call = server.call("GET", "live/algebra/ps3?user=kevin");
    let again = server.send(&call.header("If-None-Match", tag));
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn a_first_visit_takes_three_requests_and_little() {
    let server = large();
    Course::of(&server, "algebra").enrol("zoe").ok();
    for (page, user) in [("", "kevin"), ("", "zoe"), ("c/algebra", "zoe")] {
        let reply = get(&server, page, user, "gzip").ok();
        let text = get(&server, page, user, "identity").ok().text();
        // Links lead elsewhere. A browser fetches what these attributes name.
        let named = |attribute: &str| {
            let begin = format!("{attribute}=\"");
            let parts = text
                .split(&begin)
                .skip(1)
                .filter_map(|rest| rest.split('"').next());
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        let sheets = text.split("<link").skip(1).filter_map(|rest| {
            let tag = rest.split('>').next()?;
            let target = tag.split("href=\"").nth(1)?.split('"').next()?;
            tag.contains("stylesheet").then(|| target.to_owned())
        });
        let fetched: BTreeSet<String> = sheets.chain(named("src")).collect();
        assert_eq!(fetched.len(), 2, "{page}: {fetched:?}");
        let files = fetched
            .iter()
            .map(|file| get(&server, file, user, "gzip").ok().body.len());
        let sent = reply.body.len() + files.sum::<usize>();
        eprintln!("{page}: {sent} bytes in three requests");
        assert!(sent <= 12 * KB, "{page}: {sent} bytes");
    }
}
