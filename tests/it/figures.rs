//! The page with the figures of a course, compared with courses that were counted by hand.

use crate::sql::Sql;
use crate::v1::client::put_json;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Sent, Server, Setup, tar};
use serde_json::json;

/// 2026-03-28 23:59 in Berlin, in microseconds. The clocks change three hours later.
const DUE: i64 = 1_774_738_740_000_000;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const PAGE: &str = "c/algebra/figures";

fn shown(server: &Server) -> String {
    server.page(PAGE, "kevin").ok().text()
}

/// Returns the cells of the table below a heading.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let begin = format!("<h2 id=\"{heading}\">");
    let (_, rest) = page.split_once(&begin).expect("the heading");
    let rest = rest.split("<h2").next().unwrap();
    let Some((_, rows)) = rest.split_once("<tbody>") else {
        return Vec::new();
    };
    let rows = rows.split("</tbody>").next().unwrap();
    let cells = |row: &str| {
        let cells = row.split("</t").map(text_of);
        let cells: Vec<String> = cells.collect();
        // Behind the last cell is the end of the row.
        cells[..cells.len() - 2].to_vec()
    };
    rows.split("<tr>").skip(1).map(cells).collect()
}

/// Returns the text without its tags. The first tag may be cut.
fn text_of(html: &str) -> String {
    let whole = html
        .strip_prefix(['d', 'h'])
        .map_or(html, |rest| &rest[1..]);
    let mut text = String::new();
    for part in whole.split('<') {
        let (_, after) = part.split_once('>').unwrap_or(("", part));
        text.push_str(after);
    }
    text.trim().to_owned()
}

/// Returns the table without the column of bars.
fn lines(page: &str, heading: &str) -> Vec<String> {
    let rows = table(page, heading).into_iter();
    let row = |row: Vec<String>| {
        let cells = row.into_iter().filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join(" ")
    };
    rows.map(row).collect()
}

fn submitted(server: &Server, assignment: &str, student: &str, at: i64) {
    Sql::of(server).execute(&format!(
        "INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            SELECT id, '{student}', {at}, (SELECT min(tree_id) FROM releases) FROM assignments WHERE name = '{assignment}'"
    ));
}

/// Gives feedback on the last submission of a student.
fn returned(server: &Server, assignment: &str, student: &str, at: i64, deleted_at: &str) {
    Sql::of(server).execute(&format!(
        "INSERT INTO feedback (submission_id, tree_id, returned_by, returned_at, deleted_at)
            SELECT max(s.id), (SELECT min(tree_id) FROM releases), 'kevin', {at}, {deleted_at}
            FROM submissions s JOIN assignments a ON a.id = s.assignment_id
            WHERE a.name = '{assignment}' AND s.student = '{student}'"
    ));
}

fn due(server: &Server, assignment: &str) {
    let dates = json!({ "due_at": "2026-03-28T22:59:00Z" });
    let target = format!("v1/courses/algebra/assignments/{assignment}/dates");
    assert_eq!(put_json(server, &target, "kevin", &dates).status, 200);
}

/// Makes a course in Berlin with these students and a released assignment `ps1`.
fn course<'a>(server: &'a Server, students: &[&str]) -> Course<'a> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], students);
    let settings = json!({ "time_zone": "Europe/Berlin" });
    let target = "v1/courses/algebra/settings";
    assert_eq!(put_json(server, target, "kevin", &settings).status, 200);
    course
        .release("ps1", "kevin", &[Sent::new("task", "1")])
        .ok();
    due(server, "ps1");
    course
}

#[test]
fn the_figures_are_those_that_were_counted_by_hand() {
    let server = Setup::standalone().start();
    let students = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "gone"];
    let course = course(&server, &students);
    let assistant = json!({ "people": [{ "username": "tom", "role": "assistant" }] });
    put_json(&server, "v1/courses/algebra/roster", "kevin", &assistant).ok();
    course.release("ps2", "kevin", &[]).ok();
    course.release("ps4", "kevin", &[]).ok();
    due(&server, "ps3");
    due(&server, "ps4");
    let later = json!({ "due_at": "2026-03-30T22:59:00Z" });
    let target = "v1/courses/algebra/assignments/ps1/extensions/s3";
    put_json(&server, target, "kevin", &later).ok();

    let hand_in = |student: &str, at: i64| submitted(&server, "ps1", student, at);
    hand_in("s1", DUE - 4 * DAY);
    hand_in("s1", DUE - 30 * MINUTE);
    // What is in the trash does not count.
    hand_in("s2", DUE - HOUR);
    Sql::of(&server).execute("UPDATE submissions SET deleted_at = 1 WHERE student = 's2'");
    hand_in("s2", DUE + 10 * MINUTE);
    // With more time, exactly a day is left.
    hand_in("s3", DUE + DAY);
    for n in 0..10 {
        hand_in("s4", DUE - 2 * HOUR - n * MINUTE);
    }
    // At the due time is in time.
    hand_in("s5", DUE);
    for n in 0..4 {
        hand_in("s6", DUE - 5 * DAY - n);
    }
    for other in ["gone", "kevin", "tom", "stranger"] {
        hand_in(other, DUE - 8 * HOUR);
    }
    submitted(&server, "ps2", "s1", DUE);
    for n in 0..3 {
        submitted(&server, "ps2", "s7", DUE + n);
    }
    server.delete("student/algebra/gone", "kevin").ok();
    let give = |student: &str, at: i64| returned(&server, "ps1", student, at, "NULL");
    give("s1", DUE + 2 * DAY);
    give("s2", DUE + 4 * DAY);
    // One day after the student's own due time.
    give("s3", DUE + 3 * DAY);
    // The first feedback counts.
    give("s4", DUE + 10 * DAY);
    give("s4", DUE + 20 * DAY);
    returned(&server, "ps1", "s5", DUE + 30 * DAY, "1");
    give("gone", DUE);
    returned(&server, "ps2", "s7", DUE + DAY, "NULL");

    let page = shown(&server);
    assert!(page.contains("7 students"), "{page}");
    let assignments = lines(&page, "submitted");
    let expected = ["ps4 0 0 7 0 –", "ps2 2 0 5 1 –", "ps1 5 1 1 4 2 days"];
    assert_eq!(assignments, expected);
    let expected = [
        "more than 3 days 1",
        "1 to 3 days 1",
        "6 to 24 hours 0",
        "1 to 6 hours 1",
        "the last hour 2",
        "late 1",
        "no due time 2",
    ];
    assert_eq!(lines(&page, "before-due"), expected);
    assert_eq!(lines(&page, "times"), ["1 4", "2–3 2", "4–9 1", "10+ 1"]);
    // With an allowance, the late one is in time by 23 hours and 50 minutes.
    let allowance = json!({ "hours": 24 });
    put_json(
        &server,
        "v1/courses/algebra/allowances/s2",
        "kevin",
        &allowance,
    )
    .ok();
    let allowed = shown(&server);
    assert_eq!(lines(&allowed, "submitted")[2], "ps1 6 0 1 4 2 days");
    let before_due = lines(&allowed, "before-due");
    assert_eq!(
        [&before_due[2], &before_due[5]],
        ["6 to 24 hours 1", "late 0"]
    );
    // The file of the releases and that of the feedback. Students have it by the release.
    assert!(page.contains("<p>2 bytes</p>"), "{page}");
    // An assistant reads all work, too. A student does not.
    assert_eq!(server.page(PAGE, "tom").status, 200);
    assert_eq!(server.page(PAGE, "s1").status, 403);
    assert_eq!(server.page(PAGE, "stranger").status, 403);
}

#[test]
fn hours_are_those_of_the_course_and_small_groups_are_not_shown() {
    let server = Setup::standalone().start();
    course(&server, &["a", "b", "c", "d", "e"]);
    let instructors = json!({ "people": [{ "username": "ira", "role": "instructor" }] });
    put_json(&server, "v1/courses/algebra/roster", "root", &instructors).ok();
    let hand_in = |students: &[&str], at: i64| {
        for student in students {
            submitted(&server, "ps1", student, at);
        }
    };
    let everybody = ["a", "b", "c", "d", "e"];
    // 2026-03-29, before and after the clocks change: 01:30 and 03:30.
    let night = DUE + 91 * MINUTE;
    hand_in(&everybody, night);
    hand_in(&everybody, night + HOUR);
    // 2026-10-25 02:30, which comes twice.
    let autumn = night + 210 * DAY;
    hand_in(&["a", "b", "c"], autumn);
    hand_in(&["a", "d", "e"], autumn + HOUR);
    // Four students with many submissions, and people who are no students.
    for n in 0..20 {
        hand_in(
            &["a", "b", "c", "d", "ira", "kevin", "x"],
            DUE + 2 * DAY - n,
        );
    }
    let cells = |page: &str| -> Vec<String> {
        let rows = table(page, "hours");
        assert!(rows.is_empty() || rows.len() == 24, "{rows:?}");
        let hour = |row: &Vec<String>| {
            let days = row[1..].iter().zip(1..);
            let days = days.filter(|(number, _)| *number != "–");
            let cells = days.map(|(number, day)| format!("{day} {}: {number}", row[0]));
            cells.collect::<Vec<_>>()
        };
        rows.iter().flat_map(hour).collect()
    };
    let page = shown(&server);
    assert_eq!(cells(&page), ["7 01:00: 5", "7 02:00: 6", "7 03:00: 5"]);
    let settings = json!({ "time_zone": "Asia/Kathmandu" });
    put_json(&server, "v1/courses/algebra/settings", "kevin", &settings).ok();
    let page = shown(&server);
    assert_eq!(cells(&page), ["7 06:00: 8", "7 07:00: 8"]);
    // A course with four students shows no hour at all.
    server.delete("student/algebra/e", "kevin").ok();
    let page = shown(&server);
    assert_eq!(cells(&page), Vec::<String>::new());
    assert!(page.contains("No hour has enough students yet"), "{page}");
}

#[test]
fn weeks_begin_on_monday_in_the_zone_of_the_course_and_have_no_gaps() {
    let server = Setup::standalone().start();
    course(&server, &["a", "b", "c"]);
    submitted(&server, "ps1", "a", DUE - 5 * DAY);
    submitted(&server, "ps1", "a", DUE);
    // Sunday 22:30 in UTC is Monday in Berlin.
    let fetched = DUE + DAY - 29 * MINUTE;
    Sql::of(&server).execute(&format!(
        "INSERT INTO fetches (release_id, student, first_at, last_at, times)
            SELECT max(id), 'b', {fetched}, {fetched} + 14 * {DAY}, 9 FROM releases;
        INSERT INTO fetches (release_id, student, first_at, last_at, times)
            SELECT max(id), 'kevin', {fetched}, {fetched}, 1 FROM releases;"
    ));
    returned(&server, "ps1", "a", DUE + DAY, "NULL");
    Sql::of(&server).execute(&format!(
        "INSERT INTO feedback_readings (feedback_id, first_at, last_at, times)
            SELECT max(id), {fetched} + {DAY}, {fetched} + 2 * {DAY}, 2 FROM feedback"
    ));
    let expected = [
        "Mon 13 Apr 2026 1 2",
        "Mon 6 Apr 2026 0 2",
        "Mon 30 Mar 2026 2 2",
        "Mon 23 Mar 2026 1 1",
    ];
    let found = lines(&shown(&server), "weeks");
    // The year is left out if it is near.
    let found: Vec<String> = found.iter().map(|line| line.replace(" 2026", "")).collect();
    assert_eq!(found, expected.map(|line| line.replace(" 2026", "")));
}

#[test]
fn a_course_without_anything_has_its_page_and_hostile_names_stay_text() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "4 MiB"])
        .start();
    Course::of(&server, "algebra").make(&["kevin"], &[]);
    let empty = shown(&server);
    for sentence in [
        "There are no figures before the first assignment is released",
        "No hour has enough students yet",
        "No student was seen yet",
        "0 students",
        "0 bytes of 4.0 MiB",
    ] {
        assert!(empty.contains(sentence), "{sentence}: {empty}");
    }
    let course = Course::of(&server, "algebra");
    let people = json!({ "people": [{ "username": "x'\"<b>", "role": "student" }] });
    put_json(&server, "v1/courses/algebra/roster", "kevin", &people).ok();
    course
        .release("ps1", "kevin", &[Sent::new("task", "1")])
        .ok();
    course.submit("ps1", "x'\"<b>", &[]).ok();
    let odd = "<img src=x onerror=alert(1)>\"";
    Sql::of(&server).execute(&format!("UPDATE assignments SET name = '{odd}'"));
    let page = shown(&server);
    assert!(!page.contains("<img") && !page.contains("<b>"), "{page}");
    let name = "&#60;img src=x onerror=alert(1)&#62;&#34;";
    assert!(page.contains(name), "{page}");
    assert!(!page.contains("x'") && !page.contains("x&#39;"), "{page}");
    assert_eq!(lines(&page, "before-due").last().unwrap(), "no due time 1");
}

#[test]
fn groups_of_the_hub_make_students_and_teachers() {
    let hub = FakeHub::start();
    hub.knows("root");
    for (name, group) in [
        ("lawrence", "nbgrader-algebra"),
        ("eric", "formgrade-algebra"),
    ] {
        let mut model = user_model(name);
        model["groups"] = json!([group]);
        hub.gives(name, model);
    }
    let server = Setup::behind(&hub).start();
    let ask = |method, target, token| server.send(&server.call(method, target).token(token));
    ask("POST", "course/algebra", "root").ok();
    let roster = json!({ "people": [
        { "username": "ann", "role": "student" }, { "username": "eric", "role": "student" },
    ] });
    let call = server
        .call("PUT", "v1/courses/algebra/roster")
        .token("root");
    server
        .send(&call.body("application/json", roster.to_string()))
        .ok();
    for name in ["lawrence", "eric"] {
        ask("GET", "v1/courses", name).ok();
    }
    let call = server.call("PUT", "v1/courses/algebra/assignments/ps1/tree");
    let call = call.body("application/x-tar", tar::archive(&[Sent::new("task", "1")]));
    assert_eq!(server.send(&call.token("root")).status, 200);
    for name in ["lawrence", "eric", "ann", "root"] {
        submitted(&server, "ps1", name, DUE);
    }
    let page = ask("GET", PAGE, "eric").ok().text();
    assert_eq!(lines(&page, "submitted"), ["ps1 2 0 0 0 –"]);
    assert_eq!(ask("GET", PAGE, "lawrence").status, 403);
}
