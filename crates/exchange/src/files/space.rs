//! The minimum of free space. Below it no files are accepted, so that reading, deleting and logging in still work.

use crate::op::Rows;
use crate::{Error, Result};
use nbcourier_blobs::Blobs;

/// Bytes written between two checks of the free space.
pub(crate) const BETWEEN_LOOKS: u64 = 4 * 1024 * 1024;

/// The places where bytes are stored, and the minimum of free bytes there. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Space {
    blobs: Blobs,
    rows: Rows,
    floor: u64,
}

impl Space {
    pub fn new(blobs: Blobs, rows: Rows, floor: u64) -> Self {
        Self { blobs, rows, floor }
    }

    /// Returns the same places with this minimum of free bytes.
    pub fn with_floor(self, floor: u64) -> Self {
        Self { floor, ..self }
    }

    /// Checks that `more` bytes can be stored. It queries the disks, so it belongs on a blocking thread.
    pub fn check(&self, more: u64) -> Result<()> {
        if self.floor == 0 {
            return Ok(());
        }
        let for_blobs = self.blobs.free_bytes()?;
        let for_rows = self.rows.free_bytes()?;
        let free = for_rows.map_or(for_blobs, |free| free.min(for_blobs));
        if free.saturating_sub(more) >= self.floor {
            return Ok(());
        }
        Err(Error::NoSpace {
            free,
            floor: self.floor,
        })
    }
}
