//! Data directories, backups of them, and the output of commands.

use nbcourier_testkit::{Course, Random, Sent, Server, run};
use std::fs;
use std::path::{Path, PathBuf};

/// Larger than the files that are kept in the database, in bytes.
pub const LARGE: usize = 200 * 1024;

/// Returns the exit code, and standard output and error.
pub fn command(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    let printed = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(printed).unwrap(),
    )
}

/// Runs a command on a data directory.
pub fn on(data: &Path, arguments: &[&str]) -> (i32, String) {
    command(
        &[
            &arguments[..1],
            &["--data-dir", text(data)],
            &arguments[1..],
        ]
        .concat(),
    )
}

/// Runs a command on a data directory, which must succeed; returns its output.
#[track_caller]
pub fn done(data: &Path, arguments: &[&str]) -> String {
    let (code, printed) = on(data, arguments);
    assert_eq!(code, 0, "{arguments:?}: {printed}");
    printed
}

/// Runs a command on a data directory, which must be refused; returns its output.
#[track_caller]
pub fn refused(data: &Path, arguments: &[&str]) -> String {
    let (code, printed) = on(data, arguments);
    assert_eq!(code, 1, "{arguments:?}: {printed}");
    printed
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes a course with a release, and a submission of a small and a large file; returns the large one too.
pub fn with_work<'a>(server: &'a Server, id: &'a str, seed: u64) -> (Course<'a>, Vec<u8>) {
    let course = Course::of(server, id);
    course.make(&["ira"], &["ada", "bob"]);
    course
        .release("ps1", "ira", &[Sent::new("task", "do it")])
        .ok();
    let large = Random::seeded(seed).bytes(LARGE);
    let work = [
        Sent::new("small", format!("work {seed}")),
        Sent::new("large", large.clone()),
    ];
    course.submit("ps1", "ada", &work).ok();
    (course, large)
}

/// Returns all files below a directory with their bytes, by relative path.
pub fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Returns the large files of a data directory or backup.
pub fn blobs(directory: &Path) -> Vec<PathBuf> {
    let root = directory.join("blobs");
    let files = files_below(&root).into_iter();
    let named = files.filter(|(name, _)| !name.starts_with("damaged"));
    let named = named.filter(|(name, _)| {
        let name = name.file_name().unwrap().to_str().unwrap();
        name.len() == 64
    });
    named.map(|(name, _)| root.join(name)).collect()
}
