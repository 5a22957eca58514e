//! The limits of a child. This program sets them for itself and then becomes git, so no code runs between fork and exec.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The hidden subcommand that becomes git within limits.
pub const LAUNCH: &str = "git-within-limits";

/// The limits of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum size of a file in bytes.
    pub file_size: u64,
    /// Maximum time on the processor in seconds.
    pub cpu: u64,
    /// Maximum address space in bytes.
    pub memory: u64,
    /// Maximum number of open files.
    pub open_files: u64,
}

impl Bounds {
    /// Returns the limits as arguments of the subcommand, before those of git.
    pub(crate) fn arguments(self) -> [String; 5] {
        let numbers = [self.file_size, self.cpu, self.memory, self.open_files];
        let [file_size, cpu, memory, open_files] = numbers.map(|number| number.to_string());
        [LAUNCH.to_owned(), file_size, cpu, memory, open_files]
    }
}

/// Sets the limits for this process and becomes git with these arguments. Returns only if that fails.
pub fn become_git(bounds: Bounds, arguments: Vec<OsString>) -> io::Error {
    match limit(bounds) {
        Ok(()) => Command::new("git").args(arguments).exec(),
        Err(error) => error,
    }
}

fn limit(bounds: Bounds) -> io::Result<()> {
    // A server that is killed leaves no git behind.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    for (resource, most) in [
        (Resource::Fsize, bounds.file_size),
        (Resource::Cpu, bounds.cpu),
        (Resource::As, bounds.memory),
        (Resource::Nofile, bounds.open_files),
        (Resource::Core, 0),
    ] {
        let limits = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limits)?;
    }
    Ok(())
}
