//! The turns of those who need a connection. There are as many at a time as connections.

use super::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of one pool of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns {
    free: Arc<Semaphore>,
    /// The number of times that no connection could be had.
    outages: Arc<AtomicU64>,
}

/// The right to a connection. It ends with the value.
pub struct Turn(
    #[allow(dead_code, reason = "its drop is the end of the turn")] OwnedSemaphorePermit,
);

impl Turns {
    /// Creates the turns of this many connections.
    pub fn new(connections: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(connections)),
            outages: Arc::default(),
        }
    }

    /// Waits for a turn, without occupying a thread.
    ///
    /// Fails if no connection could be had meanwhile. Otherwise each of the many who wait while a server is away would
    /// wait as long after the other.
    pub async fn wait(&self) -> Result<Turn> {
        let before = self.outages.load(Ordering::Relaxed);
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| Error::Connection("the connections are closed".into()))?;
        if self.outages.load(Ordering::Relaxed) != before {
            return Err(Error::Connection(
                "others could not reach it just now".into(),
            ));
        }
        Ok(Turn(permit))
    }

    /// Notes that no connection could be had. Those who wait now fail.
    pub fn note_outage(&self) {
        self.outages.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    #[tokio::test]
    async fn an_outage_ends_the_waiting_of_all_and_of_nobody_later() {
        let turns = Turns::new(1);
        let first = turns.wait().await.unwrap();
        let waiting = join_all((0..100).map(|_| turns.wait()));
        let (waited, ()) = tokio::join!(waiting, async {
            tokio::task::yield_now().await;
            turns.note_outage();
            drop(first);
        });
        assert!(waited.iter().all(Result::is_err));
        assert!(turns.wait().await.is_ok());
    }
}
