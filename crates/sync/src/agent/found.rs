//! Both sides, as a round found them.

use super::held::AllHeld;
use crate::folder::Scan;
use crate::item::Listing;
use crate::resume::Pending;

/// Both sides, as a round found them.
#[derive(Debug)]
pub struct Found {
    /// The folder.
    pub scan: Scan,
    /// The folder without the paths that are held.
    pub here: Listing,
    /// The directory.
    pub there: Listing,
    /// The paths that the round does not touch.
    pub held: AllHeld,
    /// The notes of an interrupted round.
    pub pending: Pending,
    /// The day, for the names of second files.
    pub day: String,
}
