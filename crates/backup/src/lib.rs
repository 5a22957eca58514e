//! Backups, restores, repairs, and courses as archives.
//!
//! All of this works on the data directory and blocks on the disk. Only `bring` checks permissions: a person who can
//! read the directory may do the rest.

mod backup;
mod bring;
mod copy;
mod error;
mod export;
mod manifest;
mod mend;
mod restore;

pub use backup::{Report as BackupReport, Source, back_up};
pub use bring::{Brought, MAX_MANIFEST, bring};
pub use copy::Copied;
pub use error::{Error, Result};
pub use export::{Exported, export};
pub use manifest::Manifest;
pub use mend::{Mended, mend};
pub use restore::{MARK as RESTORE_MARK, Report as RestoreReport, Target, restore};

/// The progress of an operation.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// A step begins: its name, and the number of its bytes.
    Begin(&'static str, u64),
    /// This many more bytes are done.
    Done(u64),
}
