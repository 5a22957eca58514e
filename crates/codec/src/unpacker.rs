//! A streaming decompressor.

use flate2::write::MultiGzDecoder;
use std::io::{self, Write};
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// The accepted content codings of RFC 9110.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not compressed.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// zstd (RFC 8878).
    Zstd,
}

/// The bytes are not compressed as declared, or are incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The compressed body is damaged or incomplete")]
pub struct NotPacked;

/// The approximate number of bytes that one call of `feed` produces. Few bytes may unpack to very many.
const TURN: usize = 1024 * 1024;
/// The number of bytes that are produced at a time.
const OUTPUT: usize = 64 * 1024;
/// The maximum window size, as a power of two: RFC 9659 limits the content coding to 8 MiB. The window is held in
/// memory.
const WINDOW_LOG: u32 = 23;
/// The magic number of a frame (RFC 8878, section 3.1.1), least significant byte first.
const FRAME: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// The magic number of a skippable frame (section 3.1.2), except for four bits of the first byte.
const SKIPPABLE: [u8; 4] = [0x50, 0x2A, 0x4D, 0x18];
/// The maximum length of a frame header with its magic number, in bytes (section 3.1.1.1).
const HEADER: usize = 18;

/// A decompressor that takes compressed bytes in pieces of any size.
pub struct Unpacker(Kind);

enum Kind {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Zstd),
}

impl Unpacker {
    /// Creates an unpacker at the beginning. Fails when there is no memory for it.
    pub fn new(packing: Packing) -> io::Result<Self> {
        Ok(Self(match packing {
            Packing::Plain => Kind::Plain,
            Packing::Gzip => Kind::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Packing::Zstd => Kind::Zstd(Zstd::new()?),
        }))
    }

    /// Decompresses enough of the front of the input for about a megabyte, passes that to the sink, and returns the
    /// number of bytes taken. Call it again with the rest until nothing is left.
    ///
    /// Fails with `NotPacked`, or at once with the sink's own error. After either, the unpacker cannot be used.
    pub fn feed<E: From<NotPacked>>(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        match &mut self.0 {
            Kind::Plain => {
                let now = &input[..input.len().min(TURN)];
                sink(now).map(|()| now.len())
            }
            Kind::Gzip(decoder) => {
                let (mut taken, mut made) = (0, 0);
                while taken < input.len() && made < TURN {
                    let written = decoder.write(&input[taken..]).map_err(|_| NotPacked)?;
                    if written == 0 {
                        return Err(NotPacked.into());
                    }
                    taken += written;
                    made += decoder.get_ref().len();
                    hand_on(decoder.get_mut(), sink)?;
                }
                Ok(taken)
            }
            Kind::Zstd(decoder) => decoder.feed(input, sink),
        }
    }

    /// Ends the input and passes the last bytes to the sink. Fails with `NotPacked` when they are incomplete.
    pub fn finish<E: From<NotPacked>>(
        self,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.0 {
            Kind::Plain => Ok(()),
            Kind::Gzip(mut decoder) => {
                decoder.try_finish().map_err(|_| NotPacked)?;
                hand_on(decoder.get_mut(), sink)
            }
            Kind::Zstd(decoder) => decoder.finish(sink),
        }
    }
}

fn hand_on<E>(bytes: &mut Vec<u8>, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    if bytes.is_empty() {
        return Ok(());
    }
    let outcome = sink(bytes);
    bytes.clear();
    outcome
}

struct Zstd {
    decoder: Decoder<'static>,
    output: Box<[u8]>,
    state: State,
    frames: u64,
}

/// The position of the decoder in the input.
enum State {
    /// Between two frames. The number counts the bytes of the next frame header that were read.
    Between([u8; HEADER], usize),
    /// In a frame.
    Inside,
    /// In a frame whose bytes filled the output. More may follow.
    Full,
}

impl Zstd {
    fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self {
            decoder,
            output: vec![0; OUTPUT].into(),
            state: State::Between([0; HEADER], 0),
            frames: 0,
        })
    }

    fn feed<E: From<NotPacked>>(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let (mut taken, mut made) = (0, 0);
        while made < TURN && (taken < input.len() || matches!(self.state, State::Full)) {
            if let State::Between(header, filled) = &mut self.state {
                *header.get_mut(*filled).ok_or(NotPacked)? = input[taken];
                taken += 1;
                *filled += 1;
                if *filled == header_length(&header[..*filled])? {
                    let (header, filled) = (*header, *filled);
                    self.begin(&header[..filled])?;
                }
                continue;
            }
            // The bytes may have filled the output exactly. Then nothing is left.
            let may_be_idle = matches!(self.state, State::Full);
            let (read, bytes) = self.step(&input[taken..])?;
            if read == 0 && bytes.is_empty() && !may_be_idle {
                return Err(NotPacked.into());
            }
            taken += read;
            made += bytes.len();
            if !bytes.is_empty() {
                sink(bytes)?;
            }
        }
        Ok(taken)
    }

    /// Passes the header of a frame to the library, whole and on its own. When a header arrives in two pieces, the
    /// library (1.5.7) may take the bytes that follow for a frame of their own.
    fn begin(&mut self, header: &[u8]) -> Result<(), NotPacked> {
        self.frames += 1;
        self.state = State::Inside;
        let (read, _) = self.step(header)?;
        if read == header.len() {
            Ok(())
        } else {
            Err(NotPacked)
        }
    }

    /// Runs one step of the decoder. Returns the number of bytes read, and the bytes produced.
    fn step(&mut self, input: &[u8]) -> Result<(usize, &[u8]), NotPacked> {
        let status = self
            .decoder
            .run_on_buffers(input, &mut self.output)
            .map_err(|_| NotPacked)?;
        self.state = if status.remaining == 0 {
            State::Between([0; HEADER], 0)
        } else if status.bytes_written == self.output.len() {
            State::Full
        } else {
            State::Inside
        };
        Ok((status.bytes_read, &self.output[..status.bytes_written]))
    }

    fn finish<E: From<NotPacked>>(
        mut self,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while matches!(self.state, State::Full) {
            self.feed(&[], sink)?;
        }
        match self.state {
            State::Between(_, 0) if self.frames > 0 => Ok(()),
            _ => Err(NotPacked.into()),
        }
    }
}

/// Returns the length of a frame header, or of the part that must be known first. The library also reads frames of
/// versions before 0.8, without a limit on its memory. They are refused here.
fn header_length(start: &[u8]) -> Result<usize, NotPacked> {
    let Some((magic, rest)) = start.split_first_chunk::<4>() else {
        return Ok(FRAME.len());
    };
    let skippable = [magic[0] & 0xF0, magic[1], magic[2], magic[3]];
    if skippable == SKIPPABLE {
        return Ok(magic.len());
    }
    if *magic != FRAME {
        return Err(NotPacked);
    }
    let Some(descriptor) = rest.first() else {
        return Ok(magic.len() + 1);
    };
    let single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = [usize::from(single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    Ok(magic.len() + 1 + window + dictionary + content)
}
