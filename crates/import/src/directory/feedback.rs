//! The file names of feedback pages in nbgrader's own exchange: MD5 sums that require the submission to compute
//! (`notebook_hash` in nbgrader's `utils.py`, and `exchange/default/fetch_feedback.py`).

use super::super::source_path::SourcePath;
use md5::{Digest, Md5};
use nbcourier_domain::Md5Sum;
use std::io::{self, Read as _};

const CHUNK: usize = 128 * 1024;

/// Returns the name of a notebook's page, without `.html`, for a submission with a secret. nbgrader 0.8 and later
/// write one.
pub fn name_by_secret(secret: &[u8], notebook_id: &str) -> Md5Sum {
    let mut md5 = Md5::new();
    md5.update(secret);
    md5.update(notebook_id);
    Md5Sum(md5.finalize().into())
}

/// Returns the possible names of a notebook's page from older versions of nbgrader, the likeliest first. The first is
/// the sum of the notebook's bytes with course, assignment, notebook, student and the time as it was written, joined
/// by `+`. The second is the sum of the bytes alone.
pub fn names_by_content(notebook: &SourcePath, key: [&str; 5]) -> io::Result<[Md5Sum; 2]> {
    let mut file = notebook.open_file()?;
    let (mut md5, mut buffer) = (Md5::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => md5.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut with_key = md5.clone();
    with_key.update(key.join("+"));
    Ok([with_key, md5].map(|md5| Md5Sum(md5.finalize().into())))
}
