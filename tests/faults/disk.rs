//! A full disk: a small file system that only the server and its child processes see.

use crate::client::{Client, listed_files, same};
use crate::kill::assert_well;
use crate::tally::{Tally, rounds, seed};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Random, Reply, Sent, Server, Setup, percent_encode};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// The size of the disk in bytes.
const ROOM: usize = 24 << 20;
/// The size of a file that is removed at the end to make room, in bytes.
const IN_THE_WAY: usize = 4 << 20;

/// Returns a setup whose data directory is a small file system.
fn on_a_small_disk() -> Setup {
    let setup = Setup::standalone()
        .unlimited()
        .args(&["--min-free-space", "0"]);
    let data = setup.data_dir();
    with_a_small_disk(setup, &data)
}

/// Returns a setup whose server sees a small file system at that place.
fn with_a_small_disk(setup: Setup, place: &Path) -> Setup {
    std::fs::create_dir(place).unwrap();
    let mount = format!("mount -t tmpfs -o size={ROOM} tmpfs '{}'", place.display());
    let script = format!("{mount} && exec \"$@\"");
    let unshare = unshare(&mount);
    let mut command = unshare.clone();
    command.extend(["sh", "-c", &script, "sh"]);
    setup.through(&command)
}

/// Returns a command that runs another one where it may mount file systems that others do not see.
fn unshare(mount: &str) -> Vec<&'static str> {
    for command in [
        &["unshare", "--mount"][..],
        &["unshare", "--user", "--map-root-user", "--mount"],
    ] {
        let tried = Command::new(command[0])
            .args(&command[1..])
            .args(["sh", "-c", mount])
            .finish();
        if tried.is_ok_and(|output| output.status.success()) {
            return command.to_vec();
        }
    }
    panic!(
        "A small file system can't be mounted: run this as root, or where users may make namespaces of their own \
         (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), with unshare of util-linux"
    );
}

/// Returns the data directory as the server sees it.
fn data_of(server: &Server) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", server.pid()));
    root.join(server.data_dir().strip_prefix("/").unwrap())
}

/// Runs a command in the file system view of the server.
fn beside(server: &Server, command: &[&str]) -> Output {
    let mut enter = Command::new("nsenter");
    enter.args(["--target", &server.pid().to_string(), "--mount"]);
    if !rustix::process::geteuid().is_root() {
        enter.args(["--user", "--preserve-credentials"]);
    }
    enter.args(command).finish().unwrap()
}

fn ours(server: &Server, arguments: &[&str]) -> Output {
    let program = nbcourier_testkit::program().display().to_string();
    beside(server, &[&[program.as_str()], arguments].concat())
}

fn check(server: &Server) {
    let data = server.data_dir().display().to_string();
    assert_well(ours(server, &["fsck", "--data-dir", &data]));
}

struct Stored {
    student: String,
    time: String,
    files: Vec<Sent>,
}

fn students() -> [&'static str; 4] {
    ["lawrence", "eric", "ada", "bob"]
}

/// Lets everybody submit until each was refused several times for lack of space. Returns the accepted submissions.
fn fill(server: &Server, tally: &Tally, size: fn(&mut Random) -> usize, from: u64) -> Vec<Stored> {
    const REFUSALS: usize = 5;
    let stored = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (number, student) in students().into_iter().enumerate() {
            let stored = &stored;
            scope.spawn(move || {
                let client = Client::of(server);
                let mut random = Random::seeded(from + number as u64);
                let mut refusals = 0;
                while refusals < REFUSALS {
                    let bytes = size(&mut random);
                    let files = vec![Sent::new("work", random.bytes(bytes))];
                    let v1 = "v1/courses/course1/assignments/challenge/submissions";
                    let by_v1 = random.below(2) == 0;
                    let call = if by_v1 {
                        client.tar("POST", v1, student, &files)
                    } else {
                        client.form("submission/course1/challenge", student, &[], &files)
                    };
                    let reply = client.send(&call).expect("an answer");
                    tally.see(&reply, &[503, 507]);
                    if reply.status < 300 {
                        tally.answered();
                        stored.lock().unwrap().push(Stored {
                            student: student.to_owned(),
                            time: time_of(&reply, by_v1),
                            files,
                        });
                    } else if reply.status == 507 {
                        assert_says_so(&reply, by_v1);
                        refusals += 1;
                    } else {
                        assert_eq!(reply.status, 503, "{}", reply.text());
                    }
                }
            });
        }
    });
    tally.round();
    stored.into_inner().unwrap()
}

fn time_of(reply: &Reply, by_v1: bool) -> String {
    if by_v1 {
        let answer = reply.json();
        return answer["receipt"]["submitted_at"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    timestamp_of(reply)
}

fn assert_says_so(reply: &Reply, by_v1: bool) {
    let answer = reply.json();
    assert!(reply.message().contains("disk"), "{answer}");
    if by_v1 {
        assert_eq!(answer["status"], 507);
    } else {
        assert_eq!(answer["success"], false);
    }
}

fn assert_all_there(server: &Server, stored: &[Stored], tally: &Tally) {
    let client = Client::of(server);
    for one in stored {
        let (student, time) = (&one.student, percent_encode(&one.time));
        let target = format!("submission/course1/challenge/{student}?timestamp={time}");
        let reply = client.get(&target, "kevin").expect("an answer");
        tally.see(&reply, &[]);
        match listed_files(&reply) {
            Some(files) => tally.compare(same(&files, &one.files), &target),
            None => tally.lost(&format!("{target}: {}", reply.text())),
        }
    }
}

fn on_a_full_disk(tally: &Tally, size: fn(&mut Random) -> usize) {
    let setup = on_a_small_disk();
    for round in 0..rounds(1, 5) {
        let server = setup.start();
        let course = Course::of(&server, "course1");
        course.make(&["kevin"], &students());
        course
            .release("challenge", "kevin", &[Sent::new("task", "do it")])
            .ok();
        let in_the_way = data_of(&server).join("in-the-way");
        std::fs::write(&in_the_way, vec![1; IN_THE_WAY]).unwrap();

        let mut stored = fill(&server, tally, size, seed() + 100 * round);
        assert!(!stored.is_empty(), "there was room at first");
        // Reads still work, and so does the health check.
        assert!(server.is_healthy());
        assert_all_there(&server, &stored, tally);
        server.get("assignment/course1/challenge", "lawrence").ok();
        assert_nothing_left(&data_of(&server));

        // After room is made, the server works without a restart.
        std::fs::remove_file(&in_the_way).unwrap();
        let files = [Sent::new("work", vec![5; 100_000])];
        let reply = course.submit("challenge", "ada", &files);
        stored.push(Stored {
            student: "ada".to_owned(),
            time: timestamp_of(&reply),
            files: files.to_vec(),
        });
        tally.answered();
        let more = fill(&server, tally, size, seed() + 100 * round + 50);
        stored.extend(more);
        assert_all_there(&server, &stored, tally);
        check(&server);
        let log = server.log();
        assert!(!log.contains("panicked"), "{log}");
    }
    tally.assert_clean();
}

/// Checks that refused uploads leave no files behind.
fn assert_nothing_left(data: &Path) {
    let left = std::fs::read_dir(data.join("blobs/incoming")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn a_disk_that_is_full_in_an_upload_refuses_it_and_loses_nothing() {
    let tally = Tally::of("disk full in an upload");
    on_a_full_disk(&tally, |random| 200_000 + random.below(1_500_000));
}

#[test]
fn a_disk_that_is_full_in_a_commit_refuses_it_and_loses_nothing() {
    let tally = Tally::of("disk full in a commit");
    on_a_full_disk(&tally, |random| 500 + random.below(60_000));
}

#[test]
fn a_disk_that_is_full_in_a_backup_leaves_the_former_one_whole() {
    let tally = Tally::of("disk full in a backup");
    for round in 0..rounds(1, 5) {
        let setup = Setup::standalone();
        let place = setup.beside("backups");
        let server = with_a_small_disk(setup, &place).start();
        let course = Course::of(&server, "course1");
        course.make(&["kevin"], &["lawrence"]);
        course.release("challenge", "kevin", &[]).ok();
        let mut random = Random::seeded(seed() + round);
        let mut submit = |bytes: usize| {
            let files = vec![Sent::new("work", random.bytes(bytes))];
            let reply = course.submit("challenge", "lawrence", &files);
            tally.answered();
            (timestamp_of(&reply), files)
        };
        let data = server.data_dir().display().to_string();
        let kept = place.join("kept").display().to_string();
        let back_up = || ours(&server, &["backup", &kept, "--verify", "--data-dir", &data]);
        let mut stored = vec![submit(100), submit(100_000)];
        assert_well(back_up());

        let more: Vec<_> = (0..8).map(|_| submit(ROOM / 6)).collect();
        let full = back_up();
        tally.round();
        assert_eq!(full.status.code(), Some(1));
        let reported = String::from_utf8_lossy(&full.stderr).into_owned();
        assert!(reported.contains("is unchanged"), "{reported}");
        assert!(server.is_healthy());
        assert_restored(&server, &kept, &stored, &tally);

        // The disk is enlarged: the next backup continues and completes.
        let size = format!("remount,size={}", 4 * ROOM);
        let place = place.display().to_string();
        let larger = beside(&server, &["mount", "-o", &size, &place]);
        assert!(larger.status.success(), "{larger:?}");
        stored.extend(more);
        assert_well(back_up());
        assert_restored(&server, &kept, &stored, &tally);
    }
    tally.assert_clean();
}

/// Restores a backup to another place and compares its contents.
fn assert_restored(server: &Server, kept: &str, stored: &[(String, Vec<Sent>)], tally: &Tally) {
    let elsewhere = Setup::standalone();
    let data = elsewhere.data_dir().display().to_string();
    assert_well(ours(server, &["restore", kept, "--data-dir", &data]));
    let restored = elsewhere.start();
    let course = Course::of(&restored, "course1");
    for (time, files) in stored {
        let seen = course.submitted("challenge", "lawrence", Some(time));
        tally.compare(same(&seen, files), time);
    }
    let listed = course.get("submissions/course1/challenge", "kevin").ok();
    let listed = listed.json()["submissions"].as_array().map(Vec::len);
    assert_eq!(listed, Some(stored.len()));
}

#[test]
fn a_full_spool_refuses_large_files_and_nothing_else() {
    let buckets = nbcourier_testbuckets::shared();
    let setup = Setup::standalone().unlimited();
    let spool = setup.beside("spool-of-the-machine");
    let path = spool.display().to_string();
    let setup = setup
        .on_bucket(&buckets.endpoint(), &buckets.create())
        .args(&["--min-free-space", "0", "--spool-dir", &path]);
    let server = with_a_small_disk(setup, &spool).start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    let large = [Sent::new("large", Random::seeded(1).bytes(ROOM + 1))];
    let refused = course.submit("challenge", "lawrence", &large);
    assert_eq!(refused.status, 507, "{}", refused.text());
    let fitting = [Sent::new("fitting", Random::seeded(2).bytes(ROOM / 2))];
    for _ in 0..2 {
        // The first one leaves nothing behind.
        course.submit("challenge", "lawrence", &fitting).ok();
        assert_eq!(course.submitted("challenge", "lawrence", None), fitting);
    }
}
