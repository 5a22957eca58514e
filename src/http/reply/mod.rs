//! What handlers reply with, beyond short JSON.

pub mod file_list;
pub mod listing;
pub mod paging;
pub mod receipt;
pub mod tar;
