//! The shared parts of the tests of the built program: a server, a client, a fake hub, and bytes to send.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test crate uses its part of it"
)]
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]
#![allow(clippy::format_push_string, reason = "short")]

pub mod course;
pub mod document;
pub mod files;
pub mod form;
pub mod http;
pub mod hub;
pub mod login;
pub mod nonsense;
pub mod oauth;
pub mod patience;
pub mod pattern;
pub mod random;
pub mod routes;
pub mod script;
pub mod server;
pub mod tar;
pub mod wire_nonsense;

pub use course::{Course, Permit, timestamp_of};
pub use files::{Sent, base64_lines, files_json, hex_sha256, md5_hex};
pub use form::{Form, percent_encode};
pub use http::{Call, Reply};
pub use hub::{FakeHub, Mood};
pub use patience::{eventually, eventually_some};
pub use random::Random;
pub use routes::routes;
pub use server::{Server, Setup, program};
