//! The bytes of trees: in from uploads, out to replies, and the limits on them.

pub(crate) mod ahead;
pub mod checksums;
pub mod intake;
pub(crate) mod objects;
pub mod parcel;
pub(crate) mod quota;
pub mod ranges;
pub(crate) mod space;
pub mod trees;
pub(crate) mod verified;
