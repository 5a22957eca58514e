//! A power cut after an answer loses nothing: the system calls of each kind of change show that every byte, every name and
//! the database's log were flushed before the answer was written.

use crate::client::Client;
use crate::power::{CALLS, Disk};
use crate::support::course::timestamp_of;
use crate::support::server::{ADMIN, isolate};
use crate::support::{Call, Course, Random, Reply, Sent, Server, Setup, program};
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Larger than what is kept in the database.
const LARGE: usize = 200 * 1024;
/// How often something that takes a moment is looked for.
const LOOKS: u32 = 6000;

/// The command that traces another one.
fn strace(trace: &Path) -> Vec<String> {
    let found = Command::new("strace").arg("--version").output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "strace is not there: scripts/setup-faults.sh installs it"
    );
    let mut command = ["strace", "-f", "-yy", "-s", "16", "-e", "signal=none", "-e"].map(str::to_owned).to_vec();
    command.push(format!("trace={CALLS}"));
    command.extend(["-o".to_owned(), trace.display().to_string()]);
    command
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}: not after {LOOKS} looks");
}

/// A server whose system calls are written down, from before its data directory is made.
struct Traced {
    server: Server,
    program: Pid,
    trace: PathBuf,
    /// What was changed, in order.
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
        // The clean-up at the start writes, too: a promise must not meet it.
        wait_for("the first clean-up", || {
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
        assert!(reply.status < 300, "{what}: {} {}", reply.status, reply.text());
        self.changes.push(what);
        reply
    }

    /// Stops the server; its trace.
    fn stop(&mut self) -> String {
        kill_process(self.program, Signal::TERM).unwrap();
        wait_for("the end of the trace", || {
            let text = fs::read_to_string(&self.trace).ok()?;
            let end = format!("{} +++ ", self.program.as_raw_nonzero());
            text.lines().any(|line| line.starts_with(&end)).then_some(text)
        })
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Strace alone would leave it running.
        let _ = kill_process(self.program, Signal::KILL);
    }
}

/// Makes each kind of change once, sequentially, so that whatever is held back when an answer is written is its own.
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
    let call = client.form("course/algebra", ADMIN, &[("instructors", &instructors)], &[]);
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
    traced.change("release by archive", &client.tar("PUT", tree, "ira", &files("archive")));

    let (ngshare, v1) = (
        "submission/algebra/ps1/ada",
        "v1/courses/algebra/assignments/ps1/submissions",
    );
    let own = ngshare.trim_end_matches("/ada");
    let form = traced.change("submission by form", &client.form(own, "ada", &[], &files("form")));
    let multipart = client.multipart(own, "ada", &files("multipart"));
    traced.change("submission by multipart", &multipart);
    let archive = client.tar("POST", v1, "ada", &files("tar"));
    let reply = traced.change("submission by archive", &archive);
    let id = reply.json()["receipt"]["id"].as_i64().expect("a number");
    let sent = files("manifest");
    let manifest = client.manifest(v1, "ada", &sent, &sent);
    traced.change("submission by manifest with bytes", &manifest);
    let again = [Sent::new("other name", sent[1].bytes.clone()), sent[0].clone()];
    let manifest = client.manifest(v1, "ada", &again, &[]);
    traced.change("submission by manifest alone", &manifest);
    let same = client.form(own, "ada", &[], &sent);
    traced.change("submission of bytes that are there", &same);

    let time = timestamp_of(&form);
    let fields = [("timestamp", time.as_str())];
    let feedback = client.form("feedback/algebra/ps1/ada", "ira", &fields, &files("feedback"));
    traced.change("feedback by form", &feedback);
    let target = format!("v1/courses/algebra/submissions/{id}/feedback");
    let feedback = client.tar("POST", &target, "ira", &files("more feedback"));
    traced.change("feedback by archive", &feedback);

    let submission = format!("v1/courses/algebra/submissions/{id}");
    traced.change("submission deleted", &client.call("DELETE", &submission, "ira"));
    let back = format!("v1/courses/algebra/trash/submissions/{id}");
    traced.change("submission restored", &client.call("POST", &back, "ira"));
    let assignment = "v1/courses/algebra/assignments/ps2";
    traced.change("assignment deleted", &client.call("DELETE", assignment, "ira"));
    let trash = traced.server.get("v1/courses/algebra/trash", "ira").ok().json();
    let number = trash["assignments"][0]["id"].as_i64().expect("a number");
    let back = format!("v1/courses/algebra/trash/assignments/{number}");
    traced.change("assignment restored", &client.call("POST", &back, "ira"));
    traced.change("course deleted", &client.call("DELETE", "course/algebra", ADMIN));
    let trash = traced.server.get("v1/trash", ADMIN).ok().json();
    let number = trash["courses"][0]["id"].as_i64().expect("a number");
    let back = format!("v1/trash/{number}");
    traced.change("course restored", &client.call("POST", &back, ADMIN));
    traced.change("left the roster", &client.call("DELETE", "student/algebra/bob", "ira"));
}

#[test]
fn what_is_answered_was_flushed_before() {
    let mut traced = Traced::start(Setup::standalone().unlimited());
    change_everything(&mut traced);
    let trace = traced.stop();
    let root = traced.server.data_dir();
    let root = root.parent().unwrap();
    let judge = |leave_out: &dyn Fn(&str) -> bool| {
        let lines = trace.lines().filter(|line| !leave_out(line));
        Disk::new(root, []).read(lines)
    };
    let disk = judge(&|_| false);
    assert_eq!(disk.violations(), []);
    // Two listings were read besides.
    assert_eq!(disk.promises(), traced.changes.len() + 2);

    // Without any of its flushes the same program would be found out: so each of these was there, and was needed.
    let flushes = |line: &str, of: &str| line.contains("sync(") && line.contains(of);
    let broken = |of: &str| {
        let disk = judge(&|line| flushes(line, of));
        let mut promises: Vec<_> = disk.violations().iter().map(|each| each.promise).collect();
        promises.dedup();
        promises.len()
    };
    let bringing_bytes = traced.changes.iter();
    let bringing_bytes = bringing_bytes.filter(|what| {
        ["form", "multipart", "archive", "with bytes"].iter().any(|way| what.ends_with(way))
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

/// Runs a command to its end and judges what it did below that directory.
fn assert_flushes(root: &Path, arguments: &[&str]) {
    let known = all_below(root);
    let trace = root.parent().unwrap().join("trace");
    let mut command = Command::new("strace");
    isolate(&mut command, root);
    command.args(&strace(&trace)[1..]).arg(program());
    let ended = command.args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{arguments:?}: {told}");
    let text = fs::read_to_string(&trace).unwrap();
    let disk = Disk::new(root, known.clone()).read(text.lines());
    assert_eq!(disk.violations(), [], "{arguments:?}");
    assert!(disk.promises() > 0, "{arguments:?} says that it is done");
    let unflushed = text.lines().filter(|line| !line.contains("sync("));
    let disk = Disk::new(root, known).read(unflushed);
    assert!(!disk.violations().is_empty(), "{arguments:?}");
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
fn what_a_command_says_is_done_was_flushed_before() {
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
    let inbound = place.path().join("exchange/algebra/inbound/ada+ps1+2026-01-30 10:30:47.524219 UTC");
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
    assert_flushes(&root, &["export", "algebra", "--output", &at("algebra.tar"), &data]);
    assert_flushes(&root, &["user", "export", "ada", "--output", &at("ada.tar"), &data]);
    drop(server);
    let other = Setup::standalone().start();
    other.kill();
}
