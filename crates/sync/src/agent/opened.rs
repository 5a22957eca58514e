//! The parts of a folder that a round needs: without them, nothing happens there.

use super::pair::Pair;
use super::wishes::Wishes;
use crate::folder::{OWN, Root};
use std::io;
use std::path::Path;

/// The opened parts of a folder, and the pair that is written there.
pub struct Opened {
    pub root: Root,
    pub own: Root,
    pub pair: Pair,
    pub wishes: Wishes,
}

/// Opens a folder and reads its pair. Fails with a sentence, which is the whole of what happens then.
pub fn open(folder: &Path) -> Result<Opened, String> {
    let gone = || {
        "Nothing was done: the folder has no pair of the agent (.nbcourier/pair.json). If it is on a disk that is not \
         mounted, mount the disk. Otherwise use `nbcourier sync remove`, or `nbcourier sync add` to begin anew"
            .to_owned()
    };
    let wrong = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => gone(),
        _ => format!("Nothing was done: the folder cannot be used ({error})"),
    };
    let root = Root::open(folder).map_err(wrong)?;
    let own = root.folder(OWN).map_err(wrong)?;
    let pair = Pair::read(&own).map_err(wrong)?.ok_or_else(gone)?;
    let wishes = Wishes::open(&own).map_err(wrong)?;
    Ok(Opened {
        root,
        own,
        pair,
        wishes,
    })
}
