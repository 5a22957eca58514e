//! The submissions of a class, and the feedback on them, in one archive.

use super::client::{algebra, problem};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup, percent_encode, tar};
use serde_json::{Value, json};

const COLLECT: &str = "v1/courses/algebra/assignments/one/collect";
const FEEDBACK: &str = "v1/courses/algebra/feedback";

/// Returns the entries of the manifest and the files after it.
#[track_caller]
fn bundle(server: &Server, target: &str, user: &str, key: &str) -> (Vec<Value>, Vec<Sent>) {
    let reply = server.get(target, user).ok();
    assert_eq!(reply.header("content-type"), Some("application/x-tar"));
    let mut files = tar::files(&reply.body);
    let manifest = files.remove(0);
    assert_eq!(manifest.path, "manifest.json");
    let manifest: Value = serde_json::from_slice(&manifest.bytes).unwrap();
    (manifest[key].as_array().unwrap().clone(), files)
}

fn collect(server: &Server, arguments: &str) -> (Vec<Value>, Vec<Sent>) {
    bundle(
        server,
        &format!("{COLLECT}?{arguments}"),
        "kevin",
        "submissions",
    )
}

fn students(lines: &[Value]) -> Vec<&str> {
    let names = lines.iter().map(|line| line["student"].as_str().unwrap());
    names.collect()
}

fn work(text: &str) -> [Sent; 2] {
    [
        Sent::new("a/work", text),
        Sent::new("data", vec![3; 100_000]),
    ]
}

/// Lets lawrence submit twice, and eric in between.
fn with_work(server: &Server) -> (Course<'_>, [String; 3]) {
    let course = algebra(server);
    for assignment in ["one", "two"] {
        course.release(assignment, "kevin", &[]).ok();
    }
    let times = [
        ("lawrence", "first"),
        ("eric", "only"),
        ("lawrence", "second"),
    ]
    .map(|(student, text)| timestamp_of(&course.submit("one", student, &work(text))));
    (course, times)
}

#[test]
fn everybodys_latest_work_comes_in_one_archive() {
    let server = Setup::standalone().start();
    let (course, times) = with_work(&server);
    course
        .submit("two", "eric", &work("for another assignment"))
        .ok();
    let (lines, files) = collect(&server, "");
    assert_eq!(students(&lines), ["eric", "lawrence"]);
    let listed = server
        .get("v1/courses/algebra/submissions", "kevin")
        .ok()
        .json();
    let latest = &listed["submissions"][2];
    for key in ["id", "student", "submitted_at", "late", "tree"] {
        assert_eq!(lines[1][key], latest[key], "{key}");
    }
    assert_eq!(lines[1]["files"], 2);
    assert_eq!(
        lines[0]["submitted_at"],
        format!("{}Z", times[1].replace(' ', "T"))
    );
    let below = |id: &Value, text| {
        work(text).map(|file| Sent::new(&format!("{id}/{}", file.path), file.bytes))
    };
    let expected = [
        below(&lines[0]["id"], "only"),
        below(&lines[1]["id"], "second"),
    ];
    assert_eq!(files, expected.concat());
}

#[test]
fn submissions_until_a_time_or_of_one_student_are_collected() {
    let server = Setup::standalone().start();
    let (_, [first, only, second]) = with_work(&server);
    let texts = |arguments: &str| -> Vec<String> {
        let (lines, files) = collect(&server, arguments);
        assert_eq!(files.len(), 2 * lines.len());
        let texts = files.iter().filter(|file| file.path.ends_with("work"));
        texts
            .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
            .collect()
    };
    let before = |time: &str| format!("before={}", percent_encode(time));
    assert_eq!(texts(&before(&second)), ["only", "second"]);
    assert_eq!(texts(&before(&only)), ["only", "first"]);
    assert_eq!(
        texts(&before(&format!("{}Z", first.replace(' ', "T")))),
        ["first"]
    );
    assert_eq!(
        texts(&before("2020-01-01T00:00:00+02:00")),
        Vec::<String>::new()
    );
    assert_eq!(texts("student=lawrence"), ["second"]);
    assert_eq!(
        texts(&format!("student=lawrence&{}", before(&only))),
        ["first"]
    );
    assert_eq!(texts("student=kevin"), Vec::<String>::new());
    let ask = |arguments: &str, user| problem(&server.get(&format!("{COLLECT}?{arguments}"), user));
    assert_eq!(
        ask("student=nobody", "kevin"),
        (404, "Student not found".to_owned())
    );
    assert_eq!(ask("student=a/b", "kevin").0, 404);
    assert_eq!(
        ask("before=yesterday", "kevin"),
        (400, "Time format incorrect".to_owned())
    );
    assert_eq!(ask("", "lawrence").0, 403);
    assert_eq!(ask("student=lawrence", "lawrence").0, 403);
    let unknown = server.get(&COLLECT.replace("one", "three"), "kevin");
    assert_eq!(problem(&unknown), (404, "Assignment not found".to_owned()));
}

#[test]
fn with_nothing_to_collect_the_archive_is_whole_and_empty() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    assert_eq!(collect(&server, ""), (Vec::new(), Vec::new()));
    course.submit("one", "eric", &[]).ok();
    let (lines, files) = collect(&server, "");
    assert_eq!(
        (lines.len(), files.len(), &lines[0]["files"]),
        (1, 0, &json!(0))
    );
}

#[test]
fn many_submissions_with_many_files_come_whole_and_in_order() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    let of = |n: usize| -> Vec<Sent> {
        let file = |f: usize| Sent::new(&format!("{f}"), format!("{n} {f} ").repeat(f % 700));
        (0..1500).map(file).collect()
    };
    let names: Vec<String> = (0..8).map(|n| format!("student-{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        course.enrol(name).ok();
        course.submit("one", name, &of(n)).ok();
    }
    let (lines, files) = collect(&server, "");
    assert_eq!(students(&lines), names);
    let expected: Vec<Sent> = (0..)
        .zip(&lines)
        .flat_map(|(n, line)| {
            let below =
                |file: Sent| Sent::new(&format!("{}/{}", line["id"], file.path), file.bytes);
            of(n).into_iter().map(below).collect::<Vec<_>>()
        })
        .collect();
    assert!(files == expected);
}

#[test]
fn feedback_comes_in_one_archive_to_whom_it_concerns() {
    let server = Setup::standalone().start();
    let (course, [first, only, second]) = with_work(&server);
    let other = timestamp_of(&course.submit("two", "eric", &[]));
    let seen = |text: &str| [Sent::new("seen.html", text)];
    for (assignment, student, time, text) in [
        ("one", "lawrence", &second, "outdated"),
        ("one", "lawrence", &second, "on the second"),
        ("one", "lawrence", &first, "on the first"),
        ("one", "eric", &only, "on the only one"),
        ("two", "eric", &other, "on another assignment"),
    ] {
        course
            .give_feedback(assignment, student, time, &seen(text))
            .ok();
    }
    let texts = |arguments: &str, user| -> Vec<String> {
        let target = format!("{FEEDBACK}?{arguments}");
        let (lines, files) = bundle(&server, &target, user, "feedback");
        for (line, file) in lines.iter().zip(&files) {
            assert_eq!(file.path, format!("{}/seen.html", line["submission"]));
            assert_eq!(line["files"], 1);
            assert!(line["returned_at"].as_str() > line["submitted_at"].as_str());
        }
        assert_eq!(lines.len(), files.len());
        let texts = files
            .iter()
            .map(|file| String::from_utf8_lossy(&file.bytes));
        texts.map(std::borrow::Cow::into_owned).collect()
    };
    let of_lawrence = ["on the first", "on the second"];
    let of_one = ["on the first", "on the only one", "on the second"];
    assert_eq!(texts("assignment=one", "lawrence"), of_lawrence);
    assert_eq!(texts("", "lawrence"), of_lawrence);
    assert_eq!(
        texts("", "eric"),
        ["on the only one", "on another assignment"]
    );
    assert_eq!(texts("assignment=one", "kevin"), of_one);
    assert_eq!(texts("", "kevin").len(), 4);
    let (lines, _) = bundle(&server, FEEDBACK, "eric", "feedback");
    assert_eq!(
        (&lines[1]["assignment"], &lines[1]["student"]),
        (&json!("two"), &json!("eric"))
    );
    assert_eq!(problem(&server.get(FEEDBACK, "sam")).0, 403);
    let unknown = server.get(&format!("{FEEDBACK}?assignment=three"), "lawrence");
    assert_eq!(problem(&unknown), (404, "Assignment not found".to_owned()));
}
