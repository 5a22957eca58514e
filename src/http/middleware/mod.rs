//! Middleware around every handler: the log, limits, authentication, and the format of errors.

pub mod access_log;
pub mod authenticate;
pub mod body_limit;
pub mod host_check;
pub mod problem_json;
pub mod rate_limit;
