//! The lock on a folder: one program at a time looks after it.

use super::place::Root;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

/// The name of the lock, in the folder of the state.
const NAME: &str = "lock";

/// The lock. It ends with the process, too.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "it is held")] File);

/// The result of an attempt to lock.
#[derive(Debug)]
pub enum Locked {
    /// The folder is ours.
    Ours(Lock),
    /// Another program looks after it: the host and the process, as it says.
    By(String),
}

impl Lock {
    /// Locks the folder of the state. Does not wait.
    pub fn take(own: &Root) -> io::Result<Locked> {
        Self::named(own, NAME)
    }

    /// Takes the lock of another name there. Does not wait.
    pub fn named(own: &Root, name: &str) -> io::Result<Locked> {
        let mut file = own.open_or_create(name)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // File systems without locks are used by one server at a time, as good as that is.
            Ok(()) | Err(Errno::NOLCK | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // Nobody but the owner of the folder writes here, and a few words are enough.
                let _ = (&mut file).take(200).read_to_string(&mut holder);
                return Ok(Locked::By(holder.trim().to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.rewind()?;
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        writeln!(file, "process {} on {host}", std::process::id())?;
        Ok(Locked::Ours(Self(file)))
    }
}
