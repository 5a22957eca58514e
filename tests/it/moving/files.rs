//! Moves of only the database, or only the large files.

use super::{
    Place, all_replies, assert_receipt, assert_same, ended, fill, moved, moving, refused, stop,
};
use nbcourier_testbuckets::shared as buckets;
use nbcourier_testdb::shared as cluster;
use nbcourier_testkit::hex_sha256;
use std::fs;

/// Returns the same place with another bucket, or with a directory.
pub fn with_files_elsewhere(place: &Place, bucket: Option<String>) -> Place {
    let mut setup = place.setup.without_bucket();
    if let Some(bucket) = &bucket {
        setup = setup.on_bucket(&buckets().endpoint(), bucket);
    }
    Place {
        setup,
        url: place.url.clone(),
        bucket,
    }
}

#[test]
fn the_large_files_move_from_a_directory_to_a_bucket_and_back() {
    for on_postgres in [false, true] {
        let from = Place::new(on_postgres, false);
        let server = from.setup.start();
        let receipt = fill(&server);
        let before = all_replies(&server);
        stop(server);
        let to = with_files_elsewhere(&from, Some(buckets().create()));
        let files = blobs_below(&from);
        let text = moved(&from, &to);
        assert!(text.contains("Copied 8 files"), "{text}");
        assert!(blobs_below(&from) == files, "the files stay");
        let server = to.setup.start();
        assert_same(&before, &all_replies(&server));
        assert_receipt(&server, &receipt);
        stop(server);
        // The former place is refused, since new files would be missing there.
        assert!(from.setup.try_start().is_none());
        refused(&from, &to, "The large files of this exchange are in s3://");

        refused(&to, &from, "exists already");
        fs::remove_dir_all(from.data().join("blobs")).unwrap();
        let text = moved(&to, &from);
        assert!(text.contains("Copied 8 files"), "{text}");
        assert!(blobs_below(&from) == files);
        assert_same(&before, &all_replies(&from.setup.start()));
    }
}

fn blobs_below(place: &Place) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    crate::keeping::place::files_below(&place.data().join("blobs"))
}

#[test]
fn only_the_database_moves_and_the_files_stay_in_their_directory() {
    let from = Place::new(false, false);
    let server = from.setup.start();
    let receipt = fill(&server);
    let before = all_replies(&server);
    stop(server);
    let url = cluster().url(&cluster().create());
    let to = Place {
        setup: from.setup.clone().on_postgres(&url),
        url: Some(url),
        bucket: None,
    };
    let state = from.state();
    let text = moved(&from, &to);
    assert!(
        text.contains("Both databases name the same files"),
        "{text}"
    );
    from.assert_still(&state);
    let server = to.setup.start();
    assert_same(&before, &all_replies(&server));
    assert_receipt(&server, &receipt);
    stop(server);
    // Back into the same directory, whose former database is in the way.
    refused(&to, &from, "exists already");
    for file in ["nbcourier.db", "nbcourier.db-wal", "nbcourier.db-shm"] {
        drop(fs::remove_file(from.data().join(file)));
    }
    moved(&to, &from);
    let server = from.setup.start();
    assert_same(&before, &all_replies(&server));
    assert_receipt(&server, &receipt);
}

#[test]
fn only_the_database_moves_and_the_objects_stay_in_their_bucket() {
    let from = Place::new(false, true);
    let server = from.setup.start();
    let receipt = fill(&server);
    let before = all_replies(&server);
    stop(server);
    let url = cluster().url(&cluster().create());
    let to = Place::of(Some(url), from.bucket.clone());
    let state = from.state();
    moved(&from, &to);
    from.assert_still(&state);
    let server = to.setup.start();
    assert_same(&before, &all_replies(&server));
    assert_receipt(&server, &receipt);
}

#[test]
fn damage_is_named_and_the_move_is_not_complete() {
    for (on_postgres, in_bucket) in [(true, true), (false, false)] {
        let (from, to) = (Place::new(false, false), Place::new(on_postgres, in_bucket));
        let server = from.setup.start();
        fill(&server);
        stop(server);
        let blob = crate::keeping::place::blobs(&from.data()).remove(0);
        let name = blob.file_name().unwrap().to_str().unwrap().to_owned();
        let good = fs::read(&blob).unwrap();
        fs::write(&blob, b"changed").unwrap();
        let (code, text) = ended(moving(&from, &to, &[]));
        assert_eq!(code, 1, "{text}");
        assert!(
            text.contains(&name) && text.contains("no server uses the new place"),
            "{text}"
        );
        assert!(to.setup.try_start().is_none(), "the place is not complete");

        let (code, text) = ended(moving(&from, &to, &["--incomplete", "--json"]));
        assert_eq!(code, 1, "{text}");
        assert!(text.starts_with('{'), "{text}");
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["complete"], false);
        assert_eq!(report["damaged"][0]["sha256"], name.as_str());
        // Without it the exchange works, and the file counts as missing.
        let server = to.setup.start();
        let target = "v1/courses/algebra/overview";
        assert_eq!(server.get(target, "kim").status, 200);
        stop(server);

        let whole = Place::new(on_postgres, in_bucket);
        let (code, _) = ended(moving(&from, &whole, &[]));
        assert_eq!(code, 1);
        fs::write(&blob, &good).unwrap();
        let text = moved(&from, &whole);
        assert!(
            text.contains("7 files of 700000 bytes were there already"),
            "{text}"
        );
        stop(whole.setup.start());
    }
}

#[test]
fn an_object_that_is_gone_at_the_end_is_noticed_and_sent_again() {
    let (from, to) = (Place::new(false, false), Place::new(false, true));
    let server = from.setup.start();
    fill(&server);
    stop(server);
    let blob = crate::keeping::place::blobs(&from.data()).remove(0);
    let good = fs::read(&blob).unwrap();
    fs::remove_file(&blob).unwrap();
    refused(&from, &to, "is missing");
    // While the move was interrupted, somebody removed an object that had arrived.
    let bucket = to.bucket.clone().unwrap();
    let objects = buckets().objects(&bucket);
    let arrived = objects
        .iter()
        .find(|name| name.contains('-') && name.len() > 64)
        .unwrap();
    buckets().remove(&bucket, arrived);
    fs::write(&blob, good).unwrap();
    refused(&from, &to, "not there any more");
    moved(&from, &to);
    stop(to.setup.start());
}

/// The last act of such a move removes its mark. Before that, the database knows the new place already.
#[test]
fn a_move_of_files_that_was_interrupted_before_its_last_act_is_ended() {
    let from = Place::new(false, true);
    let server = from.setup.start();
    fill(&server);
    stop(server);
    let bucket = from.bucket.clone().unwrap();
    let objects = buckets().objects(&bucket);
    let object = objects.iter().find(|name| name.len() > 64).unwrap();
    let bytes = (1..9).map(super::large);
    let bytes = bytes
        .into_iter()
        .find(|bytes| object.contains(&hex_sha256(bytes)));
    buckets().remove(&bucket, object);
    let to = with_files_elsewhere(&from, None);
    refused(&from, &to, "is missing");
    let mark = to.data().join("blobs/move-unfinished");
    let text = fs::read(&mark).unwrap();
    // Until the end, the former place is that of the exchange.
    stop(from.setup.start());
    assert!(to.setup.try_start().is_none());

    buckets().overwrite(&bucket, object, &bytes.unwrap());
    moved(&from, &to);
    assert!(!mark.exists());
    fs::write(&mark, text).unwrap();
    moved(&from, &to);
    assert!(!mark.exists());
    stop(to.setup.start());
}
