//! The upkeep of an exchange: removing, checking, and measuring what it holds.

pub mod blob_place;
pub mod fsck;
pub mod gc;
pub mod health;
pub mod measure;
mod objects;
pub mod runs;
pub mod turn;
