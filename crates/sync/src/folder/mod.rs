//! The folder on this machine: its state, the scan of it, and the changes in it.
//!
//! Everything is reached from the descriptor of the folder, and no link is followed (`openat2`,
//! <https://man7.org/linux/man-pages/man2/openat2.2.html>).

mod executable;
mod ignored;
mod incoming;
mod kept;
mod lock;
mod own_rules;
mod place;
mod removal;
mod scan;
mod state;

pub use executable::{keeps_executable, take_over};
pub use ignored::{is_ignored, is_junk};
pub use incoming::{Incoming, ready};
pub use kept::Kept;
pub use lock::{Lock, Locked};
pub use own_rules::OwnRules;
pub use place::{Fingerprint, FullFingerprint, Root, has_no_links, kind, parts};
pub use removal::{entries, remove_all};
pub use scan::{Look, Scan, is_executable, is_forbidden, read, read_file, scan, scan_with};
pub use state::{Directory, Seen, State, text_of, write_beside};

/// The folder with the state, in each folder that is looked after.
pub const OWN: &str = ".nbcourier";

/// Opens the folder with the state of a folder, which must be there. Refuses links.
pub fn own_of(folder: &std::path::Path) -> std::io::Result<Root> {
    Root::open(folder)?.folder(OWN)
}
