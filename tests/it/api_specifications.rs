//! Compares the documents with the program: the addresses and differences in `api-specifications.md`, and the
//! settings in `docs/configuration.md`. The addresses below `v1/` are compared with the OpenAPI document in `openapi.rs`.

use clap::{Arg, Args, Command};
use nbcourier::config::ServeOptions;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The number of deliberate differences from ngshare.
const DIFFERENCES: usize = 7;

/// The differences that no exchange of messages can show, with the tests that show them: file and function.
const SHOWN_BY_TESTS: &[(usize, &str, &str)] = &[(
    7,
    "faults/kill.rs",
    "answered_changes_survive_kill_9_at_any_moment",
)];

#[test]
fn every_end_point_has_a_heading_and_every_heading_an_end_point() {
    let document = document();
    let mut headings: BTreeSet<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    // Pages have rows of a table.
    let pages = section(&document, "### The pages");
    let rows = pages.lines().filter_map(|line| line.strip_prefix("| `"));
    headings.extend(rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned())));
    let mut addresses = nbcourier_testkit::routes::every_address();
    let below_v1 = addresses.len();
    addresses.retain(|address| !address.contains(" v1/"));
    assert!(addresses.len() < below_v1, "no address below v1/");
    let missing: Vec<_> = addresses.difference(&headings).collect();
    assert!(missing.is_empty(), "without a heading: {missing:#?}");
    let invented: Vec<_> = headings.difference(&addresses).collect();
    assert!(invented.is_empty(), "headings of nothing: {invented:#?}");
}

#[test]
fn no_end_point_is_described_twice() {
    let document = document();
    let headings: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("### `"))
        .collect();
    let distinct: BTreeSet<&&str> = headings.iter().collect();
    assert_eq!(headings.len(), distinct.len());
}

#[test]
fn every_address_beside_the_protocol_is_there() {
    let stand_alone = nbcourier_testkit::Setup::standalone()
        .args(&["--debug"])
        .start();
    let hub = nbcourier_testkit::FakeHub::start();
    let behind_hub = nbcourier_testkit::Setup::behind(&hub).start();
    // The permission matrix has those with parameters.
    let fixed = nbcourier_testkit::routes::open_addresses()
        .into_iter()
        .filter(|route| !route.replace("{prefix}", "").contains('{'));
    for route in fixed {
        let (method, path) = route.split_once(' ').expect("METHOD path");
        let is_there = [&stand_alone, &behind_hub].iter().any(|server| {
            let path = path.replace("{prefix}", server.prefix());
            let reply = server.send(&server.call(method, &path));
            !matches!(reply.status, 404 | 405)
        });
        assert!(is_there, "{route}");
    }
}

#[test]
fn every_deliberate_difference_has_its_row() {
    let document = document();
    let rows: Vec<usize> = section(
        &document,
        "## Where nbcourier differs from ngshare on purpose",
    )
    .lines()
    .filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")?.0.parse().ok())
    .collect();
    let expected: Vec<usize> = (1..=DIFFERENCES).collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_deliberate_difference_has_its_test() {
    let mut untested: BTreeSet<usize> = (1..=DIFFERENCES).collect();
    for file in std::fs::read_dir(tests().join("protocol")).expect("tests/protocol") {
        let name = file.expect("an entry").file_name();
        let name = name.to_string_lossy();
        let number = name
            .strip_prefix("difference-")
            .and_then(|rest| rest.split('-').next()?.parse().ok());
        if let Some(number) = number {
            assert!(
                number <= DIFFERENCES,
                "{name} shows a difference that is not listed"
            );
            untested.remove(&number);
        }
    }
    for (number, file, function) in SHOWN_BY_TESTS {
        let text = std::fs::read_to_string(tests().join(file)).expect("a test file");
        assert!(
            text.contains(&format!("#[test]\nfn {function}()")),
            "{function} in {file}"
        );
        untested.remove(number);
    }
    assert!(
        untested.is_empty(),
        "differences without a test: {untested:?}"
    );
}

#[test]
fn every_message_the_replay_expects_is_in_the_document() {
    let document = document().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut missing = BTreeSet::new();
    for file in std::fs::read_dir(tests().join("protocol")).expect("tests/protocol") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a data file");
        for line in text.lines() {
            let expected = line
                .strip_prefix("expect = \"")
                .and_then(|line| line.strip_suffix('"'));
            let message = expected.and_then(|expected| expected.split_once(' '));
            if let Some((_, message)) = message.filter(|(_, message)| *message != "*") {
                let reason = message
                    .split(" (")
                    .nth(1)
                    .map(|reason| format!("({reason}"));
                let is_said = document.contains(message)
                    || reason.is_some_and(|reason| document.contains(&reason));
                if !is_said {
                    missing.insert(message.to_owned());
                }
            }
        }
    }
    assert!(
        missing.is_empty(),
        "messages the document does not know: {missing:#?}"
    );
}

/// The table of settings equals `nbcourier serve --help`. `UPDATE_SNAPSHOT=1` rewrites it.
#[test]
fn the_page_about_configuration_lists_every_setting() {
    const BEGIN: &str = "<!-- Made from `nbcourier serve --help`: begin -->\n";
    const END: &str = "<!-- end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = std::fs::read_to_string(&path).expect("docs/configuration.md");
    let (before, rest) = page.split_once(BEGIN).expect("the mark before the table");
    let (table, after) = rest.split_once(END).expect("the mark after the table");
    let expected = settings_table();
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        let page = [before, BEGIN, &expected, END, after].concat();
        std::fs::write(&path, page).expect("docs/configuration.md is written");
        return;
    }
    assert_eq!(
        table, expected,
        "run UPDATE_SNAPSHOT=1 cargo test --test it api_specifications, then read the difference"
    );
}

fn settings_table() -> String {
    let command = ServeOptions::augment_args(Command::new("serve"));
    let rows = command.get_arguments().map(settings_row);
    let head = "| setting | variable | what it does | default |\n|---|---|---|---|\n";
    std::iter::once(head.to_owned()).chain(rows).collect()
}

fn settings_row(argument: &Arg) -> String {
    let long = argument.get_long().expect("a long flag");
    let variable = argument.get_env().expect("a variable of the environment");
    let help = argument.get_help().expect("a help text").to_string();
    let is_switch = argument
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    // Defaults that depend on other settings are at the end of the help text.
    let (help, default) = match help.split_once(" [default: ") {
        Some((help, default)) => (help, default.strip_suffix(']').expect("a bracket")),
        None if is_switch => (help.as_str(), "no"),
        None => (help.as_str(), "none"),
    };
    let value = match argument.get_value_names() {
        Some([name]) if !is_switch => format!(" {name}"),
        _ if is_switch => String::new(),
        _ => format!(" {}", argument.get_id().as_str().to_uppercase()),
    };
    assert!(!help.contains('|'), "{long}: a table has no room for bars");
    let variable = variable.to_string_lossy();
    format!("| `--{long}{value}` | `{variable}` | {help} | {default} |\n")
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api-specifications.md");
    std::fs::read_to_string(&path).expect("api-specifications.md")
}

/// Returns the text below a heading, up to the next heading of its level.
#[track_caller]
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let start = document
        .find(&format!("\n{heading}\n"))
        .expect("the section");
    let text = &document[start + heading.len() + 2..];
    text.split("\n## ").next().unwrap_or_default()
}
