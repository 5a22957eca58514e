//! Many kinds of changes at once, until the server stops answering.

use crate::client::{Client, some_files};
use crate::ledger::{
    COURSE, Changing, ConfirmedSubmission, Ledger, TEACHER, Unanswered, as_ngshare, text,
};
use crate::tally::{Tally, seed};
use nbcourier_testkit::{ADMIN, Call, Course, Random, Reply, Sent, Server, percent_encode};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::Scope;
use std::time::Duration;

/// The students who submit.
pub const STUDENTS: [&str; 4] = ["lawrence", "eric", "ada", "bob"];
/// The student whose submissions are deleted and restored.
pub const DELETED: &str = "olga";

/// The time after which a client tries again.
const MOMENT: Duration = Duration::from_millis(50);

/// Returns the files of the round's assignments.
pub fn task() -> Vec<Sent> {
    vec![
        Sent::new("task.ipynb", "{}"),
        Sent::new("data", vec![1; 100_000]),
    ]
}

/// Creates the course of all rounds.
pub fn make_course(server: &Server) {
    Course::of(server, COURSE).make(&[TEACHER], &STUDENTS);
    Course::of(server, COURSE).enrol(DELETED).ok();
}

/// Prepares a round on a running server: its random choices, and its assignments, which are released.
pub fn begin_round(server: &Server, round: u64) -> (Random, Ledger) {
    let random = Random::seeded(seed().wrapping_mul(1_000_003).wrapping_add(round));
    let ledger = Ledger::of_round(round);
    for name in [ledger.work(), ledger.release(), ledger.deleting()] {
        Course::of(server, COURSE)
            .release(&name, TEACHER, &task())
            .ok();
    }
    ledger.versions.lock().unwrap().insert(1, task());
    for number in 0..12 {
        // The guests of the last round are removed.
        let guest = format!("student/{COURSE}/guest%20{number}");
        server.delete(&guest, TEACHER);
    }
    (random, ledger)
}

/// Returns a client of each server.
pub fn clients(server: &Server) -> Vec<Client> {
    let client = |port| Client {
        port,
        ..Client::of(server)
    };
    server.replica_ports().into_iter().map(client).collect()
}

/// Starts a client for each kind of change, and one for each student.
pub fn start_all<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    mut actor: impl FnMut() -> Actor<'env>,
) {
    for student in STUDENTS {
        let actor = actor();
        scope.spawn(move || actor.submit(student));
    }
    for act in [
        Actor::release,
        Actor::give_feedback,
        Actor::change_roster,
        Actor::delete_and_restore,
    ] {
        let actor = actor();
        scope.spawn(move || act(actor));
    }
}

/// Ends the actors when dropped.
pub struct Ending<'a>(pub &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// A client that makes changes.
pub struct Actor<'a> {
    pub client: Client,
    pub ledger: &'a Ledger,
    pub tally: &'a Tally,
    pub random: Random,
    pub over: &'a AtomicBool,
    /// Whether the fault makes the exchange unavailable for a while. A client then gets 503, and tries again.
    pub may_wait: bool,
}

impl Actor<'_> {
    /// Returns the answer, or none if the server is gone or unavailable.
    fn ask(&self, call: &Call) -> Option<Reply> {
        if self.over.load(SeqCst) {
            return None;
        }
        let reply = self.client.send(call).ok()?;
        if self.may_wait && reply.status == 503 {
            assert!(reply.header("retry-after").is_some(), "{}", reply.text());
            return None;
        }
        self.tally.see(&reply, &[]);
        Some(reply)
    }

    /// Waits a moment if the server may be unavailable. Returns whether the client tries again.
    fn waits(&self) -> bool {
        if self.may_wait {
            std::thread::sleep(MOMENT);
        }
        self.may_wait && !self.over.load(SeqCst)
    }

    /// Returns the answer to a change that must succeed.
    fn change(&self, call: &Call) -> Option<Reply> {
        let reply = self.ask(call)?;
        assert!(matches!(reply.status, 200 | 201 | 204), "{}", reply.text());
        self.tally.answered();
        Some(reply)
    }

    /// Submits by all ways.
    pub fn submit(mut self, student: &str) {
        while self.submit_once(student).is_some() || self.waits() {}
    }

    fn submit_once(&mut self, student: &str) -> Option<()> {
        let work = self.ledger.work();
        let ngshare = format!("submission/{COURSE}/{work}");
        let v1 = format!("v1/courses/{COURSE}/assignments/{work}/submissions");
        let mut files = some_files(&mut self.random);
        let way = self.random.below(5);
        let mut call = match way {
            0 => self.client.form(&ngshare, student, &[], &files),
            1 => self.client.multipart(&ngshare, student, &files),
            2 => self.client.tar("POST", &v1, student, &files),
            3 => {
                // In another order and with another name it is a new tree, whose bytes are all stored already.
                files = task();
                files[1].path = format!("copy {}", self.random.number());
                self.client.manifest(&v1, student, &files, &[])
            }
            _ => {
                let bytes: Vec<Sent> = distinct(&files);
                files.extend(task());
                self.client.manifest(&v1, student, &files, &bytes)
            }
        };
        let has_key = way >= 2 && self.random.below(2) == 0;
        if has_key {
            call = call.header("Idempotency-Key", &self.random.number().to_string());
        }
        self.ledger.unanswered.lock().unwrap().push(Unanswered {
            student: student.to_owned(),
            files: files.clone(),
            again: has_key.then(|| call.clone()),
        });
        let mut answer = self.change(&call);
        // The plugin sends the same key again, too.
        while answer.is_none() && has_key && self.waits() {
            answer = self.change(&call);
        }
        let answer = answer?.json();
        let receipt = &answer["receipt"];
        let time = match receipt["submitted_at"].as_str() {
            Some(time) => as_ngshare(time),
            None => text(&answer, "timestamp"),
        };
        let mut unanswered = self.ledger.unanswered.lock().unwrap();
        let is_it = |one: &Unanswered| one.student == student && one.files == files;
        let place = unanswered.iter().rposition(is_it).expect("noted before");
        unanswered.remove(place);
        self.ledger
            .answered
            .lock()
            .unwrap()
            .push(ConfirmedSubmission {
                student: student.to_owned(),
                time,
                id: receipt["id"].as_i64(),
                files,
            });
        Some(())
    }

    /// Releases one version after the other.
    pub fn release(mut self) {
        let name = self.ledger.release();
        let target = format!("v1/courses/{COURSE}/assignments/{name}/tree");
        loop {
            let files = some_files(&mut self.random);
            *self.ledger.next_version.lock().unwrap() = Some(files.clone());
            let call = self.client.tar("PUT", &target, TEACHER, &files);
            let Some(reply) = self.change(&call) else {
                return;
            };
            let version = reply.json()["version"].as_i64().expect("a version");
            self.ledger.versions.lock().unwrap().insert(version, files);
        }
    }

    /// Releases feedback on confirmed submissions, in both ways.
    pub fn give_feedback(mut self) {
        while !self.over.load(SeqCst) {
            let one = {
                let answered = self.ledger.answered.lock().unwrap();
                if answered.is_empty() {
                    drop(answered);
                    std::thread::yield_now();
                    continue;
                }
                answered[self.random.below(answered.len())].clone()
            };
            let files = some_files(&mut self.random);
            let call = match one.id {
                Some(id) if self.random.below(2) == 0 => {
                    let target = format!("v1/courses/{COURSE}/submissions/{id}/feedback");
                    self.client.tar("POST", &target, TEACHER, &files)
                }
                _ => {
                    let target =
                        format!("feedback/{COURSE}/{}/{}", self.ledger.work(), one.student);
                    let fields = [("timestamp", one.time.as_str())];
                    self.client.form(&target, TEACHER, &fields, &files)
                }
            };
            let key = (one.student, one.time);
            let begin = || Changing { is: None, or: None };
            let feedback = || self.ledger.feedback.lock().unwrap();
            feedback().entry(key.clone()).or_insert_with(begin).or = Some(Some(files.clone()));
            if self.change(&call).is_none() {
                return;
            }
            let now = Changing {
                is: Some(files),
                or: None,
            };
            feedback().insert(key, now);
        }
    }

    /// Adds people to the course and removes them.
    pub fn change_roster(mut self) {
        loop {
            let name = format!("guest {}", self.random.below(12));
            let in_path = percent_encode(&name);
            let roster = || self.ledger.roster.lock().unwrap();
            let is_in = roster().get(&name).is_some_and(|state| state.is);
            let by_v1 = self.random.below(2) == 0;
            let call = match (is_in, by_v1) {
                (true, true) => {
                    let target = format!("v1/courses/{COURSE}/roster/{in_path}");
                    self.client.call("DELETE", &target, TEACHER)
                }
                (true, false) => {
                    let target = format!("student/{COURSE}/{in_path}");
                    self.client.call("DELETE", &target, TEACHER)
                }
                (false, true) => {
                    let people = json!({ "people": [{ "username": name, "role": "student" }] });
                    let target = format!("v1/courses/{COURSE}/roster");
                    let call = self.client.call("PUT", &target, ADMIN);
                    call.body("application/json", people.to_string())
                }
                (false, false) => {
                    let target = format!("student/{COURSE}/{in_path}");
                    let details = [("first_name", "G"), ("last_name", ""), ("email", "")];
                    self.client.form(&target, TEACHER, &details, &[])
                }
            };
            let begin = || Changing {
                is: false,
                or: None,
            };
            roster().entry(name.clone()).or_insert_with(begin).or = Some(!is_in);
            if self.change(&call).is_none() {
                return;
            }
            let now = Changing {
                is: !is_in,
                or: None,
            };
            roster().insert(name, now);
        }
    }

    /// Submits, deletes and restores.
    pub fn delete_and_restore(mut self) {
        let name = self.ledger.deleting();
        let target = format!("v1/courses/{COURSE}/assignments/{name}/submissions");
        let trash = || self.ledger.trash.lock().unwrap();
        loop {
            let files = some_files(&mut self.random);
            let call = self.client.tar("POST", &target, DELETED, &files);
            let Some(reply) = self.change(&call) else {
                return;
            };
            let id = reply.json()["receipt"]["id"].as_i64().expect("a number");
            let state = Changing {
                is: false,
                or: None,
            };
            trash().insert(id, (state, files));
            let delete = format!("v1/courses/{COURSE}/submissions/{id}");
            let delete = self.client.call("DELETE", &delete, TEACHER);
            let restore = format!("v1/courses/{COURSE}/trash/submissions/{id}");
            let restore = self.client.call("POST", &restore, TEACHER);
            for (call, deleted) in [(delete, true), (restore, false)] {
                trash().get_mut(&id).expect("it").0.or = Some(deleted);
                if self.change(&call).is_none() {
                    return;
                }
                trash().get_mut(&id).expect("it").0 = Changing {
                    is: deleted,
                    or: None,
                };
                if self.random.below(2) == 0 {
                    break;
                }
            }
        }
    }
}

/// Returns the files without those whose bytes repeat.
fn distinct(files: &[Sent]) -> Vec<Sent> {
    let mut distinct: Vec<Sent> = Vec::new();
    for file in files {
        if distinct.iter().all(|known| known.bytes != file.bytes) {
            distinct.push(file.clone());
        }
    }
    distinct
}
