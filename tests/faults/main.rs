//! Faults that the exchange survives. Each test brings the built program into the fault. Afterwards everything that
//! it had confirmed must be there, byte for byte.
//!
//! `make test` runs the short form, `make torture` the long one (`NBCOURIER_TORTURE`), which ends in a table of the
//! counts of `tally`. A run begins from a seed (`NBCOURIER_SEED`), so that it can be repeated.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

mod client;
mod clock;
mod damage;
mod disk;
mod flushes;
mod hub;
mod kill;
mod ledger;
mod load;
mod locked;
mod many_files;
mod outages;
mod power;
mod replicas;
mod second_process;
mod shared;
mod slow_clients;
mod standby;
mod syncing;
mod tally;
