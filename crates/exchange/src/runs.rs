//! When clearing away, backing up and checking last ran, for whoever watches: an exchange without a backup looks well
//! until the day it is needed.

use super::{Error, Result};
use nbcourier_domain::Timestamp;
use nbcourier_storage::{self as store, Store};

pub use nbcourier_storage::runs::Run;

/// What an operator has done regularly, by hand or by a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Removing what is over its retention time; the server does it, too.
    Gc,
    /// Copying everything somewhere else.
    Backup,
    /// Comparing every byte with its checksum.
    Fsck,
}

impl Task {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Gc, Self::Backup, Self::Fsck];

    /// The word for it, as stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gc => "gc",
            Self::Backup => "backup",
            Self::Fsck => "fsck",
        }
    }
}

/// Notes that a task has ended, well or not.
pub async fn note(store: &Store, task: Task, well: bool) -> Result<()> {
    store
        .write(move |conn| {
            store::runs::note(conn, task.word(), Timestamp::now(), well)?;
            Ok::<_, Error>(())
        })
        .await
}

/// The last run of every task that ever ran.
pub async fn list(store: &Store) -> Result<Vec<Run>> {
    store
        .read(|conn| Ok::<_, Error>(store::runs::list(conn)?))
        .await
}
