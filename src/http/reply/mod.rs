//! Replies other than short JSON: listings, archives, downloads, receipts, redirects and live parts of pages.

pub mod blob;
pub mod created;
pub mod directory_tar;
pub mod download;
pub mod file_list;
pub mod listing;
pub mod live;
pub mod paging;
pub mod receipt;
pub mod redirect;
pub mod seen;
pub mod tar;
pub mod zip;
