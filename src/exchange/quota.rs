//! How much may be kept: submissions of a student to an assignment, bytes of a person, bytes of a course.
//!
//! A content counts once for a person or a course, however often it is handed in; what an assignment was released with
//! does not count for the students who hand it back; what is in the trash counts for nobody. The check is made in the
//! transaction that keeps the files. So that it need not add up a whole course there, what somebody has is remembered
//! and grows with each change; since it may be too much by then, it is added up again before anybody is refused.

use super::parcel::Contents;
use super::{Error, Result};
use crate::domain::{AssignmentId, UserName};
use crate::store::usage::{self, Owner};
use crate::store::{self, Connection};
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

/// The quotas, and what is known of how much of them is taken. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Quota {
    limits: Quotas,
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
}

impl Quota {
    pub fn new(limits: Quotas) -> Self {
        Self {
            limits,
            known: Arc::default(),
        }
    }

    /// Something went into the trash, so there may be more room than is remembered.
    pub fn shrunk(&self) {
        self.known().deletions += 1;
    }

    /// Something came out of the trash, so there may be less room than is remembered.
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

    /// Whether files should not be kept before somebody has looked whether they may be.
    pub fn counts_bytes(&self) -> bool {
        self.limits.person_bytes.is_some() || self.limits.course_bytes.is_some()
    }

    /// There is room for the contents in the course, and for the student where they are handed in.
    pub fn check(
        &self,
        conn: &mut Connection,
        course: i64,
        student: Option<&UserName>,
        contents: &Contents,
    ) -> Result<()> {
        let owners = self.owners(course, student);
        self.weigh(conn, owners, contents).map(drop)
    }

    /// The same, and from now on they count: in the transaction that keeps them.
    pub fn take(
        &self,
        conn: &mut Connection,
        course: i64,
        student: Option<&UserName>,
        contents: impl FnOnce() -> Contents,
    ) -> Result<()> {
        let owners = self.owners(course, student);
        if owners.is_empty() {
            return Ok(());
        }
        for (owner, amount) in self.weigh(conn, owners, &contents())? {
            self.remember(owner, amount);
        }
        Ok(())
    }

    /// How much the owners would have, if that is not too much. To be asked by the one who writes, since others may see
    /// an older state than what is remembered.
    fn weigh(
        &self,
        conn: &mut Connection,
        owners: Vec<(Owner, u64)>,
        contents: &Contents,
    ) -> Result<Vec<(Owner, Amount)>> {
        let whole: u64 = contents.values().sum();
        let mut amounts = Vec::new();
        for (owner, limit) in owners {
            let added = whole.saturating_sub(usage::counted(conn, &owner, contents.keys())?);
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

    fn owners(&self, course: i64, student: Option<&UserName>) -> Vec<(Owner, u64)> {
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
        })
    }

    fn remember(&self, owner: Owner, amount: Amount) {
        let owners = &mut self.known().owners;
        if owners.len() >= MAX_REMEMBERED {
            owners.clear();
        }
        owners.insert(owner, amount);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
