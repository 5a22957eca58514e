//! The database: all rows and queries. The bytes of large files are stored elsewhere.
//!
//! The functions of the entity files take a connection first, and run inside any transaction that it has open.
//! [`Store`] lends connections. Readers see a snapshot. All writes go through one thread (see `writer`).

pub mod activity;
pub mod administration;
pub mod allowances;
pub mod archive;
pub mod assignments;
mod backend;
pub mod blobs;
pub mod board;
mod conditions;
pub mod courses;
mod database;
pub mod dates;
pub mod demo;
pub mod desk;
pub mod directories;
pub mod dossier;
pub mod ended_sessions;
mod error;
pub mod events;
mod examine;
pub mod feedback;
pub mod figures;
pub mod history;
pub mod hub_members;
pub mod known;
pub mod last_seen;
mod lender;
pub mod loose;
pub mod members;
mod metrics;
mod migrate;
pub mod objects;
pub mod overview;
pub mod people;
mod pool;
mod portion;
mod presence;
pub mod reach;
pub mod receipts;
pub mod renaming;
mod replicas;
pub mod runs;
mod schema;
pub mod seen;
pub mod shares;
pub mod signing_keys;
pub mod snapshot;
pub mod starts;
pub mod submission_pages;
pub mod submissions;
pub mod totals;
pub mod transfer;
pub mod trash;
pub mod trees;
mod turns;
pub mod usage;
mod writer;
mod writers;

pub use backend::lock::{Held, Lock};
pub use backend::{Connection, Postgres, PostgresError};
pub use database::Database;
pub use error::{Error, Result};
pub use examine::{
    Examined, ExaminedMaterial, SetAside, examine, examine_courses, examine_material,
    examine_place, examine_replicas, examine_runs, examine_set_aside, examine_signing_key,
    material,
};
pub use metrics::WriterMetrics;
pub use migrate::migrate_with;
pub use pool::{DatabaseFiles, Opening, Store, database_files};
pub use portion::Portion;
pub use presence::{CLOCKS_DIFFER, FilePlace, Presence, Role};
pub use replicas::Replica;

/// Returns the errors that the database itself finds in its files, and rows that point nowhere. The list is empty if
/// there are none.
pub fn check_integrity(conn: &mut Connection) -> Result<Vec<String>> {
    conn.check_integrity()
}
