//! What was sent to a server that was then killed: what it answered must be there, what it did not may be.

use crate::client::{Client, listed_files, same};
use crate::support::{Call, Sent, percent_encode, tar};
use crate::tally::Tally;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The one course of these tests.
pub const COURSE: &str = "course1";
/// Who teaches it.
pub const TEACHER: &str = "kevin";

/// A submission that the server said it has.
#[derive(Clone)]
pub struct Answered {
    pub student: String,
    /// As the ngshare protocol prints it.
    pub time: String,
    pub id: Option<i64>,
    pub files: Vec<Sent>,
}

/// A submission without an answer.
pub struct Unanswered {
    pub student: String,
    pub files: Vec<Sent>,
    /// The request, when it can be made again.
    pub again: Option<Call>,
}

/// Something that has one of a number of states: those that were answered last, or that which was asked for since.
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

/// All of one round. What is changed by one client at a time stands in a map by what it is about.
#[derive(Default)]
pub struct Ledger {
    pub round: u64,
    pub answered: Mutex<Vec<Answered>>,
    pub unanswered: Mutex<Vec<Unanswered>>,
    /// The versions of the round's release that were answered, and the next one.
    pub versions: Mutex<BTreeMap<i64, Vec<Sent>>>,
    pub next_version: Mutex<Option<Vec<Sent>>>,
    pub feedback: Mutex<Feedback>,
    /// Who is in the course, of those who come and go.
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

    /// Makes those requests again that have a key; afterwards they are answered.
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
            self.answered.lock().unwrap().push(Answered {
                student: one.student.clone(),
                time: as_ngshare(receipt["submitted_at"].as_str().unwrap()),
                id: receipt["id"].as_i64(),
                files: std::mem::take(&mut one.files),
            });
            false
        });
    }

    /// Compares all of it with what the server has now.
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
        // What was not answered is there or not, but whole, and each of it once.
        let mut unanswered: Vec<_> = self.unanswered.lock().unwrap().drain(..).collect();
        for name in listed {
            let stored = self.stored(client, tally, &name);
            let is_it = |one: &Unanswered| one.student == name.0 && same(&stored, &one.files);
            let place = unanswered.iter().position(is_it);
            tally.compare(place.is_some(), &format!("{name:?}, which nobody sent so"));
            if let Some(place) = place {
                unanswered.swap_remove(place);
                let (student, time) = name;
                self.answered.lock().unwrap().push(Answered {
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

    /// Who comes and goes is known only until the next round begins.
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

/// RFC 3339 in UTC as the ngshare protocol prints it.
pub fn as_ngshare(time: &str) -> String {
    time.replace('T', " ").trim_end_matches('Z').to_owned()
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().expect("a text").to_owned()
}
