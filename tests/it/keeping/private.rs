//! All files with people's work are readable by their owner only, whatever the umask of the program.

use super::place::{LARGE, blobs, text, with_work};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::{Course, Sent, Server, Setup, isolate, program};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The usual umask, with which others can read new files.
const OPEN: &str = "umask 022 && exec \"$@\"";
/// The subcommands that write files. The test below runs all of them.
const WRITING: [&str; 18] = [
    "serve", "backup", "restore", "move", "export", "fsck", "gc", "import", "user", "roster",
    "doctor", "demo", "dir", "pull", "revert", "start", "sync", "mirror",
];
/// The subcommands that write no files.
const ONLY_ASKING: [&str; 18] = [
    "share",
    "shares",
    "config",
    "course",
    "submissions",
    "dates",
    "extension",
    "allowance",
    "events",
    "materials",
    "feedback",
    "trash",
    "presence",
    "starts",
    "activity",
    "receipt",
    "ngshare-course-management",
    "help",
];

/// A directory where commands run with an open umask, and where all files that they make are checked.
struct Open<'a> {
    home: &'a Path,
    exchange: Option<&'a Server>,
}

impl Open<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("sh");
        isolate(&mut command, self.home);
        if let Some(server) = self.exchange {
            let url = format!("http://127.0.0.1:{}{}", server.port(), server.prefix());
            command
                .env("NBCOURIER_URL", url)
                .env("JUPYTERHUB_API_TOKEN", "ira");
        }
        command.args(["-c", OPEN, "sh"]).arg(program());
        command.args(arguments).finish().unwrap()
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> Vec<u8> {
        let ended = self.run(arguments);
        let printed = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {printed}");
        ended.stdout
    }
}

/// Returns the files and directories below a directory that others may read or enter.
fn open_to_others(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let known = fs::symlink_metadata(&path).unwrap();
            if known.permissions().mode() & 0o077 != 0 && !known.is_symlink() {
                found.push(path.clone());
            }
            if known.is_dir() {
                pending.push(path);
            }
        }
    }
    found
}

#[track_caller]
fn assert_private(directory: &Path) {
    assert_eq!(open_to_others(directory), Vec::<PathBuf>::new());
}

#[test]
fn every_subcommand_is_known_as_one_that_writes_files_or_as_one_that_does_not() {
    let help = nbcourier_testkit::run(&["--help"]).stdout;
    let help = String::from_utf8(help).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut names: Vec<_> = names
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    let mut judged = [WRITING.as_slice(), &ONLY_ASKING].concat();
    names.sort_unstable();
    judged.sort_unstable();
    assert_eq!(
        names, judged,
        "a new subcommand belongs into one of the lists"
    );
}

#[test]
fn every_file_that_a_command_writes_is_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    fs::create_dir(&home).unwrap();
    let setup = Setup::standalone().through(&["sh", "-c", OPEN, "sh"]);
    let data = setup.data_dir();
    let server = setup.start();
    let (course, large) = with_work(&server, "algebra", 1);
    assert!(data.join("nbcourier.db-wal").exists());
    assert_private(data.parent().unwrap());

    let at = |name: &str| home.join(name);
    let open = Open {
        home: &home,
        exchange: Some(&server),
    };
    let data_dir = format!("--data-dir={}", text(&data));
    open.does(&["backup", "kept", "--verify", &data_dir]);
    open.does(&["backup", "kept", &data_dir]);
    open.does(&["restore", "kept", "--data-dir=restored"]);
    open.does(&["move", "--from-data-dir=restored", "--data-dir=another"]);
    open.does(&["export", "algebra", "--output=algebra.tar.gz", &data_dir]);
    open.does(&["export", "algebra", &data_dir]);
    open.does(&["user", "export", "ada", &data_dir]);
    open.does(&["user", "export", "ada", "--output=named.tar", &data_dir]);
    open.does(&["roster", "export", "algebra", "roster.csv"]);
    open.does(&["dir", "create", "notes"]);
    open.does(&["dir", "put", "roster.csv", "ira/notes"]);
    open.does(&["dir", "get", "ira/notes", "notes"]);
    let delivered = ["--deliver=unit", "--at-start"];
    open.does(&[&["dir", "create", "algebra:unit"][..], &delivered].concat());
    open.does(&["dir", "put", "roster.csv", "algebra:unit"]);
    open.does(&["pull"]);
    fs::write(at("unit/roster.csv"), "own").unwrap();
    open.does(&["revert", "unit/roster.csv"]);
    open.does(&["start"]);
    fs::create_dir(at("thesis")).unwrap();
    fs::set_permissions(at("thesis"), Permissions::from_mode(0o700)).unwrap();
    fs::write(at("thesis/a.txt"), "own").unwrap();
    fs::set_permissions(at("thesis/a.txt"), Permissions::from_mode(0o600)).unwrap();
    open.does(&["sync", "add", "thesis"]);
    open.does(&["dir", "put", "roster.csv", "ira/thesis"]);
    open.does(&["sync", "run", "--once"]);
    assert!(at("thesis/roster.csv").exists());
    // A mirror is for others, but for its state and what is on its way.
    let courses = place.path().join("courses");
    let group = fs::metadata(&home).unwrap().gid();
    let group = format!("--group=algebra={group}");
    open.does(&["mirror", "--to", text(&courses), &group]);
    assert!(courses.join("algebra/unit/roster.csv").exists());
    assert_private(&courses.join(".nbcourier"));
    open.does(&["gc", "--grace=0", &data_dir]);
    open.run(&["doctor", "--standalone", &data_dir]);
    open.does(&["demo", "--data-dir=lesson"]);

    // The import from a shared directory makes a data directory.
    let work = place.path().join("exchange/algebra/inbound");
    let work = work.join("ada+ps1+2026-01-30 10:30:47.524219 UTC");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("p1.ipynb"), vec![1; LARGE]).unwrap();
    let exchange = place.path().join("exchange");
    open.does(&["import", "exchange", text(&exchange), "--data-dir=moved"]);
    let other = Setup::standalone().through(&["sh", "-c", OPEN, "sh"]);
    let elsewhere = other.start();
    let there = format!("--data-dir={}", text(&elsewhere.data_dir()));
    open.does(&["import", "archive", "algebra.tar.gz", &there]);
    assert_private(elsewhere.data_dir().parent().unwrap());

    // A repair moves the damaged file aside.
    let restored = at("restored");
    let blob = blobs(&restored).pop().unwrap();
    fs::write(&blob, vec![0; large.len()]).unwrap();
    let repair = ["fsck", "--repair", "--data-dir=restored"];
    assert!(!open.run(&repair).stdout.is_empty());
    assert!(restored.join("blobs/damaged").exists());

    for made in [
        "kept",
        "restored",
        "moved",
        "lesson",
        "algebra.tar",
        "algebra.tar.gz",
        "ada.tar",
        "named.tar",
        "roster.csv",
        "notes/roster.csv",
        "unit/roster.csv",
        "unit/.nbcourier/state.json",
    ] {
        assert!(at(made).exists(), "{made}");
    }
    assert_private(&home);
    assert_private(data.parent().unwrap());
    assert_eq!(course.submitted("ps1", "ada", None)[1].bytes, large);
}

#[test]
fn a_data_directory_that_others_could_read_is_closed_at_the_start() {
    let setup = Setup::standalone().through(&["sh", "-c", OPEN, "sh"]);
    let data = setup.data_dir();
    fs::create_dir(&data).unwrap();
    let reopen = |path: &Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    reopen(&data, 0o755);
    let server = setup.start();
    with_work(&server, "algebra", 1);
    assert_private(data.parent().unwrap());

    // The state that an older version left: killed, with its log.
    let setup = server.kill();
    let database = data.join("nbcourier.db");
    fs::write(data.join("nbcourier.db.before-2026-01-30"), "").unwrap();
    for (path, mode) in [
        (data.clone(), 0o755),
        (data.join("blobs"), 0o755),
        (database.clone(), 0o644),
        (data.join("nbcourier.db-wal"), 0o644),
        (data.join("nbcourier.db-shm"), 0o644),
        (data.join("nbcourier.db.before-2026-01-30"), 0o644),
        (data.join("nbcourier.lock"), 0o666),
    ] {
        reopen(&path, mode);
    }
    let server = setup.start();
    assert_private(data.parent().unwrap());
    let work = Course::of(&server, "algebra").submitted("ps1", "ada", None);
    assert_eq!(work.len(), 2);
    drop(server);

    // A directory that others use for something else does not change; our files in it do.
    fs::write(data.join("notes.txt"), "").unwrap();
    reopen(&data, 0o777);
    reopen(&database, 0o644);
    let server = setup.start();
    let log = server.log();
    assert!(
        log.contains("can put files into the data directory") && log.contains("chmod 700"),
        "{log}"
    );
    with_work(&server, "geometry", 2);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&database)), (0o777, 0o600));
    let open = open_to_others(data.parent().unwrap());
    assert!(
        open.iter()
            .all(|path| *path == data || path.ends_with("notes.txt")),
        "{open:?}"
    );
}

#[test]
fn nothing_is_written_through_a_link_that_was_there() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    fs::create_dir(&home).unwrap();
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    let open = Open {
        home: &home,
        exchange: Some(&server),
    };
    let data_dir = format!("--data-dir={}", text(&server.data_dir()));
    let (target, at) = (place.path().join("target"), |name: &str| home.join(name));
    for is_there in [true, false] {
        if is_there {
            fs::write(&target, "of others").unwrap();
        }
        for arguments in [
            &["roster", "export", "algebra", "link"][..],
            &["user", "export", "ada", "--output=link", &data_dir],
            &["export", "algebra", "--output=link", &data_dir],
        ] {
            let _ = fs::remove_file(at("link"));
            symlink(&target, at("link")).unwrap();
            let ended = open.run(arguments);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
            assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
            assert_eq!(
                fs::read(&target).ok(),
                is_there.then(|| b"of others".to_vec())
            );
        }
        let _ = fs::remove_file(&target);
    }
    let names: Vec<_> = fs::read_dir(&home).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing is left over: {names:?}");

    // Files that the shell has opened are written to, like standard output.
    let csv = open.does(&["roster", "export", "algebra"]);
    for output in ["-", "/dev/stdout"] {
        assert_eq!(open.does(&["roster", "export", "algebra", output]), csv);
        let tar = open.does(&["user", "export", "ada", "--output", output, &data_dir]);
        assert!(tar.len() > LARGE, "{output}");
    }
}

#[test]
fn a_file_that_is_there_is_replaced_by_a_private_one() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &["ada"]);
    course.release("ps1", "ira", &[Sent::new("task", "")]).ok();
    let file = place.path().join("roster.csv");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    let open = Open {
        home: place.path(),
        exchange: Some(&server),
    };
    open.does(&["roster", "export", "algebra", "roster.csv"]);
    assert!(fs::read_to_string(&file).unwrap().contains("ada"));
    assert_private(place.path());
}
