//! A bucket that cannot be used is named at the start, with the reason and the next step.

use super::{prepare, setup, work};
use nbcourier_testbuckets::{OWNER, READER, shared};
use nbcourier_testkit::{Finish as _, Setup};
use nbcourier_testkit::{program, run};
use std::process::Command;

/// Runs a command with these variables. Returns its exit code and all that it prints.
fn command(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").display().to_string();
    let mut command = Command::new(program());
    nbcourier_testkit::isolate(&mut command, home.path());
    command.args(arguments).args(["--data-dir", &data]);
    command.envs(variables.iter().copied());
    let output = command.finish().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    for secret in [OWNER[1], READER[1], "wrong-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code(), text)
}

const SERVE: [&str; 4] = ["serve", "--standalone", "--port", "0"];

#[test]
fn each_bucket_that_cannot_be_used_has_its_sentence() {
    let (bucket, endpoint) = (shared().create(), shared().endpoint());
    let place = format!("s3://{bucket}/term");
    let strangers = shared().create();
    shared().overwrite(&strangers, "term/thesis.pdf", b"foreign");
    let strangers = format!("s3://{strangers}/term");
    let [id, secret] = OWNER;
    let case = |storage, endpoint, id, secret| {
        [
            ("NBCOURIER_STORAGE", storage),
            ("NBCOURIER_S3_ENDPOINT", endpoint),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
    };
    let cases = [
        (
            case("s3://nowhere/term", &endpoint, id, secret),
            ["there is no such bucket", "Create the bucket"],
        ),
        (
            case(&place, &endpoint, id, "wrong-secret"),
            ["does not accept the credentials", "--s3-secret-key-file"],
        ),
        (
            case(&place, &endpoint, READER[0], READER[1]),
            ["do not permit that", "read, write and delete"],
        ),
        (
            case(&place, "http://127.0.0.1:1", id, secret),
            ["cannot be reached", "--s3-endpoint"],
        ),
        (
            case(&strangers, &endpoint, id, secret),
            ["objects of other programs", "empty prefix"],
        ),
    ];
    for (variables, parts) in &cases {
        let (code, text) = command(&SERVE, variables);
        assert_eq!(code, Some(1), "{text}");
        let last = text.lines().last().unwrap_or_default();
        let (_, doctor) = command(&["doctor", "--standalone"], variables);
        for part in parts {
            assert!(last.contains(part), "{last}\nlacks {part:?}");
            assert!(doctor.contains(part), "{doctor}\nlacks {part:?}");
        }
    }
}

#[test]
fn a_bucket_belongs_to_one_exchange() {
    let (setup, bucket) = setup();
    let server = setup.start();
    let other = Setup::standalone().on_bucket(&shared().endpoint(), &bucket);
    assert!(other.try_start().is_none());
    let data = other.data_dir().display().to_string();
    let output = run(&["serve", "--standalone", "--port", "0", "--data-dir", &data]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("belongs to another exchange"), "{text}");
    // The first one starts again.
    server.kill().start();
}

#[test]
fn large_files_in_a_bucket_are_not_looked_for_in_a_directory_nor_the_other_way_round() {
    let (setup, _) = setup();
    let server = setup.start();
    prepare(&server, &["ann"])
        .submit("ps1", "ann", &work(1))
        .ok();
    server.kill();
    let data = setup.data_dir().display().to_string();
    let serve = |extra: &[&str]| {
        let mut command = Command::new(program());
        let home = tempfile::tempdir().unwrap();
        nbcourier_testkit::isolate(&mut command, home.path());
        command.args(SERVE).args(["--data-dir", &data]).args(extra);
        command.env("AWS_ACCESS_KEY_ID", OWNER[0]);
        command.env("AWS_SECRET_ACCESS_KEY", OWNER[1]);
        let output = command.finish().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, text) = serve(&[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("and not in a directory"), "{text}");
    let empty = format!("s3://{}/term", shared().create());
    let endpoint = shared().endpoint();
    let bucket = ["--storage", &empty, "--s3-endpoint", &endpoint];
    let (code, text) = serve(&bucket);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is empty"), "{text}");

    let server = Setup::standalone().start();
    if server.bucket().is_some() {
        return;
    }
    prepare(&server, &["ann"])
        .submit("ps1", "ann", &work(1))
        .ok();
    let setup = server.kill();
    let data = setup.data_dir().display().to_string();
    let mut command = Command::new(program());
    let home = tempfile::tempdir().unwrap();
    nbcourier_testkit::isolate(&mut command, home.path());
    command.args(SERVE).args(["--data-dir", &data]).args(bucket);
    command.env("AWS_ACCESS_KEY_ID", OWNER[0]);
    command.env("AWS_SECRET_ACCESS_KEY", OWNER[1]);
    let output = command.finish().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("are in a directory, and not in s3://"),
        "{text}"
    );
}
