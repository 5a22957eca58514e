//! Commands that maintain a data directory.

pub mod backup;
pub mod export;
pub mod fsck;
pub mod gc;
pub mod import;
pub mod import_archive;
pub mod restore;
