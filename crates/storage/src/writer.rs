//! The single writer: a thread that commits waiting changes together.
//!
//! A durable commit costs one flush of the disk, so many small changes share it. Each change runs in a savepoint of
//! its own, so that a failure or panic leaves the others alone. The result of each change is sent only after the
//! common commit.

use super::error::says;
use super::metrics::Waiting;
use super::{Connection, Error, Result, WriterMetrics};
use nbcourier_work::Bug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The maximum number of changes per commit. It keeps the first of them from waiting too long.
const MAX_BATCH: usize = 64;
/// How long nothing is written before the log is written back into the database. A log takes up to 64 MiB of disk, and a
/// rush that begins with an empty one seldom has to wait for it.
const QUIET: Duration = Duration::from_secs(5);

/// Tells the caller of a change the outcome of the commit.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;
type Change = Box<dyn FnOnce(&mut Connection) -> Made + Send>;

/// A change that has run and is not committed yet.
struct Made {
    answer: Answer,
    /// Whether the change failed. Its savepoint was then rolled back.
    undone: bool,
    /// Whether the change panicked.
    panicked: bool,
}

/// A handle to the writer thread. The thread ends when the last clone is dropped.
#[derive(Clone)]
pub struct Writer {
    changes: mpsc::Sender<Change>,
    metrics: Arc<WriterMetrics>,
}

impl Writer {
    /// Starts the thread. Calls `connect` again after a connection had to be given up.
    pub fn start(connect: impl Fn() -> Result<Connection> + Send + 'static) -> Result<Self> {
        let mut conn = connect()?;
        let (changes, waiting) = mpsc::channel::<Change>();
        let metrics = Arc::new(WriterMetrics::default());
        let counted = Arc::clone(&metrics);
        std::thread::Builder::new()
            .name("database-writer".into())
            .spawn(move || {
                let mut in_log = true;
                while let Some(first) = next(&waiting, &mut conn, &mut in_log) {
                    in_log = true;
                    let batch =
                        std::iter::once(first).chain(waiting.try_iter().take(MAX_BATCH - 1));
                    match write_together(&mut conn, batch, &counted) {
                        Outcome::Done => {}
                        // Changes that arrived in the meantime fail, too. Otherwise each of them would wait as long
                        // after the other.
                        Outcome::Locked => waiting.try_iter().for_each(drop),
                        Outcome::ConnectionLost => match connect() {
                            Ok(fresh) => conn = fresh,
                            Err(error) => {
                                log::error!("The database writer cannot reconnect: {error}");
                            }
                        },
                    }
                }
            })
            .map_err(|error| Error::Connection(format!("no thread for the writer: {error}")))?;
        Ok(Self { changes, metrics })
    }

    /// Runs `change` in a transaction and calls `committed` once it is durable, even if the caller no longer waits
    /// for the result. Updates of metrics and caches outside the database belong in `committed`, so that an undone
    /// change leaves no trace.
    pub async fn run_then<T, E>(
        &self,
        change: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let waiting = Waiting::begin(&self.metrics);
        let change: Change = Box::new(move |conn| {
            drop(waiting);
            let (result, panicked) = in_savepoint(conn, change);
            Made {
                undone: result.is_err(),
                answer: Box::new(move |outcome| {
                    let mut result =
                        result.and_then(|done| outcome.map(|()| done).map_err(E::from));
                    if let Ok(done) = &mut result
                        && let Err(payload) = catch_unwind(AssertUnwindSafe(|| committed(done)))
                    {
                        result = Err(Error::Bug(Bug::from_panic(payload.as_ref())).into());
                    }
                    // The caller may have gone. The change is committed all the same.
                    drop(sender.send(result));
                }),
                panicked,
            }
        });
        self.changes
            .send(change)
            .map_err(|_| Error::Writer("has stopped"))?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::Writer("could not begin; see the log").into()))
    }

    /// Runs `change` after those that are already waiting. Nobody waits for it, and a failure is only logged.
    pub fn run_later(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<(), Error> + Send + 'static,
    ) {
        let waiting = Waiting::begin(&self.metrics);
        let change: Change = Box::new(move |conn| {
            drop(waiting);
            let (result, panicked) = in_savepoint::<_, Error>(conn, change);
            let undone = result.is_err();
            if let Err(error) = result {
                log::warn!("A change that nobody waits for was not made: {error}");
            }
            Made {
                answer: Box::new(|_| ()),
                undone,
                panicked,
            }
        });
        if self.changes.send(change).is_err() {
            log::warn!("A change that nobody waits for was not made: the writer has stopped");
        }
    }

    /// Returns the metrics of the writer.
    pub fn metrics(&self) -> &WriterMetrics {
        &self.metrics
    }
}

/// Waits for the next change. Writes the log back while there is none, if there may be something in it. Returns `None`
/// once the last handle of the writer was dropped.
fn next(
    waiting: &mpsc::Receiver<Change>,
    conn: &mut Connection,
    in_log: &mut bool,
) -> Option<Change> {
    while *in_log {
        match waiting.recv_timeout(QUIET) {
            Ok(change) => return Some(change),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => match conn.write_log_back() {
                Ok(done) => *in_log = !done,
                Err(error) => {
                    log::warn!("The log of the database was not written back: {error}");
                    *in_log = false;
                }
            },
        }
    }
    waiting.recv().ok()
}

/// Runs `change` in a savepoint. Returns its result, and whether it panicked. A panic undoes only this change.
fn in_savepoint<T, E>(
    conn: &mut Connection,
    change: impl FnOnce(&mut Connection) -> Result<T, E>,
) -> (Result<T, E>, bool)
where
    E: From<Error>,
{
    let depth = conn.depth();
    match catch_unwind(AssertUnwindSafe(|| conn.transaction(change))) {
        Ok(result) => (result, false),
        Err(payload) => {
            undo(conn, depth);
            let bug = Error::Bug(Bug::from_panic(payload.as_ref()));
            (Err(bug.into()), true)
        }
    }
}

/// Rolls back the savepoints that a panic left open. If that fails, the connection is marked as broken, and the
/// commit fails for all changes that share it.
fn undo(conn: &mut Connection, to: Option<u32>) {
    while let Some(now) = conn.depth()
        && to.is_none_or(|to| now > to)
    {
        if let Err(error) = conn.rollback() {
            log::error!("A change that panicked could not be undone: {error}");
            conn.give_up();
        }
    }
}

enum Outcome {
    Done,
    /// Another program holds the database longer than a change waits. No change was begun.
    Locked,
    ConnectionLost,
}

/// The end of a transaction that is not committed.
enum Ended {
    /// All its changes were undone.
    Undone,
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Whether another program held the database for too long.
fn is_locked(error: &Error) -> bool {
    matches!(error, Error::Database(error) if says(error, "database is locked"))
}

fn write_together(
    conn: &mut Connection,
    batch: impl Iterator<Item = Change>,
    metrics: &WriterMetrics,
) -> Outcome {
    let mut answers = Vec::new();
    let mut panicked = false;
    let mut undone = true;
    let mut made = Instant::now();
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        conn.immediate_transaction(|conn| {
            for change in batch {
                let made = change(conn);
                answers.push(made.answer);
                panicked |= made.panicked;
                undone &= made.undone;
            }
            made = Instant::now();
            // SQLite would write the pages that the changes touched, although they are as before.
            if undone {
                return Err(Ended::Undone);
            }
            Ok(())
        })
    }));
    let attempt = attempt.map(|attempt| match attempt {
        Ok(()) | Err(Ended::Undone) => Ok(()),
        Err(Ended::Failed(error)) => Err(error),
    });
    match attempt {
        Ok(Ok(())) => {
            if !undone {
                metrics.commits.observe(made.elapsed().as_secs_f64());
                #[allow(clippy::cast_precision_loss, reason = "a batch is small")]
                metrics.batches.observe(answers.len() as f64);
            }
            for answer in answers {
                answer(Ok(()));
            }
            if panicked {
                metrics.failures.inc();
                // The commit stands. The connection is replaced, since the panic may have left more behind in it.
                Outcome::ConnectionLost
            } else {
                Outcome::Done
            }
        }
        Ok(Err(error)) if answers.is_empty() && is_locked(&error) => {
            metrics.failures.inc();
            log::error!("Nothing can be written: another program holds the database");
            Outcome::Locked
        }
        Ok(Err(error)) => {
            metrics.failures.inc();
            log::error!("{} changes were not written: {error}", answers.len());
            let is_full = matches!(error, Error::Full);
            for answer in answers {
                answer(Err(if is_full {
                    Error::Full
                } else {
                    Error::Writer("could not commit; see the log")
                }));
            }
            // After a failed commit the transaction may still be open, so a new connection takes over.
            Outcome::ConnectionLost
        }
        Err(payload) => {
            metrics.failures.inc();
            let bug = Bug::from_panic(payload.as_ref());
            log::error!("{} changes were not written: {bug}", answers.len());
            for answer in answers {
                answer(Err(Error::Bug(bug.clone())));
            }
            Outcome::ConnectionLost
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Opening, Store};
    use super::*;
    use crate::backend::prelude::*;
    use diesel::sql_types::BigInt;
    use futures_util::future::join_all;
    use std::time::Duration;

    /// The time to wait for an event that must happen.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// The number of changes that share a commit.
    #[allow(clippy::cast_possible_wrap, reason = "it is small")]
    const BATCH: i64 = MAX_BATCH as i64;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn insert(conn: &mut Connection, number: i64) -> Result<i64> {
        conn.batch_execute(&format!("INSERT INTO numbers VALUES ({number})"))?;
        Ok(number)
    }

    async fn numbers(store: &Store) -> Vec<i64> {
        let rows = store.read(|conn| {
            let query = diesel::sql_query("SELECT number FROM numbers ORDER BY number");
            Ok::<_, Error>(query.load::<Row>(conn)?)
        });
        rows.await
            .unwrap()
            .into_iter()
            .map(|row| row.number)
            .collect()
    }

    /// Runs changes that the writer finds waiting together, as happens while it flushes the disk for others.
    async fn together(
        store: &Store,
        change: impl Fn(&mut Connection, i64) -> Result<i64> + Clone + Send + 'static,
    ) -> Vec<Result<i64>> {
        let (begun, begins) = std::sync::mpsc::channel::<()>();
        let store = store.clone();
        let held = store.clone();
        let holding = tokio::spawn(async move {
            let change = held.write(move |_| {
                // The sender is dropped when all others wait.
                let others = begins.recv_timeout(PATIENCE);
                assert_eq!(others, Err(RecvTimeoutError::Disconnected));
                Ok::<_, Error>(())
            });
            change.await
        });
        let changes = (0..BATCH).map(|number| {
            let (store, change) = (store.clone(), change.clone());
            tokio::spawn(async move { store.write(move |conn| change(conn, number)).await })
        });
        let changes: Vec<_> = changes.collect();
        let waiting = i64::try_from(changes.len()).unwrap();
        let all_wait = async {
            while store.metrics().waiting.get() < waiting {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all_wait).await.unwrap();
        drop(begun);
        holding.await.unwrap().unwrap();
        let results = join_all(changes).await;
        results.into_iter().map(Result::unwrap).collect()
    }

    fn is_bug<T>(result: &Result<T>) -> bool {
        matches!(result, Err(Error::Bug(_)))
    }

    async fn store(place: &tempfile::TempDir) -> Store {
        let store = Store::open(
            &place.path().join("nbcourier.db").as_path().into(),
            Opening::Migrate,
        )
        .unwrap();
        let made = store.write(|conn| {
            conn.batch_execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")?;
            Ok::<_, Error>(())
        });
        made.await.unwrap();
        store
    }

    /// Returns the size of the log in bytes.
    fn log(place: &tempfile::TempDir) -> u64 {
        let log = place.path().join("nbcourier.db-wal");
        std::fs::metadata(log).unwrap().len()
    }

    /// Returns a connection that reads the present state for as long as it is kept.
    fn reader(place: &tempfile::TempDir) -> Connection {
        let database = place.path().join("nbcourier.db");
        let mut conn = Connection::open(database.to_str().unwrap()).unwrap();
        conn.batch_execute("BEGIN; SELECT count(*) FROM numbers")
            .unwrap();
        conn
    }

    #[tokio::test]
    async fn an_undone_change_writes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let store = store(&place).await;
        // The log is not written back while somebody reads an older state.
        let _reader = reader(&place);
        let before = log(&place);
        for panics in [false, true] {
            let undone = store.write(move |conn| {
                insert(conn, 1)?;
                assert!(!panics, "it fell over");
                Err::<(), _>(Error::Damaged("it was refused"))
            });
            assert!(undone.await.is_err());
            assert_eq!(log(&place), before);
        }
        store.write(|conn| insert(conn, 1)).await.unwrap();
        assert!(log(&place) > before);
    }

    #[tokio::test]
    async fn the_log_is_written_back_once_nobody_writes_or_reads_an_older_state() {
        let place = tempfile::tempdir().unwrap();
        let store = store(&place).await;
        let reader = reader(&place);
        store.write(|conn| insert(conn, 1)).await.unwrap();
        // The writer attempts the same when nothing is written for a while.
        let database = place.path().join("nbcourier.db");
        let mut conn = Connection::open(database.to_str().unwrap()).unwrap();
        assert!(!conn.write_log_back().unwrap());
        assert!(log(&place) > 0);
        drop(conn);
        // The attempts hold up no change.
        store.write(|conn| insert(conn, 2)).await.unwrap();
        drop(reader);
        let emptied = async {
            while log(&place) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, emptied).await.unwrap();
        assert_eq!(numbers(&store).await, [1, 2]);
        store.write(|conn| insert(conn, 3)).await.unwrap();
        assert!(log(&place) > 0);
        assert_eq!(numbers(&store).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_change_that_panics_is_undone_and_its_neighbours_are_written() {
        let place = tempfile::tempdir().unwrap();
        let store = store(&place).await;
        let results = together(&store, |conn, number| {
            insert(conn, number)?;
            assert!(number % 10 != 3, "{number} fell over");
            Ok(number)
        })
        .await;
        let fine = |number: &i64| number % 10 != 3;
        for (number, result) in (0..).zip(&results) {
            match result {
                Ok(done) => assert_eq!(*done, number),
                Err(error) => {
                    assert!(is_bug(result) && !fine(&number), "{number}: {error}");
                    assert!(error.to_string().contains("fell over"), "{error}");
                }
            }
        }
        let written: Vec<i64> = (0..BATCH).filter(fine).collect();
        assert_eq!(numbers(&store).await, written);
    }

    #[tokio::test]
    async fn a_panic_deep_in_nested_savepoints_undoes_all_of_its_change() {
        let place = tempfile::tempdir().unwrap();
        let store = store(&place).await;
        let results = together(&store, |conn, number| {
            insert(conn, number)?;
            conn.transaction(|conn| {
                insert(conn, number + 1000)?;
                conn.transaction(|conn| {
                    assert!(number != 7, "seven fell over");
                    insert(conn, number + 2000)
                })
            })
        })
        .await;
        let bugs: Vec<usize> = (0..results.len())
            .filter(|it| is_bug(&results[*it]))
            .collect();
        assert_eq!(bugs, [7]);
        let expected = |from: i64| (from..from + BATCH).filter(move |it| *it != from + 7);
        let expected: Vec<i64> = [0, 1000, 2000].into_iter().flat_map(expected).collect();
        assert_eq!(numbers(&store).await, expected);
    }

    #[tokio::test]
    async fn after_a_panic_the_store_reads_and_writes_as_before() {
        let place = tempfile::tempdir().unwrap();
        let store = store(&place).await;
        for number in 0..20 {
            let change = store.write(move |conn| -> Result<()> {
                insert(conn, number + 1000)?;
                panic!("fell over")
            });
            assert!(is_bug(&change.await));
            let query = store.read(|_| -> Result<()> { panic!("fell over") });
            assert!(is_bug(&query.await));
            store.write(move |conn| insert(conn, number)).await.unwrap();
        }
        assert_eq!(numbers(&store).await, (0..20).collect::<Vec<_>>());
    }
}
