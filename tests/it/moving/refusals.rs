//! Moves that are refused, and change nothing.

use super::{Place, ended, fill, moved, nbcourier, refused, stop};
use nbcourier_testbuckets::shared as buckets;
use nbcourier_testdb::sql;

#[test]
fn a_source_in_use_is_refused() {
    for (on_postgres, in_bucket) in [(false, false), (true, true), (true, false)] {
        let (from, to) = (Place::new(on_postgres, in_bucket), Place::new(true, true));
        let server = from.setup.start();
        fill(&server);
        refused(&from, &to, "serving");
        assert!(server.is_healthy());
        assert!(to.is_empty(), "{:?}", to.state().keys());
        // A server elsewhere does not share the data directory.
        if in_bucket {
            let elsewhere = Place::of(from.url.clone(), from.bucket.clone());
            std::fs::create_dir(elsewhere.data()).unwrap();
            refused(&elsewhere, &to, "is serving postgres://");
        }
    }
}

#[test]
fn a_destination_that_is_not_empty_is_refused_and_left_alone() {
    let from = Place::new(false, false);
    let server = from.setup.start();
    fill(&server);
    stop(server);
    for (on_postgres, in_bucket) in [(false, false), (true, true)] {
        let used = Place::new(on_postgres, in_bucket);
        let server = used.setup.start();
        let before = used.state();
        refused(
            &from,
            &used,
            if on_postgres {
                "serving"
            } else {
                "exists already"
            },
        );
        assert!(server.is_healthy());
        stop(server);
        refused(
            &from,
            &used,
            if on_postgres {
                "is not empty"
            } else {
                "exists already"
            },
        );
        let mut after = used.state();
        after.retain(|name, _| !name.starts_with("nbcourier.db"));
        let mut before = before;
        before.retain(|name, _| !name.starts_with("nbcourier.db"));
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
    }
    // A finished move is not repeated.
    let to = Place::new(true, true);
    moved(&from, &to);
    refused(&from, &to, "is not empty");

    // A bucket of somebody else, and the tables of another program.
    let foreign = Place::new(true, true);
    let bucket = foreign.bucket.clone().unwrap();
    buckets().overwrite(&bucket, "term/thesis.pdf", b"foreign");
    refused(&from, &foreign, "has objects of other programs");
    let foreign = Place::new(true, true);
    sql(
        foreign.url.as_ref().unwrap(),
        "CREATE TABLE thesis (chapter TEXT)",
    );
    refused(&from, &foreign, "is not empty");
    assert_eq!(foreign.state().len(), 1);
}

/// Runs moves with settings in which something is missing or does not fit. Each is refused with a sentence of that part.
fn all_refused(from: &Place, cases: &[(&[&str], &str)]) {
    let state = from.state();
    for (arguments, part) in cases {
        let mut all = vec!["move".to_owned()];
        all.extend(arguments.iter().map(ToString::to_string));
        let (code, text) = ended(nbcourier(from, &all));
        assert_eq!(code, 1, "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
        assert!(!text.contains("secret"), "{text}");
        assert!(!from.setup.beside("new").exists(), "{arguments:?}");
    }
    from.assert_still(&state);
}

/// Returns a stopped exchange with all kinds of data.
fn stopped() -> Place {
    let from = Place::new(false, false);
    let server = from.setup.start();
    fill(&server);
    stop(server);
    from
}

/// The address of a database that nobody serves.
const NOBODY: &str = "postgres://nobody@127.0.0.1:1/x";

#[test]
fn a_move_names_both_places_completely_and_they_are_apart() {
    let from = stopped();
    let data = from.data().display().to_string();
    let inside = from.data().join("blobs/new").display().to_string();
    let new = from.setup.beside("new").display().to_string();
    let nowhere = from.setup.beside("nowhere").display().to_string();
    let [from_dir, to_dir] = ["--from-data-dir", "--data-dir"];
    all_refused(
        &from,
        &[
            (&[], "Name the source: --from-data-dir"),
            (&[to_dir, &new], "Name the source: --from-data-dir"),
            (&[from_dir, &data], "Name the new place completely"),
            (
                &[from_dir, &data, to_dir, &data],
                "Source and destination are the same",
            ),
            (
                &[from_dir, &data, "--database", NOBODY],
                "Name the new place completely",
            ),
            (
                &[from_dir, &data, to_dir, &data, "--database", NOBODY],
                "cannot be reached",
            ),
            (
                &[from_dir, &nowhere, to_dir, &new],
                "There is no data directory",
            ),
            (
                &["--from-database", NOBODY, to_dir, &new],
                "Name the place of the source's files",
            ),
            (
                &["--from-storage", &data, to_dir, &new],
                "Name the source's database",
            ),
            (&[from_dir, &data, to_dir, &inside], "contain one another"),
        ],
    );
}

#[test]
fn settings_that_do_not_fit_the_others_are_refused() {
    let from = stopped();
    let data = from.data().display().to_string();
    let new = from.setup.beside("new").display().to_string();
    let file = from.data().join("nbcourier.db").display().to_string();
    let database = format!("sqlite:///{file}");
    let [from_dir, to_dir] = ["--from-data-dir", "--data-dir"];
    let [storage, endpoint] = ["--from-storage", "--from-s3-endpoint"];
    let with_password = "postgres://u:secret@h/x";
    let near = "http://127.0.0.1:1";
    all_refused(
        &from,
        &[
            (
                &[
                    from_dir,
                    &data,
                    "--from-database-password-file",
                    "x",
                    to_dir,
                    &new,
                ],
                "--from-database-password-file is for PostgreSQL",
            ),
            (
                &[from_dir, &data, endpoint, near, to_dir, &new],
                "--from-s3-endpoint is for a bucket",
            ),
            (
                &[from_dir, &data, to_dir, &new, "--spool-dir", &new],
                "--spool-dir is for a bucket",
            ),
            (
                &[
                    "--from-database",
                    with_password,
                    storage,
                    "s3://bucket",
                    to_dir,
                    &new,
                ],
                "--from-database-password-file",
            ),
            (
                &[
                    "--from-database",
                    &database,
                    storage,
                    "s3://nobodys",
                    endpoint,
                    near,
                    to_dir,
                    &new,
                ],
                "The large files of this exchange are in a directory",
            ),
        ],
    );
}

#[test]
fn a_source_of_a_newer_version_is_refused() {
    let (from, to) = (Place::new(true, true), Place::new(false, false));
    stop(from.setup.start());
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')";
    sql(from.url.as_ref().unwrap(), newer);
    refused(&from, &to, "was written by a newer nbcourier");
    let known = "DELETE FROM __diesel_schema_migrations WHERE version <> '20990101000000'";
    sql(from.url.as_ref().unwrap(), known);
    let older = "UPDATE __diesel_schema_migrations SET version = '20261121000000'";
    sql(from.url.as_ref().unwrap(), older);
    refused(&from, &to, "is from an older nbcourier");
    assert!(to.is_empty(), "{:?}", to.state().keys());
}
