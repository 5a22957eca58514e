//! Bodies that are read from files while they are sent.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;

/// A body of bytes and of files on this machine.
#[derive(Debug, Clone, Default)]
pub struct Source {
    parts: VecDeque<Part>,
    size: u64,
}

#[derive(Debug, Clone)]
enum Part {
    Bytes(Bytes),
    File(PathBuf, u64),
    Opened(Arc<File>, u64),
}

impl Source {
    /// Adds bytes.
    pub fn add_bytes(&mut self, bytes: Vec<u8>) {
        self.size += bytes.len() as u64;
        self.parts.push_back(Part::Bytes(bytes.into()));
    }

    /// Adds a file, which must still have that size when it is sent.
    pub fn add_file(&mut self, path: &Path, size: u64) {
        self.size += size;
        self.parts.push_back(Part::File(path.to_owned(), size));
    }

    /// Adds a file that is open already, and must still have that size when it is sent.
    pub fn add_opened(&mut self, file: File, size: u64) {
        self.size += size;
        self.parts.push_back(Part::Opened(Arc::new(file), size));
    }

    /// Returns the body for one attempt to send it.
    pub(super) fn body(&self) -> reqwest::Body {
        reqwest::Body::wrap(Reading {
            parts: self.parts.clone(),
            file: None,
            at: 0,
            left: self.size,
        })
    }
}

/// A body that is being sent. It fails if a file has become shorter.
struct Reading {
    parts: VecDeque<Part>,
    file: Option<(Arc<File>, u64)>,
    /// The position in the file.
    at: u64,
    left: u64,
}

impl Reading {
    /// Returns the next bytes, or `None` at the end.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some((file, left)) = &mut self.file {
                if *left == 0 {
                    self.file = None;
                    continue;
                }
                let length = usize::try_from(*left).map_or(CHUNK, |left| left.min(CHUNK));
                let mut bytes = vec![0; length];
                // Another attempt may read the same open file.
                file.read_exact_at(&mut bytes, self.at)?;
                self.at += length as u64;
                *left -= length as u64;
                self.left -= length as u64;
                return Ok(Some(bytes.into()));
            }
            match self.parts.pop_front() {
                None => return Ok(None),
                Some(Part::File(path, size)) => {
                    (self.file, self.at) = (Some((Arc::new(File::open(path)?), size)), 0);
                }
                Some(Part::Opened(file, size)) => (self.file, self.at) = (Some((file, size)), 0),
                Some(Part::Bytes(bytes)) => {
                    self.left -= bytes.len() as u64;
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

impl Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // The command does nothing else meanwhile, so it may wait for the disk.
        let next = self.next().transpose();
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
