//! Decodes and encodes on blocking threads, with a limit on how much runs at once.

use super::error::Result;
use nbcourier_work::blocking;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Runs work on a blocking thread. At most two such works run per core, so that the threads that answer other requests soon find a core
/// during large uploads (measured in `docs/performance.md`).
pub async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
        Semaphore::new(2 * std::thread::available_parallelism().map_or(2, usize::from))
    });
    #[cfg(test)]
    COMPUTED.with(|computed| computed.set(computed.get() + 1));
    let permit = TURNS.acquire().await;
    blocking(move || {
        let _permit = permit;
        work()
    })
    .await?
}

#[cfg(test)]
thread_local! {
    /// Number of works of requests on this thread.
    pub static COMPUTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
