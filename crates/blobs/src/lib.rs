//! Storage of large files. Each is stored once under the checksum of its bytes.
//!
//! `ab/abcdef…` holds the bytes whose SHA-256 is `abcdef…`. A file is moved to its place only when it is complete and
//! flushed, and never changes there. This crate knows nothing of the database, whose rows refer to blobs.

mod blobs;
mod durable;
mod in_use;
mod local;
mod remote;
mod staged;

pub use blobs::{Blobs, Damaged, Reading};
pub use durable::{make_directory, rename, sync_directory};
pub use in_use::{Announcement, Clearing, Hold};
pub use local::{Damage, LocalBlobs, Space, StoredFile};
pub use remote::{
    Belongs, Bucket, Credentials, Fault, FaultKind, FoundObject, ObjectName, ObjectReader,
    RemoteBlobs, Sending, Sent, Versioning,
};
pub use staged::{Complete, Staged};
