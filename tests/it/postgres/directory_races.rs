//! Clean-ups beside changes that bring something back which they remove: an earlier version, a deleted directory, a copy, or
//! bytes that are named by their checksum.

use super::races::Stage;
use crate::directories::client::{Directory, put};
use nbcourier_testkit::Reply;
use serde_json::{Value, json};

const CLEAN_UP: [&str; 5] = ["gc", "--grace", "0", "--retention", "0"];
/// The last statement of the transaction that thins the history of a directory. Its versions are removed by then.
const THINNING: &[u8] = b"DELETE FROM directory_entries WHERE directory_id = ";

impl Stage {
    /// Returns Ann's directory with two earlier versions, which the next clean-up removes.
    fn thesis(&self) -> Directory<'_> {
        let thesis = Directory::make(&self.server, "ann", "thesis", "ann");
        thesis.put("a", "first").ok();
        thesis.put("a", "second").ok();
        thesis.put("b", "third").ok();
        self.sql("UPDATE directory_versions SET made_at = made_at - 3600000000");
        thesis
    }

    fn cleans_up(&self) -> bool {
        self.command(&CLEAN_UP)
    }

    /// Checks that all stored data is sound.
    #[track_caller]
    fn is_sound(&self) {
        assert!(self.command(&["fsck"]));
    }
}

fn restore(thesis: &Directory<'_>) -> Reply {
    thesis.send("POST", "/versions/2/restore", &Value::Null)
}

fn copy(thesis: &Directory<'_>, name: &str) -> Reply {
    thesis.send("POST", "/copies", &json!({ "name": name, "version": 2 }))
}

#[test]
fn an_earlier_version_beside_a_clean_up_comes_back_whole_or_is_not_found() {
    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let (cleared, restored) = stage.race_at(THINNING, || stage.cleans_up(), || restore(&thesis));
    assert_eq!(
        (cleared, restored.status),
        (true, 404),
        "{}",
        restored.text()
    );
    assert_eq!((thesis.version(), thesis.text("a")), (4, "second".into()));
    stage.is_sound();

    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let (restored, cleared) = stage.race(|| restore(&thesis), || stage.cleans_up());
    assert_eq!(
        (restored.status, cleared),
        (200, true),
        "{}",
        restored.text()
    );
    assert_eq!((thesis.version(), thesis.text("a")), (5, "first".into()));
    assert_eq!(thesis.paths(""), ["a"]);
    stage.is_sound();
}

#[test]
fn a_copy_of_an_earlier_version_beside_a_clean_up_is_whole_or_not_made() {
    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let copied = |name: &str, reply: &Reply| match reply.status {
        404 => assert_eq!(stage.sql("SELECT count(*) FROM directories"), "1"),
        status => {
            assert_eq!(status, 201, "{}", reply.text());
            let copy = Directory::of(&stage.server, "ann", name, "ann");
            assert_eq!(
                (copy.text("a"), copy.paths("")),
                ("first".into(), vec!["a".to_owned()])
            );
        }
    };
    let (cleared, reply) = stage.race_at(THINNING, || stage.cleans_up(), || copy(&thesis, "one"));
    assert!(cleared);
    copied("one", &reply);
    stage.is_sound();

    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let (reply, cleared) = stage.race(|| copy(&thesis, "other"), || stage.cleans_up());
    assert_eq!((reply.status, cleared), (201, true), "{}", reply.text());
    let other = Directory::of(&stage.server, "ann", "other", "ann");
    assert_eq!(other.text("a"), "first");
    stage.is_sound();
}

#[test]
fn bytes_of_an_earlier_version_beside_a_clean_up_are_named_or_missing() {
    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let name = || thesis.change(&json!([put("again", "first")]));
    let (named, cleared) = stage.race(name, || stage.cleans_up());
    assert_eq!((named.status, cleared), (200, true), "{}", named.text());
    assert_eq!(thesis.text("again"), "first");
    stage.is_sound();
}

#[test]
fn a_deleted_directory_beside_a_clean_up_comes_back_whole_or_is_not_found() {
    let deleted = |stage: &Stage| {
        let thesis = stage.thesis();
        let id = stage.sql("SELECT id FROM directories");
        assert_eq!(stage.server.send(&thesis.call("DELETE", "")).status, 204);
        format!("v1/trash/directories/{id}?user=ann")
    };
    let is_whole = |stage: &Stage| {
        let thesis = Directory::of(&stage.server, "ann", "thesis", "ann");
        assert_eq!(
            (thesis.text("a"), thesis.text("b")),
            ("second".into(), "third".into())
        );
    };
    let stage = Stage::new(&[]);
    let target = deleted(&stage);
    let back = || stage.server.send(&stage.server.call("POST", &target));
    let (cleared, restored) = stage.race(|| stage.cleans_up(), back);
    assert!(cleared);
    match restored.status {
        404 => assert_eq!(stage.sql("SELECT count(*) FROM directories"), "0"),
        // The clean-up had not come to the directory yet.
        status => {
            assert_eq!(status, 200, "{}", restored.text());
            is_whole(&stage);
        }
    }
    stage.is_sound();

    let stage = Stage::new(&[]);
    let target = deleted(&stage);
    let back = || stage.server.send(&stage.server.call("POST", &target));
    let (restored, cleared) = stage.race(back, || stage.cleans_up());
    assert_eq!(
        (restored.status, cleared),
        (200, true),
        "{}",
        restored.text()
    );
    is_whole(&stage);
    stage.is_sound();
}

#[test]
fn a_copy_beside_the_end_of_its_original_stays() {
    let stage = Stage::new(&[]);
    let thesis = stage.thesis();
    let (copied, cleared) = stage.race(
        || copy(&thesis, "mine"),
        || {
            let deleted = stage.server.send(&thesis.call("DELETE", ""));
            (deleted.status, stage.cleans_up())
        },
    );
    assert_eq!(
        (copied.status, cleared),
        (201, (204, true)),
        "{}",
        copied.text()
    );
    let mine = Directory::of(&stage.server, "ann", "mine", "ann");
    assert_eq!(mine.text("a"), "first");
    assert_eq!(mine.get("").ok().json()["parent"], Value::Null);
    assert_eq!(stage.sql("SELECT count(*) FROM directories"), "1");
    stage.is_sound();
}
