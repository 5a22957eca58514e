//! An import from a shared directory: students own their submissions, and the operator reads them as root.

use nbcourier_testkit::{Course, Setup, run};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

const SECRET: &str = "what only the operator may read";
/// Enough submissions that the swapping of files coincides with the listing and the reading of many.
const SUBMISSIONS: usize = 40;

struct Shared {
    place: tempfile::TempDir,
}

impl Shared {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("private/deep/er")).unwrap();
        for file in ["p1.ipynb", "deep/p1.ipynb", "deep/er/p1.ipynb"] {
            fs::write(place.path().join("private").join(file), SECRET).unwrap();
        }
        fs::create_dir_all(place.path().join("exchange/algebra/inbound")).unwrap();
        Self { place }
    }

    fn private(&self, below: &str) -> PathBuf {
        self.place.path().join("private").join(below)
    }

    /// Returns the directory of one of bob's submissions.
    fn submission(&self, number: usize) -> PathBuf {
        let name = format!("bob+ps1+2026-01-30 10:30:47.{number:06} UTC");
        let inbound = self.place.path().join("exchange/algebra/inbound");
        let work = inbound.join(name);
        fs::create_dir_all(work.join("deep/er")).unwrap();
        for file in ["p1.ipynb", "deep/p1.ipynb", "deep/er/p1.ipynb"] {
            fs::write(work.join(file), "bob's own").unwrap();
        }
        work
    }

    /// Returns bob's imported submissions in the order of their times.
    fn moved(&self, setup: &Setup) -> Vec<Vec<(String, String)>> {
        let exchange = self.place.path().join("exchange");
        let data = setup.data_dir();
        let [exchange, data] = [&exchange, &data].map(|path| path.to_str().unwrap());
        let reported = run(&["import", "exchange", exchange, "--data-dir", data]);
        let reported = [reported.stdout, reported.stderr].concat();
        let reported = String::from_utf8(reported).unwrap();
        assert!(reported.contains("Imported"), "{reported}");
        let server = setup.start();
        let course = Course::of(&server, "algebra");
        course.release("ps1", nbcourier_testkit::ADMIN, &[]).ok();
        let listed = server.get("submissions/algebra/ps1/bob", "bob").ok().json();
        let times = listed["submissions"].as_array().unwrap().clone();
        let trees = times.iter().map(|each| {
            let time = each["timestamp"].as_str().unwrap();
            let files = course.submitted("ps1", "bob", Some(time));
            let files = files.into_iter();
            files
                .map(|file| (file.path, String::from_utf8(file.bytes).unwrap()))
                .collect()
        });
        trees.collect()
    }
}

#[test]
fn a_link_at_any_depth_of_what_was_handed_in_is_left_out_and_the_rest_comes_over() {
    let shared = Shared::new();
    let replace = |path: &Path, target: &Path| {
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        symlink(target, path).unwrap();
    };
    for (number, below) in [
        "p1.ipynb",
        "deep/p1.ipynb",
        "deep/er/p1.ipynb",
        "deep",
        "deep/er",
    ]
    .into_iter()
    .enumerate()
    {
        let work = shared.submission(number);
        replace(&work.join(below), &shared.private(below));
    }
    let setup = Setup::standalone();
    let mut counts: Vec<usize> = Vec::new();
    for files in shared.moved(&setup) {
        assert!(
            files.iter().all(|(_, text)| text == "bob's own"),
            "{files:?}"
        );
        counts.push(files.len());
    }
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 2, 2, 2]);
}

#[test]
fn a_directory_exchanged_for_a_link_beside_an_import_shows_nothing_of_others() {
    let shared = Shared::new();
    let works: Vec<_> = (0..SUBMISSIONS)
        .map(|number| shared.submission(number))
        .collect();
    for work in &works {
        symlink(shared.private("deep"), work.join("trap")).unwrap();
        symlink(shared.private(""), format!("{}.trap", work.display())).unwrap();
    }
    let (over, setup) = (AtomicBool::new(false), Setup::standalone());
    std::thread::scope(|scope| {
        let exchanging = scope.spawn(|| {
            let mut rounds = 0_u64;
            // Runs longer than the import, and at least ten rounds, so that the two coincide.
            while !over.load(SeqCst) || rounds < 10 {
                for work in &works {
                    let swap = |one: &Path, other: &Path| {
                        let _ = renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE);
                    };
                    swap(&work.join("deep"), &work.join("trap"));
                    swap(work, Path::new(&format!("{}.trap", work.display())));
                    swap(work, Path::new(&format!("{}.trap", work.display())));
                }
                rounds += 1;
            }
        });
        let moved = shared.moved(&setup);
        over.store(true, SeqCst);
        exchanging.join().unwrap();
        for files in moved {
            assert!(
                files.iter().all(|(_, text)| text == "bob's own"),
                "{files:?}"
            );
        }
    });
}

#[test]
fn files_of_another_account_are_not_imported_as_a_students_work() {
    // Only root can give a file away, and only an import by root can read what its student could not.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let shared = Shared::new();
    let work = shared.submission(1);
    let mine = |path: &Path| std::os::unix::fs::chown(path, Some(1000), Some(1000)).unwrap();
    for path in [
        "",
        "p1.ipynb",
        "deep",
        "deep/p1.ipynb",
        "deep/er",
        "deep/er/p1.ipynb",
    ] {
        mine(&work.join(path));
    }
    // A hard link to somebody else's file.
    fs::remove_file(work.join("deep/p1.ipynb")).unwrap();
    fs::hard_link(shared.private("p1.ipynb"), work.join("deep/p1.ipynb")).unwrap();
    let moved = shared.moved(&Setup::standalone());
    let paths: Vec<_> = moved[0].iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["deep/er/p1.ipynb", "p1.ipynb"]);
}

#[test]
fn a_file_of_a_submission_that_cannot_be_read_is_reported() {
    let shared = Shared::new();
    let exchange = shared.place.path().join("exchange");
    let timed = shared.submission(1);
    fs::write(timed.join("timestamp.txt"), [0xff, 0xfe]).unwrap();
    let secret = shared.submission(2);
    fs::write(secret.join("submission_secret.txt"), [0xff, 0xfe]).unwrap();
    let setup = Setup::standalone();
    let data = setup.data_dir();
    let [exchange, data] = [&exchange, &data].map(|path| path.to_str().unwrap());
    let reported = run(&["import", "exchange", exchange, "--data-dir", data]);
    let reported = String::from_utf8([reported.stdout, reported.stderr].concat()).unwrap();
    for says in [
        "timestamp.txt cannot be read",
        "the secret of a submission cannot be read",
    ] {
        assert!(reported.contains(says), "{reported}");
    }
}
