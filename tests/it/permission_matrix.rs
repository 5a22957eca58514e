//! Permissions: every role against every endpoint, as one table in `permission_matrix.txt`.
//!
//! The endpoints are those that `nbcourier routes` prints and the open ones. An endpoint without a row fails, and so
//! does a row without an endpoint, and a permitted request that changes something without an event. Each cell is tested
//! in a state in which a permitted request succeeds. After an intended change, `UPDATE_SNAPSHOT=1 cargo test --test
//! permission_matrix` rewrites the table. Then read it: it is the policy.

use crate::sql::Sql;
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::{Course, FakeHub, Form, Reply, Sent, Server, Setup, percent_encode};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A column of the table: its head, the token sent, and the name whose data are the caller's own.
struct Role {
    head: &'static str,
    token: Option<&'static str>,
    own: &'static str,
}

const ROLES: [Role; 10] = [
    role("anonymous", None, "lawrence"),
    role("stranger", Some("stranger"), "stranger"),
    role("student", Some("lawrence"), "lawrence"),
    role("student elsewhere", Some("eric"), "eric"),
    role("assistant", Some("alex"), "alex"),
    role("instructor", Some("kevin"), "kevin"),
    role("instructor elsewhere", Some("abigail"), "abigail"),
    role("registrar", Some(REGISTRAR), REGISTRAR),
    role("admin", Some("root"), "root"),
    // A service of the hub with the same name as the instructor.
    role("service", Some(SERVICE), "kevin"),
];

/// A person in the group of the hub that `--registrars-group` names.
const REGISTRAR: &str = "regina";

const SERVICE: &str = "token-of-a-service-called-kevin";

const fn role(head: &'static str, token: Option<&'static str>, own: &'static str) -> Role {
    Role { head, token, own }
}

/// The rows: method and path as `nbcourier routes` prints them, a description, and the name for `{user}` if it is not
/// the caller's own.
const ROWS: &str = "
GET courses
POST course/{course} | a new one
DELETE course/{course}
POST instructor/{course}/{user} | oneself
POST instructor/{course}/{user} | a stranger | sam
POST instructor/{course}/{user} | a student | other-student
POST instructor/{course}/{user} | an assistant | co-assistant
POST instructor/{course}/{user} | another instructor | co-instructor
GET instructor/{course}/{user} | | co-instructor
DELETE instructor/{course}/{user} | oneself
DELETE instructor/{course}/{user} | another | co-instructor
GET instructors/{course}
POST student/{course}/{user} | oneself
POST student/{course}/{user} | a stranger | sam
POST student/{course}/{user} | a student | other-student
POST student/{course}/{user} | an assistant | co-assistant
GET student/{course}/{user} | oneself
GET student/{course}/{user} | another | other-student
DELETE student/{course}/{user} | oneself
DELETE student/{course}/{user} | another | other-student
POST students/{course}
GET students/{course}
GET assignments/{course}
GET assignment/{course}/{assignment}
POST assignment/{course}/{assignment} | a new one
DELETE assignment/{course}/{assignment}
GET submissions/{course}/{assignment}
GET submissions/{course}/{assignment}/{user} | one's own
GET submissions/{course}/{assignment}/{user} | another's | other-student
POST submission/{course}/{assignment}
GET submission/{course}/{assignment}/{user} | one's own
GET submission/{course}/{assignment}/{user} | another's | other-student
POST feedback/{course}/{assignment}/{user} | one's own
POST feedback/{course}/{assignment}/{user} | another's | other-student
GET feedback/{course}/{assignment}/{user} | one's own
GET feedback/{course}/{assignment}/{user} | another's | other-student
GET v1/openapi.json
GET v1/events
GET v1/trash
POST v1/trash/{id}
GET v1/courses
GET v1/courses/{course}/settings
PUT v1/courses/{course}/settings
GET v1/courses/{course}/roster
PUT v1/courses/{course}/roster | a new student | sam
PUT v1/courses/{course}/roster | a new assistant | sam
PUT v1/courses/{course}/roster | a student as assistant | other-student
PUT v1/courses/{course}/roster | another assistant | co-assistant
PUT v1/courses/{course}/roster | an assistant as student | co-assistant
PUT v1/courses/{course}/roster | an instructor as assistant | co-instructor
PUT v1/courses/{course}/roster | a new instructor | sam
PUT v1/courses/{course}/roster | an assistant as instructor | co-assistant
PUT v1/courses/{course}/roster | another instructor | co-instructor
PUT v1/courses/{course}/roster | oneself as instructor
DELETE v1/courses/{course}/roster/{user} | oneself
DELETE v1/courses/{course}/roster/{user} | a student | other-student
DELETE v1/courses/{course}/roster/{user} | an assistant | co-assistant
DELETE v1/courses/{course}/roster/{user} | an instructor | co-instructor
GET v1/courses/{course}/assignments
GET v1/courses/{course}/submissions | all one may see
GET v1/courses/{course}/submissions | one's own by name
GET v1/courses/{course}/submissions | another's | other-student
GET v1/courses/{course}/assignments/{assignment}/tree
GET v1/courses/{course}/assignments/{assignment}/tree | an earlier version
PUT v1/courses/{course}/assignments/{assignment}/tree
DELETE v1/courses/{course}/assignments/{assignment}/release
GET v1/courses/{course}/assignments/{assignment}/collect
POST v1/courses/{course}/assignments/{assignment}/submissions | for oneself
POST v1/courses/{course}/assignments/{assignment}/submissions | for another | other-student
GET v1/courses/{course}/submissions/{id}/tree | one's own
GET v1/courses/{course}/submissions/{id}/tree | another's | other-student
GET v1/courses/{course}/submissions/{id}/feedback | one's own
GET v1/courses/{course}/submissions/{id}/feedback | another's | other-student
POST v1/courses/{course}/submissions/{id}/feedback | one's own
POST v1/courses/{course}/submissions/{id}/feedback | another's | other-student
GET v1/courses/{course}/submissions/{id}/receipt | one's own
GET v1/courses/{course}/submissions/{id}/receipt | another's | other-student
POST v1/courses/{course}/assignments/{assignment}/feedback
GET v1/courses/{course}/feedback
GET v1/courses/{course}/presence
GET v1/courses/{course}/starts
POST v1/courses/{course}/starts
GET v1/activity
POST v1/activity
GET v1/courses/{course}/activity
GET v1/courses/{course}/activity | another's | other-student
GET v1/courses/{course}/events
GET v1/courses/{course}/overview
GET v1/courses/{course}/assignments/{assignment}/history
GET v1/courses/{course}/submissions/{id}/history | one's own
GET v1/courses/{course}/submissions/{id}/history | another's | other-student
PUT v1/courses/{course}/assignments/{assignment}/dates
GET v1/courses/{course}/assignments/{assignment}/fetches
GET v1/courses/{course}/assignments/{assignment}/extensions
PUT v1/courses/{course}/assignments/{assignment}/extensions/{user} | oneself
PUT v1/courses/{course}/assignments/{assignment}/extensions/{user} | a student | other-student
DELETE v1/courses/{course}/assignments/{assignment}/extensions/{user} | oneself
DELETE v1/courses/{course}/assignments/{assignment}/extensions/{user} | a student | other-student
GET v1/courses/{course}/assignments/{assignment}/gradebook
DELETE v1/courses/{course}/assignments/{assignment}
DELETE v1/courses/{course}/submissions/{id} | one's own
DELETE v1/courses/{course}/submissions/{id} | another's | other-student
DELETE v1/courses/{course}/submissions/{id}/feedback | one's own
DELETE v1/courses/{course}/submissions/{id}/feedback | another's | other-student
GET v1/courses/{course}/trash
POST v1/courses/{course}/trash/assignments/{id}
POST v1/courses/{course}/trash/submissions/{id} | one's own
POST v1/courses/{course}/trash/submissions/{id} | another's | other-student
POST v1/courses/{course}/trash/feedback/{id} | one's own
POST v1/courses/{course}/trash/feedback/{id} | another's | other-student
POST v1/receipts/verify
GET v1/shares
POST v1/shares
DELETE v1/shares/{id} | one's own
DELETE v1/shares/{id} | another's | other-student
GET v1/courses/{course}/shares
GET v1/directories
POST v1/directories | of oneself
POST v1/directories | of the course
POST v1/directories | of another | other-student
GET v1/directories/{owner}/{directory} | of the course
GET v1/directories/{owner}/{directory} | one's own
GET v1/directories/{owner}/{directory} | another's, granted for reading | other-student
GET v1/directories/{owner}/{directory} | another's | other-student
PATCH v1/directories/{owner}/{directory} | of the course
PATCH v1/directories/{owner}/{directory} | one's own
PATCH v1/directories/{owner}/{directory} | another's, granted for reading | other-student
PATCH v1/directories/{owner}/{directory} | another's | other-student
DELETE v1/directories/{owner}/{directory} | of the course
DELETE v1/directories/{owner}/{directory} | one's own
DELETE v1/directories/{owner}/{directory} | another's, granted for writing | other-student
GET v1/directories/{owner}/{directory}/grants | of the course
GET v1/directories/{owner}/{directory}/grants | another's, granted for reading | other-student
PUT v1/directories/{owner}/{directory}/grants | of the course
PUT v1/directories/{owner}/{directory}/grants | one's own
PUT v1/directories/{owner}/{directory}/grants | another's, granted for writing | other-student
POST v1/directories/{owner}/{directory}/copies | of the course
POST v1/directories/{owner}/{directory}/copies | another's, granted for reading | other-student
POST v1/directories/{owner}/{directory}/copies | another's | other-student
GET v1/directories/{owner}/{directory}/versions | of the course
GET v1/directories/{owner}/{directory}/versions | another's | other-student
PUT v1/directories/{owner}/{directory}/versions/{version}/label | of the course
PUT v1/directories/{owner}/{directory}/versions/{version}/label | another's, granted for reading | other-student
POST v1/directories/{owner}/{directory}/versions/{version}/restore | of the course
POST v1/directories/{owner}/{directory}/versions/{version}/restore | another's, granted for writing | other-student
GET v1/directories/{owner}/{directory}/history | of the course
GET v1/directories/{owner}/{directory}/history | another's | other-student
GET v1/directories/{owner}/{directory}/entries | of the course
GET v1/directories/{owner}/{directory}/entries | another's, granted for reading | other-student
GET v1/directories/{owner}/{directory}/entries | another's | other-student
GET v1/directories/{owner}/{directory}/tree | of the course
GET v1/directories/{owner}/{directory}/tree | another's | other-student
GET v1/directories/{owner}/{directory}/files/{path} | of the course
GET v1/directories/{owner}/{directory}/files/{path} | another's, granted for reading | other-student
GET v1/directories/{owner}/{directory}/files/{path} | another's | other-student
HEAD v1/directories/{owner}/{directory}/files/{path} | of the course
PUT v1/directories/{owner}/{directory}/files/{path} | of the course
PUT v1/directories/{owner}/{directory}/files/{path} | one's own
PUT v1/directories/{owner}/{directory}/files/{path} | another's, granted for writing | other-student
PUT v1/directories/{owner}/{directory}/files/{path} | another's, granted for reading | other-student
PUT v1/directories/{owner}/{directory}/files/{path} | another's | other-student
DELETE v1/directories/{owner}/{directory}/files/{path} | of the course
DELETE v1/directories/{owner}/{directory}/files/{path} | another's, granted for writing | other-student
DELETE v1/directories/{owner}/{directory}/files/{path} | another's | other-student
GET v1/directories/{owner}/{directory}/changes | of the course
GET v1/directories/{owner}/{directory}/changes | another's | other-student
POST v1/directories/{owner}/{directory}/changes | of the course
POST v1/directories/{owner}/{directory}/changes | another's, granted for writing | other-student
POST v1/directories/{owner}/{directory}/changes | another's | other-student
GET v1/trash/directories
GET v1/courses/{course}/directories/{name}/source
PUT v1/courses/{course}/directories/{name}/source
DELETE v1/courses/{course}/directories/{name}/source
POST v1/courses/{course}/directories/{name}/source/pull
GET v1/courses/{course}/directories/{name}/source/runs
POST v1/trash/directories/{id} | of the course
POST v1/trash/directories/{id} | one's own
POST v1/trash/directories/{id} | another's, granted for writing | other-student
GET {prefix}
GET login
POST login
GET oauth_callback | without a code
POST logout
GET favicon.ico
GET static/{file}
GET static/katex-0.19.1/{path}
GET help
GET me
POST me
GET language/{tag}
GET receipts
POST receipts
GET c/{course}
GET c/{course}/a/{assignment}
GET c/{course}/everybody
GET c/{course}/activity
GET c/{course}/starts
GET c/{course}/notebooks
GET c/{course}/notebooks.csv
GET c/{course}/trash
POST c/{course}/trash | a submission | other-student
GET c/{course}/people
POST c/{course}/people | a new student | sam
POST c/{course}/people | a new assistant | sam
POST c/{course}/people | a new instructor | sam
GET c/{course}/people.csv
GET c/{course}/import
GET c/{course}/import/example.csv
POST c/{course}/import | look at a new student | sam
POST c/{course}/import | a new student | sam
POST c/{course}/import | a new assistant | sam
GET c/{course}/remove
POST c/{course}/remove | a student | other-student
POST c/{course}/remove | an instructor | co-instructor
GET c/{course}/people/{user} | oneself
GET c/{course}/people/{user} | another | other-student
GET c/{course}/a/{assignment} | as another | other-student
GET live/{course}/{assignment}
GET c/{course}/a/{assignment}/collected.zip
GET c/{course}/a/{assignment}/dates
POST c/{course}/a/{assignment}/dates | set them
GET c/{course}/a/{assignment}/more-time
POST c/{course}/a/{assignment}/more-time | for a student | other-student
POST c/{course}/a/{assignment}/more-time/remove | of a student | other-student
GET c/{course}/a/{assignment}/zip
GET c/{course}/a/{assignment}/files/{path}
GET c/{course}/a/{assignment}/look/{path}
GET c/{course}/a/{assignment}/versions
GET c/{course}/a/{assignment}/versions/again | an earlier version
POST c/{course}/a/{assignment}/versions/again | an earlier version
GET c/{course}/a/{assignment}/versions/add
POST c/{course}/a/{assignment}/versions/add | a file
GET c/{course}/a/{assignment}/take-back
POST c/{course}/a/{assignment}/take-back
GET c/{course}/a/{assignment}/delete
POST c/{course}/a/{assignment}/delete
GET c/{course}/settings
POST c/{course}/settings | a title
POST c/{course}/delete
POST c/{course}/undo | one's own change of the roster
POST c/{course}/undo | another's
GET c/{course}/a/{assignment}/submit | for oneself
GET c/{course}/a/{assignment}/submit | for another | other-student
POST c/{course}/a/{assignment}/submit | for oneself
POST c/{course}/a/{assignment}/submit | for another | other-student
GET c/{course}/s/{id} | one's own
GET c/{course}/s/{id} | another's | other-student
GET c/{course}/s/{id}/receipt.json | one's own
GET c/{course}/s/{id}/receipt.json | another's | other-student
GET c/{course}/s/{id}/zip | one's own
GET c/{course}/s/{id}/zip | another's | other-student
GET c/{course}/s/{id}/files/{path} | one's own
GET c/{course}/s/{id}/files/{path} | another's | other-student
GET c/{course}/s/{id}/look/{path} | one's own
GET c/{course}/s/{id}/look/{path} | another's | other-student
GET c/{course}/s/{id}/feedback | one's own
GET c/{course}/s/{id}/feedback | another's | other-student
GET c/{course}/s/{id}/feedback/zip | one's own
GET c/{course}/s/{id}/feedback/zip | another's | other-student
GET c/{course}/s/{id}/feedback/files/{path} | one's own
GET c/{course}/s/{id}/feedback/files/{path} | another's | other-student
GET c/{course}/s/{id}/feedback/read/{path} | one's own
GET c/{course}/s/{id}/feedback/read/{path} | another's | other-student
GET c/{course}/s/{id}/feedback/formulas/{path} | one's own
GET c/{course}/s/{id}/feedback/formulas/{path} | another's | other-student
GET view/{ticket}/{path} | without a ticket
GET shared
POST shared | one's own
POST shared | another's | other-student
GET shared/{token} | for the course | other-student
GET shared/{token} | for the hub | other-student
GET shared/{token}/page | without a ticket
GET shared/{token}/source | for the course | other-student
GET shared/{token}/source | for the hub | other-student
GET c/{course}/shares
POST c/{course}/shares | another's | other-student
GET c/{course}/shares/{id} | one's own
GET c/{course}/shares/{id} | another's | other-student
GET c/{path} | no page
GET d
GET d/new | for oneself
GET d/new | of the course
POST d/new | for oneself
POST d/new | of the course
GET d/trash
POST d/trash | of the course
POST d/trash | one's own
POST d/trash | another's, granted for writing | other-student
GET d/{owner}/{directory} | of the course
GET d/{owner}/{directory} | another's, granted for reading | other-student
GET d/{owner}/{directory} | another's | other-student
GET d/{owner}/{directory}/in/{path} | of the course
GET d/{owner}/{directory}/in/{path} | another's, granted for reading | other-student
GET d/{owner}/{directory}/in/{path} | another's | other-student
GET d/{owner}/{directory}/files/{path} | of the course
GET d/{owner}/{directory}/files/{path} | another's, granted for reading | other-student
GET d/{owner}/{directory}/files/{path} | another's | other-student
GET d/{owner}/{directory}/look/{path} | of the course
GET d/{owner}/{directory}/look/{path} | another's, granted for reading | other-student
GET d/{owner}/{directory}/look/{path} | another's | other-student
GET d/{owner}/{directory}/zip | of the course
GET d/{owner}/{directory}/zip | another's, granted for reading | other-student
GET d/{owner}/{directory}/zip | another's | other-student
POST d/{owner}/{directory}/upload | of the course
POST d/{owner}/{directory}/upload | another's, granted for reading | other-student
POST d/{owner}/{directory}/upload | another's, granted for writing | other-student
POST d/{owner}/{directory}/upload | another's | other-student
POST d/{owner}/{directory}/folder | of the course
POST d/{owner}/{directory}/folder | another's, granted for reading | other-student
POST d/{owner}/{directory}/folder | another's, granted for writing | other-student
POST d/{owner}/{directory}/folder | another's | other-student
POST d/{owner}/{directory}/remove | of the course
POST d/{owner}/{directory}/remove | another's, granted for reading | other-student
POST d/{owner}/{directory}/remove | another's, granted for writing | other-student
POST d/{owner}/{directory}/remove | another's | other-student
POST d/{owner}/{directory}/copy | of the course
POST d/{owner}/{directory}/copy | another's, granted for reading | other-student
POST d/{owner}/{directory}/copy | another's | other-student
GET d/{owner}/{directory}/versions | of the course
GET d/{owner}/{directory}/versions | another's | other-student
POST d/{owner}/{directory}/versions | of the course
POST d/{owner}/{directory}/versions | another's, granted for reading | other-student
POST d/{owner}/{directory}/versions | another's, granted for writing | other-student
POST d/{owner}/{directory}/versions | another's | other-student
GET d/{owner}/{directory}/sharing | of the course
GET d/{owner}/{directory}/sharing | another's, granted for reading | other-student
GET d/{owner}/{directory}/sharing | another's | other-student
POST d/{owner}/{directory}/sharing | of the course
POST d/{owner}/{directory}/sharing | another's, granted for writing | other-student
POST d/{owner}/{directory}/sharing | another's | other-student
GET d/{owner}/{directory}/settings | of the course
GET d/{owner}/{directory}/settings | another's, granted for writing | other-student
GET d/{owner}/{directory}/settings | another's | other-student
POST d/{owner}/{directory}/settings | of the course
POST d/{owner}/{directory}/settings | another's, granted for writing | other-student
POST d/{owner}/{directory}/settings | another's | other-student
GET d/{owner}/{directory}/source | of the course
GET d/{owner}/{directory}/source | another's, granted for writing | other-student
POST d/{owner}/{directory}/source | of the course
POST d/{owner}/{directory}/source | another's | other-student
POST d/{owner}/{directory}/source/steps | of the course
POST d/{owner}/{directory}/source/steps | another's | other-student
POST d/{owner}/{directory}/delete | of the course
POST d/{owner}/{directory}/delete | another's, granted for writing | other-student
POST d/{owner}/{directory}/delete | another's | other-student
GET d/{path} | no page
GET admin
GET live/state
GET admin/courses
POST admin/courses | a new one
GET admin/people
GET admin/storage
GET admin/events
GET admin/trash
POST admin/trash | a deleted course
GET admin/settings
GET admin/registrars
GET admin/{path} | no page
GET initialize-Data6ase | dump
POST hooks/{id} | without a signature
GET healthz
GET readyz
";

/// A row of [`ROWS`].
struct Row {
    route: &'static str,
    about: &'static str,
    /// The name for `{user}`; `None` for the caller's own.
    user: Option<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = ROWS.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.split('|').map(str::trim);
            Row {
                route: parts.next().unwrap_or_default(),
                about: parts.next().unwrap_or_default(),
                user: parts.next(),
            }
        })
        .collect()
}

/// The dates of an assignment or an extension.
const DUE: &str = r#"{"due_at": "2220-01-01T00:00:00Z"}"#;

/// Routes that note something for a while and change nothing in the course, so no event describes it.
const NO_EVENTS: [&str; 1] = ["POST v1/courses/{course}/starts"];

/// The people in the course who have submitted.
const AUTHORS: [&str; 5] = ["lawrence", "other-student", "alex", "kevin", "root"];

#[test]
fn every_end_point_has_a_row_and_every_row_an_end_point() {
    let printed = nbcourier_testkit::routes::every_address();
    let covered: BTreeSet<String> = rows().iter().map(|row| row.route.to_owned()).collect();
    let uncovered: Vec<_> = printed.difference(&covered).collect();
    assert!(
        uncovered.is_empty(),
        "end points nobody looked at: {uncovered:#?}"
    );
    let unknown: Vec<_> = covered.difference(&printed).collect();
    assert!(
        unknown.is_empty(),
        "rows without an end point: {unknown:#?}"
    );
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let table = ask_everything().to_string();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/permission_matrix.txt");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(&path, &table).expect("the table is written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<String> = changed_lines(&reviewed, &table).collect();
    assert!(
        changed.is_empty(),
        "permissions are not those of {}:\n{}\n",
        path.display(),
        changed.join("\n")
    );
}

fn ask_everything() -> Table {
    let hub = FakeHub::start();
    let people = ROLES.iter().filter_map(|role| role.token);
    for name in people.chain(AUTHORS).chain(["co-instructor"]) {
        hub.gives(name, user_model(name));
    }
    hub.gives(SERVICE, service_model("kevin"));
    let mut registrar = user_model(REGISTRAR);
    registrar["groups"] = json!(["registrars"]);
    hub.gives(REGISTRAR, registrar);
    let server = Setup::behind(&hub)
        .args(&["--registrars-group", "registrars"])
        .args(&["--git-hosts", "localhost:1"])
        .args(&["--max-directories", "10000"])
        .start();
    let elsewhere = Course::of(&server, "elsewhere").by_token();
    // The student teaches there, which must not affect any row here.
    elsewhere.make(&["abigail", "lawrence"], &["eric"]);
    let shared = Prepared::new(&server, "shared");

    let mut table = Table::default();
    for (number, row) in rows().iter().enumerate() {
        let mut cells = Vec::new();
        for (column, role) in ROLES.iter().enumerate() {
            let of_its_own;
            let reads = row.route.starts_with("GET ") || row.route.starts_with("HEAD ");
            let prepared = if reads {
                &shared
            } else {
                of_its_own = Prepared::new(&server, &format!("course-{number}-{column}"));
                &of_its_own
            };
            cells.push(table.cell(&prepared.ask(role, row)));
        }
        table
            .rows
            .push((format!("{}  {}", row.route, row.about), cells));
    }
    table
}

/// A course of kevin and co-instructor, in which alex and co-assistant assist, with lawrence and other-student, one
/// assignment, and a submission with feedback for each person who may submit.
struct Prepared<'a> {
    course: Course<'a>,
    id: String,
    times: BTreeMap<&'static str, String>,
    /// The IDs of the submissions, by author.
    numbers: BTreeMap<&'static str, i64>,
}

impl<'a> Prepared<'a> {
    fn new(server: &'a Server, id: &str) -> Self {
        let course = Course::of(server, "").by_token();
        let mut prepared = Self {
            course,
            id: id.to_owned(),
            times: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        let course = prepared.course();
        course.make(&["kevin", "co-instructor"], &["lawrence", "other-student"]);
        let assistants = ["alex", "co-assistant"];
        let assistants = assistants.map(|name| json!({ "username": name, "role": "assistant" }));
        let roster = server.call("PUT", &format!("v1/courses/{id}/roster"));
        let roster = roster.body(
            "application/json",
            json!({ "people": assistants }).to_string(),
        );
        server.send(&roster.token("root")).ok();
        for text in ["earlier", "task"] {
            course
                .release("challenge", "kevin", &[Sent::new("task", text)])
                .ok();
            if text == "earlier" {
                let path = format!("assignment/{id}/challenge");
                server
                    .send(&server.call("DELETE", &path).token("kevin"))
                    .ok();
            }
        }
        let times = AUTHORS.map(|author| {
            let work = [Sent::new("work", format!("by {author}"))];
            let time = timestamp_of(&course.submit("challenge", author, &work));
            course.give_feedback("challenge", author, &time, &work).ok();
            (author, time)
        });
        let listing = format!("v1/courses/{id}/submissions");
        let listing = course.get(&listing, "kevin").ok().json();
        let numbers = AUTHORS.map(|author| {
            let listed = listing["submissions"].as_array().expect("submissions");
            let of_author = listed.iter().find(|line| line["student"] == author);
            let number = of_author.expect("theirs")["id"].as_i64();
            (author, number.expect("a number"))
        });
        prepared.times = times.into();
        prepared.numbers = numbers.into();
        prepared
    }

    fn course(&self) -> Course<'_> {
        Course {
            id: &self.id,
            ..self.course
        }
    }

    /// Makes the directory that the row is about, as the roles need it. Returns its owner and name.
    fn directory(&self, role: &Role, row: &Row) -> (String, String) {
        let server = self.course.server;
        let send = |method: &str, target: &str, token: &str, body: serde_json::Value| {
            let call = server.call(method, target).token(token);
            server.send(&call.body("application/json", body.to_string()))
        };
        let (owner, writer) = match row.about {
            "of the course" => (format!("course:{}", self.id), "co-instructor"),
            "one's own" => (role.own.to_owned(), "root"),
            _ => ("other-student".to_owned(), "other-student"),
        };
        let kind = row.about.rsplit(' ').next().unwrap_or_default();
        let name = format!("{kind}-{}-{}", self.id, role.head.replace(' ', "-"));
        let path = format!("v1/directories/{}/{name}", percent_encode(&owner));
        let new = json!({ "owner": owner, "name": name });
        let made = send("POST", "v1/directories", writer, new);
        if made.status != 201 {
            // Rows that only read share one course, and so their directories.
            assert_eq!(made.message(), "Directory already exists");
            return (owner, name);
        }
        if row.about != "one's own" {
            let file = server
                .call("PUT", &format!("{path}/files/task"))
                .token(writer);
            let file = file.body("application/octet-stream", "do it");
            server.send(&file).ok();
            let folder = json!({ "changes": [{ "op": "mkdir", "path": "folder" }] });
            send("POST", &format!("{path}/changes"), writer, folder).ok();
        }
        if let Some(level) = match kind {
            "reading" => Some("read"),
            "writing" => Some("write"),
            _ => None,
        } {
            let to = if role.token == Some(SERVICE) {
                "service:kevin"
            } else {
                role.own
            };
            let grants = json!({ "grants": [{ "kind": "user", "name": to, "level": level }] });
            send("PUT", &format!("{path}/grants"), writer, grants).ok();
        }
        (owner, name)
    }

    /// Makes a directory of the course that follows a repository. The server looks at it only if somebody asks for that.
    fn follow(&self) {
        let server = self.course.server;
        let new = json!({ "owner": format!("course:{}", self.id), "name": "followed" });
        let made = server.call("POST", "v1/directories").token("root");
        server.send(&made.body("application/json", new.to_string()));
        self.follow_in("followed");
    }

    /// Makes that directory of the course follow a repository, if it does not yet.
    fn follow_in(&self, name: &str) {
        let server = self.course.server;
        let name = name.replace('\'', "''");
        Sql::of(server).execute(&format!(
            "INSERT INTO sources (directory_id, url, exclude, every_seconds, allow_solutions, hook_id, hook_secret, next_at)
                SELECT d.id, 'https://localhost:1/x', '[]', 3600, FALSE, 'hook of {0}, {name}', '00', 9000000000000000
                FROM directories d JOIN courses c ON c.id = d.course_id WHERE c.name = '{0}' AND d.name = '{name}'
                    AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.directory_id = d.id)",
            self.id
        ));
    }

    /// Returns the number and the secret of a page that the person shares in the course.
    fn share(&self, person: &str, audience: &str) -> (String, String) {
        let server = self.course.server;
        let settings = server.call("PUT", &format!("v1/courses/{}/settings", self.id));
        let settings = settings.body("application/json", r#"{"sharing": "hub"}"#);
        server.send(&settings.token("root")).ok();
        // A person shares only so many pages at a time.
        Sql::of(server).execute("DELETE FROM shares");
        // A stranger shares nothing.
        let sender = match person {
            "other-student" => person,
            author if AUTHORS.contains(&author) => person,
            _ => "other-student",
        };
        let target = format!(
            "v1/shares?course={}&title=plot&audience={audience}",
            self.id
        );
        let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
        let call = server.call("POST", &target).token(sender);
        let made = server.send(&call.body(&kind, page_to_share()));
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let token = made["url"].as_str().and_then(|url| url.rsplit('/').next());
        (made["id"].to_string(), token.expect("a secret").to_owned())
    }

    /// Gives a student an extension.
    fn extend(&self, course: &str, student: &str) {
        let extension = format!("v1/courses/{course}/assignments/challenge/extensions/{student}");
        let given = self.course.server.call("PUT", &extension).token("root");
        let given = given.body("application/json", DUE);
        self.course.server.send(&given);
    }

    /// Returns the target in the directory that the row is about, which is deleted first if the row restores it.
    fn in_directory(&self, target: String, role: &Role, row: &Row) -> String {
        if row.route == "GET d/new" && row.about == "of the course" {
            return format!("{target}?owner=course%3A{}", self.id);
        }
        if target.contains("{name}") {
            self.follow();
            return target.replace("{name}", "followed");
        }
        let is_trash = row.route == "POST v1/trash/directories/{id}";
        if !target.contains("{owner}") && !is_trash {
            return target;
        }
        let (owner, name) = self.directory(role, row);
        let at = format!("v1/directories/{}/{name}", percent_encode(&owner));
        if is_trash {
            let call = self.course.server.call("GET", &at).token("root");
            let id = self.course.server.send(&call).ok().json()["id"].to_string();
            self.delete(&at);
            return target.replace("{id}", &id);
        }
        let query = if target.ends_with("/history") {
            "?path=task"
        } else {
            ""
        };
        let page = format!("d/{}/{name}", percent_encode(&owner));
        if target.ends_with("/source/steps") {
            self.follow_in(&name);
        }
        let target = target.replace("v1/directories/{owner}/{directory}", &at);
        let target = target.replace("d/{owner}/{directory}", &page);
        target.replace("{version}", "1") + query
    }

    /// Returns the target with the shared page that the row is about. Rows that need none allow sharing only.
    fn in_shares(&self, target: String, row: &Row, user: &str) -> String {
        if !row.route.contains("shares") && !row.route.contains(" shared") {
            return target;
        }
        let audience = if row.about == "for the hub" {
            "hub"
        } else {
            "course"
        };
        let (id, token) = self.share(user, audience);
        if row.route == "POST v1/shares" {
            return format!("{target}?course={}&title=plot", self.id);
        }
        target.replace("{id}", &id).replace("{token}", &token)
    }

    /// Returns the body of a change of a directory.
    fn body_of_directory(&self, role: &Role, row: &Row) -> (&'static str, String) {
        let json = |body: serde_json::Value| ("application/json", body.to_string());
        let path = row.route.split(' ').nth(1).unwrap_or_default();
        match (row.route.split(' ').next().unwrap_or_default(), path) {
            ("POST", "v1/directories") => {
                let mut new = json!({ "name": format!("new-{}", self.id) });
                match row.about {
                    "of the course" => new["owner"] = json!(format!("course:{}", self.id)),
                    "of another" => new["owner"] = json!("other-student"),
                    _ => {}
                }
                json(new)
            }
            ("PATCH", _) => json(json!({ "description": "Notebooks" })),
            ("PUT", path) if path.ends_with("/grants") => {
                json(json!({ "grants": [{ "kind": "everybody", "level": "read" }] }))
            }
            ("PUT", path) if path.ends_with("/label") => json(json!({ "label": "as taught" })),
            ("POST", path) if path.ends_with("/copies") => {
                let name = format!("copy-{}-{}", self.id, role.head.replace(' ', "-"));
                json(json!({ "name": name }))
            }
            ("POST", path) if path.ends_with("/changes") => {
                json(json!({ "changes": [{ "op": "mkdir", "path": "new" }] }))
            }
            ("PUT", _) => ("application/octet-stream", "new".to_owned()),
            _ => ("application/octet-stream", String::new()),
        }
    }

    /// Returns the ID for `{id}`; deletes the thing first if the row restores it.
    fn number(&self, path: &str, user: &str) -> String {
        let own = self.numbers.get(user).copied().unwrap_or(0).to_string();
        let course = format!("v1/courses/{}", self.id);
        match path {
            "v1/trash/{id}" => self.deleted(),
            "v1/courses/{course}/trash/assignments/{id}" => {
                self.delete(&format!("{course}/assignments/challenge"));
                let trash = self.course.get(&format!("{course}/trash"), "root");
                trash.ok().json()["assignments"][0]["id"].to_string()
            }
            "v1/courses/{course}/trash/submissions/{id}" => {
                self.delete(&format!("{course}/submissions/{own}"));
                own
            }
            "v1/courses/{course}/trash/feedback/{id}" => {
                self.delete(&format!("{course}/submissions/{own}/feedback"));
                own
            }
            _ => own,
        }
    }

    fn delete(&self, target: &str) {
        let server = self.course.server;
        server.send(&server.call("DELETE", target).token("root"));
    }

    /// Deletes the course and returns the ID under which it can be restored.
    fn deleted(&self) -> String {
        let server = self.course.server;
        self.delete(&format!("course/{}", self.id));
        let trash = server
            .send(&server.call("GET", "v1/trash").token("root"))
            .ok()
            .json();
        let courses = trash["courses"].as_array().expect("courses");
        let deleted = courses
            .iter()
            .find(|course| course["course"] == self.id.as_str());
        deleted.expect("the deleted course")["id"].to_string()
    }

    /// Returns the fields of a page about the roster or the trash.
    fn form_of_page(&self, role: &Role, row: &Row, user: &str) -> Option<Form> {
        let form = Form::new();
        Some(match row.route {
            "POST c/{course}/people" => {
                let role = row.about.rsplit(' ').next().unwrap_or_default();
                form.field("username", user).field("role", role)
            }
            "POST c/{course}/remove" => form.field("who", user),
            "POST admin/courses" => form.field("course", &format!("made-{}", self.id)),
            "POST admin/trash" => form.field("course", &self.deleted()),
            "POST c/{course}/trash" => {
                let number = self.number("v1/courses/{course}/trash/submissions/{id}", user);
                form.field("what", &format!("submission {number}"))
            }
            "POST c/{course}/a/{assignment}/versions/again" => {
                form.field("version", "1").field("was", "2")
            }
            "POST shared" | "POST c/{course}/shares" => {
                form.field("share", &self.share(user, "course").0)
            }
            "POST c/{course}/settings" => form.field("title", "Linear algebra"),
            route if route.starts_with("POST d/") => self.form_of_directory(role, row),
            "POST c/{course}/delete" => form.field("name", &self.id),
            "POST c/{course}/undo" => {
                let is_own = row.about.starts_with("one's own");
                let by = if is_own { role.token } else { Some("root") };
                form.field("deed", &self.done_by(by))
            }
            _ => return None,
        })
    }

    /// Returns the fields of a page about directories.
    fn form_of_directory(&self, role: &Role, row: &Row) -> Form {
        let form = Form::new();
        let (_, path) = row.route.rsplit_once('/').expect("a path");
        match path {
            "new" => {
                let of_course = format!("course:{}", self.id);
                let owner = if row.about == "of the course" {
                    of_course
                } else {
                    String::new()
                };
                let name = format!("new-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("owner", &owner).field("name", &name)
            }
            "trash" => {
                let (owner, name) = self.directory(role, row);
                let at = format!("v1/directories/{}/{name}", percent_encode(&owner));
                let call = self.course.server.call("GET", &at).token("root");
                let id = self.course.server.send(&call).ok().json()["id"].to_string();
                self.delete(&at);
                form.field("what", &id)
            }
            "folder" => form.field("name", "new"),
            "remove" => form.field("what", "task"),
            "copy" => {
                let name = format!("copied-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("name", &name)
            }
            "source" => form.field("url", "https://localhost:1/y"),
            "steps" => form.field("step", "remove"),
            "versions" => form
                .field("step", "label")
                .field("version", "1")
                .field("label", "as taught"),
            "sharing" => form
                .field("kind", "everybody")
                .field("name", "")
                .field("level", "read"),
            "settings" => {
                let name = format!("renamed-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("name", &name)
            }
            _ => form,
        }
    }

    /// Adds a person to the roster, if the caller with this token may, and returns the ID of the request.
    fn done_by(&self, token: Option<&str>) -> String {
        let server = self.course.server;
        let id = format!("deed-in-{}", self.id);
        let call = server.call("PUT", &format!("v1/courses/{}/roster", self.id));
        let call = call.body("application/json", roster_of("sam", "a new student"));
        let call = call.header("X-Request-Id", &id);
        server.send(&match token {
            Some(token) => call.token(token),
            None => call,
        });
        id
    }

    /// Returns the form of a list with this person. Unless it is only looked at, an administrator has looked before.
    fn list_of(&self, user: &str, about: &str) -> Vec<u8> {
        let role = about.rsplit(' ').next().unwrap_or_default();
        let text = format!("username,role\n{user},{role}\n");
        if about.starts_with("look") {
            return parts(&[("text", &text)]);
        }
        let server = self.course.server;
        let look = server.call("POST", &format!("c/{}/import", self.id));
        let look = look.body(
            &format!("multipart/form-data; boundary={}", Form::BOUNDARY),
            parts(&[("text", &text)]),
        );
        let page = server.send(&look.token("root")).ok().text();
        let seen = page.split("name=\"seen\" value=\"").nth(1);
        let seen = seen.and_then(|rest| rest.split('"').next());
        parts(&[
            ("text", &text),
            ("seen", seen.expect("a list")),
            ("step", "add"),
        ])
    }

    /// Returns the body of a page's form with files or a list.
    fn parts_of_page(&self, path: &str, row: &Row, user: &str) -> Option<Vec<u8>> {
        Some(match path {
            _ if path.ends_with("/submit") => upload_of(row.user.unwrap_or_default()),
            "v1/shares" => page_to_share(),
            _ if path.ends_with("/upload") => parts(&[("files\"; filename=\"work", "new")]),
            _ if path.ends_with("/import") => self.list_of(user, row.about),
            _ if path.ends_with("/versions/add") => parts(&[
                ("base", "2"),
                ("was", "2"),
                ("files\"; filename=\"work", "new"),
            ]),
            _ => return None,
        })
    }

    /// Sends the request of the row in the role.
    fn ask(&self, role: &Role, row: &Row) -> Reply {
        let (method, path) = row.route.split_once(' ').expect("METHOD path");
        let user = row.user.unwrap_or(role.own);
        let is_new = method == "POST" && path.starts_with("course/");
        let course = if is_new {
            format!("new-{}", self.id)
        } else {
            self.id.clone()
        };
        let releases = method == "POST" && path.starts_with("assignment/");
        let assignment = if releases { "new" } else { "challenge" };
        let mut target = of_pages(path)
            .replace("{course}", &course)
            .replace("{assignment}", assignment)
            .replace("{user}", user)
            .replace("{prefix}", self.course.server.prefix());
        let removes_time = path.ends_with("/extensions/{user}") && method == "DELETE";
        if removes_time || path.ends_with("/more-time/remove") {
            self.extend(&course, user);
        }
        target = self.in_directory(target, role, row);
        target = self.in_shares(target, row, user);
        if target.contains("{id}") {
            target = target.replace("{id}", &self.number(path, user));
        }
        let time = self.times.get(user);
        let time = time.map_or("2020-01-01 00:00:00", String::as_str);
        match path {
            "v1/courses/{course}/submissions" if row.about != "all one may see" => {
                target = format!("{target}?student={user}");
            }
            "v1/courses/{course}/activity" | "c/{course}/a/{assignment}" if row.user.is_some() => {
                target = format!("{target}?student={user}");
            }
            "c/{course}/a/{assignment}/submit" if method == "GET" && row.user.is_some() => {
                target = format!("{target}?for={user}");
            }
            "c/{course}/a/{assignment}/submit" | "c/{course}/import" => {}
            _ if row.about == "for another" => target = format!("{target}?student={user}"),
            _ if row.about == "an earlier version" => target.push_str("?version=1"),
            "initialize-Data6ase" => target.push_str("?action=dump"),
            _ if row.route.starts_with("GET feedback/") => {
                target = format!("{target}?timestamp={}", percent_encode(time));
            }
            _ => {}
        }
        let server = self.course.server;
        let mut call = server.call(method, &target);
        if let Some(token) = role.token {
            call = call.token(token);
        }
        let takes_tree = [
            "/tree",
            "/submissions",
            "/{id}/feedback",
            "/{assignment}/feedback",
        ];
        if path.starts_with("v1/directories") || path.starts_with("v1/trash/directories") {
            let (kind, body) = self.body_of_directory(role, row);
            if !matches!(method, "GET" | "HEAD" | "DELETE") {
                call = call.body(kind, body);
            }
        } else if method == "POST"
            && let Some(body) = self.parts_of_page(path, row, user)
        {
            let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
            call = call.body(&kind, body);
        } else if let Some(body) = json_of(row.route) {
            call = call.body("application/json", body);
        } else if method != "GET" && takes_tree.iter().any(|end| path.ends_with(end)) {
            call = call.body("application/x-tar", nbcourier_testkit::tar::archive(&[]));
        } else if method == "PUT" && path.ends_with("/roster") {
            call = call.body("application/json", roster_of(user, row.about));
        } else if method == "PUT" {
            call = call.body("application/json", replacement(path));
        } else if method == "POST" {
            let form = self.form_of_page(role, row, user);
            call = call.form(&form.unwrap_or_else(|| fields_of(path, user, time)));
        }
        if method == "GET" || method == "HEAD" {
            return server.send(&call);
        }
        let changes = Changes::of(server);
        let id = format!(
            "{}-{}-{}",
            role.head.replace(' ', "-"),
            self.id,
            row.about.len()
        );
        let reply = server.send(&call.header("X-Request-Id", &id));
        // Clients recognise the exchange by this header, on every address and for every caller.
        assert_eq!(reply.header("x-nbcourier"), Some("exchange"), "{id}");
        if (200..300).contains(&reply.status) && changes.happened() {
            let described = NO_EVENTS.contains(&row.route) || changes.has_event_of(&id);
            assert!(
                described,
                "{} {} by {}: a change and no event",
                row.route, row.about, role.head
            );
        }
        reply
    }
}

/// Returns what a `POST` of JSON sends, if it is always the same.
fn json_of(route: &str) -> Option<&'static str> {
    match route {
        "POST v1/receipts/verify" => Some(r#"{"receipt": {}, "signature": ""}"#),
        "POST v1/activity" => Some(r#"{"items": []}"#),
        "POST v1/courses/{course}/starts" => Some(r#"{"outcome": "updated", "millis": 1}"#),
        _ => None,
    }
}

/// Returns what a `PUT` about a course or an assignment sends.
fn replacement(path: &str) -> &'static str {
    if path.ends_with("/settings") {
        r#"{"title": "Linear algebra"}"#
    } else if path.ends_with("/source") {
        r#"{"url": "https://localhost:1/y"}"#
    } else {
        DUE
    }
}

/// Whether a server changed its database, and recorded an event.
struct Changes {
    conn: RefCell<SqliteConnection>,
    before: i64,
}

impl Changes {
    fn of(server: &Server) -> Self {
        let path = server.data_dir().join("nbcourier.db");
        let url = path.to_str().expect("a path");
        let mut changes = Self {
            conn: RefCell::new(SqliteConnection::establish(url).expect("the database")),
            before: 0,
        };
        changes.before = changes.version();
        changes
    }

    /// Returns SQLite's counter of commits by other connections.
    fn version(&self) -> i64 {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        let mut conn = self.conn.borrow_mut();
        let rows = diesel::sql_query("PRAGMA data_version").load::<Version>(&mut *conn);
        rows.expect("a version")[0].data_version
    }

    fn happened(&self) -> bool {
        self.version() != self.before
    }

    fn has_event_of(&self, request: &str) -> bool {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let mut conn = self.conn.borrow_mut();
        let rows = diesel::sql_query("SELECT count(*) AS count FROM events WHERE request_id = ?")
            .bind::<Text, _>(request)
            .load::<Count>(&mut *conn);
        rows.expect("a count")[0].count > 0
    }
}

/// Returns a roster that gives this user the role that the row is about.
fn roster_of(user: &str, about: &str) -> String {
    let (_, becomes) = about.rsplit_once(" as ").unwrap_or(("", about));
    let roles = ["instructor", "assistant", "student"];
    let role = roles.into_iter().find(|role| becomes.contains(role));
    let role = role.expect("a role");
    let line =
        json!({"username": user, "role": role, "first_name": "New", "last_name": "", "email": ""});
    json!({ "people": [line] }).to_string()
}

/// Returns the path with the parameters that only pages have.
fn of_pages(path: &str) -> String {
    let is_release = path.starts_with("c/{course}/a/");
    let is_directory = path.starts_with("v1/directories/") || path.starts_with("d/{owner}/");
    let path = path.replace("/in/{path}", "/in/folder");
    let is_task = is_release || is_directory;
    path.replace("{path}", if is_task { "task" } else { "work" })
        .replace("{file}", "nothing.css")
        .replace("{tag}", "de")
        .replace("{ticket}", "forged")
}

/// Returns the body of a page's form with one file, for this student or for oneself.
fn upload_of(student: &str) -> Vec<u8> {
    parts(&[
        ("key", "a-key"),
        ("for", student),
        ("files\"; filename=\"work", "new"),
    ])
}

/// Returns the body of a form with a page to be shared.
fn page_to_share() -> Vec<u8> {
    let part = "page\"; filename=\"plot.html\"\r\nContent-Type: text/html\r\nX-Rest: \"";
    let source = "source\"; filename=\"plot.ipynb";
    parts(&[(part, "<p>42"), (source, "{}")])
}

/// Returns the body of a form with these parts.
fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let boundary = Form::BOUNDARY;
    let parts = parts.iter().map(|(name, value)| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        format!("--{boundary}\r\n{head}\r\n\r\n{value}\r\n")
    });
    let parts: String = parts.collect();
    format!("{parts}--{boundary}--\r\n").into_bytes()
}

/// Returns the fields of a complete request of this kind.
fn fields_of(path: &str, user: &str, time: &str) -> Form {
    let students = r#"[{"username":"sam","first_name":"","last_name":"","email":""}]"#;
    let form = Form::new();
    if path.ends_with("/dates") {
        return form
            .field("opens-none", "on")
            .field("due-date", "2220-01-01")
            .field("due-time", "00:00")
            .field("cutoff-none", "on")
            .field("was", "- - -")
            .field("step", "set");
    }
    if path.contains("/more-time") {
        return form
            .field("who", user)
            .field("by", "date")
            .field("date", "2220-01-01")
            .field("time", "00:00");
    }
    match path.split('/').next().unwrap_or_default() {
        "course" => form.field("instructors", "[]"),
        "instructor" | "student" => form
            .field("first_name", "")
            .field("last_name", "")
            .field("email", ""),
        "students" => form.field("students", students),
        "feedback" => form.field("timestamp", time).field("files", "[]"),
        "me" => form.field("theme", "system"),
        _ => form.field("files", "[]"),
    }
}

/// The table as it is printed: a status in each cell, and a letter if a message says more than the status.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<String>)>,
    messages: Vec<String>,
}

impl Table {
    fn cell(&mut self, reply: &Reply) -> String {
        let message = reply.message();
        let is_plain = match reply.status {
            201 | 204 | 401 => true,
            403 => message == "Permission denied",
            _ => message.is_empty(),
        };
        if is_plain {
            return reply.status.to_string();
        }
        let known = self.messages.iter().position(|known| *known == message);
        let index = known.unwrap_or_else(|| {
            self.messages.push(message);
            self.messages.len() - 1
        });
        format!("{}{}", reply.status, letter(index))
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "Who may do what. A service is never the person of the same name.\n"
        )?;
        let mut lines = vec![(
            String::new(),
            ROLES.map(|role| role.head.to_owned()).to_vec(),
        )];
        lines.extend(self.rows.iter().cloned());
        for (name, cells) in lines {
            let mut line = format!("{name:width$}");
            for (cell, role) in cells.iter().zip(&ROLES) {
                line = format!("{line}  {cell:column$}", column = role.head.len());
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "\n403 without a letter is \"Permission denied\".")?;
        for (index, message) in self.messages.iter().enumerate() {
            writeln!(f, "{} {message}", letter(index))?;
        }
        Ok(())
    }
}

fn letter(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).expect("few messages"))
}

fn changed_lines<'a>(old: &'a str, new: &'a str) -> impl Iterator<Item = String> + 'a {
    let gone = old
        .lines()
        .filter(move |line| !new.lines().any(|other| other == *line));
    let come = new
        .lines()
        .filter(move |line| !old.lines().any(|other| other == *line));
    gone.map(|line| format!("- {line}"))
        .chain(come.map(|line| format!("+ {line}")))
}
