//! Bytes that change on the disk or in a bucket: readers get a failure or a transfer that breaks off, never other bytes.

use crate::client::{Client, listed_files, same};
use crate::kill::assert_clean;
use crate::tally::{Tally, is_torture, rounds, seed};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use nbcourier_testbuckets::shared as buckets;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{
    Course, Random, Reply, Sent, Server, Setup, eventually, hex_sha256, percent_encode, tar,
};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

const KIB: usize = 1024;

/// Returns sizes of files that are kept in the database and of files that are not, of files that are read at
/// once and of files that are not, and one that ends at the end of a block.
fn sizes() -> [usize; 5] {
    [300, 60 * KIB, 100 * KIB, 1024 * KIB, 3000 * KIB + 1]
}

/// A change to the bytes.
#[derive(Clone, Copy, Debug)]
enum Harm {
    FlipFirst,
    FlipLast,
    FlipAnywhere,
    CutByOne,
    CutInHalf,
    Empty,
    Longer,
    Other,
}

const HARMS: [Harm; 8] = [
    Harm::FlipFirst,
    Harm::FlipLast,
    Harm::FlipAnywhere,
    Harm::CutByOne,
    Harm::CutInHalf,
    Harm::Empty,
    Harm::Longer,
    Harm::Other,
];

impl Harm {
    fn done_to(self, bytes: &[u8], random: &mut Random) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        match self {
            Self::FlipFirst => bytes[0] ^= 0x80,
            Self::FlipLast => bytes[length - 1] ^= 1,
            Self::FlipAnywhere => bytes[random.below(length)] ^= 1 << random.below(8),
            Self::CutByOne => bytes.truncate(length - 1),
            Self::CutInHalf => bytes.truncate(length / 2),
            Self::Empty => bytes.clear(),
            Self::Longer => bytes.push(b'x'),
            Self::Other => bytes = random.bytes(length),
        }
        bytes
    }
}

/// A tree, and every address that serves it.
struct ServedTree {
    files: Vec<Sent>,
    targets: Vec<String>,
}

/// The kind of reply.
enum Outcome {
    Whole(Vec<Sent>),
    Refused(Reply),
    BrokenOff,
}

/// Makes a release, a submission and feedback of files of one size, with two intact ones around the damaged one.
fn given(course: &Course<'_>, size: usize, random: &mut Random) -> ServedTree {
    let files = vec![
        Sent::new("before", "sound"),
        Sent::new("damaged", random.bytes(size)),
        Sent::new("behind", vec![2; 80 * KIB]),
    ];
    let name = format!("of-{size}");
    course.release(&name, "kevin", &files).ok();
    let time = timestamp_of(&course.submit(&name, "lawrence", &files));
    course.give_feedback(&name, "lawrence", &time, &files).ok();
    let listing = format!("v1/courses/course1/submissions?assignment={name}");
    let listed = course.get(&listing, "kevin").ok().json();
    let id = &listed["submissions"][0]["id"];
    let time = percent_encode(&time);
    let assignment = format!("v1/courses/course1/assignments/{name}");
    ServedTree {
        files,
        targets: vec![
            format!("assignment/course1/{name}"),
            format!("submission/course1/{name}/lawrence"),
            format!("feedback/course1/{name}/lawrence?timestamp={time}"),
            format!("{assignment}/tree"),
            format!("v1/courses/course1/submissions/{id}/tree"),
            format!("v1/courses/course1/submissions/{id}/feedback"),
            format!("{assignment}/collect"),
        ],
    }
}

/// The content codings that a target is requested with.
const PACKINGS: &[&str] = &["identity", "gzip", "zstd"];

fn ask_every_way(server: &Server, target: &str) -> Vec<Outcome> {
    ask(server, target, PACKINGS)
}

fn ask(server: &Server, target: &str, packings: &[&str]) -> Vec<Outcome> {
    // Replies of the ngshare protocol that contain files are not compressed.
    let packings = if target.starts_with("v1/") {
        packings
    } else {
        &packings[..1]
    };
    let client = Client::of(server);
    let ask = |packing: &&str| {
        let call = client.call("GET", target, "kevin");
        match client.send(&call.header("Accept-Encoding", packing)) {
            Err(_) => Outcome::BrokenOff,
            Ok(reply) if reply.status != 200 => Outcome::Refused(reply),
            Ok(reply) => Outcome::Whole(files_of(&reply)),
        }
    };
    packings.iter().map(ask).collect()
}

fn files_of(reply: &Reply) -> Vec<Sent> {
    let mut body = Vec::new();
    match reply.header("content-encoding") {
        Some("gzip") => {
            let mut unpacked = flate2::read::GzDecoder::new(reply.body.as_slice());
            if unpacked.read_to_end(&mut body).is_err() {
                return Vec::new();
            }
        }
        Some("zstd") => body = zstd::decode_all(reply.body.as_slice()).unwrap_or_default(),
        _ => body.clone_from(&reply.body),
    }
    if reply.header("content-type") != Some("application/x-tar") {
        let mut unpacked = reply.clone();
        unpacked.body = body;
        return listed_files(&unpacked).unwrap_or_default();
    }
    let mut files = tar::files(&body);
    files.retain(|file| file.path != "manifest.json");
    for file in &mut files {
        // In an archive of many submissions the path begins with the ID of the submission.
        let below = file.path.split_once('/').map(|(_, path)| path.to_owned());
        file.path = below.unwrap_or_else(|| file.path.clone());
    }
    files
}

/// The place of a blob's bytes.
enum BlobLocation {
    File(PathBuf),
    Row(SqliteConnection, i64),
    Object {
        bucket: String,
        name: String,
        database: SqliteConnection,
    },
}

#[derive(QueryableByName)]
struct BlobId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl BlobLocation {
    fn of(server: &Server, bucket: Option<&str>, bytes: &[u8]) -> Self {
        let sum = hex_sha256(bytes);
        let file = server.data_dir().join("blobs").join(&sum[..2]).join(&sum);
        if file.exists() {
            return Self::File(file);
        }
        let database = server.data_dir().join("nbcourier.db");
        let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        diesel::sql_query("PRAGMA busy_timeout = 10000")
            .execute(&mut conn)
            .unwrap();
        if let Some(bucket) = bucket {
            let mut objects = buckets().objects(bucket).into_iter();
            return Self::Object {
                bucket: bucket.to_owned(),
                name: objects.find(|name| name.contains(&sum)).unwrap(),
                database: conn,
            };
        }
        let found = diesel::sql_query(format!("SELECT id FROM blobs WHERE sha256 = x'{sum}'"));
        let id = found.get_result::<BlobId>(&mut conn).unwrap().id;
        Self::Row(conn, id)
    }

    fn replace(&mut self, bytes: &[u8]) {
        match self {
            Self::File(path) => std::fs::write(path, bytes).unwrap(),
            Self::Row(conn, id) => {
                let rows =
                    diesel::sql_query("UPDATE blob_contents SET content = ? WHERE blob_id = ?")
                        .bind::<Binary, _>(bytes)
                        .bind::<BigInt, _>(*id)
                        .execute(conn);
                assert_eq!(rows, Ok(1));
            }
            Self::Object { bucket, name, .. } => buckets().overwrite(bucket, name, bytes),
        }
    }

    fn remove(&mut self) {
        match self {
            Self::File(path) => std::fs::remove_file(path).unwrap(),
            Self::Row(conn, id) => {
                let rows = diesel::sql_query("DELETE FROM blob_contents WHERE blob_id = ?")
                    .bind::<BigInt, _>(*id)
                    .execute(conn);
                assert_eq!(rows, Ok(1));
            }
            Self::Object { bucket, name, .. } => buckets().remove(bucket, name),
        }
    }

    /// Waits until the exchange has noted the damage. It notes that of an object after the reply.
    fn wait(&mut self) {
        let Self::Object { database, .. } = self else {
            return;
        };
        eventually("the damage is noted", || {
            let noted = diesel::sql_query("SELECT id FROM blobs WHERE NOT arrived");
            !noted.load::<BlobId>(database).unwrap().is_empty()
        });
    }
}

fn start_by(setup: Setup) -> Server {
    let server = setup.unlimited().start();
    Course::of(&server, "course1").make(&["kevin"], &["lawrence", "eric"]);
    server
}

fn start() -> Server {
    start_by(Setup::standalone())
}

#[test]
fn damaged_bytes_are_never_served_and_all_others_are() {
    let tally = Tally::of("a blob truncated, flipped or gone");
    damage(&start(), None, &sizes(), &tally);
}

#[test]
fn damaged_objects_are_never_served_and_all_others_are() {
    let tally = Tally::of("an object truncated, flipped or gone");
    let bucket = buckets().create();
    let setup = Setup::standalone().on_bucket(&buckets().endpoint(), &bucket);
    damage(&start_by(setup), Some(&bucket), &sizes()[2..], &tally);
}

/// Does every harm to files of these sizes. The large ones are in the bucket, if there is one.
fn damage(server: &Server, bucket: Option<&str>, sizes: &[usize], tally: &Tally) {
    let course = Course::of(server, "course1");
    let mut random = Random::seeded(seed());
    let trees = sizes.iter().map(|size| given(&course, *size, &mut random));
    let trees: Vec<ServedTree> = trees.collect();
    tally.answered();
    for _ in 0..rounds(1, 3) {
        for (number, tree) in trees.iter().enumerate() {
            let sound = tree.files[1].bytes.clone();
            let mut place = BlobLocation::of(server, bucket, &sound);
            let harms = HARMS.map(Some).into_iter().chain([None]);
            for (place_of_harm, harm) in harms.enumerate() {
                // The short form tries every harm on two sizes, and every address on each size.
                if !is_torture() && place_of_harm % 5 != number && number % 2 == 1 {
                    continue;
                }
                match harm {
                    Some(harm) => place.replace(&harm.done_to(&sound, &mut random)),
                    None => place.remove(),
                }
                tally.round();
                assert_nothing_wrong(server, tree, tally, &format!("{harm:?}"));
                let other = &trees[(number + 1) % trees.len()];
                assert_served(server, other, tally);
                place.wait();
                // A new upload of the bytes repairs them; alternately with the same tree and with another one.
                let mut again = tree.files.clone();
                if place_of_harm % 2 == 0 {
                    again.push(Sent::new("own", random.bytes(20)));
                }
                let name = format!("of-{}", sound.len());
                course.submit(&name, "eric", &again).ok();
                tally.answered();
                assert_served(server, tree, tally);
                let stored = course.submitted(&name, "eric", None);
                tally.compare(same(&stored, &again), "what was handed in again");
            }
        }
    }
    assert!(
        server.log().contains("has changed bytes"),
        "the log says so"
    );
    assert_clean(&server.data_dir());
    tally.assert_clean();
}

/// Checks that every address of a damaged tree fails: with a status, or by breaking off if the body had begun.
fn assert_nothing_wrong(server: &Server, tree: &ServedTree, tally: &Tally, harm: &str) {
    for target in &tree.targets {
        for outcome in ask_every_way(server, target) {
            match outcome {
                Outcome::Whole(_) => tally.compare(false, &format!("{target} after {harm}")),
                Outcome::Refused(reply) => {
                    tally.see(&reply, &[500]);
                    assert_eq!(reply.status, 500, "{target} after {harm}: {}", reply.text());
                    assert!(
                        reply.message().contains("nbcourier fsck"),
                        "{}",
                        reply.text()
                    );
                }
                Outcome::BrokenOff => tally.compare(true, target),
            }
        }
    }
}

fn assert_served(server: &Server, tree: &ServedTree, tally: &Tally) {
    for target in &tree.targets[..6] {
        for outcome in ask(server, target, &PACKINGS[..1]) {
            match outcome {
                Outcome::Whole(files) => tally.compare(same(&files, &tree.files), target),
                Outcome::Refused(reply) => panic!("{target}: {} {}", reply.status, reply.text()),
                Outcome::BrokenOff => panic!("{target} broke off:\n{}", server.log()),
            }
        }
    }
}

/// Checks the same for a change anywhere in the database file, where it is unknown which bytes it concerns.
#[test]
fn a_flipped_bit_anywhere_in_the_database_file_makes_no_wrong_bytes() {
    let tally = Tally::of("a bit flipped in the database file");
    let setup = Setup::standalone().unlimited();
    let server = setup.start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence", "eric"]);
    let mut random = Random::seeded(seed());
    let trees = [700, 5_000, 60 * KIB].map(|size| given(&course, size, &mut random));
    let known: BTreeMap<&str, &[Sent]> = trees
        .iter()
        .flat_map(|tree| {
            let targets = tree.targets.iter();
            targets.map(|target| (target.as_str(), tree.files.as_slice()))
        })
        .collect();
    let mut server = server;
    server.ask_to_stop();
    assert_eq!(server.exit_code(), Some(0));
    let database = setup.data_dir().join("nbcourier.db");
    // Moves the whole log into the database file.
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(conn);
    let sound = std::fs::read(&database).unwrap();
    for round in 0..rounds(6, 120) {
        let mut flipped = sound.clone();
        let at = random.below(flipped.len());
        // The first round changes nothing, and shows that everything would be served.
        if round > 0 {
            flipped[at] ^= 1 << random.below(8);
        }
        std::fs::write(&database, &flipped).unwrap();
        for log in ["nbcourier.db-wal", "nbcourier.db-shm"] {
            let _ = std::fs::remove_file(setup.data_dir().join(log));
        }
        tally.round();
        // A flip may also keep the server from starting, which is a clear refusal as well.
        let Some(server) = setup.try_start() else {
            continue;
        };
        for (target, files) in &known {
            for outcome in ask_every_way(&server, target) {
                let what = format!("{target} after a flip at {at}");
                match outcome {
                    Outcome::Whole(seen) => tally.compare(same(&seen, files), &what),
                    _ => assert!(round > 0, "{what}, which there was not"),
                }
            }
        }
        let log = server.log();
        assert!(!log.contains("panicked"), "after a flip at {at}: {log}");
    }
    tally.assert_clean();
}
