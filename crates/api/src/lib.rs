//! The JSON objects of the API below `v1/`, one type each. The server writes and describes them, the client reads them,
//! and the commands print them with `--json`.
//!
//! The doc comments of types and fields are their descriptions in the OpenAPI document. A type whose schema has another
//! name there keeps it with `schemars(rename)`, since clients may be generated from the document.

// A key that explains itself has no description in the document, and hence no doc comment.
#![allow(missing_docs)]

mod activity;
mod allowances;
mod assignments;
mod courses;
mod dates;
mod directories;
mod events;
mod extensions;
mod feedback;
mod files;
mod gradebook;
mod list;
mod manifest;
mod overview;
mod presence;
mod problem;
mod receipts;
mod roster;
mod seen;
mod shares;
mod sources;
mod starts;
mod submissions;
mod trash;

pub use activity::{
    Activity, ActivityCounted, ActivityFigures, ActivityItem, CountingCourses, NewActivity,
};
pub use allowances::{Allowance, Allowances, NewAllowance};
pub use assignments::{Assignment, Assignments, PastRelease, ReleaseHistory, Released};
pub use courses::{Course, CourseSettings, Courses, NewCourseSettings};
pub use dates::{Dates, NewDates};
pub use directories::{
    ChangedPath, Committed, ConflictingPath, Directories, Directory, DirectoryChanges,
    DirectoryEntries, DirectoryEntry, DirectoryOwner, DirectoryParent, DirectoryPatch,
    DirectoryVersion, DirectoryVersions, EntryFile, EntryKind, Expected, FileStored, Grant, Grants,
    NewChanges, NewCopy, NewDirectory, NewGrant, NewGrants, NewLabel, Operation, OwnerKind,
    PatchedText, PathNow, PrincipalKind,
};
pub use events::{Event, Events};
pub use extensions::{Extension, Extensions, NewExtension};
pub use feedback::{
    ClassFeedback, FeedbackGiven, FeedbackHistory, FeedbackManifest, FeedbackManifestEntry,
    PastFeedback,
};
pub use files::{File, Trees};
pub use gradebook::GradebookFacts;
pub use list::{List, MAX_ITEMS, TooManyItems};
pub use manifest::{Manifest, ManifestEntry};
pub use overview::{
    AssignmentOverview, CourseOverview, FeedbackState, StudentOverview, SubmissionOverview,
};
pub use presence::{Presence, Presences, SeenBy};
pub use problem::Problem;
pub use receipts::{Receipt, ReceiptVerdict, SignedReceipt, UnverifiedReceipt};
pub use roster::{Member, Roster, RosterChange, RosterChanges, RosterEntry};
pub use seen::{Fetch, Fetches, Reading};
pub use shares::{Share, ShareState, SharedPage, Shares};
pub use sources::{DirectorySource, NewSource, PullAsked, Source, SourceRun, SourceRuns};
pub use starts::{NewStart, SecondFile, Start, StartReport, Starts, StartsAlike};
pub use submissions::{
    CollectedSubmission, CollectedSubmissions, Submission, SubmissionFeedback, Submissions,
};
pub use trash::{
    CourseTrash, DeletedAssignment, DeletedCourse, DeletedCourses, DeletedSubmission, Restored,
};
