//! The only way to the rows of an exchange: the policy is asked first, in the transaction of the operation.
//!
//! The store is private to this file. An operation that forgets the policy has no connection and does not compile.

mod directory;

pub(super) use directory::{
    DirectoryOp, DirectoryWay, lock as lock_directory, note as note_directory,
};

use super::audit::{self, About, Action};
use super::policy::{Right, Standing};
use super::undo::UNDOES;
use super::{Error, Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{
    self as store, Connection, DatabaseFiles, Held, Lock, Role, Store, WriterMetrics,
};
use serde_json::json;

/// The store of an exchange. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rows(Store);

/// Whether a change is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keep the change.
    Apply,
    /// Make the change and undo it, so that its result is known.
    DryRun,
}

/// The standing that an operation requires of its caller.
#[derive(Debug, Clone)]
pub(super) enum Need {
    /// None: the course must exist, and the operation itself decides what the caller gets.
    Course,
    /// A caller with this right in the course.
    May(Right),
    /// This person, or a caller with this right in the course.
    SelfOr(UserName, Right),
    /// An administrator. Others do not learn whether the course exists.
    Admin,
}

/// A course, by its name, or as the caller found it earlier in the same request.
#[derive(Debug, Clone)]
pub struct Place {
    course: CourseId,
    found: Option<Found>,
}

/// A course with the standing of a caller.
#[derive(Debug, Clone)]
struct Found {
    caller: UserName,
    standing: Standing,
    settings: store::courses::Settings,
}

impl Place {
    /// Returns the name of the course.
    pub fn course(&self) -> &CourseId {
        &self.course
    }
}

impl From<CourseId> for Place {
    fn from(course: CourseId) -> Self {
        Self {
            course,
            found: None,
        }
    }
}

/// An operation inside its transaction.
pub(super) struct Op<'a> {
    /// The connection that has the transaction open.
    pub conn: &'a mut Connection,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The caller.
    pub caller: &'a Caller,
}

/// An operation in a course, inside its transaction.
pub(super) struct CourseOp<'a> {
    /// The connection that has the transaction open.
    pub conn: &'a mut Connection,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The caller.
    pub caller: &'a Caller,
    /// The course.
    pub course: &'a CourseId,
    /// The caller's standing in the course. It meets what the operation requires.
    pub standing: Standing,
    /// The settings of the course. A change that depends on them reads them again once it has its locks.
    pub settings: store::courses::Settings,
    /// The event that the operation takes back now. The events of the inverse change name it.
    pub undoes: Option<i64>,
}

impl Op<'_> {
    /// Records an event by the caller.
    pub fn note(
        &mut self,
        action: Action,
        about: About<'_>,
        detail: Option<&serde_json::Value>,
    ) -> Result<()> {
        audit::note(self.conn, self.caller, action, about, detail)
    }
}

impl CourseOp<'_> {
    /// Returns the course for further queries of the caller in the same request.
    pub fn place(&self) -> Place {
        let found = Found {
            caller: self.caller.name().clone(),
            standing: self.standing,
            settings: self.settings.clone(),
        };
        Place {
            course: self.course.clone(),
            found: Some(found),
        }
    }

    /// Makes other changes of the roster wait.
    pub fn lock_course(&mut self) -> Result<()> {
        Ok(self.conn.lock([Lock::Course(self.course)])?)
    }

    /// Makes other changes of the assignment's releases and feedback wait.
    pub fn lock_assignment(&mut self, assignment: &AssignmentId) -> Result<()> {
        let course = self.standing.course;
        Ok(self.conn.lock([Lock::Assignment(course, assignment)])?)
    }

    /// Records an event of the course by the caller.
    pub fn note(
        &mut self,
        action: Action,
        about: About<'_>,
        detail: Option<&serde_json::Value>,
    ) -> Result<()> {
        let about = About {
            course: Some(self.course),
            ..about
        };
        let Some(event) = self.undoes else {
            return audit::note(self.conn, self.caller, action, about, detail);
        };
        let mut detail = detail.cloned().unwrap_or_else(|| json!({}));
        detail[UNDOES] = event.into();
        audit::note(self.conn, self.caller, action, about, Some(&detail))
    }
}

/// The way of a caller into a course. Each use of it asks the policy again. A query of a request that has found the course
/// already decides by what it found. A change never does.
#[derive(Clone)]
pub(super) struct Entry {
    exchange: Exchange,
    caller: Caller,
    place: Place,
    need: Need,
}

impl Entry {
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn course(&self) -> &CourseId {
        &self.place.course
    }

    /// Runs a query on one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let read = self.exchange.rows.0.read(move |conn| {
            let found = this.place.found.as_ref();
            match found.filter(|found| found.caller == *this.caller.name()) {
                Some(Found {
                    standing, settings, ..
                }) => this.run_as(conn, *standing, settings.clone(), query),
                None => this.run(conn, query),
            }
        });
        read.await
    }

    /// Runs a change in a transaction. Returns once it is durable.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_then(change, |_| ()).await
    }

    /// Runs a change, and undoes it in a dry run. The result is exact in both cases.
    pub async fn try_out<T: Send + 'static>(
        &self,
        mode: Mode,
        mut change: impl FnMut(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let change = move |conn: &mut Connection| this.run(conn, &mut change);
        self.exchange.without_policy().try_out(mode, change).await
    }

    /// Runs a change in a transaction, and calls `committed` once it is durable, even if nobody waits any more.
    pub async fn write_then<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let change = move |conn: &mut Connection| this.run(conn, &mut change);
        self.exchange.rows.0.write_then(change, committed).await
    }

    /// Runs a change after those that are already waiting, if the policy allows it. Nobody waits for it, and a failure is
    /// only logged.
    pub fn write_later(
        &self,
        change: impl FnOnce(&mut CourseOp<'_>) -> Result<()> + Send + 'static,
    ) {
        let this = self.clone();
        let change = move |conn: &mut Connection| match this.run(conn, change) {
            Err(Error::Store(error)) => Err(error),
            // The policy forbids it, or what it is about is gone by now.
            Ok(()) | Err(_) => Ok(()),
        };
        self.exchange.rows.0.write_later(change);
    }

    fn run<T>(
        &self,
        conn: &mut Connection,
        operation: impl FnOnce(&mut CourseOp<'_>) -> Result<T>,
    ) -> Result<T> {
        let policy = self.exchange.policy;
        let (standing, settings) = policy.enter_and_look(conn, &self.caller, &self.place.course)?;
        self.run_as(conn, standing, settings, operation)
    }

    fn run_as<T>(
        &self,
        conn: &mut Connection,
        standing: Standing,
        settings: store::courses::Settings,
        operation: impl FnOnce(&mut CourseOp<'_>) -> Result<T>,
    ) -> Result<T> {
        let Self {
            exchange,
            caller,
            place,
            need,
        } = self;
        let standing = match need {
            Need::Course | Need::Admin => standing,
            Need::SelfOr(person, _) if caller.name() == person => standing,
            Need::May(right) | Need::SelfOr(_, right) => standing.require(*right)?,
        };
        operation(&mut CourseOp {
            conn,
            exchange,
            caller,
            course: &place.course,
            standing,
            settings,
            undoes: None,
        })
    }
}

impl Exchange {
    /// Returns the caller's way into the course.
    pub(super) fn enter(
        &self,
        caller: &Caller,
        course: impl Into<Place>,
        need: Need,
    ) -> Result<Entry> {
        if matches!(need, Need::Admin) {
            self.policy.require_admin(caller)?;
        }
        Ok(Entry {
            exchange: self.clone(),
            caller: caller.clone(),
            place: course.into(),
            need,
        })
    }

    /// Runs a query on one snapshot, for a caller with that standing in the course.
    pub(super) async fn read_in<T: Send + 'static>(
        &self,
        caller: &Caller,
        course: impl Into<Place>,
        need: Need,
        query: impl FnOnce(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enter(caller, course, need)?.read(query).await
    }

    /// Runs a change in a transaction, for a caller with that standing in the course. Returns once it is durable.
    pub(super) async fn write_in<T: Send + 'static>(
        &self,
        caller: &Caller,
        course: CourseId,
        need: Need,
        change: impl FnMut(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enter(caller, course, need)?.write(change).await
    }

    /// Runs a query for an administrator.
    pub(super) async fn read_as_admin<T: Send + 'static>(
        &self,
        caller: &Caller,
        query: impl FnOnce(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.policy.require_admin(caller)?;
        self.read_own(caller, query).await
    }

    /// Runs a change for an administrator. Returns once it is durable.
    pub(super) async fn write_as_admin<T: Send + 'static>(
        &self,
        caller: &Caller,
        change: impl FnMut(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.policy.require_admin(caller)?;
        self.write_own(caller, change).await
    }

    /// Runs a change for an administrator, and undoes it in a dry run. The result is exact in both cases.
    pub(super) async fn try_as_admin<T: Send + 'static>(
        &self,
        caller: &Caller,
        mode: Mode,
        change: impl FnMut(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.policy.require_admin(caller)?;
        let change = self.change_of(caller, change);
        self.without_policy().try_out(mode, change).await
    }

    /// Runs a query that reads only what every caller may know of themselves.
    pub(super) async fn read_own<T: Send + 'static>(
        &self,
        caller: &Caller,
        query: impl FnOnce(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.rows.0.read(self.of(caller, query)).await
    }

    /// Runs a change that the exchange makes to what it knows of any caller. Returns once it is durable.
    pub(super) async fn write_own<T: Send + 'static>(
        &self,
        caller: &Caller,
        change: impl FnMut(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.rows.0.write(self.change_of(caller, change)).await
    }

    fn of<T>(
        &self,
        caller: &Caller,
        operation: impl FnOnce(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnOnce(&mut Connection) -> Result<T> + Send + 'static {
        let (exchange, caller) = (self.clone(), caller.clone());
        move |conn| {
            operation(&mut Op {
                conn,
                exchange: &exchange,
                caller: &caller,
            })
        }
    }

    fn change_of<T>(
        &self,
        caller: &Caller,
        mut change: impl FnMut(&mut Op<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnMut(&mut Connection) -> Result<T> + Send + 'static {
        let (exchange, caller) = (self.clone(), caller.clone());
        move |conn| {
            change(&mut Op {
                conn,
                exchange: &exchange,
                caller: &caller,
            })
        }
    }

    /// Returns the way past the policy. It is for upkeep, for commands on the data directory, and for the bytes of
    /// trees that an operation has granted before.
    pub(super) fn without_policy(&self) -> WithoutPolicy<'_> {
        self.rows.without_policy()
    }
}

/// The store without the policy.
pub(super) struct WithoutPolicy<'a>(&'a Store);

impl WithoutPolicy<'_> {
    /// Runs a query on one snapshot.
    pub async fn read<T: Send + 'static>(
        self,
        query: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.read(query).await
    }

    /// Runs a change in a transaction. Returns once it is durable.
    pub async fn write<T: Send + 'static>(
        self,
        change: impl FnMut(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.0.write(change).await
    }

    /// Runs a change in a transaction, and calls `committed` once it is durable, even if nobody waits any more.
    pub async fn write_then<T: Send + 'static>(
        self,
        change: impl FnMut(&mut Connection) -> Result<T> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T> {
        self.0.write_then(change, committed).await
    }

    /// Runs a change after those that are already waiting. Nobody waits for it, and a failure is only logged.
    pub fn write_later(
        self,
        change: impl FnOnce(&mut Connection) -> store::Result<()> + Send + 'static,
    ) {
        self.0.write_later(change);
    }

    /// Runs a change, and undoes it in a dry run. The result is exact in both cases.
    pub async fn try_out<T: Send + 'static>(
        self,
        mode: Mode,
        mut change: impl FnMut(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        enum Undone<T> {
            Meant(T),
            Failed(Error),
        }
        impl<T> From<store::Error> for Undone<T> {
            fn from(error: store::Error) -> Self {
                Self::Failed(error.into())
            }
        }
        let change = move |conn: &mut Connection| {
            let outcome = change(conn).map_err(Undone::Failed)?;
            if mode == Mode::Apply {
                Ok(outcome)
            } else {
                Err(Undone::Meant(outcome))
            }
        };
        match self.0.write(change).await {
            Ok(outcome) | Err(Undone::Meant(outcome)) => Ok(outcome),
            Err(Undone::Failed(error)) => Err(error),
        }
    }
}

impl Rows {
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Returns the way past the policy, as `Exchange::without_policy` does.
    pub fn without_policy(&self) -> WithoutPolicy<'_> {
        WithoutPolicy(&self.0)
    }

    /// Returns the free bytes of the database's file system, if it has one on this machine.
    pub fn free_bytes(&self) -> std::io::Result<Option<u64>> {
        self.0.free_bytes()
    }

    /// Returns the counters of the writer.
    pub fn metrics(&self) -> &WriterMetrics {
        self.0.metrics()
    }

    /// Whether other processes change the database at the same time.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    /// Returns the position of this process among the servers of the database.
    pub fn role(&self) -> &Role {
        self.0.role()
    }

    /// Takes a lock for work that spans several transactions. Returns `None` if another process has it.
    pub async fn hold(&self, lock: Lock<'static>) -> Result<Option<Held>> {
        Ok(self.0.hold(lock).await?)
    }

    /// Returns the sizes of the database's files, if it has some on this machine.
    pub fn files(&self) -> std::io::Result<Option<DatabaseFiles>> {
        self.0.files()
    }

    /// Checks that the database accepts a durable change.
    pub async fn check_writable(&self) -> Result<()> {
        Ok(self.0.check_writable().await?)
    }
}
