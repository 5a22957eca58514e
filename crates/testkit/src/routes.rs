//! The endpoints of the built program.

use super::server::run;
use std::collections::BTreeSet;

/// Returns the output of `nbcourier routes`: `METHOD path` below the prefix, with `{course}`, `{assignment}` and
/// `{user}`. All of these require a known caller.
pub fn routes() -> BTreeSet<String> {
    let output = run(&["routes"]);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nbcourier routes: {problem}");
    let printed = String::from_utf8(output.stdout).expect("text");
    let routes: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
    assert!(!routes.is_empty(), "nbcourier routes printed nothing");
    routes
}

/// The other addresses, which are open or check the caller themselves: probes, pages, the login, and the page with
/// example data, which exists only in stand-alone mode. `{prefix}` is the page at the prefix itself.
pub const OPEN: &[&str] = &[
    "GET healthz",
    "GET readyz",
    "GET {prefix}",
    "GET favicon.ico",
    "GET static/style.css",
    "GET login",
    "GET oauth_callback",
    "POST logout",
    "GET initialize-Data6ase",
];

/// Returns both kinds.
pub fn every_address() -> BTreeSet<String> {
    let mut all = routes();
    all.extend(OPEN.iter().map(|route| (*route).to_owned()));
    all
}
