//! How much may be kept: submissions of a student to an assignment, bytes of a person, bytes of a course.
//!
//! A content counts once in each part of a course that has it: its releases, the work of each student, its feedback. What
//! a course shows its students does not count for those who hand it back; what is in the trash counts for nobody. What is
//! new to a part depends on that part alone, so that no answer tells a student which bytes others have.
//!
//! The check is made in the transaction that keeps the files. So that it need not add up a whole course there, what
//! somebody has is remembered and grows with each change. A change that is undone takes back what it added. Since the
//! remembered amount may be too much by then, it is added up again before anybody is refused.

use super::parcel::Contents;
use super::{Error, Result};
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use nbcourier_storage::usage::{self, Owner, Part};
use nbcourier_storage::{self as store, Connection, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much may be kept; what is `None` has no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Submissions of one student to one assignment.
    pub submissions: Option<u64>,
    /// Bytes of what one person handed in, in all courses.
    pub person_bytes: Option<u64>,
    /// Bytes of one course: releases, submissions, feedback.
    pub course_bytes: Option<u64>,
}

/// Whose files there would be too many of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The student's.
    Student(UserName),
    /// The course's.
    Course,
}

/// How much is remembered at most: people and courses; each takes about a hundred bytes.
const MAX_REMEMBERED: usize = 10_000;
/// How long something remembered counts: commands on the data directory may change things, too.
const REMEMBERED: Duration = Duration::from_mins(10);
/// How often something is added up at most for somebody who keeps being refused.
const ADDED_UP: Duration = Duration::from_secs(5);

/// Where files are going, which says for whom they count.
#[derive(Debug, Clone)]
pub struct Account {
    course: CourseId,
    part: Part,
}

impl Account {
    /// Files to be released in the course.
    pub fn release(course: &CourseId) -> Self {
        Self {
            course: course.clone(),
            part: Part::Releases,
        }
    }

    /// Files that the student hands in, or somebody for them.
    pub fn work(course: &CourseId, student: &UserName) -> Self {
        Self {
            course: course.clone(),
            part: Part::Work(student.clone()),
        }
    }

    /// Files that are given back in the course.
    pub fn feedback(course: &CourseId) -> Self {
        Self {
            course: course.clone(),
            part: Part::Feedback,
        }
    }

    pub(super) fn course(&self) -> &CourseId {
        &self.course
    }
}

/// The quotas, and what is known of how much of them is taken. Cheap to clone.
#[derive(Clone)]
pub(super) struct Quota {
    limits: Quotas,
    store: Store,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    owners: HashMap<Owner, Amount>,
    /// How often something was put into the trash: whoever is refused after that is owed another look.
    deletions: u64,
}

#[derive(Debug, Clone, Copy)]
struct Amount {
    bytes: u64,
    added_up: Instant,
    deletions: u64,
    /// How many commits had failed by then: an amount from before the last of them may count what was not written.
    failures: u64,
}

/// What a change has taken. Dropped before the change is durable, it is forgotten.
#[derive(Debug)]
pub(super) struct Taken {
    owners: Vec<Owner>,
    known: Arc<Mutex<Known>>,
}

impl Taken {
    /// The change is durable, so what it took counts.
    pub fn keep(mut self) {
        self.owners.clear();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.owners.is_empty() {
            return;
        }
        let mut known = lock(&self.known);
        for owner in &self.owners {
            known.owners.remove(owner);
        }
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Quota {
    pub fn new(limits: Quotas, store: &Store) -> Self {
        Self {
            limits,
            store: store.clone(),
            known: Arc::default(),
        }
    }

    /// Something is about to go into the trash, so there may be more room than is remembered.
    pub fn shrunk(&self) {
        self.known().deletions += 1;
    }

    /// Something is about to come out of the trash, so there may be less room than is remembered.
    pub fn grown(&self) {
        self.known().owners.clear();
    }

    /// The student may hand in to the assignment once more.
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

    /// Whether there is a limit on bytes.
    pub fn counts_bytes(&self) -> bool {
        self.limits.person_bytes.is_some() || self.limits.course_bytes.is_some()
    }

    /// There is room in the course for the contents, and for `before` bytes that were new to it already; how many bytes are
    /// new by now.
    pub fn check(
        &self,
        conn: &mut Connection,
        course: i64,
        account: &Account,
        contents: &Contents,
        before: u64,
    ) -> Result<u64> {
        if !self.counts_bytes() {
            return Ok(0);
        }
        let added = before.saturating_add(added(conn, course, &account.part, contents)?);
        self.weigh(conn, course, account, added)?;
        Ok(added)
    }

    /// The same, and from now on they count: in the transaction that keeps them, when nothing but the database can refuse
    /// it any more.
    pub fn take(
        &self,
        conn: &mut Connection,
        course: i64,
        account: &Account,
        contents: &Contents,
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
            self.remember(owner, amount);
        }
        Ok(Some(taken))
    }

    /// How much the owners would have with so many bytes more, if that is not too much. To be asked by the one who writes,
    /// since others may see an older state than what is remembered.
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
            self.remember(owner.clone(), amount);
            let used = amount.bytes;
            amount.bytes = used.saturating_add(added);
            // Whoever has too much may still hand in what is there already.
            if added > 0 && amount.bytes > limit {
                return Err(Error::OverQuota {
                    whose: match owner {
                        Owner::Course(_) => Whose::Course,
                        Owner::Person(person) => Whose::Student(person),
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

    /// How much the owner has: as remembered, if that is not more than `enough`, or else added up.
    fn amount(&self, conn: &mut Connection, owner: &Owner, enough: u64) -> store::Result<Amount> {
        let remembered = self.known().owners.get(owner).copied();
        let deletions = self.known().deletions;
        let failures = self.store.tally().failures.get();
        let remembered = remembered.filter(|amount| amount.failures == failures);
        if let Some(amount) = remembered {
            let age = amount.added_up.elapsed();
            let exact = amount.deletions == deletions && age < ADDED_UP;
            if exact || (amount.bytes <= enough && age < REMEMBERED) {
                return Ok(amount);
            }
        }
        Ok(Amount {
            bytes: usage::total(conn, owner)?,
            added_up: Instant::now(),
            deletions,
            failures,
        })
    }

    fn remember(&self, owner: Owner, amount: Amount) {
        let mut known = self.known();
        let owners = &mut known.owners;
        if owners.len() >= MAX_REMEMBERED {
            owners.clear();
        }
        owners.insert(owner, amount);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }
}

/// How many bytes of the contents are new to that part of the course.
fn added(
    conn: &mut Connection,
    course: i64,
    part: &Part,
    contents: &Contents,
) -> store::Result<u64> {
    let whole: u64 = contents.values().sum();
    Ok(whole.saturating_sub(usage::counted(conn, course, part, contents.keys())?))
}
