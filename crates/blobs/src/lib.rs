//! Large files, each stored once under the name its bytes have.
//!
//! `ab/abcdef…` holds the bytes whose SHA-256 is `abcdef…`. A file comes to its place only whole and flushed, and
//! is never changed there. This room knows nothing of rows; what names a blob is the store's business.

mod durable;
mod in_use;
mod local;
mod staged;

pub use durable::{make_directory, rename, sync_directory};
pub use in_use::{Announcement, Clearing, Hold};
pub use local::{Damage, LocalBlobs, Space, StoredFile};
pub use staged::{Complete, Staged};
