//! How many files and connections may be open at the same time.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no connection's: the database, the log, the lock, threads' own.
const RESERVED: u64 = 128;
/// What a connection may need beside itself: the file that an upload goes to or a download comes from.
const FILES_OF_A_CONNECTION: u64 = 2;
/// More connections than this serve nobody.
const MOST: u64 = 50_000;

/// Allows as many open files as the system lets this process have; how many connections that is enough for.
pub fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where that is not allowed it stays as it was.
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
