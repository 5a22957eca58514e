//! The bytes of files, read from `git cat-file --batch`.

use crate::child::Running;
use crate::failure::Failure;
use nbcourier_domain::ObjectName;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};

/// The bytes of a piece.
const PIECE: usize = 64 * 1024;
/// The maximum length of a header in bytes.
const LONGEST_HEADER: u64 = 256;

/// Reads the bytes of objects, one after the other.
pub struct Objects {
    running: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Objects {
    pub(crate) fn new(mut running: Running) -> Result<Self, Failure> {
        let (input, output) = running
            .pipes()
            .ok_or_else(|| Failure::failed("git was started without pipes"))?;
        Ok(Self {
            running,
            input,
            output: BufReader::with_capacity(PIECE, output),
        })
    }

    /// Reads a file and gives its bytes away, piece by piece. The size is the one of the listing.
    pub fn read<E: From<Failure>>(
        &mut self,
        object: &ObjectName,
        size: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = self.begin(object, size)?;
        let mut piece = vec![0; PIECE];
        while rest > 0 {
            let wanted = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
            let length = self.output.read(&mut piece[..wanted]).map_err(unreadable)?;
            if length == 0 {
                return Err(ended_early().into());
            }
            take(&piece[..length])?;
            rest -= length as u64;
        }
        let mut newline = [0];
        self.output.read_exact(&mut newline).map_err(unreadable)?;
        Ok(())
    }

    /// Returns the bytes of a short file.
    pub fn whole(&mut self, object: &ObjectName, size: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.read(object, size, |piece| {
            bytes.extend_from_slice(piece);
            Ok::<(), Failure>(())
        })?;
        Ok(bytes)
    }

    fn begin(&mut self, object: &ObjectName, size: u64) -> Result<u64, Failure> {
        writeln!(self.input, "{object}").map_err(|_| ended_early())?;
        self.input.flush().map_err(|_| ended_early())?;
        let mut header = String::new();
        let mut limited = self.output.by_ref().take(LONGEST_HEADER);
        limited.read_line(&mut header).map_err(unreadable)?;
        let expected = format!("{object} blob {size}\n");
        if header == expected {
            Ok(size)
        } else if header.is_empty() {
            Err(ended_early())
        } else {
            Err(Failure::failed(format!(
                "The repository lacks the bytes of {object}, or has others"
            )))
        }
    }

    /// Returns the failure, or what stopped git before it.
    pub fn fail(self, failure: Failure) -> Failure {
        drop(self.input);
        self.running.fail(failure)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is the form of map_err")]
fn unreadable(error: std::io::Error) -> Failure {
    Failure::failed(format!(
        "The bytes of the repository could not be read: {error}"
    ))
}

fn ended_early() -> Failure {
    Failure::failed("git ended before all files were read")
}
