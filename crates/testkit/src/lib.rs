//! The shared parts of all tests: the built program as a server, a client, a hub, a browser, a log, and bytes to send.
//!
//! It depends on none of the other crates, so that the tests of each can use it.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops, and names say what its tools do"
)]
#![allow(clippy::format_push_string, reason = "short")]

pub mod browser;
pub mod cookies;
pub mod course;
pub mod document;
pub mod files;
pub mod form;
pub mod http;
pub mod hub;
pub mod hub_wire;
mod large_files;
pub mod logged;
pub mod machine;
pub mod nonsense;
pub mod oauth;
pub mod patience;
pub mod pattern;
pub mod person;
mod process;
mod program;
pub mod random;
mod resources;
pub mod round_robin;
pub mod routes;
pub mod script;
mod server;
mod setup;
pub mod tar;
pub mod tcp_proxy;
pub mod wire_nonsense;

pub use cookies::Cookies;
pub use course::{Course, Permit, timestamp_of};
pub use files::{Sent, base64_lines, files_json, hex_sha256, md5_hex};
pub use form::{Form, percent_encode};
pub use http::{Call, Reply};
pub use hub::{FakeHub, HubBehaviour};
pub use logged::Logged;
pub use patience::{Finish, eventually, eventually_some};
pub use program::{free_port, isolate, name_places, program, run, run_and_kill};
pub use random::Random;
pub use routes::routes;
pub use server::Server;
pub use setup::{ADMIN, BUCKET_PREFIX, CLIENT_ID, SERVICE_TOKEN, Setup};
