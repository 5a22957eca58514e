//! A streaming reader of the inside of a JSON string: text, escapes, UTF-8.

use super::json_event::{JsonEvent, NotJson};

/// A reader from behind the opening quotation mark to behind the closing one. It is then ready for the next string.
#[derive(Debug, Default)]
pub(super) struct StringReader {
    step: Step,
    /// The first half of a surrogate pair, while the other half may follow.
    high_half: Option<u16>,
    utf8: Utf8,
}

#[derive(Debug, Clone, Copy, Default)]
enum Step {
    #[default]
    Text,
    /// A backslash was read.
    Escape,
    /// `\u` and some digits were read. `unit` is their value so far.
    Unit { digits: u8, unit: u16 },
}

impl StringReader {
    /// Reads the next piece. Returns the input behind the end of the string, or `None` if the string has not ended.
    pub(super) fn feed<'a, E: From<NotJson>>(
        &mut self,
        mut input: &'a [u8],
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<Option<&'a [u8]>, E> {
        loop {
            if let Step::Text = self.step {
                let (text, behind) = input.split_at(self.text_length(input));
                if !text.is_empty() {
                    self.give_up_pair(sink)?;
                    sink(JsonEvent::Text(text))?;
                }
                input = behind;
                // A fast path for the common case: a line break in base64.
                if let [b'\\', letter, behind @ ..] = input
                    && *letter != b'u'
                    && self.utf8.is_complete()
                {
                    self.give_up_pair(sink)?;
                    sink(JsonEvent::Text(&[unescape(*letter)?]))?;
                    input = behind;
                    continue;
                }
            }
            let Some((&byte, behind)) = input.split_first() else {
                return Ok(None);
            };
            input = behind;
            match (self.step, byte) {
                (Step::Text, _) if !self.utf8.is_complete() => return Err(NotJson.into()),
                (Step::Text, b'"') => {
                    self.give_up_pair(sink)?;
                    sink(JsonEvent::TextEnd)?;
                    return Ok(Some(input));
                }
                (Step::Text, b'\\') => self.step = Step::Escape,
                // This is a control character, or not UTF-8.
                (Step::Text, _) => return Err(NotJson.into()),
                (Step::Escape, b'u') => self.step = Step::Unit { digits: 0, unit: 0 },
                (Step::Escape, letter) => {
                    let meant = unescape(letter)?;
                    self.step = Step::Text;
                    self.give_up_pair(sink)?;
                    sink(JsonEvent::Text(&[meant]))?;
                }
                (Step::Unit { digits, unit }, digit) => {
                    let value = char::from(digit).to_digit(16).ok_or(NotJson)?;
                    #[expect(clippy::cast_possible_truncation, reason = "a digit")]
                    let unit = unit << 4 | value as u16;
                    if digits < 3 {
                        let digits = digits + 1;
                        self.step = Step::Unit { digits, unit };
                    } else {
                        self.step = Step::Text;
                        self.take_unit(unit, sink)?;
                    }
                }
            }
        }
    }

    /// Returns the number of bytes that stand for themselves, up to a quotation mark, a backslash, or an illegal byte.
    fn text_length(&mut self, bytes: &[u8]) -> usize {
        let mut length = 0;
        loop {
            if self.utf8.is_complete() {
                length += ascii_length(&bytes[length..]);
            }
            match bytes.get(length) {
                Some(&byte) if byte >= 0x80 && self.utf8.take(byte) => length += 1,
                _ => return length,
            }
        }
    }

    /// Reports a complete `\uXXXX`.
    fn take_unit<E>(
        &mut self,
        unit: u16,
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let (Some(high), 0xDC00..=0xDFFF) = (self.high_half, unit) {
            self.high_half = None;
            for meant in char::decode_utf16([high, unit]).flatten() {
                sink(JsonEvent::Text(meant.encode_utf8(&mut [0; 4]).as_bytes()))?;
            }
            return Ok(());
        }
        self.give_up_pair(sink)?;
        match char::from_u32(u32::from(unit)) {
            Some(meant) => sink(JsonEvent::Text(meant.encode_utf8(&mut [0; 4]).as_bytes())),
            None if unit < 0xDC00 => {
                self.high_half = Some(unit);
                Ok(())
            }
            None => sink(JsonEvent::LoneSurrogate),
        }
    }

    /// Reports the first half of a surrogate pair whose other half is missing.
    fn give_up_pair<E>(
        &mut self,
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.high_half.take() {
            Some(_) => sink(JsonEvent::LoneSurrogate),
            None => Ok(()),
        }
    }
}

fn unescape(letter: u8) -> Result<u8, NotJson> {
    Ok(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return Err(NotJson),
    })
}

/// Returns the number of bytes before the first one that is not plain ASCII text: a control character, a quotation
/// mark, a backslash, or a part of a longer character.
fn ascii_length(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<32>();
    let plain_blocks = blocks.iter().take_while(|block| is_plain(block)).count();
    let rest = blocks.get(plain_blocks).map_or(tail, |block| block);
    plain_blocks * 32 + ascii_length_in_words(rest)
}

/// Whether a whole block is plain ASCII text. The four words do not wait for each other.
fn is_plain(block: &[u8; 32]) -> bool {
    let marks = block
        .as_chunks()
        .0
        .iter()
        .map(|word| other_bytes(u64::from_le_bytes(*word)));
    marks.fold(0, |all, marks| all | marks) == 0
}

fn is_other(byte: u8) -> bool {
    !(0x20..0x80).contains(&byte) || byte == b'"' || byte == b'\\'
}

fn ascii_length_in_words(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = other_bytes(u64::from_le_bytes(*word));
        if marks != 0 {
            return index * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + tail.iter().take_while(|byte| !is_other(**byte)).count()
}

/// Marks the bytes of a word that are not plain ASCII text, each by its highest bit. Only the lowest mark is reliable,
/// since the subtractions borrow from the bytes above a marked one.
fn other_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let control = word.wrapping_sub(ONES * 0x20);
    let quotation = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    ((control | quotation | backslash) & !word | word) & (ONES * 0x80)
}

/// The position in a character of several bytes.
#[derive(Debug, Default)]
struct Utf8 {
    /// The number of bytes that are still missing.
    missing: u8,
    /// The range of the next byte.
    least: u8,
    greatest: u8,
}

impl Utf8 {
    fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Reads the next byte of a text that is not ASCII. Returns whether a character may continue or begin with it.
    ///
    /// The ranges are those of the Unicode standard's table of well-formed byte sequences.
    fn take(&mut self, byte: u8) -> bool {
        let then = match (self.missing, byte) {
            (0, 0xC2..=0xDF) => (1, 0x80, 0xBF),
            (0, 0xE0) => (2, 0xA0, 0xBF),
            (0, 0xED) => (2, 0x80, 0x9F),
            (0, 0xE1..=0xEF) => (2, 0x80, 0xBF),
            (0, 0xF0) => (3, 0x90, 0xBF),
            (0, 0xF1..=0xF3) => (3, 0x80, 0xBF),
            (0, 0xF4) => (3, 0x80, 0x8F),
            (1.., _) if self.least <= byte && byte <= self.greatest => {
                (self.missing - 1, 0x80, 0xBF)
            }
            _ => return false,
        };
        (self.missing, self.least, self.greatest) = then;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::ways_to_cut;

    /// Returns the text of a string, with `#` for half a surrogate pair, and the rest behind it. The input has no
    /// opening quotation mark. Checks that the result is the same however the input is cut.
    fn text(input: &[u8]) -> Result<Vec<u8>, NotJson> {
        let mut outcomes = ways_to_cut(input).map(|pieces| {
            let (mut reader, mut text) = (StringReader::default(), Vec::new());
            for piece in pieces {
                let rest = reader.feed(piece, &mut |event| {
                    match event {
                        JsonEvent::Text(piece) => text.extend_from_slice(piece),
                        JsonEvent::LoneSurrogate => text.push(b'#'),
                        JsonEvent::TextEnd => {}
                        _ => panic!("{event:?} inside of a string"),
                    }
                    Ok::<_, NotJson>(())
                })?;
                if rest.is_some() {
                    return Ok(text);
                }
            }
            panic!("no end in {}", input.escape_ascii());
        });
        let first = outcomes.next().unwrap_or(Err(NotJson));
        assert!(
            outcomes.all(|other| other == first),
            "{}",
            input.escape_ascii()
        );
        first
    }

    #[track_caller]
    fn assert_text(input: &str, expected: &str) {
        assert_eq!(
            text(input.as_bytes()),
            Ok(expected.as_bytes().to_vec()),
            "{input}"
        );
    }

    #[test]
    fn text_is_told_as_it_stands() {
        assert_text("\"", "");
        assert_text("a b\u{7f}\"", "a b\u{7f}");
        assert_text(
            "Größe 数学 \u{1F600}\u{10FFFF}\"",
            "Größe 数学 \u{1F600}\u{10FFFF}",
        );
        let long = "0123456789abcdef".repeat(20);
        assert_text(&format!("{long}é{long}\""), &format!("{long}é{long}"));
    }

    #[test]
    fn escapes_mean_their_characters() {
        assert_text(r#"\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t");
        assert_text(r#"\u0061\u00E9\u20ac\u0000""#, "aé€\0");
        assert_text(r#"\ud83d\ude00\uD83D\uDE00""#, "\u{1F600}\u{1F600}");
    }

    #[test]
    fn half_a_surrogate_pair_is_told_in_its_place() {
        assert_text(r#"a\ud83d""#, "a#");
        assert_text(r#"a\ud83db""#, "a#b");
        assert_text(r#"\ud83d\n""#, "#\n");
        assert_text(r#"\ude00\ud83d""#, "##");
        assert_text(r#"\ud83d\ud83d\ude00""#, "#\u{1F600}");
        assert_text(r#"\ud83d\u0061""#, "#a");
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        let long = "0123456789abcdef".repeat(5);
        for before in ["", "a", "é", "0123456", long.as_str()] {
            for wrong in [
                &b"\n"[..],
                b"\0",
                b"\x1f",
                b"\\x",
                b"\\u12g4",
                b"\\u+123",
                b"\\u\"",
                b"\\U0041",
                b"\x80",
                b"\xC0\x80",
                b"\xC3\"",
                b"\xC3\\n",
                b"\xC3\xC3",
                b"\xE0\x9F\x80",
                b"\xED\xA0\x80",
                b"\xE2\x82\"",
                b"\xF0\x8F\x80\x80",
                b"\xF4\x90\x80\x80",
                b"\xF5\x80\x80\x80",
                b"\xFF",
            ] {
                let input = [before.as_bytes(), wrong, b"abcdefghijklmnop\""].concat();
                assert_eq!(text(&input), Err(NotJson), "{}", input.escape_ascii());
            }
        }
    }

    #[test]
    fn plain_text_ends_before_the_first_other_byte() {
        for byte in 0..=u8::MAX {
            for at in [0, 7, 8, 31, 32, 63, 69] {
                let mut text = [b'~'; 70];
                text[at] = byte;
                let plain = (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\';
                let expected = if plain { text.len() } else { at };
                assert_eq!(ascii_length(&text), expected, "{byte} at {at}");
            }
        }
    }
}
