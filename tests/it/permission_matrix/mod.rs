//! Permissions: every role against every endpoint, as one table in `permission_matrix.txt`.
//!
//! The endpoints are those that `nbcourier routes` prints and the open ones. An endpoint without a row fails, and so
//! does a row without an endpoint, and a permitted request that changes something without an event. Each cell is tested
//! in a state in which a permitted request succeeds. After an intended change, `UPDATE_SNAPSHOT=1 cargo test --test
//! permission_matrix` rewrites the table. Then read it: it is the policy.

mod asking;
mod bodies;
mod changes;
mod prepared;
mod rows;
mod table;

use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::{Course, FakeHub, Setup};
use prepared::{AUTHORS, Prepared};
use rows::{REGISTRAR, ROLES, Row, SERVICE, rows};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use table::{Table, changed_lines};

/// The dates of an assignment or an extension.
const DUE: &str = r#"{"due_at": "2220-01-01T00:00:00Z"}"#;

#[test]
fn every_end_point_has_a_row_and_every_row_an_end_point() {
    let printed = nbcourier_testkit::routes::every_address();
    let covered: BTreeSet<String> = rows().iter().map(|row| row.route.to_owned()).collect();
    let uncovered: Vec<_> = printed.difference(&covered).collect();
    assert!(
        uncovered.is_empty(),
        "end points nobody looked at: {uncovered:#?}"
    );
    let unknown: Vec<_> = covered.difference(&printed).collect();
    assert!(
        unknown.is_empty(),
        "rows without an end point: {unknown:#?}"
    );
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let table = ask_everything().to_string();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/permission_matrix.txt");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(&path, &table).expect("the table is written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<String> = changed_lines(&reviewed, &table).collect();
    assert!(
        changed.is_empty(),
        "permissions are not those of {}:\n{}\n",
        path.display(),
        changed.join("\n")
    );
}

/// Asks all rows in all roles. Each row makes its own courses, so several servers share the rows.
fn ask_everything() -> Table {
    let rows = rows();
    let servers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut replies: Vec<_> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..servers)
            .map(|part| {
                let its_own = rows.iter().enumerate().skip(part).step_by(servers);
                scope.spawn(move || ask_one_server(its_own))
            })
            .collect();
        let parts = parts
            .into_iter()
            .flat_map(|part| part.join().expect("replies"));
        parts.collect()
    });
    replies.sort_by_key(|(number, _)| *number);
    let mut table = Table::default();
    for (number, replies) in replies {
        table.add(&rows[number], &replies);
    }
    table
}

/// Asks these numbered rows of a server of their own. Returns the replies to all roles by number of the row.
fn ask_one_server<'a>(
    rows: impl Iterator<Item = (usize, &'a Row)>,
) -> Vec<(usize, Vec<(u16, String)>)> {
    let hub = FakeHub::start();
    let people = ROLES.iter().filter_map(|role| role.token);
    for name in people.chain(AUTHORS).chain(["co-instructor"]) {
        hub.gives(name, user_model(name));
    }
    hub.gives(SERVICE, service_model("kevin"));
    let mut registrar = user_model(REGISTRAR);
    registrar["groups"] = json!(["registrars"]);
    hub.gives(REGISTRAR, registrar);
    let server = Setup::behind(&hub)
        .args(&["--registrars-group", "registrars"])
        .args(&["--git-hosts", "localhost:1"])
        .args(&["--max-directories", "10000"])
        .start();
    let elsewhere = Course::of(&server, "elsewhere").by_token();
    // The student teaches there, which must not affect any row here.
    elsewhere.make(&["abigail", "lawrence"], &["eric"]);
    let shared = Prepared::with_work(&server, "shared");
    let asked = rows.map(|(number, row)| {
        let replies = ROLES.iter().enumerate().map(|(column, role)| {
            let reply = if row.only_reads() {
                shared.ask(role, row)
            } else {
                Prepared::for_row(&server, &format!("course-{number}-{column}"), row).ask(role, row)
            };
            (reply.status, reply.message())
        });
        (number, replies.collect())
    });
    asked.collect()
}
