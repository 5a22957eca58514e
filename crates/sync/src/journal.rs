//! The log of a folder.

use super::folder::Root;
use nbcourier_domain::Timestamp;
use std::io::{self, Read as _, Seek as _, Write as _};

const NAME: &str = "log";
/// The maximum size in bytes. Of a longer log, the newer half stays.
const MAX_BYTES: u64 = 256 * 1024;

/// Adds lines to the log. A log that cannot be written is no reason to fail.
pub fn add(own: &Root, lines: &[String]) {
    let _ = try_add(own, lines);
}

fn try_add(own: &Root, lines: &[String]) -> io::Result<()> {
    let mut log = own.open_or_create(NAME)?;
    let mut text = Vec::new();
    let now = Timestamp::now();
    for line in lines {
        // A name in it cannot look like a line of its own.
        let line: String = line
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        writeln!(text, "{now} {line}")?;
    }
    let size = log.seek(io::SeekFrom::End(0))?;
    if size > MAX_BYTES {
        let mut old = Vec::new();
        log.seek(io::SeekFrom::Start(size - MAX_BYTES / 2))?;
        (&mut log).take(MAX_BYTES).read_to_end(&mut old)?;
        let begin = old
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        log.set_len(0)?;
        log.rewind()?;
        log.write_all(&old[begin..])?;
    }
    log.write_all(&text)
}
