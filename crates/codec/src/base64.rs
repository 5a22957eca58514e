//! A streaming decoder from base64 to bytes.

use super::base64_engine::ENGINE;
use base64::Engine as _;

/// The number of characters that are decoded at once.
const BLOCK_CHARS: usize = 16 * 1024;
/// The number of bytes in a decoded block.
const BLOCK_BYTES: usize = BLOCK_CHARS / 4 * 3;

/// The text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Not base64")]
pub struct NotBase64;

/// A decoder of base64 in the standard alphabet. It takes pieces of any size and returns some thousand bytes at once.
///
/// ASCII white space is skipped everywhere. Padding is required and must be correct, and only white space may follow
/// it. Bits behind the last byte may be set (`amtsCf==` is accepted as `amtsCQ==`).
#[derive(Debug)]
pub struct Base64Decoder {
    /// The characters of an incomplete block. Those before `filled` count.
    block: Box<[u8; BLOCK_CHARS]>,
    filled: usize,
    bytes: Box<[u8; BLOCK_BYTES]>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// White space came only in pieces of its own so far, so pieces are copied without a check.
    Dense,
    /// White space is removed character by character.
    Spaced,
    /// The padding was decoded.
    Ended,
    Failed,
}

impl Default for Base64Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Base64Decoder {
    /// Creates a decoder at the beginning of a text.
    pub fn new() -> Self {
        Self {
            block: Box::new([0; BLOCK_CHARS]),
            filled: 0,
            bytes: Box::new([0; BLOCK_BYTES]),
            state: State::Dense,
        }
    }

    /// Decodes the next piece of the text and passes the bytes of every complete block to the sink.
    ///
    /// Fails with `NotBase64` when a block is not base64, or at once with the sink's own error. After either, every
    /// further piece is `NotBase64` until the next `finish`.
    pub fn feed<E: From<NotBase64>>(
        &mut self,
        text: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = text;
        while !rest.is_empty() {
            match self.state {
                State::Dense => {
                    // An escaped line break comes as a piece of its own.
                    if let [byte] = rest
                        && is_white(*byte)
                    {
                        return Ok(());
                    }
                    let (now, later) = rest.split_at(rest.len().min(BLOCK_CHARS - self.filled));
                    self.block[self.filled..][..now.len()].copy_from_slice(now);
                    self.filled += now.len();
                    rest = later;
                }
                State::Spaced => rest = self.copy_sorting(rest),
                State::Ended if rest.iter().copied().all(is_white) => return Ok(()),
                State::Ended | State::Failed => {
                    self.state = State::Failed;
                    return Err(NotBase64.into());
                }
            }
            if self.filled == BLOCK_CHARS {
                self.decode(sink)?;
            }
        }
        Ok(())
    }

    /// Ends the text and passes the last bytes to the sink. Fails with `NotBase64` when the text was not complete.
    /// The decoder is then at the beginning of another text.
    pub fn finish<E: From<NotBase64>>(
        &mut self,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = match self.state {
            State::Failed => Err(NotBase64.into()),
            _ => self.decode(sink),
        };
        if outcome.is_ok() && self.filled > 0 {
            // White space was removed already.
            outcome = self.decode(sink);
        }
        self.reset();
        outcome
    }

    /// Resets the decoder to the beginning of another text.
    pub fn reset(&mut self) {
        self.filled = 0;
        self.state = State::Dense;
    }

    fn copy_sorting<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        for (at, &byte) in text.iter().enumerate() {
            if is_white(byte) {
                continue;
            }
            let Some(place) = self.block.get_mut(self.filled) else {
                return &text[at..];
            };
            *place = byte;
            self.filled += 1;
        }
        &[]
    }

    /// Decodes the block. If that fails, white space may be the reason: it is removed, and the block waits for more.
    /// That happens once in a text, so that blanks cost no more than letters.
    fn decode<E: From<NotBase64>>(
        &mut self,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let block = &mut self.block[..self.filled];
        if block.is_empty() {
            return Ok(());
        }
        if let Ok(length) = ENGINE.decode_slice(&*block, &mut self.bytes[..]) {
            if block.ends_with(b"=") {
                self.state = State::Ended;
            }
            self.filled = 0;
            let outcome = sink(&self.bytes[..length]);
            if outcome.is_err() {
                self.state = State::Failed;
            }
            return outcome;
        }
        let dense = remove_white(block);
        if self.state != State::Dense || dense == self.filled {
            self.state = State::Failed;
            return Err(NotBase64.into());
        }
        self.filled = dense;
        self.state = State::Spaced;
        Ok(())
    }
}

/// Moves all bytes but white space to the front and returns their number.
fn remove_white(text: &mut [u8]) -> usize {
    let mut kept = 0;
    for at in 0..text.len() {
        text[kept] = text[at];
        kept += usize::from(!is_white(text[at]));
    }
    kept
}

/// Whether Python counts the byte as ASCII white space, which includes the vertical tab.
fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tests::ways_to_cut;
    use base64::engine::general_purpose::STANDARD;

    /// Returns the bytes decoded until the end or an error. Checks that they are the same however the text is cut.
    fn decode(text: &[u8]) -> (Vec<u8>, Result<(), NotBase64>) {
        let mut outcomes = ways_to_cut(text).map(|mut pieces| {
            let (mut decoder, mut bytes) = (Base64Decoder::new(), Vec::new());
            let mut sink = |piece: &[u8]| {
                assert!(!piece.is_empty());
                bytes.extend_from_slice(piece);
                Ok(())
            };
            let outcome = pieces
                .try_for_each(|piece| decoder.feed(piece, &mut sink))
                .and_then(|()| decoder.finish(&mut sink));
            (bytes, outcome)
        });
        let first = outcomes.next().unwrap_or((Vec::new(), Err(NotBase64)));
        assert!(
            outcomes.all(|other| other == first),
            "{}",
            text.escape_ascii()
        );
        first
    }

    #[track_caller]
    fn assert_decoded(text: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) {
        assert_eq!(decode(text.as_ref()), (bytes.as_ref().to_vec(), Ok(())));
    }

    #[track_caller]
    fn assert_refused(text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        assert_eq!(decode(text).1, Err(NotBase64), "{}", text.escape_ascii());
    }

    #[test]
    fn base64_is_decoded() {
        assert_decoded("", "");
        assert_decoded("amtsCg==", "jkl\n");
        assert_decoded("aGVsbG8=", "hello");
        assert_decoded("Zm9vYmFy", "foobar");
        assert_decoded("+/+/", [0xFB, 0xFF, 0xBF]);
        for blocks in [1, 3] {
            for more in ["", "YWI=", "YWFh"] {
                let text = "YWFh".repeat(BLOCK_CHARS / 4 * blocks) + more;
                assert_decoded(&text, STANDARD.decode(&text).unwrap());
            }
        }
    }

    #[test]
    fn padding_must_be_there_and_right() {
        for text in [
            "amtsCg",
            "amtsCg=",
            "amtsCg===",
            "amtsCg====",
            "a",
            "a===",
            "=",
            "====",
            "Zm9v====",
            "Zm9v=",
        ] {
            assert_refused(text);
        }
    }

    #[test]
    fn the_bits_behind_the_last_byte_do_not_matter() {
        assert_decoded("amtsCf==", "jkl\t");
        assert_decoded("aGVsbG9=", "hello");
    }

    #[test]
    fn white_space_is_skipped_wherever_it_stands() {
        assert_decoded(" \t\n\u{b}\u{c}\r", "");
        assert_decoded(" a m\r\nts\tCg = = \n", "jkl\n");
        let line = "YWFh".repeat(19) + "\n";
        assert_decoded(line.repeat(500), "a".repeat(57 * 500));
        assert_decoded(" ".repeat(30_000) + "YWFh" + &" ".repeat(30_000), "aaa");
        assert_decoded(
            "YWFh".repeat(BLOCK_CHARS / 4) + " " + &"YWFh ".repeat(5000),
            "a".repeat(BLOCK_BYTES + 15_000),
        );
    }

    #[test]
    fn only_white_space_may_follow_the_padding() {
        assert_decoded("amtsCg==\n \n", "jkl\n");
        // As long as a block, so that the padding is decoded before the rest comes.
        let full = "YWFh".repeat(BLOCK_CHARS / 4 - 1) + "YQ==";
        assert_decoded(full.clone() + "\n\n", "a".repeat(BLOCK_BYTES - 2));
        for more in ["=", "YWFh", "\n=", " Y", "=="] {
            assert_refused(format!("amtsCg=={more}"));
            assert_refused(format!("{full}{more}"));
        }
    }

    #[test]
    fn any_other_character_is_refused() {
        let long = "YWFh".repeat(BLOCK_CHARS / 4);
        for other in ["-", "_", "!", "\0", "é", "\u{a0}", "\x7f", "=", "\x1c"] {
            for text in [
                format!("YW{other}h"),
                format!("{other}YWFh"),
                format!("YWFh{other}"),
                format!("YWFh\n{other}YWF"),
                format!("{long}{other}{long}"),
            ] {
                assert_refused(text);
            }
        }
    }

    #[test]
    fn after_the_end_another_text_may_begin() {
        let mut decoder = Base64Decoder::new();
        for (text, expected) in [
            ("YQ==", Ok(())),
            ("Y!==", Err(NotBase64)),
            ("Y", Err(NotBase64)),
            ("YQ==", Ok(())),
        ] {
            let mut bytes = Vec::new();
            let mut sink = |piece: &[u8]| {
                bytes.extend_from_slice(piece);
                Ok(())
            };
            let outcome = decoder
                .feed(text.as_bytes(), &mut sink)
                .and_then(|()| decoder.finish(&mut sink));
            assert_eq!(outcome, expected, "{text}");
            assert_eq!(
                bytes,
                if expected.is_ok() { &b"a"[..] } else { b"" },
                "{text}"
            );
        }
    }
}
