//! The room as a whole, beside a fake hub.

mod login;
mod session;
mod support;
mod token;
