//! Returning the memory of the start and of a rush to the system.

use crate::http::resident_bytes;
use nbcourier_work::blocking;
use std::time::{Duration, Instant};

/// The time after which the server has started.
const START: Duration = Duration::from_millis(500);
/// The pause between two looks at the resident memory.
const PAUSE: Duration = Duration::from_secs(20);
/// The growth of the resident memory since the start that is left to the process, in bytes.
const GROWTH: u64 = 8 * 1024 * 1024;

/// Returns the memory of the start to the system, free blocks and code that is not needed again. Then it returns free
/// blocks while the process is larger than it was after the start. It never ends.
pub async fn return_regularly() {
    tokio::time::sleep(START).await;
    let unmapped = nbcourier_heap::unmap_unused_code();
    log::debug!("Unmapped {} KiB of the program's code", unmapped / 1024);
    return_once(resident()).await;
    let at_start = resident();
    loop {
        tokio::time::sleep(PAUSE).await;
        let before = resident();
        if before <= at_start.saturating_add(GROWTH) {
            continue;
        }
        return_once(before).await;
    }
}

/// Returns free memory to the system. `before` is the resident memory.
async fn return_once(before: u64) {
    let begun = Instant::now();
    match blocking(nbcourier_heap::return_free_pages).await {
        Ok(()) => log::debug!(
            "Returned {} KiB of memory in {} µs",
            before.saturating_sub(resident()) / 1024,
            begun.elapsed().as_micros()
        ),
        Err(bug) => log::error!("Returning memory failed: {bug}"),
    }
}

/// Returns the resident memory of the process in bytes, or 0 where the system does not report it.
fn resident() -> u64 {
    resident_bytes().unwrap_or_default()
}
