//! Tests of the whole crate with a fake hub.

mod login;
mod session;
mod support;
mod token;
