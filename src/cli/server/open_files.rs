//! The limits on open files and connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Number of files that belong to no connection: the database, the log, the lock, and those of threads.
const RESERVED: u64 = 128;
/// Number of files for a connection: its socket, and the file of an upload or a download.
const FILES_OF_A_CONNECTION: u64 = 2;
/// Maximum number of connections. More are of no use.
const MOST: u64 = 50_000;

/// Raises the limit on open files to the maximum for this process. Returns how many connections that allows.
pub fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // If the system refuses, the limit stays as it was.
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_) => limit.current,
    };
    connections(allowed.unwrap_or(u64::MAX))
}

fn connections(files: u64) -> usize {
    let connections = files.saturating_sub(RESERVED) / FILES_OF_A_CONNECTION;
    usize::try_from(connections.clamp(1, MOST)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fewer_connections_than_files_and_never_none() {
        assert_eq!(connections(1024), 448);
        assert_eq!(connections(u64::MAX), 50_000);
        assert_eq!(connections(3), 1);
    }
}
