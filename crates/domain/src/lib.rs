//! The terms of the exchange as parsed types, which need no further check.
//!
//! Nothing here does I/O or knows a protocol.

mod activity;
mod count;
mod dates;
mod day;
mod delivery;
mod directory;
mod groups;
mod key;
mod names;
mod notation;
mod oddity;
mod path;
mod quantity;
mod repository;
mod role;
mod sharing;
mod start;
mod time;
mod tree;

pub use activity::{ActivityBy, ActivityKind};
pub use count::Count;
pub use dates::{Allowance, Dates, Extension, OwnTime};
pub use day::{Day, IllegalDay};
pub use delivery::{Undeliverable, delivery_folder};
pub use directory::{AccessLevel, DirectoryOwner, Principal};
pub use groups::{COURSE_GROUPS, Group, GroupRule, GroupRules, IllegalRule};
pub use key::{IdempotencyKey, IllegalKey};
pub use names::{AssignmentId, CourseId, DirectoryName, IllegalName, UserName};
pub use notation::{RESERVED, above, shell_word};
pub use oddity::{Alike, LookAlikes, Oddity, UnfitName, oddity};
pub use path::{IllegalPath, RelativePath};
pub use quantity::{ByteSize, Span};
pub use repository::{BranchName, IllegalBranch, IllegalRepository, ObjectName, RepositoryUrl};
pub use role::{Person, Role};
pub use sharing::{Audience, LONGEST_SHARED, MOST_SHARED_DAYS, Sharing, USUAL_SHARED_DAYS};
pub use start::StartOutcome;
pub use time::{IllegalTime, Rfc3339, Timestamp};
pub use tree::{BlobRef, Md5Sum, Sha256Sum, Tree, TreeEntry, TreeHasher, tree_digest};
