//! The one writer: a thread that commits the changes waiting for it together.
//!
//! A durable commit costs one flush of the disk, so many small changes share it. Each change runs in a savepoint
//! of its own, so one that fails leaves the others alone, and each is answered only after the common commit.

use super::error::says;
use super::{Connection, Error, Result, WriterTally};
use diesel::connection::Connection as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Instant;
use tokio::sync::oneshot;

/// How many changes share one commit at most, so that the first of them is not kept waiting.
const MAX_BATCH: usize = 64;

/// Tells the one who waits for a change how the commit went.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;
type Change = Box<dyn FnOnce(&mut Connection) -> Answer + Send>;

/// Hands changes to the writer thread; the thread ends when the last clone is dropped.
#[derive(Clone)]
pub struct Writer {
    changes: mpsc::Sender<Change>,
    tally: Arc<WriterTally>,
}

impl Writer {
    /// Starts the thread. `connect` is called again when a connection had to be given up.
    pub fn start(connect: impl Fn() -> Result<Connection> + Send + 'static) -> Result<Self> {
        let mut conn = connect()?;
        let (changes, waiting) = mpsc::channel::<Change>();
        let tally = Arc::new(WriterTally::default());
        let counted = Arc::clone(&tally);
        std::thread::Builder::new()
            .name("database-writer".into())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let batch =
                        std::iter::once(first).chain(waiting.try_iter().take(MAX_BATCH - 1));
                    match write_together(&mut conn, batch, &counted) {
                        Outcome::Done => {}
                        // Whoever came meanwhile is told so, too: one after the other would wait without an end.
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
        Ok(Self { changes, tally })
    }

    /// Runs `change` in a transaction and answers once it is durable; an `Err` of its own undoes just it.
    pub async fn run<T, E>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        self.run_then(change, |_| ()).await
    }

    /// The same, and calls `committed` once the change is durable, also when nobody waits for the answer any more. What
    /// is counted or remembered outside of the database belongs there: a change that was undone leaves no trace of it.
    pub async fn run_then<T, E>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let waiting = Waiting::begin(&self.tally);
        let change: Change = Box::new(move |conn| {
            drop(waiting);
            let result = conn.transaction(change);
            Box::new(move |outcome| {
                let mut result = result.and_then(|done| outcome.map(|()| done).map_err(E::from));
                if let Ok(done) = &mut result {
                    committed(done);
                }
                // Whoever waited may have hung up; the change stands all the same.
                let _ = sender.send(result);
            })
        });
        self.changes
            .send(change)
            .map_err(|_| Error::Writer("has stopped"))?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::Writer("could not begin; see the log").into()))
    }

    /// Runs `change` after those that wait already. Nobody waits for it, and a failure is only logged.
    pub fn run_later(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<(), Error> + Send + 'static,
    ) {
        let waiting = Waiting::begin(&self.tally);
        let change: Change = Box::new(move |conn| {
            drop(waiting);
            if let Err(error) = conn.transaction(change) {
                log::warn!("A change that nobody waits for was not made: {error}");
            }
            Box::new(|_| ())
        });
        // A writer that has stopped makes no changes any more, whoever asks for them.
        let _ = self.changes.send(change);
    }

    /// What it has done so far.
    pub fn tally(&self) -> &WriterTally {
        &self.tally
    }
}

/// Counts a change among those that wait, until it is begun or given up.
struct Waiting(Arc<WriterTally>);

impl Waiting {
    fn begin(tally: &Arc<WriterTally>) -> Self {
        tally.waiting.up();
        Self(Arc::clone(tally))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.down();
    }
}

enum Outcome {
    Done,
    /// Another program holds the database, for longer than a change waits for it; none was begun.
    Locked,
    ConnectionLost,
}

fn write_together(
    conn: &mut Connection,
    batch: impl Iterator<Item = Change>,
    tally: &WriterTally,
) -> Outcome {
    let mut answers = Vec::new();
    let mut made = Instant::now();
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        conn.immediate_transaction(|conn| {
            answers.extend(batch.map(|change| change(conn)));
            made = Instant::now();
            Ok::<_, diesel::result::Error>(())
        })
    }));
    match attempt {
        Ok(Ok(())) => {
            tally.commits.took(made.elapsed());
            tally.batches.add(answers.len() as u64);
            for answer in answers {
                answer(Ok(()));
            }
            Outcome::Done
        }
        Ok(Err(error)) if answers.is_empty() && says(&error, "database is locked") => {
            tally.failures.once();
            log::error!("Nothing can be written: another program holds the database");
            Outcome::Locked
        }
        Ok(Err(error)) => {
            tally.failures.once();
            log::error!("{} changes were not written: {error}", answers.len());
            let is_full = matches!(Error::from(error), Error::Full);
            for answer in answers {
                answer(Err(if is_full {
                    Error::Full
                } else {
                    Error::Writer("could not commit; see the log")
                }));
            }
            // After a failed commit the transaction may still be open: start over on a clean connection.
            Outcome::ConnectionLost
        }
        Err(_panic) => {
            tally.failures.once();
            for answer in answers {
                answer(Err(Error::Writer("stumbled over another change")));
            }
            Outcome::ConnectionLost
        }
    }
}
