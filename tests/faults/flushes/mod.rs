//! A power cut after an answer loses nothing. The system calls of each kind of change show that every byte, every name
//! and the database's log were flushed before the answer was written.

mod homes;

use crate::client::Client;
use crate::power::{CALLS, Disk, thread_and_rest};
use crate::shared;
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use nbcourier_storage::{Opening, migrate_with};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{
    ADMIN, Call, Course, Random, Reply, Sent, Server, Setup, eventually_some, isolate, program,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Larger than the files that are kept in the database, in bytes.
const LARGE: usize = 200 * 1024;

/// Returns the command that traces another one.
fn strace(trace: &Path) -> Vec<String> {
    let found = Command::new("strace").arg("--version").finish();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "strace is not there: scripts/setup-faults.sh installs it"
    );
    let mut command = ["strace", "-f", "-yy", "-s", "16", "-e", "signal=none", "-e"]
        .map(str::to_owned)
        .to_vec();
    command.push(format!("trace={CALLS}"));
    command.extend(["-o".to_owned(), trace.display().to_string()]);
    command
}

/// A server whose system calls are recorded, from before its data directory is made.
struct Traced {
    server: Server,
    program: Pid,
    trace: PathBuf,
    /// The changes in their order.
    changes: Vec<&'static str>,
}

impl Traced {
    fn start(setup: Setup) -> Self {
        let trace = setup.beside("trace");
        let command = strace(&trace);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let server = setup.through(&command).start();
        let children = format!("/proc/{0}/task/{0}/children", server.pid());
        let children = fs::read_to_string(children).unwrap();
        let program = children.trim().parse().expect("strace has one child");
        let database = server.data_dir().join("nbcourier.db");
        // The clean-up at the start writes, too, so no promise may coincide with it.
        eventually_some("the first clean-up", || {
            #[derive(QueryableByName)]
            struct Count {
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                count: i64,
            }
            let mut conn = SqliteConnection::establish(database.to_str()?).ok()?;
            let query = diesel::sql_query("SELECT count(*) AS count FROM runs");
            let count = query.get_result::<Count>(&mut conn).ok()?.count;
            (count > 0).then_some(())
        });
        Self {
            server,
            program: Pid::from_raw(program).expect("a process"),
            trace,
            changes: Vec::new(),
        }
    }

    /// Makes a change, which must succeed.
    #[track_caller]
    fn change(&mut self, what: &'static str, call: &Call) -> Reply {
        let reply = self.server.send(call);
        assert!(
            reply.status < 300,
            "{what}: {} {}",
            reply.status,
            reply.text()
        );
        self.changes.push(what);
        reply
    }

    /// Stops the server and returns its trace.
    fn stop(&mut self) -> String {
        kill_process(self.program, Signal::TERM).unwrap();
        eventually_some("the end of the trace", || {
            let text = fs::read_to_string(&self.trace).ok()?;
            let program = self.program.as_raw_nonzero().get();
            text.lines()
                .filter_map(thread_and_rest)
                .any(|(thread, rest)| thread == program && rest.starts_with("+++ "))
                .then_some(text)
        })
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Strace alone would leave the server running.
        let _ = kill_process(self.program, Signal::KILL);
    }
}

/// Makes each kind of change once and in sequence, so that unflushed data at an answer belongs to that answer.
fn change_everything(traced: &mut Traced) {
    let client = Client::of(&traced.server);
    let mut random = Random::seeded(1);
    let mut files = |name: &str| {
        let large = random.bytes(LARGE);
        vec![
            Sent::new(&format!("{name}.txt"), format!("small {name}")),
            Sent::new("data/large.bin", large),
        ]
    };
    let instructors = json!(["ira"]).to_string();
    let call = client.form(
        "course/algebra",
        ADMIN,
        &[("instructors", &instructors)],
        &[],
    );
    traced.change("course", &call);
    let details = [("first_name", "A"), ("last_name", ""), ("email", "")];
    let call = client.form("student/algebra/ada", "ira", &details, &[]);
    traced.change("roster, ngshare", &call);
    let people = json!({ "people": [{ "username": "bob", "role": "student" }] }).to_string();
    let call = client.call("PUT", "v1/courses/algebra/roster", "ira");
    traced.change("roster", &call.body("application/json", people));

    let call = client.form("assignment/algebra/ps1", "ira", &[], &files("release"));
    traced.change("release by form", &call);
    let tree = "v1/courses/algebra/assignments/ps2/tree";
    traced.change(
        "release by archive",
        &client.tar("PUT", tree, "ira", &files("archive")),
    );

    let (ngshare, v1) = (
        "submission/algebra/ps1/ada",
        "v1/courses/algebra/assignments/ps1/submissions",
    );
    let own = ngshare.trim_end_matches("/ada");
    let form = traced.change(
        "submission by form",
        &client.form(own, "ada", &[], &files("form")),
    );
    let multipart = client.multipart(own, "ada", &files("multipart"));
    traced.change("submission by multipart", &multipart);
    let archive = client.tar("POST", v1, "ada", &files("tar"));
    let reply = traced.change("submission by archive", &archive);
    let id = reply.json()["receipt"]["id"].as_i64().expect("a number");
    let sent = files("manifest");
    let manifest = client.manifest(v1, "ada", &sent, &sent);
    traced.change("submission by manifest with bytes", &manifest);
    let again = [
        Sent::new("other name", sent[1].bytes.clone()),
        sent[0].clone(),
    ];
    let manifest = client.manifest(v1, "ada", &again, &[]);
    traced.change("submission by manifest alone", &manifest);
    let same = client.form(own, "ada", &[], &sent);
    traced.change("submission of bytes that are there", &same);

    let time = timestamp_of(&form);
    let fields = [("timestamp", time.as_str())];
    let feedback = client.form(
        "feedback/algebra/ps1/ada",
        "ira",
        &fields,
        &files("feedback"),
    );
    traced.change("feedback by form", &feedback);
    let target = format!("v1/courses/algebra/submissions/{id}/feedback");
    let feedback = client.tar("POST", &target, "ira", &files("more feedback"));
    traced.change("feedback by archive", &feedback);

    let submission = format!("v1/courses/algebra/submissions/{id}");
    traced.change(
        "submission deleted",
        &client.call("DELETE", &submission, "ira"),
    );
    let back = format!("v1/courses/algebra/trash/submissions/{id}");
    traced.change("submission restored", &client.call("POST", &back, "ira"));
    let assignment = "v1/courses/algebra/assignments/ps2";
    traced.change(
        "assignment deleted",
        &client.call("DELETE", assignment, "ira"),
    );
    let trash = traced
        .server
        .get("v1/courses/algebra/trash", "ira")
        .ok()
        .json();
    let number = trash["assignments"][0]["id"].as_i64().expect("a number");
    let back = format!("v1/courses/algebra/trash/assignments/{number}");
    traced.change("assignment restored", &client.call("POST", &back, "ira"));
    traced.change(
        "course deleted",
        &client.call("DELETE", "course/algebra", ADMIN),
    );
    let trash = traced.server.get("v1/trash", ADMIN).ok().json();
    let number = trash["courses"][0]["id"].as_i64().expect("a number");
    let back = format!("v1/trash/{number}");
    traced.change("course restored", &client.call("POST", &back, ADMIN));
    traced.change(
        "left the roster",
        &client.call("DELETE", "student/algebra/bob", "ira"),
    );
}

/// Returns changes of dates, of time for students, of settings and of shared pages, in their order.
fn times_and_links(client: &Client) -> Vec<(&'static str, Call)> {
    let json = |method: &str, below: &str, body: &Value| {
        let call = client.call(method, &format!("v1/courses/algebra/{below}"), "ira");
        call.body("application/json", body.to_string())
    };
    let delete = |below: &str| client.call("DELETE", &format!("v1/courses/algebra/{below}"), "ira");
    let due = json!({ "due_at": "2031-01-01T00:00:00Z" });
    let later = json!({ "due_at": "2031-02-01T00:00:00Z" });
    let page = Random::seeded(6).bytes(LARGE);
    let head = "--b\r\nContent-Disposition: form-data; name=\"page\"; filename=\"p.html\"\r\nContent-Type: text/html\r\n\r\n";
    let page = [head.as_bytes(), &page, b"\r\n--b--\r\n"].concat();
    let share = client.call("POST", "v1/shares?course=algebra&title=Page", "ira");
    vec![
        ("dates", json("PUT", "assignments/ps1/dates", &due)),
        (
            "extension",
            json("PUT", "assignments/ps1/extensions/ada", &later),
        ),
        (
            "extension removed",
            delete("assignments/ps1/extensions/ada"),
        ),
        (
            "allowance",
            json("PUT", "allowances/ada", &json!({ "hours": 48 })),
        ),
        ("allowance removed", delete("allowances/ada")),
        (
            "settings",
            json("PUT", "settings", &json!({ "sharing": "course" })),
        ),
        (
            "shared page with bytes",
            share.body("multipart/form-data; boundary=b", page),
        ),
        ("link revoked", client.call("DELETE", "v1/shares/1", "ira")),
    ]
}

#[test]
fn changes_are_flushed_before_the_answer() {
    let mut traced = Traced::start(Setup::standalone().unlimited());
    change_everything(&mut traced);
    for (what, call) in times_and_links(&Client::of(&traced.server)) {
        traced.change(what, &call);
    }
    for (what, call) in shared::changes(&Client::of(&traced.server), "ira", LARGE) {
        traced.change(what, &call);
    }
    let trace = traced.stop();
    let root = traced.server.data_dir();
    let root = root.parent().unwrap();
    let judge = |leave_out: &dyn Fn(&str) -> bool| {
        let lines = trace.lines().filter(|line| !leave_out(line));
        Disk::new(root, []).read(lines)
    };
    let disk = judge(&|_| false);
    assert_eq!(disk.violations(), []);
    // The two listings were also requested.
    assert_eq!(disk.promises(), traced.changes.len() + 2);

    // Without any one of its flushes the check fails. So each flush was there and was necessary.
    let flushes = |line: &str, of: &str| line.contains("sync(") && line.contains(of);
    let broken = |of: &str| {
        let disk = judge(&|line| flushes(line, of));
        let mut promises: Vec<_> = disk.violations().iter().map(|each| each.promise).collect();
        promises.dedup();
        promises.len()
    };
    let bringing_bytes = traced.changes.iter();
    let bringing_bytes = bringing_bytes.filter(|what| {
        ["form", "multipart", "archive", "with bytes"]
            .iter()
            .any(|way| what.ends_with(way))
    });
    assert!(broken("/blobs/incoming/") >= bringing_bytes.count());
    assert!(broken("nbcourier.db-wal>") >= traced.changes.len());
    assert!(broken("/blobs/") > 0 && broken("/data>") > 0);
    for part in 0..=u8::MAX {
        let part = format!("/blobs/{part:02x}>");
        let is_used = trace.lines().any(|line| flushes(line, &part));
        assert!(!is_used || broken(&part) > 0, "{part}");
    }
}

/// The line of a trace that stands for the exit of a command that prints nothing.
const EXIT: &str = r#"1 write(1<pipe:[1]>, "done", 4) = 4"#;

/// Runs a command that reports its success, and checks its system calls below that directory.
fn assert_flushes(root: &Path, arguments: &[&str]) {
    assert_flushes_before(None, root, arguments);
}

/// Runs a command to its end, and checks its system calls below that directory before its reports and before `exit`.
fn assert_flushes_before(exit: Option<&str>, root: &Path, arguments: &[&str]) {
    let mut command = traced(root);
    command.arg(program()).args(arguments);
    Commanded::run(root, command).assert_flushed(exit);
}

/// Returns the command that traces the program added to it. The trace is kept beside that directory.
fn traced(root: &Path) -> Command {
    let mut command = Command::new("strace");
    isolate(&mut command, root);
    command.args(&strace(&trace_of(root))[1..]);
    command
}

fn trace_of(root: &Path) -> PathBuf {
    root.parent().unwrap().join("trace")
}

/// The system calls of a command that has succeeded.
struct Commanded<'a> {
    root: &'a Path,
    command: String,
    /// The paths that were there before.
    known: Vec<PathBuf>,
    trace: String,
}

impl<'a> Commanded<'a> {
    fn run(root: &'a Path, mut command: Command) -> Self {
        let known = all_below(root);
        let ended = command.finish().unwrap();
        let reported = String::from_utf8_lossy(&ended.stderr);
        let command = format!("{:?}", command.get_args().last());
        assert!(ended.status.success(), "{command}: {reported}");
        Self {
            root,
            command,
            known,
            trace: fs::read_to_string(trace_of(root)).unwrap(),
        }
    }

    fn judge<'b>(&self, lines: impl IntoIterator<Item = &'b str>) -> Disk {
        Disk::new(self.root, self.known.clone()).read(lines)
    }

    fn assert_flushed(&self, exit: Option<&str>) {
        let lines = || self.trace.lines().chain(exit);
        let disk = self.judge(lines());
        assert_eq!(disk.violations(), [], "{}", self.command);
        assert!(disk.promises() > 0, "{} says that it is done", self.command);
        let unflushed = lines().filter(|line| !line.contains("sync("));
        let disk = self.judge(unflushed);
        assert!(!disk.violations().is_empty(), "{}", self.command);
    }

    /// Checks that some promise is too early without the flushes of the paths that contain this text.
    fn assert_needs_flush_of(&self, path: &str) {
        let flushes = |line: &&str| line.contains("sync(") && line.contains(path);
        assert!(
            self.trace.lines().any(|line| flushes(&line)),
            "{}: no flush of {path}",
            self.command
        );
        let disk = self.judge(self.trace.lines().filter(|line| !flushes(line)));
        assert!(
            !disk.violations().is_empty(),
            "{}: the flush of {path} is not needed",
            self.command
        );
    }
}

fn all_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

#[test]
fn commands_flush_before_they_report_success() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &["ada"]);
    let large = Random::seeded(2).bytes(LARGE);
    let files = [Sent::new("small", "s"), Sent::new("large", large)];
    course.release("ps1", "ira", &files[..1]).ok();
    course.submit("ps1", "ada", &files).ok();
    let inbound = place
        .path()
        .join("exchange/geometry/inbound/ada+ps1+2026-01-30 10:30:47.524219 UTC");
    fs::create_dir_all(&inbound).unwrap();
    fs::write(inbound.join("p1.ipynb"), &files[1].bytes).unwrap();

    let at = |name: &str| root.join(name).display().to_string();
    let data = format!("--data-dir={}", server.data_dir().display());
    assert_flushes(&root, &["backup", &at("kept/here"), &data]);
    let restored = format!("--data-dir={}", at("restored/here"));
    assert_flushes(&root, &["restore", &at("kept/here"), &restored]);
    let moved = format!("--data-dir={}", at("moved"));
    let exchange = place.path().join("exchange").display().to_string();
    assert_flushes(&root, &["import", "exchange", &exchange, &moved]);
    assert_flushes(
        &root,
        &["export", "algebra", "--output", &at("algebra.tar"), &data],
    );
    assert_flushes(
        &root,
        &["user", "export", "ada", "--output", &at("ada.tar"), &data],
    );
    let archive = at("algebra.tar");
    assert_flushes(&root, &["import", "archive", &archive, &moved]);
    // A roster is written without a report, to a new file and over an existing one.
    let (token, roster) = (place.path().join("token"), at("roster.csv"));
    fs::write(&token, "ira").unwrap();
    let token = format!("--token-file={}", token.display());
    let url = format!(
        "--url=http://127.0.0.1:{}{}",
        server.port(),
        server.prefix()
    );
    for _ in 0..2 {
        let export = ["roster", "export", "algebra", &roster, &token, &url];
        assert_flushes_before(Some(EXIT), &root, &export);
    }
}

#[test]
fn a_repair_is_flushed_before_it_is_reported() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &["ada"]);
    course.release("ps1", "ira", &[]).ok();
    let mut random = Random::seeded(3);
    let files = [
        Sent::new("small", "small"),
        Sent::new("misplaced", random.bytes(LARGE)),
        Sent::new("damaged", random.bytes(LARGE)),
    ];
    course.submit("ps1", "ada", &files).ok();
    let source = format!("--data-dir={}", server.data_dir().display());
    let backup = place.path().join("backup").display().to_string();
    let restored = root.join("data");
    let data = format!("--data-dir={}", restored.display());
    for arguments in [["backup", &backup, &source], ["restore", &backup, &data]] {
        let ended = nbcourier_testkit::run(&arguments);
        assert!(ended.status.success(), "{ended:?}");
    }
    let blob = |sent: &Sent| {
        let name = nbcourier_testkit::hex_sha256(&sent.bytes);
        restored.join("blobs").join(&name[..2]).join(name)
    };
    let directory_of = |path: &Path| format!("{}>", path.parent().unwrap().display());
    let repair = |more: &[&str]| {
        let mut command = traced(&root);
        command.arg(program()).args(["fsck", "--repair", &data]);
        let repaired = Commanded::run(&root, {
            command.args(more);
            command
        });
        repaired.assert_flushed(None);
        repaired
    };

    // A file in a wrong place returns to its own.
    let (misplaced, damaged) = (blob(&files[1]), blob(&files[2]));
    let parts = ["00", "01"].map(|part| restored.join("blobs").join(part));
    let wrong = parts.iter().find(|part| !misplaced.starts_with(part));
    let wrong = wrong.unwrap().join(misplaced.file_name().unwrap());
    fs::rename(&misplaced, wrong).unwrap();
    let repaired = repair(&[]);
    assert_eq!(fs::read(&misplaced).unwrap(), files[1].bytes);
    repaired.assert_needs_flush_of(&directory_of(&misplaced));
    repaired.assert_needs_flush_of("nbcourier.db-wal>");

    // A damaged file is set aside, and its bytes come from the backup. So do those of a small one.
    fs::write(&damaged, vec![0; LARGE]).unwrap();
    let database = restored.join("nbcourier.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let change = "UPDATE blob_contents SET content = x'00' WHERE content = CAST('small' AS BLOB)";
    assert_eq!(diesel::sql_query(change).execute(&mut conn).unwrap(), 1);
    drop(conn);
    let repaired = repair(&["--from", &backup]);
    assert_eq!(fs::read(&damaged).unwrap(), files[2].bytes);
    for path in [
        &directory_of(&damaged),
        "/blobs/incoming/",
        "/blobs/damaged",
        "nbcourier.db-wal>",
    ] {
        repaired.assert_needs_flush_of(path);
    }
}

/// The variables with which a test runs itself: a database, and the directory of the migrations for it.
const OLDER: [&str; 2] = ["NBCOURIER_TEST_OLDER", "NBCOURIER_TEST_MIGRATIONS"];

/// Only the test below gives it a database.
#[test]
fn an_older_database_is_migrated() {
    let [Some(database), Some(migrations)] = OLDER.map(std::env::var_os) else {
        return;
    };
    let database = PathBuf::from(database);
    let migrations = FileBasedMigrations::from_path(migrations).unwrap();
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    migrate_with(&migrations, &mut conn, &database, Opening::Migrate).unwrap();
}

#[test]
fn the_copy_before_a_migration_is_flushed_before_the_database_changes() {
    let place = tempfile::tempdir().unwrap();
    let (root, migrations) = (place.path().join("root"), place.path().join("migrations"));
    fs::create_dir(&root).unwrap();
    let first = "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);";
    for (name, up) in [
        ("2026-01-30-000000_first", first),
        (
            "2026-01-31-000000_second",
            "ALTER TABLE a ADD COLUMN b TEXT;",
        ),
    ] {
        let directory = migrations.join(name);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("up.sql"), up).unwrap();
    }
    let database = root.join("nbcourier.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    let all = FileBasedMigrations::from_path(&migrations).unwrap();
    conn.run_next_migration(all).unwrap();
    drop(conn);

    let mut command = traced(&root);
    let variables = OLDER.into_iter().zip([&database, &migrations]);
    command
        .envs(variables)
        .arg(std::env::current_exe().unwrap());
    command.args(["--exact", "flushes::an_older_database_is_migrated"]);
    let migrated = Commanded::run(&root, command);
    migrated.assert_flushed(Some(EXIT));
    let copy = all_below(&root)
        .into_iter()
        .find(|path| path.display().to_string().contains(".before-"))
        .expect("a copy");
    // The beginning of the trace, up to the first change of the database after the copy was made.
    let copied = copy.display().to_string();
    let lines: Vec<&str> = migrated.trace.lines().collect();
    let made = lines
        .iter()
        .position(|line| line.contains(&copied))
        .unwrap();
    let is_change = |line: &&str| line.contains("write") && line.contains("/nbcourier.db>");
    let changed = lines[made..].iter().position(is_change).unwrap();
    let begun = || lines[..made + changed].iter().copied().chain([EXIT]);
    assert_eq!(migrated.judge(begun()).violations(), []);
    for path in [format!("{copied}>"), format!("{}>", root.display())] {
        let disk = migrated
            .judge(begun().filter(|line| !(line.contains("sync(") && line.contains(&path))));
        assert!(!disk.violations().is_empty(), "without the flush of {path}");
    }
}
