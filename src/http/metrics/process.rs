//! What the system says of this process (proc(5)), under the names that all exporters of Prometheus use.

use std::fs;

/// The process as it is now; what the system does not say is 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Bytes of memory in use.
    pub resident_bytes: u64,
    /// Files, sockets and the like that are open.
    pub open_fds: u64,
    /// How many of them may be.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
    /// Seconds that the cores worked for it.
    pub cpu_seconds: f64,
}

impl Process {
    /// Looks.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The second field is a name in brackets that may hold blanks; these are the fields from the third on.
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
