//! Files in the listings of `v1/`: each tree is listed once, and sent while it is read.

use crate::http::error::{Error, Result};
use crate::http::reply::listing::{Tail, write};
use bytes::Bytes;
use nbcourier_api::File;
use nbcourier_exchange::files::checksums::{ChecksummedBundle, ChecksummedFiles};
use nbcourier_exchange::files::trees::ListedTree;
use std::borrow::Cow;
use std::collections::VecDeque;

/// Approximate number of bytes that are made at a time.
const CHUNK: usize = 128 * 1024;

/// The member `trees` of a listing, written piece by piece, so that memory does not grow with the number of files.
pub struct TreesTail {
    trees: ChecksummedBundle,
    listed: VecDeque<(ListedTree, ChecksummedFiles)>,
    /// The index of the next file of the first listed tree.
    file: usize,
    begun: bool,
    ended: bool,
}

impl TreesTail {
    /// Returns the member with the files of these trees.
    pub fn new(trees: ChecksummedBundle) -> Self {
        Self {
            trees,
            listed: VecDeque::new(),
            file: 0,
            begun: false,
            ended: false,
        }
    }

    /// Writes until the piece is long enough or all listed files are written.
    fn write(mut self) -> Result<(Self, Bytes)> {
        let mut piece = Vec::new();
        while piece.len() < CHUNK
            && let Some((tree, files)) = self.listed.front()
        {
            if self.file == 0 {
                let before = if self.begun { "," } else { r#","trees":{"# };
                self.begun = true;
                piece.extend_from_slice(format!(r#"{before}"{}":["#, tree.digest).as_bytes());
            }
            while piece.len() < CHUNK
                && let Some((file, md5)) = files.get(self.file)
            {
                if self.file > 0 {
                    piece.push(b',');
                }
                let listed = File {
                    path: Cow::Borrowed(file.path),
                    size: file.blob.size,
                    sha256: file.blob.sha256,
                    md5,
                };
                serde_json::to_writer(&mut piece, &listed).map_err(Error::unwritable)?;
                self.file += 1;
            }
            if self.file == files.len() {
                piece.push(b']');
                self.listed.pop_front();
                self.file = 0;
            }
        }
        Ok((self, piece.into()))
    }
}

impl Tail for TreesTail {
    async fn next(mut self) -> Result<Option<(Self, Bytes)>> {
        if self.listed.is_empty() {
            self.listed = self.trees.next().await?;
        }
        if !self.listed.is_empty() {
            let files = self.listed.iter().map(|(_, files)| files.len()).sum();
            return write(files, move || self.write()).await.map(Some);
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let end: &[u8] = if self.begun { b"}" } else { br#","trees":{}"# };
        Ok(Some((self, Bytes::from_static(end))))
    }
}
