//! The system's facts about this process (proc(5)), under the names that all exporters of Prometheus use.

use std::fs;
use std::path::Path;

/// The state of the process. Values that the system does not give are `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Resident memory in bytes.
    pub resident_bytes: Option<u64>,
    /// Number of open files, sockets and the like.
    pub open_fds: Option<u64>,
    /// Maximum number of them. `None` also means that there is no maximum.
    pub max_fds: Option<u64>,
    /// Number of threads.
    pub threads: Option<u64>,
    /// CPU time in seconds, over all cores.
    pub cpu_seconds: Option<f64>,
}

impl Process {
    /// Reads the current state.
    pub fn now() -> Self {
        Self::below(Path::new("/proc/self"))
    }

    /// Reads the state from the process's directory of proc(5).
    fn below(directory: &Path) -> Self {
        let stat = Stat::below(directory);
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        Self {
            resident_bytes: stat.resident_bytes(),
            open_fds: fs::read_dir(directory.join("fd"))
                .ok()
                .map(|all| all.count() as u64),
            max_fds: limit.current,
            threads: stat.number(20),
            cpu_seconds: stat
                .number(14)
                .zip(stat.number(15))
                .map(|(user, system)| seconds(user + system)),
        }
    }
}

/// Returns the resident memory of this process in bytes, if the system reports it.
pub fn resident_bytes() -> Option<u64> {
    Stat::below(Path::new("/proc/self")).resident_bytes()
}

/// The file `stat` of a process's directory. It is empty if the system has none.
struct Stat(String);

impl Stat {
    fn below(directory: &Path) -> Self {
        Self(fs::read_to_string(directory.join("stat")).unwrap_or_default())
    }

    /// Returns the number in the `nth` field, counted from 1 as in proc(5), beginning with the third.
    fn number(&self, nth: usize) -> Option<u64> {
        // The second field is a name in parentheses, which may hold blanks.
        let (_, fields) = self.0.rsplit_once(')')?;
        fields.split_whitespace().nth(nth - 3)?.parse().ok()
    }

    fn resident_bytes(&self) -> Option<u64> {
        let page = rustix::param::page_size() as u64;
        self.number(24).map(|pages| pages * page)
    }
}

#[allow(clippy::cast_precision_loss, reason = "ticks of years are exact in it")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_does_not_give_is_unknown() {
        let here = Process::now();
        assert!(here.resident_bytes.unwrap() > 0 && here.threads.unwrap() > 0);
        assert!(resident_bytes().unwrap() > 0);
        assert!(here.open_fds.unwrap() > 0 && here.cpu_seconds.is_some());
        let none = Process::below(Path::new("/nowhere"));
        assert_eq!((none.resident_bytes, none.open_fds), (None, None));
        assert_eq!((none.threads, none.cpu_seconds), (None, None));
    }
}
