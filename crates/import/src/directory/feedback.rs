//! How nbgrader's own exchange names the pages it gives back: by an MD5 that only who has the submission can make
//! (`notebook_hash` in nbgrader's `utils.py`, and `exchange/default/fetch_feedback.py`).

use super::super::place::Place;
use md5::{Digest, Md5};
use nbcourier_domain::Md5Sum;
use std::io::{self, Read as _};

const CHUNK: usize = 128 * 1024;

/// The name of a notebook's page, without `.html`, where the submission has a secret: since nbgrader 0.8.
pub fn name_by_secret(secret: &[u8], notebook_id: &str) -> Md5Sum {
    let mut md5 = Md5::new();
    md5.update(secret);
    md5.update(notebook_id);
    Md5Sum(md5.finalize().into())
}

/// The names under which older nbgraders may have put the page of a notebook, the likeliest first: by its bytes with
/// course, assignment, notebook, student and the time as it was written, joined by `+`; and by its bytes alone.
pub fn names_by_content(notebook: &Place, key: [&str; 5]) -> io::Result<[Md5Sum; 2]> {
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
