//! The folder on this machine: its state, the scan of it, and the changes in it.
//!
//! Everything is reached from the descriptor of the folder, and no link is followed (`openat2`,
//! <https://man7.org/linux/man-pages/man2/openat2.2.html>).

mod ignored;
mod incoming;
mod kept;
mod lock;
mod place;
mod scan;
mod state;

pub use ignored::is_ignored;
pub use incoming::Incoming;
pub use kept::Kept;
pub use lock::{Lock, Locked};
pub use place::{Fingerprint, Root};
pub use scan::{Scan, read_file, scan};
pub use state::{Directory, State};

/// The folder with the state, in each folder that is looked after.
pub const OWN: &str = ".nbcourier";
