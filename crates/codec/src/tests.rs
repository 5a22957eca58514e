//! Compares the decoders with slow, obvious ones that hold everything, on generated and damaged inputs.

#![allow(clippy::unwrap_used)]

mod archives;
mod file_lists;
mod forms;
mod json;
mod packed;

use super::{
    Base64Decoder, Base64LineEncoder, FieldEvent, FileEvent, FileListDecoder, FileListError,
    FormDecoder, JsonTokenizer, NameTooLong, NotBase64, NotJson,
};
use std::convert::Infallible;
use std::fmt::Write as _;

/// A generator of pseudorandom numbers that are the same every time (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// Changes, removes or adds a few bytes, or cuts off the rest.
    fn damage(&mut self, text: &mut Vec<u8>, with: &[u8]) {
        for _ in 0..=self.below(3) {
            let at = self.below(text.len() + 1);
            let byte = if self.one_in(4) {
                self.next().to_le_bytes()[0]
            } else {
                self.pick(with)
            };
            match self.below(4) {
                0 => text.insert(at, byte),
                1 => text.truncate(at),
                2 if at < text.len() => text[at] = byte,
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
    }
}

/// Returns some ways to cut an input into pieces: not at all, into single bytes, into short and long pieces, with empty
/// ones.
pub(super) fn ways_to_cut(input: &[u8]) -> impl Iterator<Item = impl Iterator<Item = &[u8]>> {
    [usize::MAX, 1, 2, 3, 7, 50, 1000]
        .into_iter()
        .map(move |longest| {
            let mut dice = Dice(longest as u64);
            let mut rest = input;
            std::iter::from_fn(move || {
                let length = match longest {
                    1 | usize::MAX => longest,
                    _ => dice.below(longest + 1),
                };
                let piece;
                (piece, rest) = rest.split_at(length.min(rest.len()));
                (!piece.is_empty() || !rest.is_empty()).then_some(piece)
            })
        })
}

/// Names and values of fields.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// Decodes the fields of a form.
pub(super) fn fields<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Fields, NameTooLong> {
    let (mut decoder, mut fields, mut open) = (FormDecoder::new(), Fields::new(), false);
    let mut sink = |event: FieldEvent<'_>| {
        match event {
            FieldEvent::Name(name) => fields.push((name.to_vec(), Vec::new())),
            FieldEvent::Value(value) => {
                assert!(!value.is_empty());
                fields.last_mut().unwrap().1.extend_from_slice(value);
            }
            FieldEvent::End => {}
        }
        assert_eq!(open, !matches!(event, FieldEvent::Name(_)));
        open = event != FieldEvent::End;
        Ok(())
    };
    for piece in pieces {
        decoder.feed(piece, &mut sink)?;
    }
    decoder.finish(&mut sink)?;
    assert!(!open);
    Ok(fields)
}

/// Encodes a file like a reply: base64 in lines, escaped for JSON.
fn encoded(bytes: &[u8]) -> String {
    let (mut encoder, mut text) = (Base64LineEncoder::new(), Vec::new());
    encoder.feed(bytes, &mut text);
    encoder.finish(&mut text);
    String::from_utf8(text).unwrap()
}

/// Paths and contents of files.
type Files = Vec<(String, Vec<u8>)>;

/// An event of a file list. The pieces of a content are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recorded {
    Begin,
    Content(Vec<u8>),
    Restart,
    End(String),
}

impl Recorded {
    /// A sink that never refuses.
    #[expect(clippy::unnecessary_wraps, reason = "a sink")]
    fn keep(recorded: &mut Vec<Self>, event: FileEvent<'_>) -> Result<(), Infallible> {
        match (event, recorded.last_mut()) {
            (FileEvent::Content(more), Some(Self::Content(bytes))) => bytes.extend_from_slice(more),
            (FileEvent::Content(bytes), _) => recorded.push(Self::Content(bytes.to_vec())),
            (FileEvent::Begin, _) => recorded.push(Self::Begin),
            (FileEvent::Restart, _) => recorded.push(Self::Restart),
            (FileEvent::End(path), _) => recorded.push(Self::End(path.to_string())),
        }
        Ok(())
    }

    /// Returns the files of the list according to the events. Checks that the events have the documented order.
    pub(super) fn files(recorded: &[Self]) -> Files {
        let (mut files, mut open) = (Vec::new(), None);
        for event in recorded {
            match event {
                Recorded::Begin => assert_eq!(open.replace(Vec::new()), None),
                Recorded::Content(bytes) => open.as_mut().unwrap().extend_from_slice(bytes),
                Recorded::Restart => open.as_mut().unwrap().clear(),
                Recorded::End(path) => files.push((path.clone(), open.take().unwrap())),
            }
        }
        files
    }
}

/// Returns the events of a file list, and the result.
pub(super) fn recorded<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Recorded>, Result<(), FileListError>) {
    let (mut decoder, mut recorded) = (FileListDecoder::new(), Vec::new());
    for piece in pieces {
        let Ok(()) = decoder.feed(piece, &mut |event| Recorded::keep(&mut recorded, event));
    }
    (recorded, decoder.finish())
}

#[test]
fn an_upload_passes_form_and_list_unharmed() {
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let mut files = Vec::new();
        let mut json = String::from("[");
        for index in 0..dice.below(6) {
            let length = dice.below(60_000);
            let bytes = dice.bytes(length);
            let comma = if index > 0 { ", " } else { "" };
            let text = encoded(&bytes);
            write!(json, r#"{comma}{{"path": "{index}", "content": "{text}"}}"#).unwrap();
            files.push((index.to_string(), bytes));
        }
        json.push(']');
        let escaped =
            percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let form = format!("user=sam&files={}&more=1", escaped.replace("%20", "+"));
        for pieces in ways_to_cut(form.as_bytes()) {
            let (mut form, mut list, mut recorded) =
                (FormDecoder::new(), FileListDecoder::new(), Vec::new());
            let mut is_files = false;
            for piece in pieces {
                let mut sink = |event: FieldEvent<'_>| {
                    match event {
                        FieldEvent::Name(name) => is_files = name == b"files",
                        FieldEvent::Value(value) if is_files => {
                            let Ok(()) =
                                list.feed(value, &mut |event| Recorded::keep(&mut recorded, event));
                        }
                        _ => {}
                    }
                    Ok::<_, NameTooLong>(())
                };
                form.feed(piece, &mut sink).unwrap();
            }
            assert_eq!(list.finish(), Ok(()));
            assert_eq!(Recorded::files(&recorded), files);
        }
    }
}

#[test]
fn nothing_panics_whatever_comes_even_after_an_error() {
    for seed in 0..2000 {
        let mut dice = Dice(seed);
        let (mut form, mut json, mut base64, mut list) = (
            FormDecoder::new(),
            JsonTokenizer::new(),
            Base64Decoder::new(),
            FileListDecoder::new(),
        );
        for _ in 0..20 {
            let mut input: Vec<u8> = (0..dice.below(80))
                .map(|_| dice.pick(b"[]{}:,\"\\/ua0%&=+AQ \n\xC3\xA9"))
                .collect();
            dice.damage(&mut input, b"\"");
            // Some sinks fail.
            let refuses = dice.one_in(3);
            let _ = form.feed(&input, &mut |_| {
                if refuses { Err(NameTooLong) } else { Ok(()) }
            });
            let _ = json.feed(&input, &mut |_| if refuses { Err(NotJson) } else { Ok(()) });
            let _ = base64.feed(&input, &mut |_| {
                if refuses { Err(NotBase64) } else { Ok(()) }
            });
            let _ = list.feed(&input, &mut |_| if refuses { Err(()) } else { Ok(()) });
        }
        let _ = form.finish(&mut |_| Ok::<_, NameTooLong>(()));
        let _ = base64.finish(&mut |_| Ok::<_, NotBase64>(()));
        let _ = (json.finish(), list.finish());
    }
}
