//! The free space below which no files are taken, so that there is room for all else: reading, deleting, logging in.

use super::{Error, Result};
use nbcourier_blobs::LocalBlobs;
use nbcourier_storage::Store;

/// Bytes that are written between two looks at the free space.
pub(super) const BETWEEN_LOOKS: u64 = 4 * 1024 * 1024;

/// The places where bytes go, and how much of them stays free. Cheap to clone.
#[derive(Clone)]
pub(super) struct Space {
    blobs: LocalBlobs,
    store: Store,
    floor: u64,
}

impl Space {
    pub fn new(blobs: LocalBlobs, store: Store, floor: u64) -> Self {
        Self {
            blobs,
            store,
            floor,
        }
    }

    /// Whether so many bytes more can be taken. Asks the disks, so it belongs on a blocking thread.
    pub fn check(&self, more: u64) -> Result<()> {
        if self.floor == 0 {
            return Ok(());
        }
        let free = self.blobs.free_bytes()?.min(self.store.free_bytes()?);
        if free.saturating_sub(more) >= self.floor {
            return Ok(());
        }
        Err(Error::NoSpace {
            free,
            floor: self.floor,
        })
    }
}
