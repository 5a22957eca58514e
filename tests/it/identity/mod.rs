//! The identity of callers behind a hub: a fake hub that is healthy, slow, faulty or gone.

mod groups;
mod login;
mod outage;
mod presence;
mod requests;
mod secrets;
mod tokens;
