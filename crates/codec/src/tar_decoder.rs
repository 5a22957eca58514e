//! A streaming decoder from a tar archive to files.

use super::paths::PathSet;
use super::tar::{
    BLOCK, Block, EXTENDED, FILE, GNU, HARD_LINK, KIND, MAGIC, NAME, POSIX, PREFIX, SIZE,
};
use super::tar::{checksum, padding};
use super::tar_fields::{Records, number, stored_checksum, text};
use nbcourier_domain::RelativePath;

/// The maximum length of an extended header or long name, in bytes. Real ones have a few hundred.
const MAX_EXTENDED: u64 = 64 * 1024;
/// The maximum length of a name in an error message, in characters.
const SHOWN: usize = 200;
/// The text in an error message instead of the name of the last entry, if there is none yet.
const BEGINNING: &str = "its beginning";

/// The reason why an archive is refused. The messages are for the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// The input does not begin like a tar archive.
    #[error("This is no tar archive (of the kinds ustar, pax and GNU)")]
    NotTar,
    /// The input ends before the end of the archive.
    #[error("The archive is incomplete")]
    Incomplete,
    /// A header is invalid.
    #[error("The archive is damaged behind {0}")]
    Damaged(String),
    /// The path could leave its tree, occurs twice, or is both a file and the directory of another file.
    #[error("Illegal path: {0}")]
    IllegalPath(String),
    /// An entry that is neither a file nor a directory.
    #[error("{name} is {kind}: only files and directories are taken")]
    NotAFile {
        /// The name of the entry.
        name: String,
        /// The kind of the entry.
        kind: &'static str,
    },
    /// An extended header exceeds the limit.
    #[error("The extended header behind {0} is too long")]
    HeaderTooLong(String),
    /// Bytes other than zeros follow the end of the archive.
    #[error("Something stands behind the end of the archive")]
    Trailing,
}

/// An event of an archive. For each file: `Begin`, its `Content` in any number of pieces, and `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarEvent<'a> {
    /// The beginning of a file, with its path and its size in bytes.
    Begin(&'a RelativePath, u64),
    /// The next bytes of the file, never empty.
    Content(&'a [u8]),
    /// The end of the file.
    End,
}

/// A decoder that takes an archive in pieces of any size and reports its files.
///
/// It is strict. The archive may hold only regular files and directories. Directories are skipped. Every path must be
/// legal, and no file may be the directory of another. Two empty blocks must end the archive, and only zeros may
/// follow. A `./` before a path is removed. The decoder holds one block, one extended header, and the paths of the
/// files.
///
/// ```
/// # use nbcourier_codec::{TarDecoder, TarEncoder, TarError};
/// # use nbcourier_domain::Timestamp;
/// let (mut encoder, mut archive) = (TarEncoder::new(), Vec::new());
/// encoder.begin("a.txt", 5, Timestamp::from_micros(0), &mut archive);
/// archive.extend_from_slice(b"hello");
/// encoder.end(&mut archive);
/// encoder.finish(&mut archive);
///
/// let (mut decoder, mut events) = (TarDecoder::new(), Vec::new());
/// for piece in archive.chunks(7) {
///     decoder.feed(piece, &mut |event| {
///         events.push(format!("{event:?}"));
///         Ok::<(), TarError>(())
///     })?;
/// }
/// decoder.finish()?;
/// assert_eq!(events.first().unwrap(), "Begin(RelativePath(\"a.txt\"), 5)");
/// assert_eq!(events.last().unwrap(), "End");
/// # Ok::<(), TarError>(())
/// ```
#[derive(Debug)]
pub struct TarDecoder {
    state: State,
    block: Box<Block>,
    filled: usize,
    /// The content of the extended headers before an entry.
    extended: Extended,
    paths: PathSet,
    /// Whether hard links are skipped instead of refused.
    passes_links: bool,
    /// The last entry in printable form, or `BEGINNING`, for error messages. `None` before the first header.
    last: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A header follows, or the end.
    Header,
    /// The content of a file follows: the bytes left, and the bytes of padding after them.
    Content(u64, usize),
    /// An extended header follows: its kind, the bytes left, and the bytes of padding after them.
    Extended(ExtendedKind, u64, usize),
    /// This number of bytes is skipped.
    Skip(usize),
    /// One empty block was read.
    Ending,
    /// Both empty blocks were read.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExtendedKind {
    /// POSIX: records of the next entry.
    Next,
    /// POSIX: records of all following entries.
    All,
    /// GNU tar: the name of the next entry.
    LongName,
    /// GNU tar: the link target of the next entry.
    LongLink,
}

#[derive(Debug, Default)]
struct Extended {
    body: Vec<u8>,
    path: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// Whether an extended header was read whose entry has not arrived yet.
    pending: bool,
}

impl Default for TarDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl TarDecoder {
    /// Creates a decoder at the beginning of an archive.
    pub fn new() -> Self {
        Self {
            state: State::Header,
            block: Box::new([0; BLOCK]),
            filled: 0,
            extended: Extended::default(),
            paths: PathSet::default(),
            passes_links: false,
            last: None,
        }
    }

    /// Creates a decoder that skips hard links. The caller must learn from elsewhere which files have the same bytes.
    pub fn passing_over_links() -> Self {
        Self {
            passes_links: true,
            ..Self::new()
        }
    }

    /// Decodes the next piece of the archive and reports its events.
    ///
    /// Fails with `TarError`, or at once with the sink's own error. After either, the decoder cannot be used.
    pub fn feed<E: From<TarError>>(
        &mut self,
        archive: &[u8],
        sink: &mut impl FnMut(TarEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = archive;
        while !rest.is_empty() {
            match self.state {
                State::Header | State::Ending => {
                    let piece = take(&mut rest, BLOCK - self.filled);
                    self.block[self.filled..][..piece.len()].copy_from_slice(piece);
                    self.filled += piece.len();
                    if self.filled == BLOCK {
                        self.filled = 0;
                        self.state = self.header(sink)?;
                    }
                }
                State::Content(left, padding) => {
                    let piece = take_long(&mut rest, left);
                    sink(TarEvent::Content(piece))?;
                    let left = left - piece.len() as u64;
                    self.state = if left == 0 {
                        sink(TarEvent::End)?;
                        State::Skip(padding)
                    } else {
                        State::Content(left, padding)
                    };
                }
                State::Extended(kind, left, padding) => {
                    let piece = take_long(&mut rest, left);
                    self.extended.body.extend_from_slice(piece);
                    let left = left - piece.len() as u64;
                    self.state = if left == 0 {
                        self.extend(kind)?;
                        State::Skip(padding)
                    } else {
                        State::Extended(kind, left, padding)
                    };
                }
                State::Skip(0) => self.state = State::Header,
                State::Skip(left) => {
                    let piece = take(&mut rest, left);
                    self.state = State::Skip(left - piece.len());
                }
                State::Ended if rest.iter().all(|byte| *byte == 0) => return Ok(()),
                State::Ended => return Err(TarError::Trailing.into()),
            }
        }
        Ok(())
    }

    /// Ends the archive. If the result is `Ok`, all reported files count; otherwise none do.
    pub fn finish(self) -> Result<(), TarError> {
        match self.state {
            State::Ended => Ok(()),
            _ => Err(TarError::Incomplete),
        }
    }

    /// Reads the complete header block. Returns the next state.
    fn header<E: From<TarError>>(
        &mut self,
        sink: &mut impl FnMut(TarEvent<'_>) -> Result<(), E>,
    ) -> Result<State, E> {
        if self.block.iter().all(|byte| *byte == 0) {
            return Ok(match self.state {
                _ if self.extended.pending => return Err(self.damaged().into()),
                State::Ending => State::Ended,
                _ => State::Ending,
            });
        }
        let is_header = stored_checksum(&self.block) == Some(checksum(&self.block));
        let is_posix = self.block[MAGIC].starts_with(&POSIX[..6]);
        if self.state == State::Ending || !is_header || !(is_posix || self.block[MAGIC] == *GNU) {
            return Err(self.damaged().into());
        }
        self.last.get_or_insert_with(|| BEGINNING.into());
        let size = number(&self.block[SIZE]).ok_or_else(|| self.damaged())?;
        let extended = match self.block[KIND] {
            EXTENDED => ExtendedKind::Next,
            b'g' => ExtendedKind::All,
            b'L' => ExtendedKind::LongName,
            b'K' => ExtendedKind::LongLink,
            kind => return self.entry(kind, size, is_posix, sink),
        };
        if size > MAX_EXTENDED {
            return Err(TarError::HeaderTooLong(self.last.clone().unwrap_or_default()).into());
        }
        self.extended.body.clear();
        Ok(State::Extended(extended, size, padding(size)))
    }

    /// Reads the header of an entry, together with the extended headers before it.
    fn entry<E: From<TarError>>(
        &mut self,
        kind: u8,
        size: u64,
        is_posix: bool,
        sink: &mut impl FnMut(TarEvent<'_>) -> Result<(), E>,
    ) -> Result<State, E> {
        let said = std::mem::take(&mut self.extended);
        let size = said.size.unwrap_or(size);
        let name = said.path.unwrap_or_else(|| self.name(is_posix));
        let name = match String::from_utf8(name) {
            Ok(name) => name,
            Err(error) => {
                let name = String::from_utf8_lossy(error.as_bytes());
                return Err(TarError::IllegalPath(shown(&name)).into());
            }
        };
        let last = shown(&name);
        let refused = |kind| {
            let name = shown(&name);
            Err(TarError::NotAFile { name, kind }.into())
        };
        let path = name.strip_prefix("./").unwrap_or(&name);
        let state = match kind {
            _ if said.sparse => return refused("a sparse file"),
            FILE | 0 => {
                let path = RelativePath::parse(path)
                    .and_then(|path| self.paths.insert(&path).map(|()| path))
                    .map_err(|_| TarError::IllegalPath(shown(&name)))?;
                sink(TarEvent::Begin(&path, size))?;
                if size == 0 {
                    sink(TarEvent::End)?;
                    State::Header
                } else {
                    State::Content(size, padding(size))
                }
            }
            b'5' if size > 0 => return refused("a directory with bytes of its own"),
            b'5' => {
                let path = path.strip_suffix('/').unwrap_or(path);
                if !matches!(path, "" | ".") && RelativePath::parse(path).is_err() {
                    return Err(TarError::IllegalPath(shown(&name)).into());
                }
                State::Header
            }
            HARD_LINK if self.passes_links && size == 0 => State::Header,
            HARD_LINK => return refused("a hard link"),
            b'2' => return refused("a symbolic link"),
            b'3' | b'4' => return refused("a device"),
            b'6' => return refused("a pipe"),
            b'S' => return refused("a sparse file"),
            _ => return refused("something else"),
        };
        self.last = Some(last);
        Ok(state)
    }

    /// Returns the name in the header itself.
    fn name(&self, is_posix: bool) -> Vec<u8> {
        let name = text(&self.block[NAME]);
        match text(&self.block[PREFIX]) {
            prefix if is_posix && !prefix.is_empty() => [prefix, b"/", name].concat(),
            _ => name.to_vec(),
        }
    }

    /// Reads a complete extended header.
    fn extend(&mut self, kind: ExtendedKind) -> Result<(), TarError> {
        let body = std::mem::take(&mut self.extended.body);
        match kind {
            ExtendedKind::LongLink => {}
            ExtendedKind::LongName if self.extended.path.is_some() => return Err(self.damaged()),
            ExtendedKind::LongName => {
                self.extended.path = Some(text(&body).to_vec());
                self.extended.pending = true;
            }
            ExtendedKind::Next if self.extended.pending => return Err(self.damaged()),
            ExtendedKind::Next => {
                let records = Records::parse(&body).ok_or_else(|| self.damaged())?;
                self.extended = Extended {
                    body: Vec::new(),
                    path: records.path,
                    size: records.size,
                    sparse: records.sparse,
                    pending: true,
                };
            }
            ExtendedKind::All => {
                // Records of all entries usually hold times and owners, which the decoder does not use.
                let records = Records::parse(&body).ok_or_else(|| self.damaged())?;
                if records != Records::default() {
                    return Err(self.damaged());
                }
            }
        }
        Ok(())
    }

    fn damaged(&self) -> TarError {
        self.last
            .clone()
            .map_or(TarError::NotTar, TarError::Damaged)
    }
}

/// Takes up to `at_most` bytes from the front.
fn take<'a>(rest: &mut &'a [u8], at_most: usize) -> &'a [u8] {
    let (piece, behind) = rest.split_at(at_most.min(rest.len()));
    *rest = behind;
    piece
}

fn take_long<'a>(rest: &mut &'a [u8], at_most: u64) -> &'a [u8] {
    take(rest, usize::try_from(at_most).unwrap_or(usize::MAX))
}

/// Returns a name for an error message, on one line and shortened.
fn shown(name: &str) -> String {
    name.escape_debug().take(SHOWN).collect()
}
