//! A record of requests to a server that is killed: answered changes must be there, unanswered ones may be.

use crate::client::{Client, listed_files, same};
use crate::tally::Tally;
use nbcourier_testkit::{Call, Sent, percent_encode, tar};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The only course of these tests.
pub const COURSE: &str = "course1";
/// The instructor of the course.
pub const TEACHER: &str = "kevin";

/// A submission that the server confirmed.
#[derive(Clone)]
pub struct ConfirmedSubmission {
    pub student: String,
    /// In the form of the ngshare protocol.
    pub time: String,
    pub id: Option<i64>,
    pub files: Vec<Sent>,
}

/// A submission without an answer.
pub struct Unanswered {
    pub student: String,
    pub files: Vec<Sent>,
    /// The request, if it can be repeated.
    pub again: Option<Call>,
}

/// A state that is the last answered one or one that was requested since.
pub struct Changing<T> {
    pub is: T,
    pub or: Option<T>,
}

impl<T: PartialEq> Changing<T> {
    pub fn may_be(&self, seen: &T) -> bool {
        self.is == *seen || self.or.as_ref() == Some(seen)
    }
}

/// Feedback by student and time.
type Feedback = BTreeMap<(String, String), Changing<Option<Vec<Sent>>>>;
/// Whether a submission is in the trash, with its files.
type Trash = BTreeMap<i64, (Changing<bool>, Vec<Sent>)>;

/// The record of one round. Things that one client at a time changes are in maps by their names.
#[derive(Default)]
pub struct Ledger {
    pub round: u64,
    pub answered: Mutex<Vec<ConfirmedSubmission>>,
    pub unanswered: Mutex<Vec<Unanswered>>,
    /// The confirmed versions of the round's release, and the next one.
    pub versions: Mutex<BTreeMap<i64, Vec<Sent>>>,
    pub next_version: Mutex<Option<Vec<Sent>>>,
    pub feedback: Mutex<Feedback>,
    /// Whether each of the changing members is in the course.
    pub roster: Mutex<BTreeMap<String, Changing<bool>>>,
    pub trash: Mutex<Trash>,
}

impl Ledger {
    pub fn of_round(round: u64) -> Self {
        Self {
            round,
            ..Self::default()
        }
    }

    pub fn work(&self) -> String {
        format!("work-{}", self.round)
    }

    pub fn release(&self) -> String {
        format!("release-{}", self.round)
    }

    pub fn deleting(&self) -> String {
        format!("deleting-{}", self.round)
    }

    /// Repeats the requests with an idempotency key, which makes them answered ones.
    pub fn try_again(&self, client: &Client, tally: &Tally) {
        let mut unanswered = self.unanswered.lock().unwrap();
        unanswered.retain_mut(|one| {
            let Some(call) = one.again.take() else {
                return true;
            };
            let reply = client.send(&call).expect("an answer");
            tally.see(&reply, &[]);
            assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
            tally.answered();
            let receipt = &reply.json()["receipt"];
            self.answered.lock().unwrap().push(ConfirmedSubmission {
                student: one.student.clone(),
                time: as_ngshare(receipt["submitted_at"].as_str().unwrap()),
                id: receipt["id"].as_i64(),
                files: std::mem::take(&mut one.files),
            });
            false
        });
    }

    /// Compares the record with the server's state.
    pub fn verify(&self, client: &Client, tally: &Tally) {
        self.verify_submissions(client, tally);
        self.verify_versions(client, tally);
        self.verify_feedback(client, tally);
        self.verify_trash(client, tally);
    }

    fn verify_submissions(&self, client: &Client, tally: &Tally) {
        let target = format!("submissions/{COURSE}/{}", self.work());
        let listed = client.get(&target, TEACHER).expect("a listing").ok().json();
        let mut listed: Vec<(String, String)> = listed["submissions"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|line| (text(line, "student_id"), text(line, "timestamp")))
            .collect();
        for one in self.answered.lock().unwrap().iter() {
            let name = (one.student.clone(), one.time.clone());
            let place = listed.iter().position(|line| *line == name);
            if place.map(|place| listed.swap_remove(place)).is_none() {
                tally.lost(&format!("{name:?} is not listed"));
                continue;
            }
            let stored = self.stored(client, tally, &name);
            tally.compare(same(&stored, &one.files), &format!("{name:?}"));
        }
        // An unanswered submission is there or not, but complete, and only once.
        let mut unanswered: Vec<_> = self.unanswered.lock().unwrap().drain(..).collect();
        for name in listed {
            let stored = self.stored(client, tally, &name);
            let is_it = |one: &Unanswered| one.student == name.0 && same(&stored, &one.files);
            let place = unanswered.iter().position(is_it);
            tally.compare(place.is_some(), &format!("{name:?}, which nobody sent so"));
            if let Some(place) = place {
                unanswered.swap_remove(place);
                let (student, time) = name;
                self.answered.lock().unwrap().push(ConfirmedSubmission {
                    student,
                    time,
                    id: None,
                    files: stored,
                });
            }
        }
    }

    fn stored(&self, client: &Client, tally: &Tally, name: &(String, String)) -> Vec<Sent> {
        let (student, time) = (percent_encode(&name.0), percent_encode(&name.1));
        let work = self.work();
        let target = format!("submission/{COURSE}/{work}/{student}?timestamp={time}");
        let reply = client.get(&target, TEACHER).expect("an answer");
        tally.see(&reply, &[]);
        listed_files(&reply).unwrap_or_default()
    }

    fn verify_versions(&self, client: &Client, tally: &Tally) {
        let release = self.release();
        let tree = format!("v1/courses/{COURSE}/assignments/{release}/tree");
        let versions = self.versions.lock().unwrap();
        for (version, files) in versions.iter() {
            let target = format!("{tree}?version={version}");
            let reply = client.get(&target, TEACHER).expect("an answer");
            tally.see(&reply, &[]);
            if reply.status == 200 {
                tally.compare(same(&tar::files(&reply.body), files), &target);
            } else {
                tally.lost(&target);
            }
        }
        let current = client.get(&tree, TEACHER).expect("an answer");
        if current.status == 200 {
            let current = tar::files(&current.body);
            let last = versions.values().next_back();
            let next = self.next_version.lock().unwrap();
            let is_known = [last, next.as_ref()]
                .iter()
                .flatten()
                .any(|files| same(&current, files));
            tally.compare(is_known, &tree);
        } else if !versions.is_empty() {
            tally.lost(&tree);
        }
    }

    fn verify_feedback(&self, client: &Client, tally: &Tally) {
        for ((student, time), feedback) in self.feedback.lock().unwrap().iter_mut() {
            let (work, time) = (self.work(), percent_encode(time));
            let target = format!("feedback/{COURSE}/{work}/{student}?timestamp={time}");
            let reply = client.get(&target, student).expect("an answer");
            tally.see(&reply, &[]);
            let seen = listed_files(&reply).filter(|files| !files.is_empty());
            if seen.is_none() && feedback.is.is_some() {
                tally.lost(&target);
            } else {
                tally.compare(feedback.may_be(&seen), &target);
            }
            *feedback = Changing { is: seen, or: None };
        }
    }

    /// Checks the changing members, whose states are known only until the next round begins.
    pub fn verify_roster(&self, client: &Client, tally: &Tally) {
        let target = format!("v1/courses/{COURSE}/roster");
        let listed = client.get(&target, TEACHER).expect("a roster").ok().json();
        let people = listed["people"].as_array().expect("people");
        for (name, is_in) in self.roster.lock().unwrap().iter_mut() {
            let seen = people
                .iter()
                .any(|person| person["username"] == name.as_str());
            if !is_in.may_be(&seen) {
                tally.lost(&format!("{name} in the roster: {seen}"));
            }
            *is_in = Changing { is: seen, or: None };
        }
    }

    fn verify_trash(&self, client: &Client, tally: &Tally) {
        for (id, (deleted, files)) in self.trash.lock().unwrap().iter_mut() {
            let target = format!("v1/courses/{COURSE}/submissions/{id}/tree");
            let reply = client.get(&target, TEACHER).expect("an answer");
            tally.see(&reply, &[]);
            let seen = reply.status != 200;
            if !seen {
                tally.compare(same(&tar::files(&reply.body), files), &target);
            }
            if !deleted.may_be(&seen) {
                tally.lost(&format!("{target}: in the trash: {seen}"));
            }
            *deleted = Changing { is: seen, or: None };
        }
    }
}

/// Returns an RFC 3339 time in UTC in the form of the ngshare protocol.
pub fn as_ngshare(time: &str) -> String {
    time.replace('T', " ").trim_end_matches('Z').to_owned()
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().expect("a text").to_owned()
}
