//! Replies other than short JSON: listings, archives and receipts.

pub mod file_list;
pub mod listing;
pub mod paging;
pub mod receipt;
pub mod tar;
