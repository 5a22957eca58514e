//! The addresses of the built program.

use super::program::run;
use std::collections::BTreeSet;

/// A line of the program's route table.
pub struct Route {
    /// `METHOD path` below the prefix, with `{course}`, `{assignment}` and `{user}`. `{prefix}` is the page at the prefix
    /// itself.
    pub address: String,
    /// `open`, `page` or `caller`.
    pub access: String,
    /// `short`, `files` or `compressed`.
    pub reply: String,
}

/// Returns the output of `nbcourier routes`, without the probes at the root and without the metrics. Their handlers are
/// those below the prefix, and the tests of the metrics know who may read them.
pub fn table() -> Vec<Route> {
    let output = run(&["routes"]);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nbcourier routes: {problem}");
    let printed = String::from_utf8(output.stdout).expect("text");
    let lines = printed.lines().map(|line| {
        let columns: Vec<&str> = line.split(' ').collect();
        let [method, path, access, reply] = columns[..] else {
            panic!("nbcourier routes printed {line:?}");
        };
        Route {
            address: format!("{method} {path}"),
            access: access.to_owned(),
            reply: reply.to_owned(),
        }
    });
    let lines = lines.filter(|route| !route.address.contains(" /"));
    let table: Vec<Route> = lines
        .filter(|route| route.address != "GET metrics")
        .collect();
    assert!(!table.is_empty(), "nbcourier routes printed nothing");
    table
}

/// Returns the addresses that require a known caller.
pub fn routes() -> BTreeSet<String> {
    let closed = table().into_iter().filter(|route| route.access == "caller");
    closed.map(|route| route.address).collect()
}

/// Returns the addresses that everybody may ask: probes, pages, the login, and the page with example data, which exists
/// only in stand-alone mode.
pub fn open_addresses() -> BTreeSet<String> {
    let open = table().into_iter().filter(|route| route.access != "caller");
    open.map(|route| route.address).collect()
}

/// Returns both kinds.
pub fn every_address() -> BTreeSet<String> {
    table().into_iter().map(|route| route.address).collect()
}
