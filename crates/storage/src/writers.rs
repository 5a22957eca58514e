//! The writers of a PostgreSQL database: each change is a transaction on a connection of its own.
//!
//! PostgreSQL shares flushes between connections by itself. Changes of several replicas that decide by the same rows
//! take locks (see `backend::lock`), and the constraints of the tables have the last word.

use super::backend::Failure;
use super::lender::{Lender, lend};
use super::metrics::Waiting;
use super::turns::Turns;
use super::{Connection, Error, Result, WriterMetrics};
use diesel::r2d2::Pool;
use nbcourier_work::{Bug, blocking};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// The maximum number of times that a change begins anew.
const REPEATS: u32 = 3;
/// The time after which a change no longer begins anew.
const PATIENCE: Duration = Duration::from_secs(10);
/// The maximum pause before a change begins anew. The pauses of two changes that stood in each other's way differ.
const PAUSE: Duration = Duration::from_millis(50);

type Later = (
    Waiting,
    Box<dyn FnOnce(&mut Connection) -> Result<()> + Send>,
);

/// A handle to the writers. Cheap to clone.
#[derive(Clone)]
pub struct Writers {
    connector: Connector,
    later: mpsc::Sender<Later>,
}

/// The connections for changes, and what is counted about them.
#[derive(Clone)]
struct Connector {
    connections: Pool<Lender>,
    turns: Turns,
    metrics: Arc<WriterMetrics>,
}

/// The outcome of one run of a change.
enum Attempt<T, E> {
    Committed(T),
    Failed(E),
    /// Nothing was done, and the change may succeed if it begins anew.
    Repeat(E),
    /// Nothing was begun: the connection had been lost before.
    Lost(E),
}

impl Writers {
    /// Creates writers with these connections. `number` is the size of the pool.
    pub fn new(connections: Pool<Lender>, number: usize) -> Result<Self> {
        let (later, waiting) = mpsc::channel::<Later>();
        let connector = Connector {
            connections,
            turns: Turns::new(number),
            metrics: Arc::default(),
        };
        let writers = Self { connector, later };
        let this = writers.connector.clone();
        std::thread::Builder::new()
            .name("database-later".into())
            .spawn(move || {
                while let Ok((waiting, change)) = waiting.recv() {
                    drop(waiting);
                    let mut change = Some(change);
                    // Such a change may run only once.
                    let made: Result<()> = this.run(0, &mut |conn| {
                        change.take().map_or(Ok(()), |change| change(conn))
                    });
                    if let Err(error) = made {
                        log::warn!("A change that nobody waits for was not made: {error}");
                    }
                }
            })
            .map_err(|error| Error::Connection(format!("no thread for the writer: {error}")))?;
        Ok(writers)
    }

    /// Runs `change` in a transaction and calls `committed` once it is durable, even if the caller no longer waits for
    /// the result.
    pub async fn run_then<T, E>(
        &self,
        mut change: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let this = self.connector.clone();
        let waiting = Waiting::begin(&this.metrics);
        let turn = this.turns.wait().await?;
        drop(waiting);
        blocking(move || {
            let _turn = turn;
            let mut done = this.run(REPEATS, &mut change)?;
            let told = catch_unwind(AssertUnwindSafe(|| committed(&mut done)));
            told.map_err(|payload| Error::Bug(Bug::from_panic(payload.as_ref())))?;
            Ok(done)
        })
        .await
        .unwrap_or_else(|bug| Err(Error::Bug(bug).into()))
    }

    /// Runs `change` after those that are already waiting. Nobody waits for it, and a failure is only logged.
    pub fn run_later(&self, change: impl FnOnce(&mut Connection) -> Result<()> + Send + 'static) {
        let waiting = Waiting::begin(&self.connector.metrics);
        if self.later.send((waiting, Box::new(change))).is_err() {
            log::warn!("A change that nobody waits for was not made: the writer has stopped");
        }
    }

    /// Returns the metrics of the writers.
    pub fn metrics(&self) -> &WriterMetrics {
        &self.connector.metrics
    }
}

impl Connector {
    /// Runs the change until it is committed, or fails for a reason that stays. It begins anew at most `at_most` times after
    /// another transaction was quicker.
    fn run<T, E: From<Error>>(
        &self,
        at_most: u32,
        change: &mut impl FnMut(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let mut repeats = 0;
        loop {
            let error = match self.attempt(change) {
                Attempt::Committed(done) => return Ok(done),
                Attempt::Failed(error) => return Err(error),
                Attempt::Lost(error) => error,
                Attempt::Repeat(error) if repeats == at_most => {
                    self.metrics.failures.inc();
                    return Err(error);
                }
                Attempt::Repeat(error) => {
                    repeats += 1;
                    error
                }
            };
            if begun.elapsed() > PATIENCE {
                self.metrics.failures.inc();
                return Err(error);
            }
            std::thread::sleep(random_pause());
        }
    }

    /// Runs the change once. It commits nothing unless everything succeeded.
    fn attempt<T, E: From<Error>>(
        &self,
        change: &mut impl FnMut(&mut Connection) -> Result<T, E>,
    ) -> Attempt<T, E> {
        let mut lent = match lend(&self.connections, &self.turns) {
            Ok(lent) => lent,
            Err(error) => return Attempt::Failed(error.into()),
        };
        let conn: &mut Connection = &mut lent;
        if let Err(error) = conn.begin() {
            conn.give_up();
            return Attempt::Lost(Error::from(error).into());
        }
        let result = catch_unwind(AssertUnwindSafe(|| conn.run_begun(&mut *change)));
        let failure = conn.failure();
        match result {
            Ok(Ok(done)) => commit(conn, &self.metrics, done),
            Ok(Err(error)) => {
                if conn.rollback().is_err() {
                    conn.give_up();
                }
                match failure {
                    Some(Failure::Conflict | Failure::Disconnected) => Attempt::Repeat(error),
                    Some(Failure::Lasting) | None => Attempt::Failed(error),
                }
            }
            Err(payload) => {
                // PostgreSQL undoes the transaction when the connection is closed.
                conn.give_up();
                self.metrics.failures.inc();
                Attempt::Failed(Error::Bug(Bug::from_panic(payload.as_ref())).into())
            }
        }
    }
}

/// Returns a random pause. The random keys of a hash map suffice for it.
fn random_pause() -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0) % 1000;
    PAUSE.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 1000.0)
}

/// Commits. A commit without an answer is never repeated: it may have succeeded.
fn commit<T, E: From<Error>>(
    conn: &mut Connection,
    metrics: &WriterMetrics,
    done: T,
) -> Attempt<T, E> {
    let begun = Instant::now();
    match conn.commit() {
        Ok(()) => {
            metrics.commits.observe(begun.elapsed().as_secs_f64());
            metrics.batches.observe(1.0);
            Attempt::Committed(done)
        }
        Err(error) => {
            metrics.failures.inc();
            conn.give_up();
            let error = if is_refusal(&error) {
                Error::from(error)
            } else {
                log::error!("A commit was not answered, so its change may have been made: {error}");
                Error::Unanswered
            };
            Attempt::Failed(error.into())
        }
    }
}

/// Whether the server answered the commit by undoing the transaction.
fn is_refusal(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error as E};
    match error {
        E::DatabaseError(kind, _) => matches!(
            kind,
            Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::SerializationFailure
                | Kind::NotNullViolation
                | Kind::CheckViolation
                | Kind::ReadOnlyTransaction
        ),
        E::RollbackErrorOnCommit { commit_error, .. } => is_refusal(commit_error),
        _ => false,
    }
}
