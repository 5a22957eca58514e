//! A streaming decoder of `application/x-www-form-urlencoded`.

use super::percent::{decode_run, unhex};

/// The maximum length of a field name, in bytes after decoding. The exchange's own names are shorter than twenty.
const MAX_NAME_BYTES: usize = 1024;
/// The number of bytes of a value that are decoded before they are passed on. They fit into the first-level cache.
const VALUE_BYTES: usize = 8 * 1024;

/// The name of a field is longer than 1 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Field name too long")]
pub struct NameTooLong;

/// An event of a form. For each field: its name, its value in any number of pieces, and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldEvent<'a> {
    /// The beginning of a field, with its whole decoded name. The name need not be UTF-8.
    Name(&'a [u8]),
    /// The next decoded piece of the field's value, never empty. It may end inside a character.
    Value(&'a [u8]),
    /// The end of the field.
    End,
}

/// A decoder that takes a form in pieces of any size and reports its fields.
///
/// It reads as Python's `urllib.parse` does with blank values kept, because the ngshare server read so. A `+` is a
/// blank. A percent sign without two hexadecimal digits behind it stands for itself. An empty pair is skipped. A name
/// without `=` has the empty value. The decoder holds at most one name and 8 KiB of a value.
#[derive(Debug)]
pub struct FormDecoder {
    part: Part,
    escape: Escape,
    name: Vec<u8>,
    value: Box<[u8; VALUE_BYTES]>,
    /// The number of bytes of `value` that wait to be passed on.
    filled: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

/// The part of an escape that ended the last piece.
#[derive(Debug, Clone, Copy)]
enum Escape {
    None,
    Percent,
    Half(u8),
}

impl Default for FormDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl FormDecoder {
    /// Creates a decoder at the beginning of a form.
    pub fn new() -> Self {
        Self {
            part: Part::Name,
            escape: Escape::None,
            name: Vec::new(),
            value: Box::new([0; VALUE_BYTES]),
            filled: 0,
        }
    }

    /// Decodes the next piece of the form and reports its events. Of a value, only the bytes of an incomplete escape
    /// are held back.
    ///
    /// Fails with `NameTooLong`, or at once with the sink's own error. After either, the decoder cannot be used.
    pub fn feed<E: From<NameTooLong>>(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = input;
        loop {
            if let (Part::Value, Escape::None) = (self.part, self.escape) {
                let (read, written) = decode_run(rest, &mut self.value[self.filled..]);
                rest = &rest[read..];
                self.filled += written;
            }
            let Some((&byte, behind)) = rest.split_first() else {
                return self.flush(sink);
            };
            rest = behind;
            self.step(byte, sink)?;
        }
    }

    /// Ends the form. An incomplete escape stands for itself, and the last field ends.
    pub fn finish<E: From<NameTooLong>>(
        mut self,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.end_escape(sink)?;
        self.end_field(sink)
    }

    /// Decodes one byte, with all special cases.
    fn step<E: From<NameTooLong>>(
        &mut self,
        byte: u8,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.escape {
            Escape::None => {}
            Escape::Percent if byte.is_ascii_hexdigit() => {
                self.escape = Escape::Half(byte);
                return Ok(());
            }
            Escape::Half(first) if byte.is_ascii_hexdigit() => {
                self.escape = Escape::None;
                return self.push(unhex(first) << 4 | unhex(byte), sink);
            }
            Escape::Percent | Escape::Half(_) => self.end_escape(sink)?,
        }
        match (byte, self.part) {
            (b'%', _) => {
                self.escape = Escape::Percent;
                Ok(())
            }
            (b'+', _) => self.push(b' ', sink),
            (b'&', _) => self.end_field(sink),
            (b'=', Part::Name) => {
                self.part = Part::Value;
                sink(FieldEvent::Name(&self.name))
            }
            _ => self.push(byte, sink),
        }
    }

    fn push<E: From<NameTooLong>>(
        &mut self,
        byte: u8,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.part {
            Part::Name if self.name.len() >= MAX_NAME_BYTES => return Err(NameTooLong.into()),
            Part::Name => self.name.push(byte),
            Part::Value => {
                if self.filled == VALUE_BYTES {
                    self.flush(sink)?;
                }
                self.value[self.filled] = byte;
                self.filled += 1;
            }
        }
        Ok(())
    }

    fn end_escape<E: From<NameTooLong>>(
        &mut self,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match std::mem::replace(&mut self.escape, Escape::None) {
            Escape::None => Ok(()),
            Escape::Percent => self.push(b'%', sink),
            Escape::Half(first) => {
                self.push(b'%', sink)?;
                self.push(first, sink)
            }
        }
    }

    fn end_field<E>(
        &mut self,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.flush(sink)?;
        match self.part {
            Part::Name if self.name.is_empty() => return Ok(()),
            Part::Name => sink(FieldEvent::Name(&self.name))?,
            Part::Value => self.part = Part::Name,
        }
        self.name.clear();
        sink(FieldEvent::End)
    }

    fn flush<E>(
        &mut self,
        sink: &mut impl FnMut(FieldEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let filled = std::mem::take(&mut self.filled);
        if filled == 0 {
            return Ok(());
        }
        sink(FieldEvent::Value(&self.value[..filled]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{fields, ways_to_cut};

    #[track_caller]
    fn assert_fields(form: &str, expected: &[(&str, &str)]) {
        for pieces in ways_to_cut(form.as_bytes()) {
            let fields = fields(pieces).unwrap_or_else(|error| panic!("{form}: {error}"));
            let texts: Vec<_> = fields
                .iter()
                .map(|(name, value)| {
                    (
                        String::from_utf8_lossy(name),
                        String::from_utf8_lossy(value),
                    )
                })
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(a, b)| ((*a).into(), (*b).into()))
                .collect();
            assert_eq!(texts, expected, "{form}");
        }
    }

    #[test]
    fn fields_are_told_in_their_order() {
        assert_fields(
            "user=sam&files=%5B%5D&user=",
            &[("user", "sam"), ("files", "[]"), ("user", "")],
        );
        assert_fields("a=b=c&=d", &[("a", "b=c"), ("", "d")]);
    }

    #[test]
    fn a_plus_is_a_blank_and_an_escape_is_a_byte() {
        assert_fields("a+%2b=%41%6a%6A+%2B%C3%a9", &[("a +", "Ajj +é")]);
        assert_fields("a=%26%3d%25%0A'(*)", &[("a", "&=%\n'(*)")]);
    }

    #[test]
    fn a_percent_sign_without_two_digits_stands_for_itself() {
        for (escaped, meant) in [
            ("%", "%"),
            ("%%", "%%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%4z", "%4z"),
            ("%%41", "%A"),
            ("%4%41", "%4A"),
            ("%+1", "% 1"),
            ("%4+", "%4 "),
            ("100%", "100%"),
            ("%é", "%é"),
        ] {
            assert_fields(&format!("a={escaped}"), &[("a", meant)]);
            assert_fields(
                &format!("a={escaped}&b={escaped}"),
                &[("a", meant), ("b", meant)],
            );
            assert_fields(
                &format!("{escaped}=&{escaped}"),
                &[(meant, ""), (meant, "")],
            );
        }
    }

    #[test]
    fn an_empty_pair_is_skipped_and_a_bare_name_has_the_empty_value() {
        assert_fields("", &[]);
        assert_fields("&&", &[]);
        assert_fields("&a&&b=&", &[("a", ""), ("b", "")]);
    }

    #[test]
    fn a_value_may_be_of_any_length() {
        let run = "0123456789abcdef".repeat(1500);
        assert_fields(
            &format!("a={run}&b={run}%2B{run}"),
            &[("a", &run), ("b", &format!("{run}+{run}"))],
        );
        assert_fields(
            &format!("a={}", "%41".repeat(9000)),
            &[("a", &"A".repeat(9000))],
        );
        assert_fields(
            &format!("a={}", "+".repeat(9000)),
            &[("a", &" ".repeat(9000))],
        );
        assert_fields(
            &format!("a={}", "%".repeat(9000)),
            &[("a", &"%".repeat(9000))],
        );
    }

    #[test]
    fn a_name_is_no_longer_than_a_kibibyte() {
        let longest = "n".repeat(1024);
        assert_fields(&longest, &[(&longest, "")]);
        assert_fields(&format!("{}=a", "%6e".repeat(1024)), &[(&longest, "a")]);
        for long in [
            "n".repeat(1025),
            format!("a=b&{}", "%6e".repeat(1025)),
            format!("{longest}%"),
        ] {
            for pieces in ways_to_cut(long.as_bytes()) {
                assert_eq!(fields(pieces), Err(NameTooLong));
            }
        }
    }

    #[test]
    fn the_error_of_the_sink_comes_up_at_once() {
        let mut decoder = FormDecoder::new();
        let mut calls = 0;
        let outcome = decoder.feed(b"a=b&c=d", &mut |event| {
            calls += 1;
            if let FieldEvent::Value(_) = event {
                Err(NameTooLong)
            } else {
                Ok(())
            }
        });
        assert_eq!((outcome, calls), (Err(NameTooLong), 2));
    }
}
