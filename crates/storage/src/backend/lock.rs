//! Locks that order changes of several writers.
//!
//! SQLite has one writer, so its changes need none. In PostgreSQL, a change that decides by what it reads takes the lock
//! first, with a statement of its own: the statements after it then see all that was committed before.

use super::prelude::*;
use crate::Result;
use diesel::sql_types::BigInt;
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use nbcourier_work::blocking;
use std::collections::BTreeMap;

/// The thing that a change holds until it ends. A change that takes several takes them in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock<'a> {
    /// The tables themselves.
    Migration,
    /// The rows of the servers.
    Replicas,
    /// The server whose row has that ID, for as long as it runs.
    Replica(&'a str),
    /// The clean-up. One process does it at a time.
    CleanUp,
    /// The copy of another database to this one.
    Move,
    /// The import of courses from elsewhere. One runs at a time.
    Import,
    /// The roster and the names of a course.
    Course(&'a CourseId),
    /// The releases of an assignment of the course with that row, and the feedback on its submissions.
    Assignment(i64, &'a AssignmentId),
    /// The data under a name, for a change that moves or removes it.
    Person(&'a UserName),
    /// The data under a name, for a change that adds to it. Several changes hold this lock at the same time.
    PersonShared(&'a UserName),
    /// The submissions of a student in the course with that row.
    Student(i64, &'a UserName),
    /// A directory, by its owner and its name.
    Directory(&'a str, &'a str),
    /// The number of pages that a person shares.
    Shares(&'a UserName),
    /// The notebooks on which the work of a person is counted.
    Activity(&'a UserName),
}

impl Lock<'_> {
    /// Returns the number of the lock, and whether it is shared. Two locks may have the same number by chance. One of
    /// them then waits without need.
    fn number(&self) -> (i64, bool) {
        match self {
            Self::Migration => (number(0, 0, ""), false),
            Self::Replicas => (number(0, 1, ""), false),
            Self::Replica(id) => (number(5, 0, id), false),
            Self::Import => (number(0, 2, ""), false),
            Self::CleanUp => (number(0, 3, ""), false),
            Self::Move => (number(0, 4, ""), false),
            Self::Course(name) => (number(1, 0, name.as_str()), false),
            Self::Assignment(course, name) => (number(2, *course, name.as_str()), false),
            Self::Person(name) => (number(3, 0, name.as_str()), false),
            Self::PersonShared(name) => (number(3, 0, name.as_str()), true),
            Self::Student(course, name) => (number(4, *course, name.as_str()), false),
            // Names have no slashes.
            Self::Directory(owner, name) => (number(6, 0, &format!("{owner}/{name}")), false),
            Self::Shares(name) => (number(7, 0, name.as_str()), false),
            Self::Activity(name) => (number(8, 0, name.as_str()), false),
        }
    }
}

/// Returns the first eight bytes of the checksum of these values. All replicas must agree on it, so it is not the hash
/// of a library that may change.
fn number(kind: u8, id: i64, name: &str) -> i64 {
    use sha2::Digest;
    let mut sum = sha2::Sha256::new();
    sum.update(b"nbcourier lock");
    sum.update([kind]);
    sum.update(id.to_be_bytes());
    sum.update(name.as_bytes());
    let sum: [u8; 32] = sum.finalize().into();
    let (first, _) = sum.split_first_chunk::<8>().expect("32 bytes begin with 8");
    i64::from_be_bytes(*first)
}

impl Connection {
    /// Takes the lock until the connection is closed, or returns that another connection has it.
    pub(crate) fn claim(&mut self, lock: &Lock<'_>) -> Result<bool> {
        self.try_lock("pg_try_advisory_lock", lock)
    }

    /// Whether no other connection has the lock. Takes it until the open transaction ends.
    pub(crate) fn is_free(&mut self, lock: &Lock<'_>) -> Result<bool> {
        self.try_lock("pg_try_advisory_xact_lock", lock)
    }

    fn try_lock(&mut self, function: &str, lock: &Lock<'_>) -> Result<bool> {
        #[derive(QueryableByName)]
        struct LockAnswer {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            taken: bool,
        }
        let answer: LockAnswer = diesel::sql_query(format!("SELECT {function}($1) AS taken"))
            .bind::<BigInt, _>(lock.number().0)
            .get_result(self)?;
        Ok(answer.taken)
    }

    /// Takes the locks until the open transaction ends. It waits while another change holds one of them.
    pub fn lock<'a>(&mut self, locks: impl IntoIterator<Item = Lock<'a>>) -> Result<()> {
        if !self.is_postgres() {
            return Ok(());
        }
        let mut locks: Vec<Lock<'a>> = locks.into_iter().collect();
        locks.sort();
        // Of two locks with the same number, the exclusive one counts.
        let mut order = Vec::new();
        let mut shared: BTreeMap<i64, bool> = BTreeMap::new();
        for lock in &locks {
            let (number, is_shared) = lock.number();
            shared
                .entry(number)
                .and_modify(|known| *known &= is_shared)
                .or_insert_with(|| {
                    order.push(number);
                    is_shared
                });
        }
        for number in order {
            let function = if shared[&number] {
                "pg_advisory_xact_lock_shared"
            } else {
                "pg_advisory_xact_lock"
            };
            diesel::sql_query(format!("SELECT {function}($1)"))
                .bind::<BigInt, _>(number)
                .execute(self)?;
        }
        Ok(())
    }
}

/// A lock that outlives transactions. If its process ends, the database frees it.
pub struct Held(Option<(Connection, Lock<'static>)>);

impl Held {
    /// Returns the lock of a database that has one process at a time.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    /// Takes the lock with a connection of its own. Returns `None` if another connection has it.
    pub(crate) fn take(mut conn: Connection, lock: Lock<'static>) -> Result<Option<Self>> {
        let taken = conn.claim(&lock)?;
        Ok(taken.then_some(Self(Some((conn, lock)))))
    }

    /// Frees the lock before it returns. A lock that is only dropped becomes free a moment later.
    pub async fn free(self) {
        let Some((mut conn, lock)) = self.0 else {
            return;
        };
        let freed = blocking(move || {
            diesel::sql_query("SELECT pg_advisory_unlock($1)")
                .bind::<BigInt, _>(lock.number().0)
                .execute(&mut conn)
        });
        if !matches!(freed.await, Ok(Ok(_))) {
            log::debug!("The connection of a lock was lost, and the lock with it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_a_number_of_its_own() {
        let (ann, ben) = (
            UserName::parse("ann").unwrap(),
            UserName::parse("ben").unwrap(),
        );
        let course = CourseId::parse("ann").unwrap();
        let assignment = AssignmentId::parse("ann").unwrap();
        let locks = [
            Lock::Migration,
            Lock::Replicas,
            Lock::Replica("ann"),
            Lock::Import,
            Lock::CleanUp,
            Lock::Course(&course),
            Lock::Assignment(1, &assignment),
            Lock::Assignment(2, &assignment),
            Lock::Person(&ann),
            Lock::Person(&ben),
            Lock::Student(1, &ann),
            Lock::Student(2, &ann),
            Lock::Student(1, &ben),
            Lock::Directory("ann", "ben"),
            Lock::Directory("ben", "ann"),
            Lock::Shares(&ann),
            Lock::Activity(&ann),
        ];
        let numbers: std::collections::BTreeSet<i64> =
            locks.iter().map(|lock| lock.number().0).collect();
        assert_eq!(numbers.len(), locks.len());
        // The same in every build, since replicas of two versions run beside each other.
        assert_eq!(
            Lock::Migration.number(),
            (-5_697_248_291_162_800_317, false)
        );
        assert_eq!(
            Lock::PersonShared(&ann).number().0,
            Lock::Person(&ann).number().0
        );
    }
}
