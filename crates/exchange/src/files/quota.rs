//! Quotas: submissions of a student to an assignment, bytes of a person, and bytes of a course.
//!
//! A content counts once in each part of a course that has it: its releases, the submissions of each student, and its
//! feedback. Released files do not count for students who submit them again. Items in the trash count for nobody.
//! Whether a content is new to a part depends on that part alone, so no answer reveals to a student which bytes others have.
//!
//! The check runs in the transaction that keeps the files. To avoid adding up a whole course there, the amounts in use
//! are remembered and grow with each change. A change that is rolled back forgets the amounts that it increased.
//! Because a remembered amount may be too high, it is added up again before a request is refused.

use crate::late_cache::LateCache;
use crate::op::Rows;
use crate::{Error, QuotaOwner, Result};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use nbcourier_domain::{AssignmentId, CourseId, DirectoryOwner, Sha256Sum, UserName};
use nbcourier_storage::usage::{self, Owner, Part};
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::Bug;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The quotas. `None` means no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Maximum number of submissions of one student to one assignment.
    pub submissions: Option<u64>,
    /// Maximum bytes of one person's submissions in all courses.
    pub person_bytes: Option<u64>,
    /// Maximum bytes of one course: releases, submissions and feedback.
    pub course_bytes: Option<u64>,
}

/// Distinct contents with their sizes in bytes.
pub(crate) type ContentSizes = BTreeMap<Sha256Sum, u64>;

/// Maximum number of remembered people and courses. Each takes a few hundred bytes.
const MAX_REMEMBERED: u64 = 10_000;
/// The time for which a remembered amount is valid. Commands on the data directory may also change it.
const REMEMBERED: Duration = Duration::from_mins(10);
/// The same if other processes use the database, too. A course may pass its quota by what they add in this time.
const REMEMBERED_SHARED: Duration = Duration::from_mins(1);
/// Minimum time between two recounts for an owner who keeps being refused.
const ADDED_UP: Duration = Duration::from_secs(5);

/// The destination of files, which determines whose quota they count against.
#[derive(Debug, Clone)]
pub struct Account {
    course: CourseId,
    part: Part,
}

impl Account {
    /// Returns the account for files to be released in the course.
    pub fn release(course: &CourseId) -> Self {
        Self {
            course: course.clone(),
            part: Part::Releases,
        }
    }

    /// Returns the account for files of a submission of the student, also if another person submits them.
    pub fn work(course: &CourseId, student: &UserName) -> Self {
        Self {
            course: course.clone(),
            part: Part::Work(student.clone()),
        }
    }

    /// Returns the account for feedback files in the course.
    pub fn feedback(course: &CourseId) -> Self {
        Self {
            course: course.clone(),
            part: Part::Feedback,
        }
    }

    pub(crate) fn course(&self) -> &CourseId {
        &self.course
    }
}

/// The quotas and the remembered amounts in use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Quota {
    limits: Quotas,
    rows: Rows,
    known: Arc<Known>,
}

#[derive(Debug)]
struct Known {
    owners: LateCache<Owner, Amount>,
    /// Number of items put into the trash. After a deletion, the amount is added up again before the next refusal.
    deletions: AtomicU64,
    /// Number of items taken out of the trash. After that, every amount is added up again.
    returns: AtomicU64,
}

impl Default for Known {
    fn default() -> Self {
        let owners = LateCache::new(|| {
            let owners = Cache::builder().max_capacity(MAX_REMEMBERED);
            owners.eviction_policy(EvictionPolicy::lru()).build()
        });
        Self {
            owners,
            deletions: AtomicU64::default(),
            returns: AtomicU64::default(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Amount {
    bytes: u64,
    added_up: Instant,
    deletions: u64,
    returns: u64,
    /// Number of failed commits at that time. If more have failed since, the amount may include bytes that were not
    /// written.
    failures: u64,
}

/// The quota that a change has taken. If it is dropped before the change is durable, the amounts are forgotten.
#[derive(Debug)]
pub(crate) struct Taken {
    owners: Vec<Owner>,
    known: Arc<Known>,
}

impl Taken {
    /// Notes that the change is durable, so that the amounts stay remembered.
    pub fn keep(mut self) {
        self.owners.clear();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        for owner in &self.owners {
            self.known.owners.invalidate(owner);
        }
    }
}

impl Quota {
    pub fn new(limits: Quotas, rows: &Rows) -> Self {
        Self {
            limits,
            rows: rows.clone(),
            known: Arc::default(),
        }
    }

    /// Returns the quota with these limits.
    pub fn limited(self, limits: Quotas) -> Self {
        Self { limits, ..self }
    }

    /// Returns the limits.
    pub const fn limits(&self) -> Quotas {
        self.limits
    }

    /// Notes that an item is about to go into the trash, so that there may be more room than remembered.
    pub fn shrunk(&self) {
        self.known.deletions.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that an item is about to leave the trash, so that there may be less room than remembered.
    pub fn grown(&self) {
        self.known.returns.fetch_add(1, Ordering::Relaxed);
    }

    /// Checks that the student may submit to the assignment once more.
    pub fn check_number(
        &self,
        conn: &mut Connection,
        (row, assignment): (i64, &AssignmentId),
        student: &UserName,
    ) -> Result<()> {
        let Some(limit) = self.limits.submissions else {
            return Ok(());
        };
        if usage::submissions(conn, row, student)? < limit {
            return Ok(());
        }
        Err(Error::TooManySubmissions {
            assignment: assignment.clone(),
            student: student.clone(),
            limit,
        })
    }

    /// Whether there is a limit on the bytes of a person.
    pub fn counts_persons(&self) -> bool {
        self.limits.person_bytes.is_some()
    }

    /// Whether there is a limit on bytes.
    pub fn counts_bytes(&self) -> bool {
        self.limits.person_bytes.is_some() || self.limits.course_bytes.is_some()
    }

    /// Checks that the course has room for the contents and for `before` bytes already found to be new. Returns the
    /// number of new bytes so far.
    pub fn check(
        &self,
        conn: &mut Connection,
        course: i64,
        account: &Account,
        contents: &ContentSizes,
        before: u64,
    ) -> Result<u64> {
        if !self.counts_bytes() {
            return Ok(0);
        }
        let added = before.saturating_add(added(conn, course, &account.part, contents)?);
        self.weigh(conn, course, account, added)?;
        Ok(added)
    }

    /// Checks the same and counts the contents from now on. It runs in the transaction that keeps them, when only the
    /// database can still refuse.
    pub fn take(
        &self,
        conn: &mut Connection,
        course: i64,
        account: &Account,
        contents: &ContentSizes,
    ) -> Result<Option<Taken>> {
        if !self.counts_bytes() {
            return Ok(None);
        }
        let added = added(conn, course, &account.part, contents)?;
        let amounts = self.weigh(conn, course, account, added)?;
        let taken = Taken {
            owners: amounts.iter().map(|(owner, _)| owner.clone()).collect(),
            known: Arc::clone(&self.known),
        };
        for (owner, amount) in amounts {
            self.known.owners.insert(owner, amount);
        }
        Ok(Some(taken))
    }

    /// Counts `added` bytes of a directory, of the person or of the course with that row. It runs in the transaction that
    /// keeps them, after they are written: what the same change removes makes room.
    pub fn take_for_directory(
        &self,
        conn: &mut Connection,
        owner: &DirectoryOwner,
        course: Option<i64>,
        added: u64,
    ) -> Result<Option<Taken>> {
        let (owner, limit, whose) = match (owner, course) {
            (DirectoryOwner::Person(person), _) => (
                Owner::Person(person.clone()),
                self.limits.person_bytes,
                QuotaOwner::Person(person.clone()),
            ),
            (DirectoryOwner::Course(_), Some(course)) => (
                Owner::Course(course),
                self.limits.course_bytes,
                QuotaOwner::Course,
            ),
            (DirectoryOwner::Course(_), None) => {
                return Err(Bug::new("a directory of a course without its row").into());
            }
        };
        let Some(limit) = limit.filter(|_| added > 0) else {
            return Ok(None);
        };
        let mut amount = self.amount(conn, &owner, limit.saturating_sub(added))?;
        amount.bytes = amount.bytes.saturating_add(added);
        if amount.bytes > limit {
            // The rows are written, so that the sum has the added bytes.
            amount.bytes = usage::total(conn, &owner)?;
            amount.added_up = Instant::now();
        }
        if amount.bytes > limit {
            self.known.owners.invalidate(&owner);
            return Err(Error::OverQuota {
                whose,
                limit,
                used: amount.bytes.saturating_sub(added),
                added,
            });
        }
        self.known.owners.insert(owner.clone(), amount);
        Ok(Some(Taken {
            owners: vec![owner],
            known: Arc::clone(&self.known),
        }))
    }

    /// Returns the owners' amounts with `added` more bytes, or the error that this is too much. Only the writer may
    /// call it, because readers may see an older state than the one remembered.
    fn weigh(
        &self,
        conn: &mut Connection,
        course: i64,
        account: &Account,
        added: u64,
    ) -> Result<Vec<(Owner, Amount)>> {
        let mut amounts = Vec::new();
        for (owner, limit) in self.owners(course, &account.part) {
            let mut amount = self.amount(conn, &owner, limit.saturating_sub(added))?;
            self.known.owners.insert(owner.clone(), amount);
            let used = amount.bytes;
            amount.bytes = used.saturating_add(added);
            // An owner above the quota may still submit contents that count for them already.
            if added > 0 && amount.bytes > limit {
                return Err(Error::OverQuota {
                    whose: match owner {
                        Owner::Course(_) => QuotaOwner::Course,
                        Owner::Person(person) => QuotaOwner::Student(person),
                    },
                    limit,
                    used,
                    added,
                });
            }
            amounts.push((owner, amount));
        }
        Ok(amounts)
    }

    fn owners(&self, course: i64, part: &Part) -> Vec<(Owner, u64)> {
        let student = match part {
            Part::Work(student) => Some(student),
            Part::Releases | Part::Feedback => None,
        };
        let of_person = student
            .zip(self.limits.person_bytes)
            .map(|(student, limit)| (Owner::Person(student.clone()), limit));
        let of_course = self.limits.course_bytes;
        let of_course = of_course.map(|limit| (Owner::Course(course), limit));
        of_person.into_iter().chain(of_course).collect()
    }

    /// Returns the owner's amount: the remembered one if it is at most `enough`, otherwise a new sum.
    fn amount(&self, conn: &mut Connection, owner: &Owner, enough: u64) -> store::Result<Amount> {
        let deletions = self.known.deletions.load(Ordering::Relaxed);
        let returns = self.known.returns.load(Ordering::Relaxed);
        let failures = self.rows.metrics().failures.get();
        let remembered = self.known.owners.get(owner);
        let is_current = |amount: &Amount| (amount.returns, amount.failures) == (returns, failures);
        if let Some(amount) = remembered.filter(is_current) {
            let age = amount.added_up.elapsed();
            let exact = amount.deletions == deletions && age < ADDED_UP;
            // Other processes add bytes, too. Those of a person are few to add up, and their changes hold a lock.
            let is_shared = self.rows.is_shared();
            let remembered = if is_shared {
                REMEMBERED_SHARED
            } else {
                REMEMBERED
            };
            let is_usable = !is_shared || matches!(owner, Owner::Course(_));
            if is_usable && (exact || (amount.bytes <= enough && age < remembered)) {
                return Ok(amount);
            }
        }
        Ok(Amount {
            bytes: usage::total(conn, owner)?,
            added_up: Instant::now(),
            deletions,
            returns,
            failures,
        })
    }
}

/// Returns how many bytes of the contents are new to that part of the course.
fn added(
    conn: &mut Connection,
    course: i64,
    part: &Part,
    contents: &ContentSizes,
) -> store::Result<u64> {
    let whole: u64 = contents.values().sum();
    Ok(whole.saturating_sub(usage::counted(conn, course, part, contents.keys())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nbcourier_domain::Sha256Sum;
    use nbcourier_storage::{Opening, Store};

    #[tokio::test]
    async fn a_change_that_begins_anew_counts_once() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("nbcourier.db");
        let rows = Rows::new(
            Store::open(&path.as_path().into(), Opening::Migrate).expect("a new database"),
        );
        let limits = Quotas {
            course_bytes: Some(100),
            ..Quotas::default()
        };
        let quota = Quota::new(limits, &rows);
        let course = CourseId::parse("course1").expect("a name");
        let account = Account::release(&course);
        let contents = ContentSizes::from([(Sha256Sum([1; 32]), 60)]);
        let used = quota.clone();
        let change = rows.without_policy().write(move |conn| {
            for _ in 0..3 {
                // A run that is undone drops the bytes that it has taken.
                let undone = quota.take(conn, 1, &account, &contents)?;
                drop(undone);
            }
            quota.take(conn, 1, &account, &contents)
        });
        let taken = change.await.expect("there is room for one run");
        let known = used.known.owners.get(&Owner::Course(1));
        assert_eq!(known.map(|amount| amount.bytes), Some(60));
        taken.expect("a limit is set").keep();
        let known = used.known.owners.get(&Owner::Course(1));
        assert_eq!(known.map(|amount| amount.bytes), Some(60));
    }
}
