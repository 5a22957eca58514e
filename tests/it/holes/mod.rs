//! Twenty-five holes that earlier exchanges had, each found by running or reading them. Each has a test that would fail
//! if this exchange had the hole. The number in a test's name is the one in this list.
//!
//! 1 names and paths as HTML · 2 a login without `state` · 3 the hub's token in a cookie · 4 changes by another site's
//! page · 5 pages for debugging in production · 6 failures for anonymous callers that depend on the course · 7
//! outsiders who can distinguish courses · 8 a service taken for a user · 9 an empty name among the admins · 10 paths
//! with backslashes · 11 an instructor elsewhere reading all · 12 a file written through a checksum · 13 ids that leave
//! the storage · 14 a namesake's feedback · 15 former instructors · 16 submissions of another time · 17 everybody an
//! instructor · 18 listings that ignore the query, paths of the server · 19 secrets in the log, open metrics · 20
//! archives that write elsewhere · 21 the address as an argument of a program · 22 names that are used again · 23
//! forged lines in the log · 24 no limits · 25 a local copy that is removed too early.
//!
//! The last one concerns the client: `tests/plugin/test_collect.py`. `tests/it/attacks/mod.rs` has the index of all
//! attacks.

mod callers;
mod contents;
mod names;
mod service;
