//! Replies other than short JSON: listings, archives, downloads and receipts.

pub mod download;
pub mod file_list;
pub mod listing;
pub mod paging;
pub mod receipt;
pub mod seen;
pub mod tar;
pub mod zip;
