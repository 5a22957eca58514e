//! The pages of the program's own file.

/// Takes the code and the constants of the program off the resident memory (`MADV_DONTNEED` of madvise(2)), and returns
/// their size in bytes.
///
/// The system keeps the pages in its cache. The process maps a page again when it next runs its code or reads its
/// constants. So the code that only ran before this call no longer counts as memory of the process, and the system may
/// give its pages to others. Returns 0 where the program is not linked with glibc.
#[must_use]
pub fn unmap_unused_code() -> usize {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        linux::unmap()
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    {
        0
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "there is no safe name for it")]
mod linux {
    use std::ffi::c_void;

    /// Unmaps the segments of the program that nothing ever writes to, and returns their size in bytes.
    pub fn unmap() -> usize {
        let mut unmapped: usize = 0;
        // SAFETY: the callback has the type that the function asks for, and gets the address of a `usize` that outlives
        // the call.
        unsafe {
            libc::dl_iterate_phdr(Some(first_object), (&raw mut unmapped).cast());
        }
        unmapped
    }

    /// Is called with the program first (`dl_iterate_phdr(3)`), and ends the iteration there.
    ///
    /// # Safety
    ///
    /// `info` must be valid, as `dl_iterate_phdr` promises, and `unmapped` the address of a `usize`.
    unsafe extern "C" fn first_object(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        unmapped: *mut c_void,
    ) -> libc::c_int {
        // SAFETY: as promised by the caller.
        let (info, unmapped) = unsafe { (&*info, &mut *unmapped.cast::<usize>()) };
        // SAFETY: the loader keeps as many headers there.
        let headers =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        // SAFETY: the function has no conditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let Ok(page) = usize::try_from(page) else {
            return ENOUGH;
        };
        for header in headers {
            if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
                continue;
            }
            let (Ok(address), Ok(length)) = (
                usize::try_from(info.dlpi_addr + header.p_vaddr),
                usize::try_from(header.p_filesz),
            ) else {
                continue;
            };
            let begin = address.next_multiple_of(page);
            let end = (address + length) / page * page;
            if begin >= end {
                continue;
            }
            // SAFETY: the segment is mapped from the program's file and not writable. So the pages that are mapped again
            // have the same content. Only whole pages of the segment are named.
            let refused =
                unsafe { libc::madvise(begin as *mut c_void, end - begin, libc::MADV_DONTNEED) };
            if refused == 0 {
                *unmapped += end - begin;
            }
        }
        ENOUGH
    }

    /// Tells the loader to name no further object. All values but 0 do.
    const ENOUGH: libc::c_int = 1;
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::unmap_unused_code;

    /// Returns the resident pages of files in KiB (proc(5)).
    fn resident_of_files() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("RssFile:"));
        line.and_then(|line| line.split_whitespace().nth(1))
            .unwrap()
            .parse()
            .unwrap()
    }

    #[test]
    fn code_of_the_start_is_not_resident_any_more() {
        let before = resident_of_files();
        let unmapped = unmap_unused_code();
        let after = resident_of_files();
        assert!(unmapped > 0);
        assert!(after < before, "{after} KiB of {before} KiB");
    }
}
