use super::*;
use crate::backend::{Postgres, Purpose};
use crate::{Database, Opening, Store, migrate};
use nbcourier_testdb::shared;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The tables that are not copied: the exchange and the key are noted in the end, and servers are those of one database. The
/// first clean-up of the copy looks at everything.
const APART: [&str; 6] = [
    "identity",
    "signing_keys",
    "replicas",
    "loose_trees",
    "loose_blobs",
    "clean_ups",
];

/// Rows of all tables, with each kind of value, IDs that were removed, and references in a circle.
const ROWS: &str = "
    INSERT INTO courses (id, name, created_at, deleted_at, title, time_zone, sharing) VALUES
        (3, 'algebra', 1700000000000000, NULL, 'Ring theory', 'Europe/Berlin', 'hub'),
        (5, 'Algebra', -1, 1700000000000001, NULL, NULL, 'off'), (9, 'ä b', 0, NULL, '', NULL, 'course');
    INSERT INTO members (id, course_id, username, role, first_name, last_name, email) VALUES
        (1, 3, 'kim', 3, 'Kim', '', NULL), (4, 3, 'ann', 1, NULL, 'Ö''Neil', 'ann@example.org');
    INSERT INTO hub_members (username, course, role) VALUES
        ('ann', 'algebra', 1), ('ann', 'b', 3), ('Ben', 'algebra', 2);
    INSERT INTO people (id, username, account_made_at) VALUES (2, 'ann', 5);
    INSERT INTO trees (id, digest, files, bytes) VALUES (1, X'01', 2, 7), (8, X'02', 1, 4);
    INSERT INTO assignments (id, course_id, name, opens_at, due_at, cutoff_at, deleted_at) VALUES
        (1, 3, 'ps1', 1, 2, 3, NULL), (2, 3, 'ps2', NULL, NULL, NULL, 4);
    INSERT INTO extensions (assignment_id, student, due_at, cutoff_at, note) VALUES
        (1, 'ann', 7, NULL, 'ill'), (2, 'ann', NULL, 8, NULL);
    INSERT INTO allowances (course_id, student, hours, note) VALUES (3, 'ann', 48, 'always'), (5, 'ann', 1, NULL);
    INSERT INTO releases (id, assignment_id, version, tree_id, released_by, released_at) VALUES
        (1, 1, 1, 1, 'kim', 3), (2, 1, 2, 8, 'kim', 4);
    UPDATE assignments SET current_release = 2 WHERE id = 1;
    INSERT INTO submissions (id, assignment_id, student, submitted_at, tree_id, submitted_by, deleted_at) VALUES
        (1, 1, 'ann', 10, 8, NULL, NULL), (2, 1, 'ann', 11, 8, 'kim', 12);
    INSERT INTO fetches (release_id, student, first_at, last_at, times) VALUES
        (1, 'ann', 5, 5, 1), (2, 'ann', 6, 700000000, 2);
    INSERT INTO submission_keys (assignment_id, student, idempotency, submission_id) VALUES (1, 'ann', 'key', 1);
    INSERT INTO feedback (id, submission_id, tree_id, returned_by, returned_at, deleted_at) VALUES
        (6, 1, 1, 'kim', 13, NULL), (7, 1, 8, 'kim', 14, 15);
    INSERT INTO feedback_readings (feedback_id, first_at, last_at, times) VALUES (6, 16, 17, 3);
    INSERT INTO events (id, at, action, actor, subject, course, assignment, submission_id, detail, request_id, course_id)
        VALUES (1, 1, 'submit', 'ann', 'ann', 'algebra', 'ps1', 1, '{\"a\": \"\\u00e4\"}', 'r', 3),
               (2, 2, 'gc', 'server', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO event_people (person, event_id) VALUES ('ann', 1), ('Ben', 1);
    INSERT INTO runs (task, ended_at, succeeded_at) VALUES ('gc', 5, 4), ('fsck', 6, NULL);
    INSERT INTO removed_objects (blob_id, sha256, size, removed_at) VALUES (1, X'aa', 100000, 5);
    INSERT INTO ended_sessions (id, expires_at) VALUES ('session', 7);
    INSERT INTO signing_keys (id, key) VALUES (1, X'00');
";

/// The contents: one in the database, one large, and one whose upload did not end.
const BLOBS: &str = "
    INSERT INTO blobs (id, sha256, md5, size, in_database, stored_at, arrived) VALUES
        (2, X'0a', X'0b', 3, true, 1, true), (7, X'0c', NULL, 100000, false, 2, true),
        (8, X'0d', NULL, 100000, false, 3, false), (9, X'0e', NULL, 100000, false, 3, false);
    INSERT INTO blob_contents (blob_id, content) VALUES (2, X'00ff00');
    INSERT INTO tree_files (tree_id, position, path, blob_id) VALUES
        (1, 0, 'a/b', 2), (1, 1, 'c', 7), (8, 0, 'ü', 9);
    INSERT INTO directories (id, owner, course_id, name, description, parent_id, parent_version, head, deliver,
            deliver_at_start, created_by, created_at, deleted_at) VALUES
        (2, NULL, 3, 'materials', 'Notebooks', NULL, NULL, 2, 'algebra', true, 'kim', 5, NULL),
        (4, 'ann', NULL, 'copy', NULL, 2, 1, 1, NULL, false, 'ann', 6, 7);
    INSERT INTO directory_versions (directory_id, version, made_at, made_by, device, message, origin, label, files,
            folders, bytes, path_bytes, digest) VALUES
        (2, 1, 5, 'kim', NULL, NULL, NULL, 'first', 1, 0, 3, 1, X'0f'),
        (2, 2, 6, 'kim', 'laptop', 'more', '{}', NULL, 2, 1, 100003, 5, NULL),
        (4, 1, 6, 'ann', NULL, NULL, NULL, NULL, 1, 0, 3, 1, NULL);
    INSERT INTO directory_entries (id, directory_id, path, blob_id, executable, since, until) VALUES
        (3, 2, 'a', 2, true, 1, NULL), (5, 2, 'b', NULL, false, 2, NULL), (6, 2, 'b/c', 7, false, 2, NULL),
        (7, 4, 'a', 2, true, 1, 2);
    INSERT INTO directory_grants (id, directory_id, person, hub_group, course_id, role, level, granted_by, granted_at)
        VALUES (1, 2, 'ben', NULL, NULL, NULL, 2, 'kim', 8), (3, 2, NULL, 'guests', NULL, NULL, 1, 'kim', 8),
               (4, 2, NULL, NULL, 3, 2, 3, 'kim', 8), (5, 2, NULL, NULL, NULL, NULL, 1, 'kim', 8);
    INSERT INTO sources (directory_id, url, branch, folder, exclude, every_seconds, allow_solutions, token, hook_id,
            hook_secret, commit_id, checked_at, next_at, failures, running, running_until)
        VALUES (2, 'https://git.example.org/a', 'main', 'unit', '[\"x\"]', 3600, true, X'05', 'hook', X'06', 'ab', 7, 8, 1, 4, 9);
    INSERT INTO source_runs (id, directory_id, began_at, ended_at, cause, outcome, commit_id, version, report) VALUES
        (3, 2, 6, 7, 'schedule', 'updated', 'ab', 2, '1 file'), (4, 2, 8, NULL, 'asked', NULL, NULL, NULL, NULL);
    INSERT INTO starts (id, course_id, person, directory, at, outcome, millis, version, report) VALUES
        (5, 3, 'ann', 'materials', 9, 'updated', 840, 2, '{\"received\": 3}'), (6, 3, 'kim', NULL, 10, 'failed', 1, NULL, NULL);
    INSERT INTO shares (id, token, made_by, course_id, title, audience, page_blob, source_blob, made_at, expires_at,
            revoked_at, revoked_by)
        VALUES (2, X'a1', 'ann', 3, 'A plot', 'course', 2, 7, 5, 6, NULL, NULL),
               (5, X'a2', 'ben', 3, 'Ö', 'hub', NULL, NULL, 5, 6, 7, 'kim');
    INSERT INTO activity (course_id, person, day, path, opens, saves, minutes) VALUES
        (3, 'ann', 20000, 'algebra/a.ipynb', 1, 2, 3), (3, 'ann', 20001, 'ü', 4, 0, 0);
";

fn file(place: &TempDir, name: &str) -> Destination {
    Destination::in_file(&place.path().join(name)).unwrap()
}

/// A database with all kinds of rows. SQLite reads literals as PostgreSQL does, but for those of bytes.
fn filled(place: &TempDir, name: &str) -> Connection {
    let mut conn = file(place, name).conn();
    conn.batch_execute(ROWS).unwrap();
    conn.batch_execute(BLOBS).unwrap();
    // IDs that were given, and whose rows are gone.
    conn.batch_execute("UPDATE sqlite_sequence SET seq = 70 WHERE name = 'submissions'")
        .unwrap();
    conn
}

fn server() -> Postgres {
    let url = shared().url(&shared().create());
    Postgres::parse(&url, None, None).unwrap()
}

/// Returns all rows of a table as text, in an order of their own.
fn dump(conn: &mut Connection, table: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let columns = tables_in_rust().remove(table).unwrap();
    let is_postgres = conn.is_postgres();
    let shown = columns.iter().map(|(column, kind)| {
        let shown = match (kind.contains("Binary"), is_postgres) {
            (true, true) => format!("encode({column}, 'hex')"),
            (true, false) => format!("lower(hex({column}))"),
            (false, _) if kind.contains("Bool") => {
                format!("CASE WHEN {column} THEN 'yes' ELSE 'no' END")
            }
            (false, _) => format!("CAST({column} AS TEXT)"),
        };
        format!("coalesce(CASE WHEN {column} IS NULL THEN NULL ELSE {shown} END, 'NULL')")
    });
    let shown = shown.collect::<Vec<_>>().join(" || '|' || ");
    let lines = diesel::sql_query(format!("SELECT {shown} AS line FROM {table}"));
    let lines: Vec<Line> = lines.load(conn).unwrap();
    let mut lines: Vec<String> = lines.into_iter().map(|line| line.line).collect();
    lines.sort();
    lines
}

/// Returns the columns of each table, with their types.
fn tables_in_rust() -> BTreeMap<String, Vec<(String, String)>> {
    let tables = migrate::tables_in_rust(include_str!("../schema.rs"));
    let parse = |line: String| {
        let (column, kind) = line.split_once(" -> ").unwrap();
        (column.trim_start_matches('*').to_owned(), kind.to_owned())
    };
    let tables = tables.into_iter();
    tables
        .map(|(table, columns)| (table, columns.into_iter().map(parse).collect()))
        .collect()
}

fn number(conn: &mut Connection, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        line: i64,
    }
    let number: Number = diesel::sql_query(query).get_result(conn).unwrap();
    number.line
}

fn dumps(conn: &mut Connection) -> BTreeMap<String, Vec<String>> {
    let tables = tables_in_rust().into_keys();
    let tables = tables.filter(|table| !APART.contains(&table.as_str()));
    tables
        .map(|table| (table.clone(), dump(conn, &table)))
        .collect()
}

#[test]
fn all_rows_of_all_tables_come_to_the_other_database_and_back() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    let before = dumps(&mut origin);
    for (table, columns) in tables_in_rust() {
        for (column, _) in columns {
            let filled = format!("SELECT count({column}) AS line FROM {table}");
            let is_seen = APART.contains(&table.as_str()) || number(&mut origin, &filled) > 0;
            assert!(is_seen, "no row has a value in {table}.{column}");
        }
    }

    let postgres = server();
    let mut there = Destination::on_server(&postgres, "one").unwrap();
    let mut done = 0;
    let copied = copy(&mut origin, there.connection(), Files::Stay, &mut |rows| {
        done += rows;
    })
    .unwrap();
    assert_eq!(dumps(there.connection()), before);
    let rows: usize = before.values().map(Vec::len).sum();
    assert_eq!((copied.written, done), (rows as u64, rows as u64));
    let named: BTreeSet<&str> = copied.tables.iter().map(|table| table.table).collect();
    assert_eq!(named, before.keys().map(String::as_str).collect());
    there.complete("me", Some("s3://b"), Some(b"key")).unwrap();

    let mut there = postgres.connect(Purpose::Read).unwrap();
    let mut back = file(&place, "back.db");
    let again = copy(&mut there, back.connection(), Files::Stay, &mut |_| ()).unwrap();
    assert_eq!(dumps(back.connection()), before);
    assert_eq!(again.tables, copied.tables);
    back.complete("me", None, Some(b"key")).unwrap();
}

#[test]
fn no_id_is_given_twice_after_a_copy() {
    #[derive(QueryableByName)]
    struct New {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    fn new_ids(conn: &mut Connection) -> [i64; 3] {
        let new = [
            "INSERT INTO submissions (assignment_id, student, submitted_at, tree_id) VALUES (2, 'x', 1, 1) RETURNING id",
            "INSERT INTO blobs (sha256, size, in_database, stored_at) VALUES (X'77', 1, true, 1) RETURNING id",
            "INSERT INTO people (username, account_made_at) VALUES ('x', 1) RETURNING id",
        ];
        new.map(|statement| {
            let statement = if conn.is_postgres() {
                statement.replace("X'77'", "'\\x77'")
            } else {
                statement.to_owned()
            };
            let new: New = diesel::sql_query(statement).get_result(conn).unwrap();
            new.id
        })
    }
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    let postgres = server();
    let mut there = Destination::on_server(&postgres, "one").unwrap();
    copy(&mut origin, there.connection(), Files::Stay, &mut |_| ()).unwrap();
    assert_eq!(new_ids(there.connection()), [71, 10, 3]);
    // The rows themselves were removed, and their IDs count.
    for table in ["submissions", "blobs", "people"] {
        let removed = match table {
            "submissions" => "id = 71",
            "blobs" => "id = 10",
            _ => "id = 3",
        };
        there
            .connection()
            .batch_execute(&format!("DELETE FROM {table} WHERE {removed}"))
            .unwrap();
    }
    let mut back = file(&place, "back.db");
    copy(
        there.connection(),
        back.connection(),
        Files::Stay,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(new_ids(back.connection()), [72, 11, 4]);
}

#[test]
fn files_that_are_copied_have_yet_to_arrive_in_a_bucket_and_unfinished_uploads_stay_behind() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    let blobs = |conn: &mut Connection| -> Vec<(i64, bool)> {
        let rows = blob_rows::table.order(blob_rows::id);
        let rows = rows.select((blob_rows::id, blob_rows::arrived));
        rows.load(conn).unwrap()
    };
    for (files, expected) in [
        (
            Files::Stay,
            vec![(2, true), (7, true), (8, false), (9, false)],
        ),
        (Files::ToDirectory, vec![(2, true), (7, true), (9, true)]),
        (Files::ToBucket, vec![(2, true), (7, false), (9, false)]),
    ] {
        let mut to = file(&place, &format!("{files:?}.db"));
        copy(&mut origin, to.connection(), files, &mut |_| ()).unwrap();
        assert_eq!(blobs(to.connection()), expected, "{files:?}");
        let waiting = dump(to.connection(), "removed_objects").len();
        assert_eq!(waiting, usize::from(files == Files::Stay), "{files:?}");
        // A second run finds all rows, also when the files have arrived.
        if files != Files::Stay {
            crate::objects::mark_arrived(to.connection(), &[7, 9]).unwrap();
        }
        let again = copy(&mut origin, to.connection(), files, &mut |_| ());
        assert_eq!(again.unwrap().written, 0, "{files:?}");
    }
    embed(&mut origin).unwrap();
    assert_eq!(blobs(&mut origin), [(2, true), (7, true), (9, true)]);
    assert!(dump(&mut origin, "removed_objects").is_empty());
}

/// Opens a destination once the server has noticed that an earlier connection is closed. Waits for a minute at most.
fn opened_again(postgres: &Postgres, source: &str) -> Result<Destination> {
    let begun = Instant::now();
    loop {
        match Destination::on_server(postgres, source) {
            Err(error)
                if error.to_string().contains("Another `nbcourier move`")
                    && begun.elapsed() < Duration::from_mins(1) => {}
            opened => return opened,
        }
    }
}

/// Interrupts a copy after each number of rows, as a kill between two batches does.
#[test]
fn an_interrupted_copy_continues_and_a_changed_source_is_copied_anew() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    let before = dumps(&mut origin);
    let rows: usize = before.values().map(Vec::len).sum();
    let postgres = server();
    let mut there = Destination::on_server(&postgres, "one").unwrap();
    for stop_after in 0..rows as u64 {
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut new = 0;
            copy(&mut origin, there.connection(), Files::Stay, &mut |rows| {
                new += rows;
                assert!(new <= stop_after, "stopped");
            })
        }));
        assert!(stopped.is_err());
        // The connection to a killed process would be closed.
        origin.rollback().unwrap();
        drop(there);
        there = opened_again(&postgres, "one").unwrap();
    }
    let done = copy(&mut origin, there.connection(), Files::Stay, &mut |_| ()).unwrap();
    assert!(done.written < 5, "the rest: {}", done.written);
    assert_eq!(dumps(there.connection()), before);

    for change in [
        "UPDATE submissions SET deleted_at = 99 WHERE id = 1",
        "DELETE FROM events WHERE id = 1",
        "INSERT INTO courses (id, name, created_at) VALUES (1, 'earlier', 1)",
        "UPDATE assignments SET current_release = 1 WHERE id = 1",
        "UPDATE assignments SET current_release = NULL WHERE id = 1",
    ] {
        origin.batch_execute(change).unwrap();
        let before = dumps(&mut origin);
        copy(&mut origin, there.connection(), Files::Stay, &mut |_| ()).unwrap();
        assert_eq!(dumps(there.connection()), before, "{change}");
    }
}

#[test]
fn a_copy_that_differs_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    let mut to = file(&place, "to.db");
    to.connection()
        .batch_execute(
            "CREATE TRIGGER disk AFTER INSERT ON members
                BEGIN UPDATE members SET email = 'changed' WHERE id = new.id; END",
        )
        .unwrap();
    for _ in 0..2 {
        let refused = copy(&mut origin, to.connection(), Files::Stay, &mut |_| ());
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Differs("members")), "{refused}");
    }
}

#[test]
fn a_text_that_postgresql_cannot_store_is_named() {
    let place = tempfile::tempdir().unwrap();
    let mut origin = filled(&place, "origin.db");
    origin
        .batch_execute("UPDATE members SET last_name = 'a' || char(0) WHERE id = 4")
        .unwrap();
    let mut there = Destination::on_server(&server(), "one").unwrap();
    let refused = copy(&mut origin, there.connection(), Files::Stay, &mut |_| ());
    let refused = refused.unwrap_err().to_string();
    for part in ["members", "last_name", "U+0000"] {
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn an_unfinished_copy_is_opened_by_nobody_but_the_same_copy() {
    let postgres = server();
    let database = Database::Postgres(Box::new(postgres.clone()));
    let open = || {
        Store::open(&database, Opening::Migrate)
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(Destination::look(&postgres).unwrap(), State::Empty);
    let there = Destination::on_server(&postgres, "one").unwrap();
    let unfinished = State::Unfinished("one".into());
    assert_eq!(Destination::look(&postgres).unwrap(), unfinished);
    assert!(open().unwrap().contains("Repeat `nbcourier restore`"));
    let second = Destination::on_server(&postgres, "one").err().unwrap();
    assert!(
        second.to_string().contains("Another `nbcourier move`"),
        "{second}"
    );
    drop(there);
    let other = opened_again(&postgres, "two").err().unwrap();
    assert!(other.to_string().contains("is not empty"), "{other}");
    let there = opened_again(&postgres, "one").unwrap();
    there.complete("me", Some("s3://b"), Some(b"key")).unwrap();
    assert_eq!(open(), None);
    let taken = Destination::look(&postgres).unwrap_err();
    assert!(taken.to_string().contains("is not empty"), "{taken}");
    let mut conn = postgres.connect(Purpose::Read).unwrap();
    let known = crate::objects::place(&mut conn).unwrap();
    assert_eq!(
        (known.exchange, known.bucket),
        ("me".into(), Some("s3://b".into()))
    );
    assert_eq!(
        signing_keys::find(&mut conn).unwrap(),
        Some(b"key".to_vec())
    );
}

#[test]
fn a_move_and_a_server_exclude_each_other() {
    use crate::FilePlace;
    let postgres = server();
    let database = Database::Postgres(Box::new(postgres));
    let store = Store::open(&database, Opening::Migrate).unwrap();
    let bucket = || FilePlace::Shared("s3://b".into());
    let server = store.begin_presence("1", bucket()).unwrap();
    let refused = Guard::new(&database, "1").err().unwrap().to_string();
    assert!(refused.contains("is serving postgres://"), "{refused}");
    drop(server);
    let guard = Guard::new(&database, "1").unwrap();
    let refused = store
        .begin_presence("1", bucket())
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("A move (nbcourier move) is copying"),
        "{refused}"
    );
    let second = Guard::new(&database, "1").err().unwrap().to_string();
    assert!(second.contains("Another `nbcourier move`"), "{second}");
    drop(guard);
    drop(store.begin_presence("1", bucket()).unwrap());
}

#[test]
fn a_source_of_another_version_is_refused_and_not_changed() {
    let place = tempfile::tempdir().unwrap();
    for (change, part) in [
        (
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')",
            "newer nbcourier",
        ),
        (
            "UPDATE __diesel_schema_migrations SET version = '20261121000000'",
            "an older nbcourier",
        ),
    ] {
        let path = place.path().join(format!("{}.db", part.len()));
        let mut conn = Destination::in_file(&path).unwrap();
        conn.connection().batch_execute(change).unwrap();
        conn.complete("me", None, None).unwrap();
        let before = std::fs::read(&path).unwrap();
        let refused = Origin::open(&Database::from(Path::new(&path)))
            .err()
            .unwrap();
        assert!(refused.to_string().contains(part), "{refused}");
        assert!(std::fs::read(&path).unwrap() == before);
    }
}
