//! Reconciles a folder on this machine with a directory of an exchange.
//!
//! Nothing reacts to events. Something moves only where a content differs from the one that both sides last agreed on,
//! so no change comes back as an echo.

pub mod agent;
mod apply;
pub mod assignment;
mod bundle;
pub mod decide;
pub mod deliver;
mod download;
pub mod folder;
pub mod guard;
pub mod item;
pub mod journal;
pub mod mirror;
pub mod names;
pub mod plan;
pub mod pull;
pub mod report;
mod resume;
pub mod revert;
pub mod script;
pub mod source;
pub mod starts;
mod structure;
mod words;

pub use decide::{Mode, Verdict, decide};
pub use item::{Content, Item, Listing};
pub use plan::{Plan, Sides, Step};
pub use report::{Outcome, Report};
pub use resume::Pending;
pub use structure::in_shape;
