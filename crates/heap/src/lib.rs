//! The allocator's free memory, and its return to the system.
//!
//! glibc keeps freed blocks for later, below a threshold that grows with the blocks that a program frees. After
//! hundreds of concurrent uploads, it keeps some 60 MiB that may never be needed again.

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

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Returns the resident memory of this process in pages (proc(5)).
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn freed_blocks_between_used_ones_are_returned() {
        const BLOCKS: usize = 1_000;
        const SIZE: usize = 64 * 1024;
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
