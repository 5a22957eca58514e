//! Compares the JSON tokenizer with `serde_json`.

use super::{Dice, ways_to_cut};
use crate::{JsonEvent, JsonTokenizer, NotJson};
use serde_json::Value;
use std::collections::BTreeMap;

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

/// Builds a value from its events, and notes whether it contains half a surrogate pair.
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
                self.in_key = event == JsonEvent::KeyBegin;
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
                members.insert(self.key.take().unwrap(), shape);
            }
            _ => assert_eq!(self.whole.replace(shape), None),
        }
    }
}

pub(super) fn make_value(dice: &mut Dice, depth: usize, json: &mut String) {
    let blanks = ["", "", "", " ", "\n\t", "  \r"];
    json.push_str(dice.pick(&blanks));
    match dice.below(if depth > 4 { 4 } else { 8 }) {
        0 => json.push_str(dice.pick(&["true", "false", "null"])),
        1 => json.push_str(dice.pick(&["0", "-0.5e1", "12", "1E5", "-3", "7.25", "1e-7"])),
        2 | 3 => make_text(dice, json),
        4 | 5 => make_series(dice, json, ('[', ']'), |dice, json| {
            make_value(dice, depth + 1, json);
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

pub(super) fn make_series(
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
    for seed in 0..4000 {
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
    assert!((1500..3500).contains(&good), "{good}");
}
