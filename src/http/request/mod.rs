//! The parts of a request that handlers read.

pub mod body;
pub mod changes_body;
pub mod directory_path;
pub mod form;
pub mod idempotency;
pub mod json;
pub mod manifest;
pub mod own_address;
pub mod path;
pub mod person;
pub mod query;
pub mod refused;
pub mod share_body;
pub mod tree_body;
pub mod tree_readers;
pub mod user_argument;
