//! Export and import of a course: read completely in one snapshot, and inserted in one transaction. The file format
//! around it is defined elsewhere.

mod directories;
mod insert;
mod look_alikes;
mod manifest;
mod names;
mod read;

pub use insert::{ArchiveImport, UnacceptableArchive, insert};
pub use look_alikes::look_alikes;
pub use manifest::{Assignment, Course, Directory, Entry, Event, Submission, TreeOf, VERSION};
pub use names::plain;
pub use read::{Reader, read};
