//! The way to the rows of a directory. As for a course, the policy is asked in the transaction of each operation.

use crate::audit::{About, Action};
use crate::policy::{DirectoryAddress, DirectoryStanding};
use crate::{Error, Exchange, Mode, Result, audit};
use nbcourier_domain::{AccessLevel, DirectoryOwner};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::Directory;
use nbcourier_storage::{Connection, Lock};
use serde_json::{Value, json};

/// An operation on a directory, inside its transaction.
pub(crate) struct DirectoryOp<'a> {
    /// The connection that has the transaction open.
    pub conn: &'a mut Connection,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The caller.
    pub caller: &'a Caller,
    /// The directory with the caller's access to it, which is what the operation requires.
    pub standing: DirectoryStanding,
}

impl DirectoryOp<'_> {
    /// Returns the directory.
    pub fn directory(&self) -> &Directory {
        &self.standing.directory
    }

    /// Records an event about the directory by the caller. `detail` is an object.
    pub fn note(&mut self, action: Action, detail: Value) -> Result<()> {
        note(
            self.conn,
            self.caller,
            action,
            &self.standing.directory,
            detail,
        )
    }
}

/// Records an event about a directory by the caller: in its course, or about its owner. `detail` is an object.
pub(crate) fn note(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    directory: &Directory,
    mut detail: Value,
) -> Result<()> {
    detail["directory"] = json!(directory.name);
    let about = match &directory.owner {
        DirectoryOwner::Course(course) => About::course(course),
        DirectoryOwner::Person(owner) => About {
            subject: Some(owner).filter(|owner| *owner != caller.name()),
            ..About::default()
        },
    };
    audit::note(conn, caller, action, about, Some(&detail))
}

/// The way of a caller to a directory. Each use of it asks the policy again.
#[derive(Clone)]
pub(crate) struct DirectoryWay {
    exchange: Exchange,
    caller: Caller,
    address: DirectoryAddress,
    need: AccessLevel,
}

impl DirectoryWay {
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Runs a query on one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        let read = self.exchange.rows.0.read(move |conn| this.run(conn, query));
        read.await
    }

    /// Runs a change in a transaction. Returns once it is durable.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_then(change, |_| ()).await
    }

    /// Runs a change in a transaction, and calls `committed` once it is durable, even if nobody waits any more. Other
    /// changes of the directory wait, and those that move or remove its owner.
    pub async fn write_then<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T> {
        let change = self.locked(change);
        self.exchange.rows.0.write_then(change, committed).await
    }

    /// Runs a change, and undoes it in a dry run. The result is exact in both cases.
    pub async fn try_out<T: Send + 'static>(
        &self,
        mode: Mode,
        change: impl FnMut(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let change = self.locked(change);
        self.exchange.without_policy().try_out(mode, change).await
    }

    /// Returns the change of a connection that takes the lock of the directory first.
    fn locked<T>(
        &self,
        mut change: impl FnMut(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnMut(&mut Connection) -> Result<T> + Send + 'static {
        let this = self.clone();
        move |conn| {
            lock(conn, &this.address)?;
            this.run(conn, &mut change)
        }
    }

    fn run<T>(
        &self,
        conn: &mut Connection,
        operation: impl FnOnce(&mut DirectoryOp<'_>) -> Result<T>,
    ) -> Result<T> {
        let policy = self.exchange.policy;
        let standing = policy.enter_directory(conn, &self.caller, &self.address)?;
        operation(&mut DirectoryOp {
            conn,
            exchange: &self.exchange,
            caller: &self.caller,
            standing: standing.require(self.need)?,
        })
    }
}

/// Makes other changes of a directory wait, and those that move or remove its owner.
pub(crate) fn lock(conn: &mut Connection, address: &DirectoryAddress) -> Result<(), Error> {
    let owner = address.owner.to_string();
    let directory = Lock::Directory(&owner, address.name.as_str());
    match &address.owner {
        DirectoryOwner::Person(person) => conn.lock([Lock::PersonShared(person), directory])?,
        DirectoryOwner::Course(_) => conn.lock([directory])?,
    }
    Ok(())
}

impl Exchange {
    /// Returns the caller's way to a directory. It requires that level of access.
    pub(crate) fn enter_directory(
        &self,
        caller: &Caller,
        address: DirectoryAddress,
        need: AccessLevel,
    ) -> DirectoryWay {
        DirectoryWay {
            exchange: self.clone(),
            caller: caller.clone(),
            address,
            need,
        }
    }

    /// Runs a query on one snapshot, for a caller with that level of access to the directory.
    pub(crate) async fn read_directory<T: Send + 'static>(
        &self,
        caller: &Caller,
        address: DirectoryAddress,
        need: AccessLevel,
        query: impl FnOnce(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enter_directory(caller, address, need)
            .read(query)
            .await
    }

    /// Runs a change in a transaction, for a caller with that level of access to the directory. Returns once it is
    /// durable.
    pub(crate) async fn write_directory<T: Send + 'static>(
        &self,
        caller: &Caller,
        address: DirectoryAddress,
        need: AccessLevel,
        change: impl FnMut(&mut DirectoryOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enter_directory(caller, address, need)
            .write(change)
            .await
    }
}
