//! The built program against requests and commands: one binary, with a module for each subject.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

mod api_specifications;
mod attacks;
mod budgets;
mod checksums;
mod client;
mod compression;
mod data_dir;
mod delivery;
mod directories;
mod figures;
mod holes;
mod identity;
mod keeping;
mod limits;
mod malformed_input;
mod materials;
mod mirroring;
mod moving;
mod openapi;
mod package;
mod people;
mod permission_matrix;
mod postgres;
mod protocol_replay;
mod races;
mod replicas;
mod s3;
mod sharing;
mod sql;
mod statements;
mod suites;
mod syncing;
mod uploads;
mod v1;
mod watching;
