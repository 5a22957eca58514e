//! Commands that maintain the data of an exchange.

pub mod backup;
pub mod demo;
pub mod export;
pub mod fsck;
pub mod gc;
pub mod import;
pub mod import_archive;
pub mod move_data;
pub mod restore;
