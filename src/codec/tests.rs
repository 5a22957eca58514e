//! The decoders beside slow, obvious ones that hold everything, on inputs that are made up and then damaged.

#![allow(clippy::unwrap_used)]

use super::{
    Base64Decoder, Base64LineEncoder, FieldEvent, FileEvent, FileListDecoder, FileListError,
    FormDecoder, JsonEvent, JsonTokenizer, NameTooLong, NotBase64, NotJson,
};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Numbers that look random and are the same every time (splitmix64).
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

    /// Changes, removes, adds or doubles a few bytes.
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

/// Some ways to cut an input into pieces: not at all, into single bytes, into short and long pieces, with empty ones.
pub(super) fn ways_to_cut(input: &[u8]) -> impl Iterator<Item = impl Iterator<Item = &[u8]>> {
    [usize::MAX, 1, 2, 3, 7, 50, 1000]
        .into_iter()
        .map(move |longest| {
            let mut dice = Dice(longest as u64);
            let mut rest = input;
            let pieces = std::iter::from_fn(move || {
                let length = match longest {
                    1 | usize::MAX => longest,
                    _ => dice.below(longest + 1),
                };
                let piece;
                (piece, rest) = rest.split_at(length.min(rest.len()));
                (!piece.is_empty() || !rest.is_empty()).then_some(piece)
            });
            pieces
        })
}

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// The fields of a form.
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

/// An event of a file list, kept; the pieces of a content are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Begin,
    Content(Vec<u8>),
    Restart,
    End(String),
}

impl Told {
    /// What stands in the list according to the events, which must follow each other as is promised.
    pub(super) fn files(told: &[Self]) -> Vec<(String, Vec<u8>)> {
        let (mut files, mut open) = (Vec::new(), None);
        for event in told {
            match event {
                Told::Begin => open = Some(Vec::new()),
                Told::Content(bytes) => open.as_mut().unwrap().extend_from_slice(bytes),
                Told::Restart => open.as_mut().unwrap().clear(),
                Told::End(path) => files.push((path.clone(), open.take().unwrap())),
            }
        }
        files
    }
}

/// The events of a file list, and the verdict.
pub(super) fn told<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Told>, Result<(), FileListError>) {
    let (mut decoder, mut told) = (FileListDecoder::new(), Vec::new());
    for piece in pieces {
        let Ok(()) = decoder.feed(piece, &mut |event| keep(&mut told, event));
    }
    (told, decoder.finish())
}

fn keep(told: &mut Vec<Told>, event: FileEvent<'_>) -> Result<(), Infallible> {
    match (event, told.last_mut()) {
        (FileEvent::Content(more), Some(Told::Content(bytes))) => bytes.extend_from_slice(more),
        (FileEvent::Content(bytes), _) => told.push(Told::Content(bytes.to_vec())),
        (FileEvent::Begin, _) => told.push(Told::Begin),
        (FileEvent::Restart, _) => told.push(Told::Restart),
        (FileEvent::End(path), _) => told.push(Told::End(path.to_string())),
    }
    Ok(())
}

#[test]
fn forms_are_read_as_by_splitting_and_unescaping() {
    let words = [
        "%",
        "%2",
        "%41",
        "%2B",
        "%2f",
        "%5Cn",
        "%zz",
        "%E2%82%AC",
        "+",
        "&",
        "&&",
        "=",
        "a",
        "files",
        "é",
        "\0",
        "'(*)",
        "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu",
    ];
    for seed in 0..3000 {
        let mut dice = Dice(seed);
        let length = if dice.one_in(20) { 600 } else { 30 };
        let mut form: Vec<u8> = (0..dice.below(length))
            .flat_map(|_| dice.pick(&words).bytes())
            .collect();
        dice.damage(&mut form, b"%&=+4");
        let expected = fields_by_splitting(&form);
        for pieces in ways_to_cut(&form) {
            assert_eq!(fields(pieces), expected, "{}", form.escape_ascii());
        }
    }
}

fn fields_by_splitting(form: &[u8]) -> Result<Fields, NameTooLong> {
    let unescape = |text: &[u8]| {
        let blanks: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        percent_encoding::percent_decode(&blanks).collect::<Vec<u8>>()
    };
    let pairs = form
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(unescape);
            let field = (
                halves.next().unwrap_or_default(),
                halves.next().unwrap_or_default(),
            );
            if field.0.len() > 1024 {
                Err(NameTooLong)
            } else {
                Ok(field)
            }
        })
        .collect()
}

/// A JSON value without its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Scalar,
    Text(Vec<u8>),
    List(Vec<Shape>),
    Object(BTreeMap<Vec<u8>, Shape>),
}

impl From<Value> for Shape {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.into_bytes()),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key.into_bytes(), value.into()))
                    .collect(),
            ),
            _ => Self::Scalar,
        }
    }
}

/// Puts a value together from its events; also whether it has half a surrogate pair.
#[derive(Default)]
struct Builder {
    open: Vec<(Shape, Option<Vec<u8>>)>,
    key: Option<Vec<u8>>,
    text: Vec<u8>,
    in_key: bool,
    whole: Option<Shape>,
    lone: bool,
}

impl Builder {
    fn take(&mut self, event: JsonEvent<'_>) {
        match event {
            JsonEvent::ListBegin => self.open.push((Shape::List(Vec::new()), self.key.take())),
            JsonEvent::ObjectBegin => self
                .open
                .push((Shape::Object(BTreeMap::new()), self.key.take())),
            JsonEvent::KeyBegin | JsonEvent::TextBegin => {
                self.in_key = event == JsonEvent::KeyBegin
            }
            JsonEvent::Text(text) => self.text.extend_from_slice(text),
            JsonEvent::LoneSurrogate => self.lone = true,
            JsonEvent::TextEnd if self.in_key => self.key = Some(std::mem::take(&mut self.text)),
            JsonEvent::TextEnd => {
                let text = Shape::Text(std::mem::take(&mut self.text));
                self.put(text);
            }
            JsonEvent::Scalar => self.put(Shape::Scalar),
            JsonEvent::ListEnd | JsonEvent::ObjectEnd => {
                let (shape, key) = self.open.pop().unwrap();
                assert_eq!(event == JsonEvent::ListEnd, matches!(shape, Shape::List(_)));
                self.key = key;
                self.put(shape);
            }
        }
    }

    fn put(&mut self, shape: Shape) {
        match self.open.last_mut() {
            Some((Shape::List(items), _)) => items.push(shape),
            Some((Shape::Object(members), _)) => {
                drop(members.insert(self.key.take().unwrap(), shape))
            }
            _ => assert_eq!(self.whole.replace(shape), None),
        }
    }
}

fn make_value(dice: &mut Dice, depth: usize, json: &mut String) {
    let blanks = ["", "", "", " ", "\n\t", "  \r"];
    json.push_str(dice.pick(&blanks));
    match dice.below(if depth > 4 { 4 } else { 8 }) {
        0 => json.push_str(dice.pick(&["true", "false", "null"])),
        1 => json.push_str(dice.pick(&["0", "-0.5e1", "12", "1E5", "-3", "7.25", "1e-7"])),
        2 | 3 => make_text(dice, json),
        4 | 5 => make_series(dice, json, ('[', ']'), |dice, json| {
            make_value(dice, depth + 1, json)
        }),
        _ => make_series(dice, json, ('{', '}'), |dice, json| {
            make_text(dice, json);
            json.push_str(dice.pick(&blanks));
            json.push(':');
            make_value(dice, depth + 1, json);
        }),
    }
    json.push_str(dice.pick(&blanks));
}

fn make_series(
    dice: &mut Dice,
    json: &mut String,
    around: (char, char),
    mut one: impl FnMut(&mut Dice, &mut String),
) {
    json.push(around.0);
    for index in 0..dice.below(5) {
        if index > 0 {
            json.push(',');
        }
        one(dice, json);
    }
    json.push(around.1);
}

fn make_text(dice: &mut Dice, json: &mut String) {
    let words = [
        "a",
        "path",
        "0123456789abcdef0123456789abcdef0123456789",
        "é",
        "数",
        "\u{1F600}",
        "\\n",
        "\\\"",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\u{7f}",
    ];
    json.push('"');
    for _ in 0..dice.below(5) {
        json.push_str(dice.pick(&words));
    }
    json.push('"');
}

#[test]
fn json_is_read_as_by_serde() {
    let mut good = 0;
    for seed in 0..6000 {
        let mut dice = Dice(seed);
        let mut json = String::new();
        make_value(&mut dice, 0, &mut json);
        let mut json = json.into_bytes();
        if seed % 3 > 0 {
            dice.damage(&mut json, b"[]{},:\"\\u0dD8 -.eEn");
        }
        let expected = serde_json::from_slice::<Value>(&json).map(Shape::from);
        let says = |word: &str| {
            expected
                .as_ref()
                .is_err_and(|error| error.to_string().contains(word))
        };
        if says("out of range") {
            continue;
        }
        good += usize::from(expected.is_ok());
        for pieces in ways_to_cut(&json) {
            let (mut tokenizer, mut builder) = (JsonTokenizer::new(), Builder::default());
            let mut sink = |event: JsonEvent<'_>| {
                builder.take(event);
                Ok::<_, NotJson>(())
            };
            let outcome = { pieces }
                .try_for_each(|piece| tokenizer.feed(piece, &mut sink))
                .and_then(|()| tokenizer.finish());
            let whole = outcome.ok().and(builder.whole).filter(|_| !builder.lone);
            assert_eq!(
                whole.as_ref(),
                expected.as_ref().ok(),
                "{}",
                json.escape_ascii()
            );
        }
    }
    assert!((2000..5000).contains(&good), "{good}");
}

/// Everything at once, by the rules as they are written down.
fn files_by_value(json: &[u8]) -> (Vec<(String, Vec<u8>)>, Result<(), FileListError>) {
    let mut files = Vec::new();
    let verdict = match serde_json::from_slice(json) {
        Err(_) => Err(FileListError::NotJson),
        Ok(Value::Array(items)) => items.iter().try_for_each(|item| {
            let file = file_by_value(item, &files)?;
            files.push(file);
            Ok(())
        }),
        Ok(_) => Err(FileListError::IncorrectFormat),
    };
    (files, verdict)
}

fn file_by_value(
    item: &Value,
    before: &[(String, Vec<u8>)],
) -> Result<(String, Vec<u8>), FileListError> {
    let (Some(Value::String(path)), Some(Value::String(content))) =
        (item.get("path"), item.get("content"))
    else {
        return Err(FileListError::IncorrectFormat);
    };
    let clashes = before.iter().any(|(other, _)| {
        other == path
            || other.starts_with(&format!("{path}/"))
            || path.starts_with(&format!("{other}/"))
    });
    if clashes || crate::domain::RelativePath::parse(path.as_str()).is_err() {
        return Err(FileListError::IllegalPath);
    }
    let bytes = base64_at_once(content).ok_or(FileListError::NotBase64)?;
    Ok((path.clone(), bytes))
}

fn base64_at_once(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let dense: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '\t'..='\r'))
        .collect();
    GeneralPurpose::new(&STANDARD, config).decode(dense).ok()
}

fn make_list(dice: &mut Dice, json: &mut String) {
    let odd = [
        "1",
        "null",
        "[]",
        "{}",
        "\"a\"",
        "[{\"path\": \"x\", \"content\": \"\"}]",
    ];
    if dice.one_in(30) {
        json.push_str(dice.pick(&odd));
        return;
    }
    make_series(dice, json, ('[', ']'), |dice, json| {
        if dice.one_in(40) {
            json.push_str(dice.pick(&odd));
        } else {
            make_item(dice, json);
        }
    });
}

fn make_item(dice: &mut Dice, json: &mut String) {
    let mut keys = vec!["path", "content"];
    if dice.one_in(2) {
        keys.reverse();
    }
    for _ in 0..dice.below(3) {
        keys.insert(
            dice.below(keys.len() + 1),
            dice.pick(&["checksum", "path", "content", "paths", "p\\u0061th"]),
        );
    }
    if dice.one_in(40) {
        keys.remove(0);
    }
    json.push('{');
    for (index, key) in keys.iter().enumerate() {
        json.push_str(if index > 0 { ", \"" } else { "\"" });
        json.push_str(key);
        json.push_str("\": ");
        match *key {
            _ if dice.one_in(60) => make_value(dice, 3, json),
            "content" => make_content(dice, json),
            "checksum" | "paths" => make_value(dice, 3, json),
            _ => {
                let directory = dice.pick(&["", "", "", "a/", "b/", "a/b/", "a/b/c/", "ü/"]);
                let name = if dice.one_in(40) {
                    dice.pick(&["", ".", "..", "/", "x\\\\y", "a\\u0000"])
                } else {
                    dice.pick(&["a", "b", "c", "d e", "f.ipynb", "g", "h"])
                };
                json.push_str(&format!("\"{directory}{name}\""));
            }
        }
    }
    json.push('}');
}

fn make_content(dice: &mut Dice, json: &mut String) {
    let length = dice.pick(&[0, 1, 2, 57, 58, 200, 200, 7000]);
    let length = dice.below(length + 1);
    let bytes = dice.bytes(length);
    let mut text = Vec::new();
    if dice.one_in(3) {
        text = base64::engine::general_purpose::STANDARD
            .encode(&bytes)
            .into_bytes();
    } else {
        let mut encoder = Base64LineEncoder::new();
        encoder.feed(&bytes, &mut text);
        encoder.finish(&mut text);
    }
    if dice.one_in(15) && !text.contains(&b'\\') {
        dice.damage(&mut text, b"=A /");
        text.retain(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(byte));
    }
    json.push('"');
    json.push_str(std::str::from_utf8(&text).unwrap());
    json.push('"');
}

#[test]
fn file_lists_are_read_as_by_holding_all_of_them() {
    let mut verdicts = [0; 5];
    for seed in 0..4000 {
        let mut dice = Dice(seed);
        let mut json = String::new();
        make_list(&mut dice, &mut json);
        let mut json = json.into_bytes();
        if dice.one_in(4) {
            dice.damage(&mut json, b"[]{},:\"= ");
        }
        // Half a surrogate pair, which is JSON but not for serde.
        if serde_json::from_slice::<Value>(&json)
            .is_err_and(|error| error.to_string().contains("hex escape"))
        {
            continue;
        }
        let (files, verdict) = files_by_value(&json);
        verdicts[verdict.map_or_else(|error| error as usize, |()| 4)] += 1;
        let mut first = None;
        for pieces in ways_to_cut(&json) {
            let (told, own_verdict) = told(pieces);
            assert_eq!(own_verdict, verdict, "{}", json.escape_ascii());
            if verdict != Err(FileListError::NotJson) {
                assert_eq!(Told::files(&told), files, "{}", json.escape_ascii());
            }
            assert_eq!(
                *first.get_or_insert_with(|| told.clone()),
                told,
                "{}",
                json.escape_ascii()
            );
        }
    }
    assert!(verdicts.iter().all(|times| *times > 50), "{verdicts:?}");
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
            let mut text = Vec::new();
            let mut encoder = Base64LineEncoder::new();
            encoder.feed(&bytes, &mut text);
            encoder.finish(&mut text);
            let comma = if index > 0 { ", " } else { "" };
            let text = String::from_utf8(text).unwrap();
            json.push_str(&format!(
                r#"{comma}{{"path": "{index}", "content": "{text}"}}"#
            ));
            files.push((index.to_string(), bytes));
        }
        json.push(']');
        let escaped =
            percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let form = format!("user=sam&files={}&more=1", escaped.replace("%20", "+"));
        for pieces in ways_to_cut(form.as_bytes()) {
            let (mut form, mut list, mut told) =
                (FormDecoder::new(), FileListDecoder::new(), Vec::new());
            let mut is_files = false;
            for piece in pieces {
                let mut sink = |event: FieldEvent<'_>| {
                    match event {
                        FieldEvent::Name(name) => is_files = name == b"files",
                        FieldEvent::Value(value) if is_files => {
                            let Ok(()) = list.feed(value, &mut |event| keep(&mut told, event));
                        }
                        _ => {}
                    }
                    Ok::<_, NameTooLong>(())
                };
                form.feed(piece, &mut sink).unwrap();
            }
            assert_eq!(list.finish(), Ok(()));
            assert_eq!(Told::files(&told), files);
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
            // Some sinks refuse.
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
