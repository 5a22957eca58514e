//! The operator's view of a running exchange: its metrics, its settings, and its problems.

#![allow(clippy::float_cmp, reason = "numbers that were counted are exact")]
#![allow(clippy::format_push_string, reason = "short")]
#![allow(clippy::too_many_lines, reason = "one page of numbers is one test")]

mod administration;
mod doctor;
mod material;
mod metrics;
pub mod numbers;
mod secrets;
