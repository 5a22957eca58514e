//! Directories and folders that nobody should have.

use super::lesson::Lesson;
use crate::directories::client::{Directory, send_json};
use crate::mirroring::hostile::reply;
use crate::sql::Sql;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Sent, tar};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

#[test]
fn nothing_is_written_through_a_link() {
    let lesson = Lesson::new();
    lesson.teach("data/a.txt", "1");
    lesson.teach("b.txt", "1");
    let outside = lesson.ada.home().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(lesson.at("")).unwrap();
    symlink(&outside, lesson.at("data")).unwrap();
    symlink(outside.join("b"), lesson.at("b.txt")).unwrap();
    let report = lesson.pull(&[]);
    assert_eq!(
        report["blocked"],
        json!(["b.txt", "data", "data/a.txt"]),
        "{report}"
    );
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    // Nor where the folder itself is one.
    fs::remove_dir_all(lesson.at("")).unwrap();
    symlink(&outside, lesson.ada.home().join("algebra")).unwrap();
    let report = lesson.pull_fails(&[]);
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(sentence.contains("a link is in the way"), "{sentence}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

/// Returns the bytes of all files below a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let sizes = entries.map(|entry| {
        if entry.file_type().unwrap().is_dir() {
            bytes_below(&entry.path())
        } else {
            entry.metadata().unwrap().len()
        }
    });
    sizes.sum()
}

#[test]
fn a_reply_that_is_longer_than_its_file_is_ended_and_leaves_nothing() {
    const LONG: usize = 8 << 20;
    let mut lesson = Lesson::new();
    Course::of(&lesson.server, "algebra")
        .release("ps1", "kevin", &[Sent::new("p1.ipynb", "released")])
        .ok();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    lesson.write("a.txt", "hers");
    lesson.teach("b.txt", "1");
    let home = lesson.ada.home().to_owned();
    fs::create_dir_all(home.join("ps1")).unwrap();
    fs::write(home.join("ps1/p1.ipynb"), "hers").unwrap();
    let own = Directory::make(&lesson.server, "ada", "thesis", "ada");
    own.put("c.txt", "1").ok();
    let proxy = TcpProxy::to(lesson.server.port());
    let url = format!(
        "http://127.0.0.1:{}{}",
        proxy.port(),
        lesson.server.prefix()
    );
    lesson.ada = lesson.ada.env("NBCOURIER_URL", &url);
    lesson.ada.does(&["sync", "add", "thesis"]);
    let long = "x".repeat(LONG);
    let released = tar::archive(&[Sent::new("p1.ipynb", long.clone())]);
    let released = String::from_utf8(released).unwrap();
    for (arguments, of_files) in [
        (&["pull"][..], true),
        (&["revert", "algebra/a.txt"], true),
        (&["revert", "ps1/p1.ipynb"], false),
        (&["dir", "get", "ada/thesis/c.txt"], true),
        (&["sync", "run", "--once"], true),
    ] {
        let (to, answer) = if of_files {
            (&b"/files/"[..], reply("application/octet-stream", &long))
        } else {
            (&b"/tree"[..], reply("application/x-tar", &released))
        };
        proxy.behave(Behaviour::AnswerTo(to, answer));
        let before = bytes_below(&home);
        let ended = lesson.ada.run(arguments);
        let said = ended.out + &ended.err;
        // A pair goes on without the file, and names it.
        let code = i32::from(arguments[0] != "sync");
        assert_eq!(ended.code, Some(code), "{arguments:?}: {said}");
        assert!(
            said.contains("it is longer than the exchange said"),
            "{arguments:?}: {said}"
        );
        let grown = bytes_below(&home).saturating_sub(before);
        assert!(grown < 100_000, "{arguments:?}: {grown} bytes are left");
    }
    assert_eq!(lesson.read("a.txt"), "hers");
    assert_eq!(
        fs::read_to_string(home.join("ps1/p1.ipynb")).unwrap(),
        "hers"
    );
}

#[test]
fn a_course_delivers_nothing_to_hidden_folders_and_no_programs() {
    let lesson = Lesson::new();
    for (name, folder) in [
        ("keys", ".ssh"),
        ("start", "x/.ipython/profile_default/startup"),
        ("programs", "bin"),
    ] {
        let new = json!({ "owner": "course:algebra", "name": name, "deliver": folder });
        let refused = send_json(&lesson.server, "POST", "v1/directories", "kevin", &new);
        assert_eq!(refused.status, 400, "{folder}");
        assert!(refused.text().contains("a course delivers nothing there"));
        // An exchange that does not refuse it.
        lesson.deliver(name, name);
        let sql = format!("UPDATE directories SET deliver = '{folder}' WHERE name = '{name}'");
        Sql::of(&lesson.server).execute(&sql);
        let directory = format!("v1/directories/course:algebra/{name}/files/authorized_keys");
        let put = lesson.server.call("PUT", &directory);
        let put = put.header("Authorization", "token kevin");
        lesson
            .server
            .send(&put.body("application/octet-stream", "ssh-rsa"))
            .ok();
    }
    let ended = lesson.ada.run(&["pull"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains(".ssh is a hidden folder"),
        "{}",
        ended.out
    );
    assert!(
        ended
            .out
            .contains("bin is the folder of people's own programs"),
        "{}",
        ended.out
    );
    for folder in [".ssh", "x", "bin"] {
        assert!(!lesson.ada.home().join(folder).exists(), "{folder}");
    }
}

#[test]
fn the_state_and_repositories_are_never_written_by_a_directory() {
    let lesson = Lesson::new();
    for path in [
        ".git/config",
        "a/.GIT/hooks/x",
        ".nbcourier/state.json",
        ".NBCOURIER/lock",
        "a.txt",
    ] {
        lesson.teach(path, "evil");
    }
    lesson.pull(&[]);
    assert_eq!(lesson.names(), ["a.txt"]);
    assert_eq!(lesson.pull(&[])["outcome"], "current");
}

#[test]
fn two_directories_of_one_folder_do_not_fight_for_it() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.deliver("other", "Algebra");
    let ended = lesson.ada.run(&["pull"]);
    assert_eq!(ended.code, Some(1));
    let said = "course:algebra/materials is delivered to the same folder";
    assert!(ended.out.contains(said), "{}", ended.out);
    assert_eq!(lesson.names(), ["a.txt"]);
}

#[test]
fn a_folder_in_a_folder_is_left_to_its_own_directory() {
    let lesson = Lesson::new();
    lesson.deliver("data", "algebra/data");
    let data = crate::directories::client::Directory::of(
        &lesson.server,
        "course:algebra",
        "data",
        "kevin",
    );
    data.put("d.csv", "1").ok();
    lesson.teach("a.txt", "1");
    lesson.ada.does(&["pull"]);
    lesson.teach("data/d.csv", "another");
    lesson.ada.does(&["pull"]);
    assert_eq!(lesson.read("data/d.csv"), "1");
    data.put("d.csv", "2").ok();
    lesson.ada.does(&["pull"]);
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("data/d.csv")),
        ("1".into(), "2".into())
    );
}

#[test]
fn odd_entries_stay_as_they_are() {
    let lesson = Lesson::new();
    lesson.teach("pipe", "1");
    lesson.teach("closed/a.txt", "1");
    lesson.teach("c.txt", "1");
    fs::create_dir_all(lesson.at("closed")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(lesson.at("pipe"))
        .status();
    assert!(made.unwrap().success());
    let permissions = fs::Permissions::from_mode;
    fs::set_permissions(lesson.at("closed"), permissions(0o000)).unwrap();
    let report = lesson.pull(&[]);
    fs::set_permissions(lesson.at("closed"), permissions(0o700)).unwrap();
    // Root reads every folder.
    let is_root = lesson.at("closed/a.txt").exists();
    let blocked = if is_root {
        json!(["pipe"])
    } else {
        json!(["closed", "closed/a.txt", "pipe"])
    };
    assert_eq!(report["blocked"], blocked, "{report}");
    assert_eq!(lesson.read("c.txt"), "1");
}

#[test]
fn a_refusal_of_the_exchange_is_a_sentence() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    let eve = nbcourier_testkit::person::Person::at(&lesson.server, "eve");
    assert_eq!(eve.does(&["pull"]), "No course delivers anything to you.\n");
    let nobody = nbcourier_testkit::person::Person::unconfigured();
    assert!(nobody.fails(&["pull"]).contains("NBCOURIER_URL"));
    assert!(!nobody.home().join(".nbcourier").exists());
}
