//! The system's facts about this process (proc(5)), under the names that all exporters of Prometheus use.

use std::fs;

/// The state of the process. Values that the system does not give are 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Number of open files, sockets and the like.
    pub open_fds: u64,
    /// Maximum number of them.
    pub max_fds: u64,
    /// Number of threads.
    pub threads: u64,
    /// CPU time in seconds, over all cores.
    pub cpu_seconds: f64,
}

impl Process {
    /// Reads the current state.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The second field is a name in parentheses, which may hold blanks. These are the fields from the third on.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let number = |nth: usize| {
            let field = fields.get(nth - 3);
            field
                .and_then(|field| field.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let page = rustix::param::page_size() as u64;
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        Self {
            resident_bytes: number(24) * page,
            open_fds: fs::read_dir("/proc/self/fd").map_or(0, |all| all.count() as u64),
            max_fds: limit.current.unwrap_or(0),
            threads: number(20),
            cpu_seconds: seconds(number(14) + number(15)),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "ticks of years are exact in it")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
