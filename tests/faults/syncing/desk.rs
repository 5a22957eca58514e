//! A person who works on two machines, and knows what must not be lost.

use crate::tally::Tally;
use nbcourier_testkit::machine::{AT_ONCE, Machine};
use nbcourier_testkit::{Random, Server, Setup};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The places of files. Some are folders of others.
const PLACES: [&str; 8] = [
    "a.txt",
    "b.txt",
    "notes/c.txt",
    "notes/d.txt",
    "notes/deep/e.txt",
    "data",
    "data/f.csv",
    "data/g.csv",
];
/// The number of files that stay, so that no removal is one of all.
const STAYING: usize = 60;
/// The maximum number of rounds of both machines until they are equal.
const MOST_ROUNDS: usize = 6;
/// The number of files that a person puts up with.
const MANY: usize = 90;

pub struct Desk<'a> {
    server: Server,
    pub school: Machine,
    pub home: Machine,
    random: Random,
    tally: &'a Tally,
    /// The texts that were saved, and that the person neither replaced nor removed.
    owed: BTreeSet<String>,
    saved: usize,
}

impl<'a> Desk<'a> {
    pub fn new(tally: &'a Tally, seed: u64) -> Self {
        let server = Setup::standalone().unlimited().start();
        let machine = |name| Machine::at(&server, server.port(), name);
        let desk = Self {
            school: machine("school"),
            home: machine("home"),
            server,
            random: Random::seeded(seed),
            tally,
            owed: BTreeSet::new(),
            saved: 0,
        };
        for number in 0..STAYING {
            desk.school.write(&format!("stay/{number}"), "");
        }
        desk.school.sync();
        desk.home.sync();
        desk
    }

    /// Changes files on both machines. The one at school tells the exchange.
    pub fn work(&mut self) {
        for _ in 0..4 {
            self.step(false);
            self.step(true);
        }
        self.school.try_sync(&AT_ONCE);
    }

    /// Changes a file or a folder on one of the machines.
    fn step(&mut self, is_home: bool) {
        let place = *self.random.pick(&PLACES);
        match self.random.below(10) {
            0 => self.forget(is_home, place),
            1 => self.rename(is_home, place),
            2 => self.rename_folder(is_home),
            3 => {
                let folder = format!("empty/{}", self.saved % 3);
                fs::create_dir_all(self.machine(is_home).at_path(&folder)).expect("a folder");
            }
            _ => self.save(is_home, place),
        }
    }

    fn machine(&self, is_home: bool) -> &Machine {
        if is_home { &self.home } else { &self.school }
    }

    fn save(&mut self, is_home: bool, place: &str) {
        self.clear(is_home, place);
        self.saved += 1;
        let padding = match self.random.below(6) {
            0 => 200_000,
            1 => 20_000,
            _ => 10,
        };
        let text = format!("{} {}", self.saved, "x".repeat(padding));
        self.machine(is_home).write(place, &text);
        self.owed.insert(text);
        self.tally.answered();
    }

    /// Removes what is at the place.
    fn forget(&mut self, is_home: bool, place: &str) {
        let inside = format!("{place}/");
        for (path, text) in self.machine(is_home).files() {
            if path == place || path.starts_with(&inside) {
                self.owed.remove(&text);
            }
        }
        if self.machine(is_home).at_path(place).exists() {
            self.machine(is_home).remove(place);
        }
    }

    /// Makes room for a file.
    fn clear(&mut self, is_home: bool, place: &str) {
        for (at, _) in place.match_indices('/') {
            if self.machine(is_home).at_path(&place[..at]).is_file() {
                self.forget(is_home, &place[..at]);
            }
        }
        self.forget(is_home, place);
    }

    fn rename(&mut self, is_home: bool, to: &str) {
        let files = self.machine(is_home).files();
        let own: Vec<_> = files
            .into_keys()
            .filter(|path| !path.starts_with("stay/") && path != to)
            .collect();
        if own.is_empty() {
            return;
        }
        let from = self.random.pick(&own).clone();
        if from.starts_with(&format!("{to}/")) || to.starts_with(&format!("{from}/")) {
            return;
        }
        self.clear(is_home, to);
        let machine = self.machine(is_home);
        let target = machine.at_path(to);
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        machine.rename(&from, to);
    }

    fn rename_folder(&mut self, is_home: bool) {
        let (from, to) = *self
            .random
            .pick(&[("notes", "lectures"), ("lectures", "notes")]);
        if self.machine(is_home).at_path(from).is_dir() {
            self.clear(is_home, to);
            self.machine(is_home).rename(from, to);
        }
    }

    /// Puts another folder in the place of the one at home. The person gives up the texts that are only there.
    pub fn replace_home(&mut self, other: &Path) {
        let mut there: BTreeSet<String> = self.school.files().into_values().collect();
        there.extend(self.school.kept());
        self.owed.retain(|text| there.contains(text));
        let folder = self.home.at_path("");
        fs::remove_dir_all(&folder).expect("the folder");
        fs::rename(other, folder).expect("the copy");
    }

    /// Sets the times of all files at home to a year ahead, or a year back.
    pub fn shift_times(&mut self, by: Duration) {
        let now = SystemTime::now();
        for path in self.home.names() {
            let time = *self.random.pick(&[now + by, now - by]);
            let file = fs::File::options()
                .append(true)
                .open(self.home.at_path(&path));
            let file = file.expect("a file");
            file.set_modified(time).expect("a time");
        }
    }

    /// Lets both machines sync until they are equal, and counts what is wrong.
    pub fn agree(&mut self, after: &str) {
        let mut reports = Vec::new();
        for _ in 0..MOST_ROUNDS {
            reports = [&self.home, &self.school, &self.home]
                .map(|machine| machine.try_sync(&AT_ONCE))
                .to_vec();
            if self.home.files() == self.school.files()
                && reports.iter().all(|(code, _)| *code == Some(0))
            {
                break;
            }
        }
        let is_equal = self.home.files() == self.school.files();
        self.tally
            .compare(is_equal, &format!("{after}: {reports:?}"));
        let before = self.version();
        self.home.try_sync(&AT_ONCE);
        self.school.try_sync(&AT_ONCE);
        if self.version() != before {
            self.tally.looped(after);
        }
        let mut there: BTreeSet<String> = self.home.files().into_values().collect();
        there.extend(self.school.files().into_values());
        there.extend(self.home.kept());
        there.extend(self.school.kept());
        for lost in self.owed.difference(&there) {
            let text: String = lost.chars().take(20).collect();
            self.tally.lost(&format!("{text} ({after})"));
        }
        self.owed.retain(|text| there.contains(text));
        self.tidy();
    }

    /// Removes the copies of conflicts, as a person does now and then.
    fn tidy(&mut self) {
        let names = self.school.names();
        if names.len() < MANY {
            return;
        }
        let copies = names.into_iter().filter(|name| name.contains(".conflict-"));
        for copy in copies.take(10) {
            self.forget(false, &copy);
        }
        self.school.sync();
        self.home.sync();
    }

    /// Returns the number of the directory's newest version.
    fn version(&self) -> i64 {
        let reply = self.server.get("v1/directories/ada/thesis", "ada").ok();
        reply.json()["version"].as_i64().expect("a version")
    }
}
