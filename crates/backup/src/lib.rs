//! What an exchange is kept by: backups, bringing them back, mending what is damaged, and courses as archives.
//!
//! All of it works on the data directory and blocks on the disk; nothing here but `bring` asks who may, since whoever can
//! read the directory may.

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

/// How far the work is.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Something begins, in a word, and how many bytes it has.
    Begin(&'static str, u64),
    /// So many more of them are done.
    Done(u64),
}
