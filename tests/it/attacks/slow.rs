//! Clients that begin requests and do not end them.

use nbcourier_testkit::browser::PageTokens;
use nbcourier_testkit::http::Connection;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::routes::{every_address, routes, table};
use nbcourier_testkit::{Course, FakeHub, Sent, Server, Setup, eventually, eventually_some};
use serde_json::Value;
use std::time::{Duration, Instant};

const HELD: usize = 300;

fn open(server: &Server, bytes: &str) -> Connection {
    let mut connection = Connection::open(server.port()).unwrap();
    connection.write(bytes.as_bytes()).unwrap();
    connection
}

#[test]
fn hundreds_who_never_end_their_requests_keep_nobody_out() {
    let server = Setup::standalone().start();
    let in_headers = "GET /api/courses?user=root HTTP/1.1\r\nHost: localhost\r\nX-A: ";
    let in_body = "POST /api/course/a?user=root HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n\r\nuser=";
    let held: Vec<Connection> = (0..HELD)
        .map(|number| open(&server, if number % 2 == 0 { in_headers } else { in_body }))
        .collect();
    for _ in 0..32 {
        server.get("courses", "root").ok();
    }
    server
        .post("course/algebra", "root", &[("instructors", "[]")])
        .ok();
    drop(held);
}

#[test]
fn headers_that_do_not_end_are_given_up() {
    // The time for the headers is never longer than the time that a client may be idle.
    let server = Setup::standalone().args(&["--idle-timeout", "2s"]).start();
    let head = "GET /api/courses HTTP/1.1\r\nHost: localhost\r\nX-A: ";
    let mut connection = open(&server, head);
    let until = Instant::now() + PATIENCE;
    let answered = loop {
        // It sends often enough not to be idle.
        let is_open = connection.write(b"a").is_ok();
        if let Ok(reply) = connection.read_within(Duration::from_millis(200)) {
            break reply;
        }
        assert!(is_open, "it was closed without an answer");
        assert!(Instant::now() < until, "it was not given up");
    };
    assert_eq!(answered.status, 408, "{}", answered.text());
}

/// Sends the beginning of a body to an address that is open to everybody, as that user.
fn begin(server: &Server, user: &str) -> Connection {
    let head = format!(
        "POST /api/v1/receipts/verify?user={user} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Length: 60000\r\nContent-Type: application/json\r\n\r\n"
    );
    open(server, &head)
}

#[test]
fn a_body_that_trickles_is_given_up_and_a_slow_one_is_not() {
    let server = Setup::standalone().args(&["--idle-timeout", "2s"]).start();
    let mut trickling = begin(&server, "zed");
    let mut slow = begin(&server, "ann");
    let answered = loop {
        // Both send often enough not to be idle; only one sends enough bytes.
        let is_open = trickling.write(b" ").is_ok();
        slow.write(&[b' '; 600]).unwrap();
        if let Ok(reply) = trickling.read_within(Duration::from_millis(200)) {
            break reply;
        }
        assert!(is_open, "it was closed without an answer");
    };
    assert_eq!(answered.status, 408, "{}", answered.text());
    drop(trickling);
    // The rest comes at once: the time before was within its limit.
    while slow.write(&[b' '; 1200]).is_ok() {
        if let Ok(reply) = slow.read_within(Duration::from_millis(100)) {
            assert_eq!(reply.status, 400, "{}", reply.text());
            return;
        }
    }
    panic!("the slow one was closed");
}

/// Sends a request again that came while the question whether it is open was itself open.
fn again_if_refused(held: &mut Connection, begin: impl Fn() -> Connection) {
    // A connection that was closed is over as well.
    if held
        .replies_within(Duration::from_millis(5))
        .unwrap_or(true)
    {
        *held = begin();
    }
}

#[test]
fn a_caller_with_many_open_requests_is_refused_and_others_are_not() {
    let server = Setup::standalone()
        .args(&["--max-open-requests", "3", "--max-request-rate", "0"])
        .start();
    let mut held: Vec<Connection> = (0..3).map(|_| begin(&server, "zed")).collect();
    // A caller without any course is counted, too.
    let refused = eventually_some("a refusal", || {
        for connection in &mut held {
            again_if_refused(connection, || begin(&server, "zed"));
        }
        Some(server.get("courses", "zed")).filter(|reply| reply.status != 200)
    });
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains("3 open requests"));
    assert!(refused.header("retry-after").is_some());
    server.get("courses", "ann").ok();
    for connection in &mut held {
        connection.write(&vec![b' '; 60_000]).unwrap();
        assert_eq!(connection.read().unwrap().status, 400);
    }
    server.get("courses", "zed").ok();
}

#[test]
fn long_replies_of_one_caller_wait_for_each_other() {
    let limits = ["--max-uploads", "1", "--max-open-requests", "4"];
    let server = Setup::standalone().args(&limits).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &[]);
    let large = Sent::new("large", vec![7; 32 * 1024 * 1024]);
    course.release("challenge", "kevin", &[large]).ok();
    let target = "/api/assignment/algebra/challenge?user=kevin";
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // The reply is larger than the buffers of the connection, so a part of it stays unread.
    let mut unread = open(&server, &request);
    unread.await_reply().unwrap();
    let mut refused = None;
    let mut waiting = Vec::new();
    while refused.is_none() {
        let mut next = open(&server, &request);
        match next.read_within(Duration::from_millis(300)) {
            Ok(reply) => refused = Some(reply),
            Err(_) => waiting.push(next),
        }
        assert!(waiting.len() < 10, "all of them are sent at once");
    }
    assert_eq!(refused.unwrap().status, 429);
    server.get("courses", "root").ok();
    drop(unread);
    let first = &mut waiting[0];
    assert_eq!(first.read().unwrap().status, 200, "its turn came");
}

/// A route that is asked with a body of this type.
#[derive(Debug, Clone)]
struct BodyRoute {
    method: String,
    path: String,
    content_type: String,
}

/// The type of bodies that no route reads.
const UNREAD: &str = "application/x-unread";

/// Returns each route that takes a body, once for each type of body: in ngshare's protocol every POST, below `v1/` as
/// the OpenAPI document says.
fn bodies(server: &Server, number: &str) -> Vec<BodyRoute> {
    let call = server.call("GET", "v1/openapi.json").token("root");
    let document = server.send(&call).ok().json();
    let mut asked = Vec::new();
    for route in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        let operation = document["paths"][format!("/{path}")][method.to_lowercase()].clone();
        assert_eq!(operation.is_object(), path.starts_with("v1/"), "{route}");
        let types: Vec<String> = match &operation["requestBody"]["content"] {
            Value::Object(content) => content.keys().cloned().collect(),
            _ if method == "POST" && !path.starts_with("v1/") => {
                let types = ["application/x-www-form-urlencoded", "multipart/form-data"];
                types.map(str::to_owned).to_vec()
            }
            _ => continue,
        };
        // A release of an assignment that exists is refused before its files are read.
        let is_release = path.starts_with("assignment/") || path.ends_with("{assignment}/tree");
        let place = if is_release {
            path.replace("{assignment}", "new")
        } else {
            path.replace("course/{course}", "course/new")
        };
        let mut place = filled(&place, number);
        if place == "v1/shares" {
            // A page without a course is refused before it is read.
            place.push_str("?course=algebra&title=Page");
        }
        asked.extend(types.into_iter().map(|content_type| BodyRoute {
            method: method.to_owned(),
            path: place.clone(),
            content_type,
        }));
    }
    assert!(asked.len() > 20, "{asked:?}");
    asked
}

/// Returns the path with a course, an assignment, a student and the number of a submission, which all exist.
fn filled(path: &str, number: &str) -> String {
    let path = path
        .replace("{prefix}", "")
        .replace("{course}", "algebra")
        .replace("{assignment}", "challenge")
        .replace("{id}", number)
        .replace("{owner}", "ann")
        .replace("{directory}", "data")
        .replace("{name}", "data")
        .replace("{version}", "1")
        .replace("{user}", "ann")
        .replace("{path}", "work")
        .replace("{file}", "style.css")
        .replace("{tag}", "de")
        .replace("{ticket}", "none")
        .replace("{token}", "none");
    assert!(!path.contains('{'), "what is that in {path}");
    path
}

/// Begins a request with a body of 60,000 bytes, and sends as much of the body as it has of every length.
fn begin_body(server: &Server, asked: &BodyRoute, token: &str) -> Connection {
    let beginning = match asked.content_type.as_str() {
        "application/x-www-form-urlencoded" => "x=",
        "multipart/form-data" => "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n",
        _ => "",
    };
    let target = format!("{}{}", server.prefix(), asked.path);
    let head = format!(
        "{} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {token}\r\n\
         Content-Length: {LENGTH}\r\nContent-Type: {}; boundary=b\r\n\r\n{beginning}",
        asked.method, asked.content_type
    );
    open(server, &head)
}

const LENGTH: usize = 60_000;

/// Sends a byte now and then until a reply begins. Returns its status.
fn trickle(server: &Server, asked: &BodyRoute) -> u16 {
    trickle_on(begin_body(server, asked, "root"), &asked.path)
}

/// Sends a byte of a request that was begun now and then until a reply begins. Returns its status.
fn trickle_on(mut connection: Connection, what: &str) -> u16 {
    let begun = Instant::now();
    while !connection
        .replies_within(Duration::from_millis(200))
        .unwrap()
    {
        assert!(begun.elapsed() < PATIENCE, "{what} waits for ever");
        // The server may have closed the connection behind its reply.
        let _ = connection.write(b" ");
    }
    let reply = connection.read();
    reply
        .unwrap_or_else(|error| panic!("{what}: {error}"))
        .status
}

/// Returns each form of a page, once for each type of body, with the beginning of the body: the token of the page, and what
/// a form with files begins with.
fn forms(token: &str) -> Vec<(String, &'static str, String)> {
    let table = table().into_iter();
    let pages = table.filter(|route| route.access == "page");
    let posts = pages.filter_map(|route| Some(route.address.strip_prefix("POST ")?.to_owned()));
    let fields = [
        ("csrf_token", token),
        ("key", "a4ac7de8-3f5c-4a7d-9b4a-6d2f3f0f3a10"),
    ];
    let parts = fields.map(|(name, value)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let file = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"work\"\r\n\r\n";
    let in_parts = parts.concat() + file;
    let urlencoded = fields
        .map(|(name, value)| format!("{name}={value}&"))
        .concat()
        + "x=";
    let mut all = Vec::new();
    for path in posts {
        // Files for an assignment that exists are refused before they are read.
        let path = if path.ends_with("/versions/add") {
            path.replace("{assignment}", "new")
        } else {
            path
        };
        let path = filled(&path, "1");
        all.push((path.clone(), "multipart/form-data", in_parts.clone()));
        all.push((
            path,
            "application/x-www-form-urlencoded",
            urlencoded.clone(),
        ));
    }
    assert!(all.len() > 60, "{all:?}");
    all
}

/// Begins a request of a page, and sends `begun` of its body of [`LENGTH`] bytes.
fn begin_page(
    server: &Server,
    (method, path): (&str, &str),
    user: &str,
    kind: &str,
    begun: &str,
) -> Connection {
    let head = format!(
        "{method} {}{path} HTTP/1.1\r\nHost: localhost\r\nCookie: nbcourier-trial={user}\r\n\
         Content-Length: {LENGTH}\r\nContent-Type: {kind}; boundary=b\r\n\r\n{begun}",
        server.prefix()
    );
    open(server, &head)
}

#[test]
fn a_form_that_trickles_is_given_up_on_every_page() {
    let server = Setup::standalone().unlimited();
    let server = server.args(&["--idle-timeout", "2s"]).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["ann"]);
    course.release("challenge", "kevin", &[]).ok();
    let data = server.call("POST", "v1/directories?user=ann");
    let data = data.body("application/json", r#"{"name": "data"}"#);
    assert_eq!(server.send(&data).status, 201);
    let token = PageTokens::of(&server.page("me", "root").ok()).writing;
    let forms = forms(&token);
    let answered: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = forms
            .iter()
            .map(|(path, kind, begun)| {
                let begin = || begin_page(&server, ("POST", path), "root", kind, begun);
                scope.spawn(move || trickle_on(begin(), path))
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // A form is read in the type of its page, and refused in the other one.
    for (both, answered) in forms.chunks(2).zip(answered.chunks(2)) {
        assert!(answered.contains(&408), "{}: {answered:?}", both[0].0);
        assert!(
            answered.iter().all(|status| *status < 500),
            "{}: {answered:?}",
            both[0].0
        );
    }
}

#[test]
fn open_requests_count_on_every_page() {
    let limits = ["--max-open-requests", "1", "--max-request-rate", "0"];
    let idle = ["--idle-timeout", "5s"];
    let server = Setup::standalone().args(&limits).args(&idle).start();
    let table = table().into_iter().filter(|route| route.access == "page");
    let mut held = Vec::new();
    for (number, route) in table.enumerate() {
        let (method, path) = route.address.split_once(' ').unwrap();
        let (path, caller) = (filled(path, "1"), format!("caller-{number}"));
        let begin = || begin_page(&server, (method, &path), &caller, UNREAD, "");
        let mut open = begin();
        eventually(&format!("{path} is counted"), || {
            again_if_refused(&mut open, begin);
            // The place of the last request here may be taken for a moment longer than its reply takes.
            (0..2).all(|_| server.get("courses", &caller).status == 429)
        });
        held.push(open);
    }
    assert!(held.len() > 100, "{}", held.len());
    assert_eq!(server.get("", "ann").status, 200);
}

/// Longer than any limit on a body in these tests, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Trickles all bodies side by side. Returns the status of each.
fn trickle_all(server: &Server, asked: &[BodyRoute]) -> Vec<u16> {
    std::thread::scope(|scope| {
        let all: Vec<_> = asked
            .iter()
            .map(|one| scope.spawn(|| trickle(server, one)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Returns a server behind that hub, and the number of a submission in its course.
fn with_a_submission(hub: &FakeHub, setup: &Setup) -> (Server, String) {
    for name in ["root", "kevin", "ann"] {
        hub.gives(name, user_model(name));
    }
    let server = setup.start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &["ann"]);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "ann", &[]).ok();
    let data = server.call("POST", "v1/directories").token("ann");
    let data = data.body("application/json", r#"{"name": "data"}"#);
    assert_eq!(server.send(&data).status, 201);
    let shared = server.call("POST", "v1/directories").token("kevin");
    let shared = shared.body(
        "application/json",
        r#"{"owner": "course:algebra", "name": "data"}"#,
    );
    assert_eq!(server.send(&shared).status, 201);
    let settings = server
        .call("PUT", "v1/courses/algebra/settings")
        .token("kevin");
    let settings = settings.body("application/json", r#"{"sharing": "course"}"#);
    server.send(&settings).ok();
    let listed = course.get("v1/courses/algebra/submissions", "kevin").ok();
    let number = listed.json()["submissions"][0]["id"].to_string();
    (server, number)
}

#[test]
fn a_body_that_trickles_is_given_up_on_every_route_that_takes_one() {
    let hub = FakeHub::start();
    let setup = Setup::behind(&hub).unlimited();
    let setup = setup.args(&["--idle-timeout", "2s"]);
    let (server, number) = with_a_submission(&hub, &setup);
    let asked = bodies(&server, &number);
    let answered = trickle_all(&server, &asked);
    let others: Vec<_> = asked
        .iter()
        .zip(answered)
        .filter(|(_, status)| *status != 408)
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_trickling_body_that_no_route_reads_holds_no_connection() {
    let hub = FakeHub::start();
    let setup = Setup::behind(&hub).unlimited();
    let setup = setup.args(&["--idle-timeout", "2s"]);
    let (server, number) = with_a_submission(&hub, &setup);
    let asked: Vec<BodyRoute> = every_address()
        .into_iter()
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            BodyRoute {
                method: method.to_owned(),
                path: filled(path, &number),
                content_type: UNREAD.to_owned(),
            }
        })
        .collect();
    // A reply is enough, whatever it says. It comes when the server has given up waiting for the body.
    for (one, status) in asked.iter().zip(trickle_all(&server, &asked)) {
        assert!((200..500).contains(&status), "{one:?}: {status}");
    }
}

#[test]
fn open_requests_count_on_every_route() {
    let hub = FakeHub::start();
    let limits = ["--max-open-requests", "1", "--max-request-rate", "0"];
    // A request that is refused because a question came first is replaced when this time is over.
    let idle = ["--idle-timeout", "5s"];
    // Each route gets a caller of its own.
    let callers: Vec<String> = (0..300).map(|number| format!("caller-{number}")).collect();
    for caller in &callers {
        hub.gives(caller, user_model(caller));
    }
    let admins = format!("root,{}", callers.join(","));
    let setup = Setup::behind(&hub)
        .args(&limits)
        .args(&idle)
        .admins(&admins);
    let (server, number) = with_a_submission(&hub, &setup);
    let mut all: Vec<BodyRoute> = routes()
        .into_iter()
        // The reply to a HEAD request has no sentence.
        .filter(|route| !route.starts_with("HEAD "))
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            BodyRoute {
                method: method.to_owned(),
                path: filled(path, &number),
                content_type: UNREAD.to_owned(),
            }
        })
        .chain(bodies(&server, &number))
        .collect();
    // Deletions come last, because the other requests need the items.
    all.sort_by_key(|one| one.method == "DELETE");
    assert!(all.len() <= callers.len());
    let ask = |method: &str, path: &str, token: &str| {
        let call = server.call(method, path).token(token);
        call.send(server.port()).unwrap()
    };
    let mut held = Vec::new();
    for (one, caller) in all.iter().zip(&callers) {
        // The body does not end, so the request stays open.
        let mut open = begin_body(&server, one, caller);
        let refused = eventually_some(&format!("{one:?} is counted"), || {
            again_if_refused(&mut open, || begin_body(&server, one, caller));
            // The place of the last request here may be taken for a moment longer than its reply takes.
            let is_full = ask("GET", "courses", caller).status == 429;
            let refused = is_full.then(|| ask(&one.method, &one.path, caller));
            refused.filter(|refused| refused.status == 429)
        });
        let said = refused.message();
        assert!(said.contains("1 open requests"), "{one:?}: {said}");
        assert!(refused.header("retry-after").is_some(), "{one:?}");
        held.push(open);
    }
    // All of them together keep nobody else out.
    assert_eq!(ask("GET", "courses", "ann").status, 200);
    drop(held);
    let caller = &callers[0];
    eventually("the first is over", || {
        ask("GET", "courses", caller).status == 200
    });
}

#[test]
fn open_requests_for_the_page_count_like_others() {
    let limits = ["--max-open-requests", "1", "--max-request-rate", "0"];
    let idle = ["--idle-timeout", "5s"];
    let server = Setup::standalone().args(&limits).args(&idle).start();
    let prefix = server.prefix();
    let request = format!(
        "GET {prefix}?user=zed HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LENGTH}\r\n\r\n"
    );
    let mut held = open(&server, &request);
    eventually("the page is counted", || {
        again_if_refused(&mut held, || open(&server, &request));
        // The place of the last request here may be taken for a moment longer than its reply takes.
        (0..2).all(|_| server.get("courses", "zed").status == 429)
            && server.get("", "zed").status == 429
    });
    assert_eq!(server.get("", "ann").status, 200);
    drop(held);
    eventually("the page is over", || server.get("", "zed").status == 200);
}
