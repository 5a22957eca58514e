//! The last runs of clean-up, backup and check, for monitoring. An exchange without a backup seems fine until the day
//! the backup is needed.

use crate::{Exchange, Result};
use nbcourier_domain::Timestamp;
use nbcourier_storage::{self as store, Connection, Database, Store};

/// The last run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The name of the task.
    pub task: String,
    /// The end of the run.
    pub ended_at: Timestamp,
    /// The end of the last successful run.
    pub succeeded_at: Option<Timestamp>,
}

impl Run {
    pub(crate) fn new(row: store::runs::Run) -> Self {
        Self {
            task: row.task,
            ended_at: Timestamp::from_micros(row.ended_at),
            succeeded_at: row.succeeded_at.map(Timestamp::from_micros),
        }
    }
}

/// A task of the operator, run by hand or by a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Removing items past their retention time. The server does this as well.
    Gc,
    /// Copying all data to another place.
    Backup,
    /// Comparing every byte with its checksum.
    Fsck,
    /// Importing all courses of ngshare.
    ImportNgshare,
}

impl Task {
    /// The tasks that are done again and again.
    pub const REGULAR: [Self; 3] = [Self::Gc, Self::Backup, Self::Fsck];

    /// Returns the text of the task, as stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gc => "gc",
            Self::Backup => "backup",
            Self::Fsck => "fsck",
            Self::ImportNgshare => "import ngshare",
        }
    }
}

/// Records that a task has ended. `well` says whether it succeeded. It is for commands that have opened no exchange.
pub async fn note(store: &Store, task: Task, well: bool) -> Result<()> {
    store.write(move |conn| record(conn, task, well)).await
}

/// Records in an exchange that a task has ended. `well` says whether it succeeded.
pub async fn note_in(exchange: &Exchange, task: Task, well: bool) -> Result<()> {
    let write = exchange
        .without_policy()
        .write(move |conn| record(conn, task, well));
    write.await
}

/// Records that a task has ended. `well` says whether it succeeded.
pub(crate) fn record(conn: &mut Connection, task: Task, well: bool) -> Result<()> {
    Ok(store::runs::note(
        conn,
        task.word(),
        Timestamp::now(),
        well,
    )?)
}

/// Returns the last run of every task that has run, from a database that need not be open. Returns `None` if the
/// database is older than the table of runs. It writes nothing.
pub fn examine(database: &Database) -> store::Result<Option<Vec<Run>>> {
    let runs = store::examine_runs(database)?;
    Ok(runs.map(|runs| runs.into_iter().map(Run::new).collect()))
}

/// Returns the last run of every task that has run.
pub(crate) async fn list(exchange: &Exchange) -> Result<Vec<Run>> {
    let read = exchange
        .without_policy()
        .read(|conn| Ok(store::runs::list(conn)?));
    Ok(read.await?.into_iter().map(Run::new).collect())
}
