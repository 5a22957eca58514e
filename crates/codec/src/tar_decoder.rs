//! A tar archive to files, as it arrives.

use super::paths::PathSet;
use super::tar::{
    BLOCK, Block, EXTENDED, FILE, GNU, HARD_LINK, KIND, MAGIC, NAME, POSIX, PREFIX, SIZE,
};
use super::tar::{checksum, padding};
use super::tar_fields::{Records, number, stored_checksum, text};
use nbcourier_domain::RelativePath;

/// The longest extended header or long name taken, in bytes. Real ones have a few hundred.
const MAX_EXTENDED: u64 = 64 * 1024;
/// How much of a name a sentence shows, in characters.
const SHOWN: usize = 200;
/// What stands in a sentence where no entry has come yet.
const BEGINNING: &str = "its beginning";

/// Why an archive is not taken. What it says is for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// It does not begin as one.
    #[error("This is no tar archive (of the kinds ustar, pax and GNU)")]
    NotTar,
    /// It ends before its end.
    #[error("The archive is incomplete")]
    Incomplete,
    /// A header makes no sense.
    #[error("The archive is damaged behind {0}")]
    Damaged(String),
    /// The path could leave its tree, stands in the archive already, or is the directory of another, or the other
    /// way round.
    #[error("Illegal path: {0}")]
    IllegalPath(String),
    /// An entry that is neither a file nor a directory.
    #[error("{name} is {kind}: only files and directories are taken")]
    NotAFile {
        /// What it is called,
        name: String,
        /// and is.
        kind: &'static str,
    },
    /// An extended header is beyond all bounds.
    #[error("The extended header behind {0} is too long")]
    HeaderTooLong(String),
    /// It goes on after its end.
    #[error("Something stands behind the end of the archive")]
    Trailing,
}

/// What an archive is made of: for each file `Begin`, its `Content` in none, one or many pieces, and `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarEvent<'a> {
    /// A file begins, which stands here and has so many bytes.
    Begin(&'a RelativePath, u64),
    /// The next bytes of the file, never empty.
    Content(&'a [u8]),
    /// The file is complete.
    End,
}

/// Takes an archive in pieces of any size and tells its files.
///
/// It is strict: regular files and directories only, of which the directories are passed over; every path legal, and
/// none another's directory; the archive closed by its two empty blocks, and only zeros behind them. A `./` before a
/// path is dropped. It holds a block, an extended header, and the paths of the files.
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
/// let (mut decoder, mut told) = (TarDecoder::new(), Vec::new());
/// for piece in archive.chunks(7) {
///     decoder.feed(piece, &mut |event| {
///         told.push(format!("{event:?}"));
///         Ok::<(), TarError>(())
///     })?;
/// }
/// decoder.finish()?;
/// assert_eq!(told.first().unwrap(), "Begin(RelativePath(\"a.txt\"), 5)");
/// assert_eq!(told.last().unwrap(), "End");
/// # Ok::<(), TarError>(())
/// ```
#[derive(Debug)]
pub struct TarDecoder {
    state: State,
    block: Box<Block>,
    filled: usize,
    /// What the headers before an entry's own say of it.
    extended: Extended,
    paths: PathSet,
    /// Whether hard links are passed over rather than refused.
    passes_links: bool,
    /// The entry told last, as shown, or the beginning, to say where something is wrong; `None` before any header.
    last: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A header comes, or an end.
    Header,
    /// The bytes of a file come, so many still, and then so many to skip.
    Content(u64, usize),
    /// The bytes of an extended header come, so many still, and then so many to skip.
    Extended(ExtendedKind, u64, usize),
    /// So many bytes are passed over.
    Skip(usize),
    /// One empty block came.
    Ending,
    /// Both came.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExtendedKind {
    /// Of POSIX, about the next entry,
    Next,
    /// or about all that follow.
    All,
    /// GNU tar's name of the next entry,
    LongName,
    /// or what that links to.
    LongLink,
}

#[derive(Debug, Default)]
struct Extended {
    body: Vec<u8>,
    path: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// Whether one came that the entry has not come to yet.
    pending: bool,
}

impl Default for TarDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl TarDecoder {
    /// A decoder at the beginning of an archive.
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

    /// One that passes hard links over like directories: for whoever knows from elsewhere what has the same bytes.
    pub fn passing_over_links() -> Self {
        Self {
            passes_links: true,
            ..Self::new()
        }
    }

    /// Takes the next piece of the archive and tells what is in it.
    ///
    /// Gives what is wrong with it, or the sink's own error at once; after either the decoder is of no further use.
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

    /// Ends the archive. All files told count if it is `Ok`, and none otherwise.
    pub fn finish(self) -> Result<(), TarError> {
        match self.state {
            State::Ended => Ok(()),
            _ => Err(TarError::Incomplete),
        }
    }

    /// What comes behind the block that is full now.
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

    /// A header of an entry, with what was said about it before.
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

    /// The name that the header itself has room for.
    fn name(&self, is_posix: bool) -> Vec<u8> {
        let name = text(&self.block[NAME]);
        match text(&self.block[PREFIX]) {
            prefix if is_posix && !prefix.is_empty() => [prefix, b"/", name].concat(),
            _ => name.to_vec(),
        }
    }

    /// Takes in an extended header that is complete.
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
                // What it says of all entries, their times and owners, nobody here wants to know.
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

/// At most so many bytes from the front.
fn take<'a>(rest: &mut &'a [u8], at_most: usize) -> &'a [u8] {
    let (piece, behind) = rest.split_at(at_most.min(rest.len()));
    *rest = behind;
    piece
}

fn take_long<'a>(rest: &mut &'a [u8], at_most: u64) -> &'a [u8] {
    take(rest, usize::try_from(at_most).unwrap_or(usize::MAX))
}

/// A name as a sentence shows it, on one line and not without end.
fn shown(name: &str) -> String {
    name.escape_debug().take(SHOWN).collect()
}
