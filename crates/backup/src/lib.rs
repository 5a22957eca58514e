//! Backups, restores, repairs, and courses as archives.
//!
//! All of this works on the data directory and blocks on the disk. Only `import` checks permissions: a person who can
//! read the directory may do the rest.

mod backup;
mod copy;
mod error;
mod export;
mod import;
mod manifest;
mod repair;
mod restore;

pub use backup::{BackupReport, Source, back_up};
pub use copy::CopyReport;
pub use error::{Error, Result};
pub use export::{ExportedCourse, export};
pub use import::{ImportedCourse, MAX_MANIFEST, import};
pub use manifest::Manifest;
pub use repair::{RepairReport, repair};
pub use restore::{MARK as RESTORE_MARK, RestoreReport, Target, restore};

/// The progress of an operation.
#[derive(Debug, Clone, Copy)]
pub enum ProgressEvent {
    /// A step begins: its name, and the number of its bytes.
    Begin(&'static str, u64),
    /// This many more bytes are done.
    Done(u64),
}
