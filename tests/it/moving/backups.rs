//! Backups of an exchange on PostgreSQL or with a bucket, restored to any place.

use super::{
    LARGE, Place, all_replies, assert_receipt, assert_same, ended, fill, large, nbcourier, stop,
};
use nbcourier_testbuckets::shared as buckets;
use nbcourier_testkit::{Course, Sent};
use std::fs;
use std::path::Path;

fn command(place: &Place, name: &str, more: &[&str]) -> (i32, String) {
    let mut arguments = vec![name.to_owned()];
    arguments.extend(place.flags(""));
    arguments.extend(more.iter().map(ToString::to_string));
    ended(nbcourier(place, &arguments))
}

#[track_caller]
fn done(place: &Place, name: &str, more: &[&str]) -> String {
    let (code, text) = command(place, name, more);
    assert_eq!(code, 0, "{text}");
    text
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_of_any_place_is_restored_to_any_other() {
    let place = tempfile::tempdir().unwrap();
    for (number, (on_postgres, in_bucket)) in
        [(true, true), (false, true), (true, false), (false, false)]
            .into_iter()
            .enumerate()
    {
        let dest = place.path().join(number.to_string());
        let from = Place::new(on_postgres, in_bucket);
        let server = from.setup.start();
        let receipt = fill(&server);
        let before = all_replies(&server);
        // The server keeps running.
        let printed = done(&from, "backup", &[text(&dest), "--verify"]);
        assert!(
            printed.contains("Backed up 2 courses with 5 submissions"),
            "{printed}"
        );
        assert!(
            printed.contains(&format!("8 files of {} bytes", 8 * LARGE)),
            "{printed}"
        );
        stop(server);
        for (on_postgres, in_bucket) in [(true, true), (false, true), (true, false), (false, false)]
        {
            let to = Place::new(on_postgres, in_bucket);
            let printed = done(&to, "restore", &[text(&dest)]);
            assert!(
                printed.contains("Restored 2 courses with 5 submissions"),
                "{printed}"
            );
            let server = to.setup.start();
            assert_same(&before, &all_replies(&server));
            assert_receipt(&server, &receipt);
            stop(server);
            let again = command(&to, "restore", &[text(&dest)]);
            assert_eq!(again.0, 1, "{}", again.1);
        }
    }
}

#[test]
fn the_second_backup_of_a_bucket_copies_only_what_is_new() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let from = Place::new(true, true);
    let server = from.setup.start();
    fill(&server);
    done(&from, "backup", &[text(&dest)]);
    let course = Course::of(&server, "algebra");
    course
        .submit("ps1", "ann", &[Sent::new("new", large(50))])
        .ok();
    let printed = done(&from, "backup", &[text(&dest)]);
    assert!(
        printed.contains(&format!("and 1 file of {LARGE} bytes; 8 files")),
        "{printed}"
    );
    let before = all_replies(&server);
    let to = Place::new(true, true);
    done(&to, "restore", &[text(&dest)]);
    assert_same(&before, &all_replies(&to.setup.start()));
}

#[test]
fn a_damaged_object_is_named_and_everything_else_is_in_the_backup() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let from = Place::new(true, true);
    let server = from.setup.start();
    fill(&server);
    let bucket = from.bucket.clone().unwrap();
    let objects = buckets().objects(&bucket);
    let object = objects.iter().find(|name| name.len() > 64).unwrap();
    buckets().overwrite(&bucket, object, &vec![0; LARGE]);
    let (code, printed) = command(&from, "backup", &[text(&dest)]);
    assert_eq!(code, 1, "{printed}");
    let sum = object
        .rsplit('/')
        .next()
        .unwrap()
        .split('-')
        .next()
        .unwrap();
    assert!(
        printed.contains(sum) && printed.contains("has changed bytes"),
        "{printed}"
    );

    let to = Place::new(true, true);
    let (code, printed) = command(&to, "restore", &[text(&dest)]);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains(sum), "{printed}");
    assert!(to.setup.try_start().is_none());
    let (code, printed) = command(&to, "restore", &[text(&dest), "--incomplete"]);
    assert_eq!(code, 1, "{printed}");
    stop(to.setup.start());
}

#[test]
fn a_damaged_database_in_a_backup_is_not_restored() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let from = Place::new(false, false);
    let server = from.setup.start();
    fill(&server);
    done(&from, "backup", &[text(&dest)]);
    let state = fs::read_dir(&dest)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let state = state
        .into_iter()
        .find(|path| path.display().to_string().contains("state-"));
    let database = state.unwrap().join("nbcourier.db");
    let mut bytes = fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&database, bytes).unwrap();
    let to = Place::new(true, true);
    let (code, printed) = command(&to, "restore", &[text(&dest)]);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("is damaged"), "{printed}");
    assert!(to.is_empty(), "{:?}", to.state().keys());
}
