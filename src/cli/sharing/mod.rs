//! Pages that people share by links.

mod notebook;
pub mod share;
pub mod shares;
