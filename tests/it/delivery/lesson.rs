//! A course with a directory, and a student with a home.

use crate::directories::client::{Directory, send_json};
use nbcourier_testkit::person::{Ended, Person};
use nbcourier_testkit::{Course, Server, Setup};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

pub struct Lesson {
    pub server: Server,
    pub ada: Person,
}

impl Lesson {
    /// Returns the course algebra of Kevin, which delivers the directory `materials` to the folder `algebra`.
    pub fn new() -> Self {
        Self::of(&Setup::standalone().unlimited())
    }

    /// Returns the same with metrics.
    pub fn with_metrics() -> Self {
        Self::of(
            &Setup::standalone()
                .unlimited()
                .args(&["--metrics-address", "127.0.0.1:0"]),
        )
    }

    fn of(setup: &Setup) -> Self {
        let server = setup.start();
        Course::of(&server, "algebra").make(&["kevin"], &["ada"]);
        let lesson = Self {
            ada: Person::at(&server, "ada"),
            server,
        };
        lesson.deliver("materials", "algebra");
        lesson
    }

    /// Makes another directory of the course.
    pub fn deliver(&self, name: &str, folder: &str) {
        let new = json!({
            "owner": "course:algebra", "name": name, "deliver": folder, "deliver_at_start": true,
        });
        let made = send_json(&self.server, "POST", "v1/directories", "kevin", &new);
        assert_eq!(made.status, 201, "{}", made.text());
    }

    /// Returns the directory, as the teacher sees it.
    pub fn materials(&self) -> Directory<'_> {
        Directory::of(&self.server, "course:algebra", "materials", "kevin")
    }

    /// The teacher puts a file into the directory.
    #[track_caller]
    pub fn teach(&self, path: &str, text: &str) {
        self.materials().put(path, text).ok();
    }

    /// The teacher applies operations.
    #[track_caller]
    pub fn change(&self, changes: &Value) {
        self.materials().change(changes).ok();
    }

    /// Returns the path of a file in the student's folder.
    pub fn at(&self, path: &str) -> PathBuf {
        self.ada.home().join("algebra").join(path)
    }

    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.at(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The student pulls, and everything is done.
    #[track_caller]
    pub fn pull(&self, flags: &[&str]) -> Value {
        let reports = self.ada.json(&[&["pull"], flags].concat());
        assert_eq!(reports.as_array().unwrap().len(), 1, "{reports}");
        reports[0].clone()
    }

    /// The student pulls, and something is not done.
    #[track_caller]
    pub fn pull_fails(&self, flags: &[&str]) -> Value {
        let Ended { code, out, err } = self.ada.run(&[&["pull", "--json"], flags].concat());
        assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
        let reports: Value = serde_json::from_str(&out).unwrap();
        reports[0].clone()
    }

    /// Returns the files of the student's folder with their texts, without the state.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        collect(&self.at(""), "", &mut found);
        found.sort();
        found
    }

    /// Returns the names of the files.
    pub fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the texts of the kept files.
    pub fn kept(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.at(".nbcourier/kept"), "", &mut found);
        let mut texts: Vec<_> = found.into_iter().map(|(_, text)| text).collect();
        texts.sort();
        texts
    }
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && name != ".nbcourier" {
            collect(&entry.path(), &format!("{prefix}{name}/"), found);
        } else if kind.is_file() {
            let text = fs::read_to_string(entry.path()).unwrap();
            found.push((format!("{prefix}{name}"), text));
        }
    }
}

/// Returns the log of the starts of a person's server.
pub fn log(person: &Person) -> String {
    fs::read_to_string(person.home().join(".nbcourier/log")).unwrap_or_default()
}

/// Returns a notebook with a cell of this source, which was run so many times.
pub fn notebook(source: &str, runs: u32) -> String {
    let outputs = if runs == 0 {
        json!([])
    } else {
        json!([{"output_type": "stream", "name": "stdout", "text": [format!("{runs}")]}])
    };
    json!({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"run": runs},
        "cells": [{
            "cell_type": "code", "id": format!("c{runs}"), "source": source, "outputs": outputs,
            "execution_count": runs, "metadata": {}
        }]
    })
    .to_string()
}

/// Returns the name of the second file of today, for `{}` in a pattern.
#[track_caller]
pub fn only(names: &[String], pattern: &str) -> String {
    let (begin, end) = pattern.split_once("{}").unwrap();
    let found: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with(begin) && name.ends_with(end) && name.len() > pattern.len())
        .collect();
    assert_eq!(found.len(), 1, "{pattern}: {names:?}");
    found[0].clone()
}
