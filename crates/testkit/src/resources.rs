//! The resources that a server takes of the machine (proc(5)).

use crate::server::Server;

impl Server {
    /// Returns the maximum memory of the process so far, in bytes, without the pages of files (proc(5)).
    ///
    /// The pages of the program file would count what the compiler made, which depends on how it was called. File
    /// pages that came after the maximum are subtracted as well, some megabytes at most.
    pub fn peak_memory(&self) -> u64 {
        self.without_files("VmHWM:")
    }

    /// Returns the current memory of the process, in bytes, without the pages of files.
    pub fn resident_memory(&self) -> u64 {
        self.without_files("VmRSS:")
    }

    /// Makes the current memory the maximum so far (proc(5)).
    pub fn reset_peak_memory(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").expect("a process of ours");
    }

    fn without_files(&self, kind: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("the process's status");
        let bytes = |kind: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(kind));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            kilobytes
                .map(|kilobytes: u64| kilobytes * 1024)
                .expect("its size")
        };
        bytes(kind).saturating_sub(bytes("RssFile:"))
    }

    /// Returns the number of files and connections that the process has open.
    pub fn open_files(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.pid()));
        open.expect("its open files").count()
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid()));
        tasks.expect("its threads").count()
    }
}
