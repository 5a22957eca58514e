//! Names and paths that look like, or are converted to, something else.

use nbcourier_testkit::routes::every_address;
use nbcourier_testkit::{Course, FakeHub, Sent, Server, Setup, percent_encode, run};
use serde_json::json;

fn algebra(server: &Server) -> Course<'_> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course
}

#[test]
fn look_alikes_of_slashes_and_dots_are_letters_like_others() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    // DIVISION SLASH, FULLWIDTH SOLIDUS, ONE DOT LEADER, FULLWIDTH FULL STOP, and a change of the writing direction.
    let files = [
        Sent::new("..\u{2215}up", "1"),
        Sent::new("..\u{FF0F}up", "2"),
        Sent::new("\u{2024}\u{2024}/up", "3"),
        Sent::new("\u{FF0E}\u{FF0E}/up", "4"),
        Sent::new("a\u{202E}gpj.exe", "5"),
        Sent::new("%2e%2e%2fup", "6"),
    ];
    course.release("ps1", "kevin", &files).ok();
    let fetched = course.get("assignment/algebra/ps1", "kevin").ok().json();
    let mut fetched = nbcourier_testkit::files::files_of_reply(&fetched);
    fetched.sort_by(|a, b| a.bytes.cmp(&b.bytes));
    assert_eq!(fetched, files, "no letter is turned into another one");
}

#[test]
fn twins_in_writing_or_in_case_are_two() {
    let server = Setup::standalone().start();
    let composed = percent_encode("caf\u{E9}");
    let decomposed = percent_encode("cafe\u{301}");
    let upper = percent_encode("CAF\u{C9}");
    for id in [&composed, &decomposed, &upper] {
        Course::of(&server, id).make(&["kevin"], &[]);
    }
    let course = Course::of(&server, &composed);
    course.release("ps1", "kevin", &[Sent::new("a", "x")]).ok();
    for other in [&decomposed, &upper] {
        let listed = server
            .get(&format!("assignments/{other}"), "kevin")
            .ok()
            .json();
        assert_eq!(listed["assignments"], serde_json::json!([]));
    }
    // A person whose name only looks like an instructor's is not an instructor.
    for name in ["k\u{435}vin", "Kevin", "kevin\u{200B}", "\u{FF4B}evin"] {
        let reply = server.get(&format!("students/{composed}"), name);
        assert_eq!(reply.status, 403, "{name:?}");
    }
}

#[test]
fn a_path_that_names_a_drive_is_refused_in_every_way_to_send_it() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    for path in ["C:a", "c:/a", "Z:"] {
        let reply = course.release("ps1", "kevin", &[Sent::new(path, "x")]);
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (400, "Illegal path"),
            "{path}"
        );
        let target = "v1/courses/algebra/assignments/ps1/tree?user=kevin";
        let sent = nbcourier_testkit::tar::archive(&[Sent::new(path, "x")]);
        let reply = server.send(&server.call("PUT", target).body("application/x-tar", sent));
        assert_eq!(reply.status, 400, "{path}");
    }
}

#[test]
fn no_name_becomes_a_header() {
    let server = Setup::standalone().start();
    let evil = "x\r\nX-Injected: yes\r\nSet-Cookie: a=b\r\n\r\n<script>";
    for address in every_address() {
        let (method, path) = address.split_once(' ').unwrap();
        let evil = percent_encode(evil);
        let mut path = path.replace("{prefix}", server.prefix());
        while let Some(begin) = path.find('{') {
            let end = path[begin..].find('}').unwrap();
            path.replace_range(begin..=begin + end, &evil);
        }
        let arguments = [
            "next",
            "student",
            "timestamp",
            "owner",
            "name",
            "path",
            "done",
            "q",
        ];
        let arguments = arguments.map(|name| format!("&{name}={evil}")).concat();
        let target = format!("{path}?user=root{arguments}");
        // Not through `send`, which compares replies with the OpenAPI document: it has no addresses of this kind.
        let reply = server.call(method, &target).send(server.port()).unwrap();
        assert!(reply.status < 500, "{address}: {}", reply.text());
        assert_eq!(reply.header("x-injected"), None, "{address}");
        // A page keeps the name that its address claims.
        let cookie = reply.header("set-cookie");
        let is_own = cookie.is_none_or(|cookie| cookie.starts_with("nbcourier-trial=root;"));
        assert!(is_own, "{address}: {cookie:?}");
    }
}

#[test]
fn every_reply_says_what_it_is_and_that_it_is_nothing_else() {
    let hub = FakeHub::start();
    hub.knows("root");
    for server in [
        Setup::standalone().args(&["--debug"]).start(),
        Setup::behind(&hub).start(),
    ] {
        for address in every_address() {
            let (method, path) = address.split_once(' ').unwrap();
            let path = path
                .replace("{prefix}", server.prefix())
                .replace(['{', '}'], "");
            let call = server.call(method, &path).token("root");
            let reply = call.send(server.port()).unwrap();
            let kind = reply.header("content-type").unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default();
            let known = [
                "application/json",
                "application/problem+json",
                "application/x-tar",
                "text/html",
                "text/css",
                "image/svg+xml",
                "image/x-icon",
            ];
            assert!(
                reply.body.is_empty() || known.contains(&kind),
                "{address}: {kind:?}"
            );
            let is_page = [
                "{prefix}",
                "login",
                "logout",
                "initialize",
                " admin",
                " live/",
                " c/",
                " d",
                " view/",
                " help",
                " me",
                " receipts",
                " shared",
            ]
            .iter()
            .any(|page| address.contains(page));
            assert!(kind != "text/html" || is_page, "{address} is a page");
            assert_eq!(
                reply.header("x-content-type-options"),
                Some("nosniff"),
                "{address}"
            );
            assert!(reply.header("cache-control").is_some(), "{address}");
            assert_eq!(
                reply.header("access-control-allow-origin"),
                None,
                "{address}"
            );
        }
    }
}

/// Names that only the exchange gives, and spellings that people read as the same or as a service's.
const RESERVED: [&str; 9] = [
    "operator:root",
    "former:bob:2026-11-28",
    "former:17",
    "Operator:root",
    "FORMER:bob:2026-11-28",
    "Service:grader",
    "SERVICE:grader",
    "\u{455}ervice:grader",
    "service\u{ff1a}grader",
];

/// Returns the members of the course.
fn roster(server: &Server) -> Vec<String> {
    let roster = server.get("v1/courses/algebra/roster", "root").ok().json();
    let people = roster["people"].as_array().unwrap().iter();
    people
        .map(|line| line["username"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn nobody_is_enrolled_under_a_reserved_name() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let details = [("first_name", ""), ("last_name", ""), ("email", "")];
    let put = |name: &str, role: &str| {
        let people = json!({ "people": [{ "username": name, "role": role }] });
        let call = server.call("PUT", "v1/courses/algebra/roster?user=root");
        server.send(&call.body("application/json", people.to_string()))
    };
    for (number, name) in RESERVED.into_iter().enumerate() {
        let encoded = percent_encode(name);
        for target in [
            format!("student/algebra/{encoded}"),
            format!("instructor/algebra/{encoded}"),
        ] {
            let reply = course.post(&target, "root", &details);
            let said = (reply.status, reply.message());
            assert_eq!(said, (400, "Illegal user id".into()), "{target}");
        }
        let mut line = json!({ "username": name, "first_name": "", "last_name": "", "email": "" });
        let students = json!([line]).to_string();
        let reply = course
            .post("students/algebra", "kevin", &[("students", &students)])
            .ok();
        line = json!({ "username": name, "success": false, "message": "Illegal user id" });
        assert_eq!(reply.json()["status"], json!([line]));
        let instructors = json!([name]).to_string();
        let target = format!("course/other{number}");
        let reply = course.post(&target, "root", &[("instructors", &instructors)]);
        assert_eq!(reply.message(), "Illegal user id", "{target}");
        for role in ["student", "instructor"] {
            let reply = put(name, role);
            assert_eq!(reply.status, 400, "{name}: {}", reply.text());
            assert!(reply.text().contains("former users"), "{}", reply.text());
        }
    }
    assert_eq!(roster(&server), ["kevin", "lawrence"]);
    // Services are enrolled by such a name, and so are people whose names only contain one of the words.
    for name in ["service:grader", "operator", "form:er"] {
        let target = format!("student/algebra/{}", percent_encode(name));
        course.post(&target, "kevin", &details).ok();
        assert_eq!(put(name, "student").status, 200, "{name}");
    }
}

#[test]
fn nothing_is_submitted_for_a_former_user() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("ps1", "kevin", &[]).ok();
    course
        .submit("ps1", "lawrence", &[Sent::new("a", "x")])
        .ok();
    let data = server.data_dir();
    let data = data.to_str().unwrap();
    let retired = run(&["user", "retire", "lawrence", "--data-dir", data]);
    assert!(retired.status.success(), "{retired:?}");
    let listed = server.get("v1/courses/algebra/submissions", "kevin").ok();
    let former = listed.json()["submissions"][0]["student"].clone();
    let former = former.as_str().unwrap().to_owned();
    assert!(former.starts_with("former:lawrence:"), "{former}");
    let target = format!(
        "v1/courses/algebra/assignments/ps1/submissions?user=kevin&student={}",
        percent_encode(&former)
    );
    let archive = nbcourier_testkit::tar::archive(&[Sent::new("a", "y")]);
    let reply = server.send(
        &server
            .call("POST", &target)
            .body("application/x-tar", archive),
    );
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("former users"), "{}", reply.text());
    // Their earlier submissions are still there.
    assert_eq!(
        course.submitted("ps1", &percent_encode(&former), None),
        [Sent::new("a", "x")]
    );
}

#[test]
fn an_import_enrols_nobody_under_a_reserved_name() {
    let place = tempfile::tempdir().unwrap();
    let inbound = place.path().join("exchange/algebra/inbound");
    for name in RESERVED.into_iter().chain(["ada"]) {
        let work = inbound.join(format!("{name}+ps1+2026-01-30 10:30:47.000001 UTC"));
        std::fs::create_dir_all(&work).unwrap();
        std::fs::write(work.join("p1.ipynb"), "work").unwrap();
    }
    let exchange = place.path().join("exchange");
    let setup = Setup::standalone();
    let data = setup.data_dir();
    let [exchange, data] = [&exchange, &data].map(|path| path.to_str().unwrap());
    let printed = run(&["import", "exchange", exchange, "--data-dir", data]);
    let printed = String::from_utf8([printed.stdout, printed.stderr].concat()).unwrap();
    assert!(printed.contains("--user-map"), "{printed}");
    let refused = run(&[
        "import",
        "exchange",
        exchange,
        "--data-dir",
        data,
        "--instructor",
        "operator:root",
    ]);
    assert!(!refused.status.success());
    let server = setup.start();
    assert_eq!(roster(&server), ["ada"]);
}
