//! Backups, restores, moves, repairs, and courses as archives.
//!
//! All of this works on the data of an exchange, and blocks on the disk and the network. Only `import` checks permissions: a
//! person who can read the data may do the rest.

mod backup;
mod copy;
mod error;
mod export;
mod fill;
mod import;
mod manifest;
mod moving;
mod presence;
mod repair;
mod restore;

pub use backup::{BackupReport, Source, back_up, resolved};
pub use copy::CopyReport;
pub use error::{Error, Result};
pub use export::{ExportedCourse, export};
pub use fill::{FillReport, NewFiles, NewPlace, Options};
pub use import::{ImportedCourse, MAX_MANIFEST, import};
pub use manifest::Manifest;
pub use moving::{MoveReport, Moving, Relocation, check_move, move_data};
pub use repair::{RepairReport, repair};
pub use restore::{MARK as RESTORE_MARK, RestoreReport, prepare, restore};

/// The progress of an operation.
#[derive(Debug, Clone, Copy)]
pub enum ProgressEvent {
    /// A step begins: its name, and the number of its bytes.
    Begin(&'static str, u64),
    /// A step begins: its name, and the number of its rows.
    BeginRows(&'static str, u64),
    /// This many more bytes or rows are done.
    Done(u64),
}
