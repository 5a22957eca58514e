//! Memory that the process holds without need, and its return to the system.
//!
//! glibc keeps freed blocks for later, below a threshold that grows with the blocks that a program frees. After
//! hundreds of concurrent uploads, it keeps some 60 MiB that may never be needed again. The code that only the start
//! runs stays resident, too.

mod program;

pub use program::unmap_unused_code;

/// Returns the free pages of the heap to the system, in all arenas (`malloc_trim` of malloc(3)).
///
/// It takes some milliseconds, during which other threads may wait for memory. Does nothing where the allocator is not
/// glibc's.
pub fn return_free_pages() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "there is no safe name for it")]
    // SAFETY: the function may be called at any time from any thread, and touches free blocks only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Makes blocks of several megabytes the system's own, so that freeing them returns their memory at once (`mallopt` of
/// mallopt(3)).
///
/// Otherwise every thread that frees such a block keeps it for later. Call it once, before such blocks are used. Does
/// nothing where the allocator is not glibc's.
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "there is no safe name for it")]
    // SAFETY: the function may be called at any time from any thread, and changes how later blocks are allocated.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        // The free memory at the end of a heap that it keeps. Without this it would be very little from now on.
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * LARGE);
    }
}

/// The size of blocks from which on they are the system's own, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 4 * 1024 * 1024;

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::{Barrier, Mutex, PoisonError};

    /// The turn to measure the memory of this process.
    static TURN: Mutex<()> = Mutex::new(());

    /// Returns the resident memory of this process in pages (proc(5)).
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn large_blocks_are_returned_by_every_thread_that_frees_one() {
        const THREADS: usize = 8;
        const SIZE: usize = 5 * 1024 * 1024;
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        return_large_blocks();
        let (freed, measured) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
        let before = resident();
        let grown = std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..3 {
                        drop(std::hint::black_box(vec![1_u8; SIZE]));
                    }
                    freed.wait();
                    measured.wait();
                });
            }
            freed.wait();
            let grown = resident().saturating_sub(before);
            measured.wait();
            grown
        });
        assert!(grown < SIZE / 4096, "{grown} pages");
    }

    #[test]
    fn freed_blocks_between_used_ones_are_returned() {
        const BLOCKS: usize = 1_000;
        const SIZE: usize = 64 * 1024;
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // The small blocks keep the heap from shrinking at its end.
        let (large, small): (Vec<_>, Vec<_>) = (0..BLOCKS)
            .map(|_| (vec![1_u8; SIZE], Box::new(1_u8)))
            .unzip();
        drop(large);
        let kept = resident();
        return_free_pages();
        let returned = kept.saturating_sub(resident());
        let pages = BLOCKS * SIZE / 4096;
        assert!(
            returned > pages / 2,
            "{returned} of {pages} pages, {} blocks",
            small.len()
        );
    }
}
