//! The one writer: a thread that commits the changes waiting for it together.
//!
//! A durable commit costs one flush of the disk, so many small changes share it. Each change runs in a savepoint
//! of its own, so one that fails leaves the others alone, and each is answered only after the common commit.

use super::{Connection, Error, Result};
use diesel::connection::Connection as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
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
}

impl Writer {
    /// Starts the thread. `connect` is called again when a connection had to be given up.
    pub fn start(connect: impl Fn() -> Result<Connection> + Send + 'static) -> Result<Self> {
        let mut conn = connect()?;
        let (changes, waiting) = mpsc::channel::<Change>();
        std::thread::Builder::new()
            .name("database-writer".into())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let batch =
                        std::iter::once(first).chain(waiting.try_iter().take(MAX_BATCH - 1));
                    if let Outcome::ConnectionLost = write_together(&mut conn, batch) {
                        match connect() {
                            Ok(fresh) => conn = fresh,
                            Err(error) => {
                                log::error!("The database writer cannot reconnect: {error}");
                            }
                        }
                    }
                }
            })
            .map_err(|error| Error::Connection(format!("no thread for the writer: {error}")))?;
        Ok(Self { changes })
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
        let (sender, answer) = oneshot::channel();
        let change: Change = Box::new(move |conn| {
            let result = conn.transaction(change);
            Box::new(move |committed| {
                // Whoever waited may have hung up; the change stands all the same.
                let _ = sender.send(committed.map_err(E::from).and(result));
            })
        });
        self.changes
            .send(change)
            .map_err(|_| Error::Writer("has stopped"))?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::Writer("gave it up").into()))
    }
}

enum Outcome {
    Done,
    ConnectionLost,
}

fn write_together(conn: &mut Connection, batch: impl Iterator<Item = Change>) -> Outcome {
    let mut answers = Vec::new();
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        conn.immediate_transaction(|conn| {
            answers.extend(batch.map(|change| change(conn)));
            Ok::<_, diesel::result::Error>(())
        })
    }));
    match attempt {
        Ok(Ok(())) => {
            for answer in answers {
                answer(Ok(()));
            }
            Outcome::Done
        }
        Ok(Err(error)) => {
            log::error!("{} changes were not written: {error}", answers.len());
            for answer in answers {
                answer(Err(Error::Writer("could not commit; see the log")));
            }
            // After a failed commit the transaction may still be open: start over on a clean connection.
            Outcome::ConnectionLost
        }
        Err(_panic) => {
            for answer in answers {
                answer(Err(Error::Writer("stumbled over another change")));
            }
            Outcome::ConnectionLost
        }
    }
}
