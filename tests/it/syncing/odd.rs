//! Entries that cannot be synced, or are not to be.

use super::desk::Desk;
use nbcourier_testkit::machine::AT_ONCE;
use nbcourier_testkit::{Finish as _, Setup};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

fn left_out(report: &Value) -> Vec<String> {
    let all = report["left_out"].as_array().unwrap().iter();
    let mut all: Vec<_> = all
        .map(|it| it["path"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

#[test]
fn what_no_directory_can_have_is_named_once_and_holds_up_nothing() {
    let desk = Desk::new();
    let outside = desk.school.ada.home().join("outside");
    fs::write(&outside, "secret").unwrap();
    symlink(&outside, desk.school.at_path("link")).unwrap();
    fs::write(desk.school.at_path("a\nb"), "").unwrap();
    fs::write(desk.school.at_path("").join(OsStr::from_bytes(b"\xff")), "").unwrap();
    desk.school.write("a.txt", "1");
    let report = desk.school.sync();
    assert_eq!(left_out(&report), ["a\nb", "link", "\u{fffd}"]);
    assert_eq!(desk.directory().paths(""), ["a.txt"]);
    desk.school.write("b.txt", "1");
    let arguments = [&["sync", "run", "--once"], AT_ONCE.as_slice()].concat();
    let said = desk.school.ada.does(&arguments);
    assert!(said.contains("1 sent") && !said.contains("link"), "{said}");
    let said = desk.school.ada.does(&["sync", "status"]);
    assert!(said.contains("thesis/link is left alone"), "{said}");
    assert_eq!(said.matches("left").count(), 3, "{said}");
    // Nothing is written through the link, and nothing takes its place.
    desk.directory().put("link", "theirs").ok();
    let report = desk.school.sync();
    assert_eq!(left_out(&report).len(), 3);
    assert_eq!(fs::read_to_string(outside).unwrap(), "secret");
}

#[test]
fn files_that_are_too_large_here_or_there_concern_nobody_else() {
    let desk = Desk::of(
        &Setup::standalone()
            .unlimited()
            .args(&["--max-file-size", "10000"]),
    );
    let ada = &desk.school.ada;
    ada.does(&[
        "sync",
        "add",
        "thesis",
        "--device",
        "school",
        "--max-file",
        "50000",
    ]);
    desk.school.write("here.bin", &"x".repeat(60_000));
    desk.school.write("there.bin", &"x".repeat(20_000));
    for number in 0..30 {
        desk.school.write(&format!("{number}.txt"), "text");
    }
    let report = desk.school.sync();
    assert_eq!(report["sent"], 30, "{report}");
    assert_eq!(left_out(&report), ["here.bin", "there.bin"]);
    let why = report["left_out"].to_string();
    assert!(why.contains("--max-file") && why.contains("10000"), "{why}");
    desk.home.sync();
    assert_eq!(desk.home.names().len(), 30);
    desk.school.write("there.bin", "small");
    desk.school.sync();
    assert_eq!(desk.directory().text("there.bin"), "small");
}

#[test]
fn what_is_ignored_stays_where_it_is_on_both_sides() {
    let desk = Desk::new();
    for path in [
        ".git/config",
        ".ipynb_checkpoints/a",
        "x.tmp",
        "data/big",
        "a.txt",
    ] {
        desk.school.write(path, "1");
    }
    desk.school.write(".nbcourierignore", "*.tmp\n");
    desk.all_sync_of(&[".nbcourierignore", "a.txt", "data/big"]);
    // What becomes ignored is forgotten, and removed on neither side.
    desk.home.write(".nbcourierignore", "*.tmp\ndata/\n");
    desk.home.sync();
    desk.school.sync();
    desk.school.write("data/big", "2");
    desk.school.sync();
    assert_eq!(desk.home.read("data/big"), "1");
    desk.home.remove("data");
    desk.home.sync();
    desk.school.sync();
    assert_eq!(desk.school.read("data/big"), "2");
    assert_eq!(desk.directory().text("data/big"), "1");
    // Both differ when it counts again, so both stay.
    desk.home.write(".nbcourierignore", "*.tmp\n");
    desk.home.sync();
    desk.school.sync();
    desk.home.sync();
    assert_eq!(desk.home.names().len(), 4, "{:?}", desk.home.names());
    assert_eq!(desk.home.read("data/big"), "1");
}

#[test]
fn a_removed_folder_goes_with_its_checkpoints_and_stays_with_what_is_the_owners() {
    let desk = Desk::new();
    for path in ["a/x", "b/x", "c"] {
        desk.school.write(path, "1");
    }
    desk.all_sync();
    desk.home.write("a/.ipynb_checkpoints/x-checkpoint", "1");
    desk.home.write("b/.venv/bin", "1");
    desk.school.remove("a");
    desk.school.remove("b");
    desk.school.sync();
    desk.home.sync();
    assert!(!desk.home.at_path("a").exists());
    assert_eq!(desk.home.read("b/.venv/bin"), "1");
    // The folder that stays does not come back on the other side.
    desk.all_sync_of(&["c"]);
    assert_eq!(desk.directory().paths("depth=all"), ["c"]);
    assert!(!desk.school.at_path("b").exists());
}

#[test]
fn a_folder_in_a_folder_belongs_to_its_own_pair() {
    let desk = Desk::new();
    let ada = &desk.school.ada;
    let said = ada.fails(&["sync", "add", "thesis/inner"]);
    assert!(said.contains("is synced already"), "{said}");
    ada.does(&["sync", "add", "outer/inner", "--directory", "ada/inner"]);
    ada.does(&["sync", "add", "outer"]);
    fs::write(ada.home().join("outer/inner/a.txt"), "1").unwrap();
    fs::write(ada.home().join("outer/b.txt"), "1").unwrap();
    for _ in 0..2 {
        ada.does(&[&["sync", "run", "--once"], AT_ONCE.as_slice()].concat());
    }
    let of = |name| {
        let directory = crate::directories::client::Directory::of(&desk.server, "ada", name, "ada");
        directory.paths("depth=all")
    };
    assert_eq!(
        (of("inner"), of("outer")),
        (vec!["a.txt".into()], vec!["b.txt".into()])
    );
}

#[test]
fn a_name_that_the_file_system_cannot_have_concerns_nobody_else() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.school.write("b.txt", "1");
    desk.school.sync();
    let inject = "inject=renameat2:error=ENAMETOOLONG:when=1";
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject];
    let ended = desk
        .home
        .sync_through(&strace, &["--once"])
        .finish()
        .unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}");
    assert!(
        said.contains("the file system here cannot have this name"),
        "{said}"
    );
    assert_eq!(desk.home.names(), ["b.txt"]);
    assert_eq!(desk.names(), ["a.txt", "b.txt"]);
    desk.all_sync();
}

#[test]
fn a_path_that_cannot_be_written_is_named_once_and_holds_up_nothing() {
    let desk = Desk::new();
    desk.school.write("locked/a.txt", "1");
    desk.all_sync();
    for path in ["locked/a.txt", "locked/new.txt", "b.txt"] {
        desk.school.write(path, "2");
    }
    desk.school.sync();
    desk.home.write("own.txt", "home");
    let locked = desk.home.at_path("locked");
    let locked = locked.to_str().unwrap();
    let inject = "inject=renameat2:error=EACCES";
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        locked,
        "-e",
        inject,
    ];
    for _ in 0..2 {
        let ended = desk.home.sync_through(&strace, &["--once"]).finish();
        let ended = ended.unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let said = String::from_utf8(ended.stdout).unwrap();
        for name in ["a", "new"] {
            let sentence = format!("locked/{name}.txt could not be changed: you may not write");
            assert!(said.contains(&sentence), "{said}");
        }
    }
    assert_eq!(desk.home.read("locked/a.txt"), "1");
    assert_eq!(desk.home.read("b.txt"), "2");
    assert!(desk.names().contains(&"own.txt".to_owned()));
    let log = desk.home.ada.does(&["sync", "log"]);
    assert_eq!(log.matches("locked/a.txt").count(), 1, "{log}");
    desk.all_sync();
}

#[test]
fn a_file_system_that_neither_exchanges_nor_links_files_receives_changes() {
    // Memory sticks and some network drives are like that.
    let desk = Desk::new();
    let home = || {
        let calls = ["inject=renameat2:error=EINVAL", "inject=linkat:error=EPERM"];
        let strace = [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            calls[0],
            "-e",
            calls[1],
        ];
        let ended = desk.home.sync_through(&strace, &["--once"]).finish();
        let ended = ended.unwrap();
        assert!(ended.status.success(), "{ended:?}");
    };
    let copy = |machine: &nbcourier_testkit::machine::Machine| {
        let names = machine.names().into_iter();
        names
            .filter(|name| name.contains("conflict"))
            .collect::<Vec<_>>()
    };
    for (school, own) in [
        ("1", None),
        ("2", None),
        ("3", Some("home 3")),
        ("4", Some("home 4")),
    ] {
        desk.school.write("a.txt", school);
        if let Some(own) = own {
            desk.home.write("a.txt", own);
        }
        desk.school.sync();
        home();
        assert_eq!(desk.home.read("a.txt"), school);
        let copies: Vec<_> = copy(&desk.home)
            .iter()
            .map(|name| desk.home.read(name))
            .collect();
        assert_eq!(copies, own.into_iter().collect::<Vec<_>>());
    }
    let kept = desk.home.kept();
    assert!(
        kept.contains(&"1".into()) && kept.contains(&"home 3".into()),
        "{kept:?}"
    );
    desk.school.remove("a.txt");
    desk.school.write("b.txt", "5");
    desk.school.sync();
    home();
    assert!(!desk.home.at_path("a.txt").exists());
    desk.all_sync();
}

#[test]
fn the_state_and_repositories_are_never_written_by_others() {
    let desk = Desk::new();
    for path in [
        ".git/hooks/x",
        "a/.GIT/config",
        ".nbcourier/pair.json",
        ".NBCourier/lock",
    ] {
        desk.directory().put(path, "evil").ok();
    }
    desk.directory()
        .put(".nbcourierignore", "!.git\n!.nbcourier\n")
        .ok();
    desk.directory().put("a/b", "1").ok();
    desk.home.sync();
    assert_eq!(desk.home.names(), [".nbcourierignore", "a/b"]);
    assert_eq!(desk.home.sync()["outcome"], "equal");
    assert_eq!(desk.names().len(), 6);
}
