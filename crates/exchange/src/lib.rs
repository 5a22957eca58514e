//! The operations of the service on courses, rosters, releases, submissions and feedback.
//!
//! Every interface calls these operations. Each operation begins with `policy`, in the same transaction as the work
//! that follows. This crate does not know HTTP.

pub mod accounts;
pub mod activity;
pub mod administration;
pub mod allowances;
pub mod archive;
mod audit;
pub mod board;
pub mod collect;
pub mod course_settings;
pub mod courses;
pub mod dates;
pub mod demo;
pub mod desk;
pub mod directories;
pub mod dossier;
mod error;
pub mod events;
pub mod feedback;
pub mod figures;
pub mod files;
mod find;
pub mod gradebook;
pub mod groups;
pub mod history;
pub mod imports;
mod late_cache;
mod may;
mod op;
pub mod overview;
pub mod own_work;
pub mod people;
mod policy;
pub mod presence;
pub mod receipts;
pub mod refusals;
pub mod releases;
pub mod roster;
pub mod roster_import;
pub mod seen;
pub mod shares;
pub mod sources;
pub mod starts;
pub mod submission_pages;
pub mod submissions;
pub mod trash;
pub mod undo;
pub mod upkeep;
pub mod versions;

pub use error::{
    ConflictReason, Denial, Error, PathConflict, PathState, QuotaOwner, Result, ShareEnd, Thing,
};
pub use files::quota::{Account, Quotas};
pub use may::{Visit, visit};
pub use op::Mode;
pub use op::Place;
pub use policy::{DirectoryAddress, May, Policy, Reused};

use directories::{DirectoryLimits, following};
use files::{ahead, checksums, quota, ranges, space, verified};
use nbcourier_blobs::Blobs;
use nbcourier_storage::{Portion, Store};
use std::sync::Arc;
use upkeep::{health, measure};

/// The portion in which streamed listings are read.
const PORTION: Portion = Portion {
    rows: 5000,
    bytes: 512 * 1024,
};

/// The limits on the size of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum size of one file in bytes, after decoding.
    pub file_bytes: u64,
    /// Maximum number of files in one tree.
    pub files: usize,
    /// Maximum size of one tree in bytes, including bytes that are stored already.
    pub tree_bytes: u64,
}

/// The default number of callers whose accounts and groups are remembered.
pub const REMEMBERED_CALLERS: u64 = 100_000;

/// The exchange of one data directory: its rows, its bytes and its rules. Cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    rows: op::Rows,
    blobs: Blobs,
    policy: Policy,
    limits: Limits,
    quota: quota::Quota,
    ahead: ahead::Ahead,
    space: space::Space,
    seen: groups::ComparedGroups,
    refused_lately: refusals::Lately,
    notes: seen::Notes,
    last_check: health::LastCheck,
    metrics: Arc<measure::ExchangeMetrics>,
    counted: measure::Counted,
    known: accounts::Known,
    verified: verified::Verified,
    hashing: checksums::Hashing,
    sizes: administration::Counted,
    directory_limits: DirectoryLimits,
    following: following::Following,
    compared: ranges::Compared,
    wake: sources::Wake,
    activity: activity::ActivityRules,
    stored: figures::KnownSizes,
}

impl Exchange {
    /// Assembles an exchange without quotas and without a minimum of free space.
    pub fn new(store: Store, blobs: Blobs, policy: Policy, limits: Limits) -> Self {
        let rows = op::Rows::new(store);
        let metrics: Arc<measure::ExchangeMetrics> = Arc::default();
        Self {
            space: space::Space::new(blobs.clone(), rows.clone(), 0),
            quota: quota::Quota::new(Quotas::default(), &rows),
            ahead: ahead::Ahead::default(),
            seen: groups::ComparedGroups::new(REMEMBERED_CALLERS),
            known: accounts::Known::new(REMEMBERED_CALLERS, rows.is_shared()),
            rows,
            blobs,
            policy,
            limits,
            refused_lately: refusals::Lately::default(),
            notes: seen::Notes::new(&metrics),
            last_check: health::LastCheck::default(),
            metrics,
            counted: measure::Counted::default(),
            verified: verified::Verified::default(),
            hashing: checksums::Hashing::default(),
            sizes: administration::Counted::default(),
            directory_limits: DirectoryLimits::default(),
            following: following::Following::default(),
            compared: ranges::Compared::default(),
            wake: sources::Wake::default(),
            activity: activity::ActivityRules::default(),
            stored: figures::KnownSizes::default(),
        }
    }

    /// Returns the exchange, which remembers the accounts and groups of at most so many callers.
    #[must_use]
    pub fn remembering(self, callers: u64) -> Self {
        Self {
            seen: groups::ComparedGroups::new(callers),
            known: accounts::Known::new(callers, self.rows.is_shared()),
            ..self
        }
    }

    /// Returns the limits on the size of one request.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the quotas.
    pub fn quotas(&self) -> Quotas {
        self.quota.limits()
    }

    /// Whether this process does what one server does for all: it started first, or is the only one.
    pub fn is_first(&self) -> bool {
        self.rows.role().is_first()
    }

    /// Returns the exchange with these quotas. It refuses files while less than `min_free_space` bytes are free.
    #[must_use]
    pub fn guarded(self, quotas: Quotas, min_free_space: u64) -> Self {
        Self {
            quota: self.quota.limited(quotas),
            space: self.space.with_floor(min_free_space),
            ..self
        }
    }

    /// Returns the exchange with these limits on directories.
    #[must_use]
    pub fn with_directories(self, directory_limits: DirectoryLimits) -> Self {
        Self {
            directory_limits,
            ..self
        }
    }
}
