//! A streaming tokenizer of JSON.

use super::json_event::{JsonEvent, NotJson};
use super::json_number::Number;
use super::json_string::StringReader;

/// The maximum number of lists and objects that are open at once.
const MAX_DEPTH: u32 = 128;

/// A tokenizer that takes one JSON value in pieces of any size and reports its events.
///
/// It accepts strict RFC 8259 in UTF-8 without a byte order mark, with two exceptions as in Python's `json`: `NaN`,
/// `Infinity` and `-Infinity` are numbers, and half a surrogate pair may be escaped. At most 128 lists and objects
/// may be open at once. Members with the same key are all reported; the receiver lets the last one win. The tokenizer
/// stores no text.
#[derive(Debug)]
pub struct JsonTokenizer {
    state: State,
    nesting: Nesting,
    string: StringReader,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A value must follow.
    Value,
    /// A value must follow, or the end of the list that has just begun.
    ValueOrEnd,
    /// A key must follow.
    Key,
    /// A key must follow, or the end of the object that has just begun.
    KeyOrEnd,
    /// The colon behind a key must follow.
    Colon,
    /// A value is complete. A comma or the end of its list or object must follow, if it is in one.
    AfterValue,
    InKey,
    InText,
    /// These letters must follow.
    InWord(&'static [u8]),
    InNumber(Number),
    Failed,
}

impl Default for JsonTokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl JsonTokenizer {
    /// Creates a tokenizer before the beginning of a value.
    pub fn new() -> Self {
        Self {
            state: State::Value,
            nesting: Nesting::default(),
            string: StringReader::default(),
        }
    }

    /// Reads the next piece of the text.
    ///
    /// Fails with `NotJson` as soon as no continuation could make the text JSON, or at once with the sink's own
    /// error. After either, every further piece is `NotJson`.
    pub fn feed<E: From<NotJson>>(
        &mut self,
        input: &[u8],
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let outcome = self.read(input, sink);
        if outcome.is_err() {
            self.state = State::Failed;
        }
        outcome
    }

    /// Ends the text. Fails with `NotJson` unless it was one complete value.
    pub fn finish(self) -> Result<(), NotJson> {
        let complete = match self.state {
            State::AfterValue => true,
            State::InNumber(number) => number.is_complete(),
            _ => false,
        };
        if complete && self.nesting.is_empty() {
            Ok(())
        } else {
            Err(NotJson)
        }
    }

    fn read<E: From<NotJson>>(
        &mut self,
        mut input: &[u8],
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((&byte, behind)) = input.split_first() {
            match self.state {
                State::InKey | State::InText => {
                    let Some(behind) = self.string.feed(input, sink)? else {
                        return Ok(());
                    };
                    input = behind;
                    self.state = match self.state {
                        State::InKey => State::Colon,
                        _ => State::AfterValue,
                    };
                    continue;
                }
                State::InNumber(Number::Minus) if byte == b'I' => {
                    self.state = State::InWord(b"nfinity");
                }
                State::InNumber(number) => match number.then(byte) {
                    Some(number) => self.state = State::InNumber(number),
                    None if number.is_complete() => {
                        self.state = State::AfterValue;
                        continue;
                    }
                    None => return Err(NotJson.into()),
                },
                State::InWord([letter, letters @ ..]) if *letter == byte => {
                    self.state = match letters {
                        [] => State::AfterValue,
                        _ => State::InWord(letters),
                    };
                }
                State::InWord(_) | State::Failed => return Err(NotJson.into()),
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
                _ => self.read_mark(byte, sink)?,
            }
            input = behind;
        }
        Ok(())
    }

    /// Reads one byte that is not white space, outside of strings, numbers and words.
    fn read_mark<E: From<NotJson>>(
        &mut self,
        byte: u8,
        sink: &mut impl FnMut(JsonEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (state, event) = match (self.state, byte) {
            (State::Key | State::KeyOrEnd, b'"') => (State::InKey, JsonEvent::KeyBegin),
            (State::Colon, b':') => {
                self.state = State::Value;
                return Ok(());
            }
            (State::AfterValue, b',') => {
                self.state = match self.nesting.innermost() {
                    Some(Container::Object) => State::Key,
                    Some(Container::List) => State::Value,
                    None => return Err(NotJson.into()),
                };
                return Ok(());
            }
            (State::KeyOrEnd | State::AfterValue, b'}') => {
                self.nesting.close(Container::Object)?;
                (State::AfterValue, JsonEvent::ObjectEnd)
            }
            (State::ValueOrEnd | State::AfterValue, b']') => {
                self.nesting.close(Container::List)?;
                (State::AfterValue, JsonEvent::ListEnd)
            }
            (State::Value | State::ValueOrEnd, _) => self.begin_value(byte)?,
            _ => return Err(NotJson.into()),
        };
        self.state = state;
        sink(event)
    }

    fn begin_value(&mut self, byte: u8) -> Result<(State, JsonEvent<'static>), NotJson> {
        let scalar = match byte {
            b'"' => return Ok((State::InText, JsonEvent::TextBegin)),
            b'[' => {
                self.nesting.open(Container::List)?;
                return Ok((State::ValueOrEnd, JsonEvent::ListBegin));
            }
            b'{' => {
                self.nesting.open(Container::Object)?;
                return Ok((State::KeyOrEnd, JsonEvent::ObjectBegin));
            }
            b't' => State::InWord(b"rue"),
            b'f' => State::InWord(b"alse"),
            b'n' => State::InWord(b"ull"),
            b'N' => State::InWord(b"aN"),
            b'I' => State::InWord(b"nfinity"),
            _ => State::InNumber(Number::begin(byte).ok_or(NotJson)?),
        };
        Ok((scalar, JsonEvent::Scalar))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    List,
    Object,
}

/// The lists and objects that are open.
#[derive(Debug, Default)]
struct Nesting {
    depth: u32,
    /// One bit for each, set for an object. The innermost has the lowest bit.
    objects: u128,
}

impl Nesting {
    fn is_empty(&self) -> bool {
        self.depth == 0
    }

    fn innermost(&self) -> Option<Container> {
        match (self.depth, self.objects & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::List),
            _ => Some(Container::Object),
        }
    }

    fn open(&mut self, container: Container) -> Result<(), NotJson> {
        if self.depth == MAX_DEPTH {
            return Err(NotJson);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(container == Container::Object);
        Ok(())
    }

    fn close(&mut self, container: Container) -> Result<(), NotJson> {
        if self.innermost() != Some(container) {
            return Err(NotJson);
        }
        self.depth -= 1;
        self.objects >>= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::ways_to_cut;

    /// The events in short: brackets, `k` and `t` for keys and texts, `s` for scalars.
    fn trace(json: &str) -> Result<String, NotJson> {
        let mut outcomes = ways_to_cut(json.as_bytes()).map(|pieces| {
            let (mut tokenizer, mut text) = (JsonTokenizer::new(), String::new());
            for piece in pieces {
                tokenizer.feed(piece, &mut |event| {
                    text.push_str(match event {
                        JsonEvent::ListBegin => "[",
                        JsonEvent::ListEnd => "]",
                        JsonEvent::ObjectBegin => "{",
                        JsonEvent::ObjectEnd => "}",
                        JsonEvent::KeyBegin => "k",
                        JsonEvent::TextBegin => "t",
                        JsonEvent::Scalar => "s",
                        JsonEvent::Text(_) | JsonEvent::LoneSurrogate | JsonEvent::TextEnd => "",
                    });
                    Ok::<_, NotJson>(())
                })?;
            }
            tokenizer.finish().map(|()| text)
        });
        let first = outcomes.next().unwrap_or(Err(NotJson));
        assert!(outcomes.all(|other| other == first), "{json}");
        first
    }

    #[test]
    fn the_content_of_a_value_is_reported_in_order() {
        for (json, expected) in [
            ("[]", "[]"),
            ("{}", "{}"),
            (
                " [ 1 , \"a\" , { \"b\" : [ ] , \"c\":null} ]\r\n\t",
                "[st{k[]ks}]",
            ),
            ("\"\"", "t"),
            ("[[[]],[{}]]", "[[[]][{}]]"),
            (r#"{"a":1,"a":{"a":"a"}}"#, "{ksk{kt}}"),
        ] {
            assert_eq!(trace(json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn scalars_are_checked() {
        for json in [
            "true",
            "false",
            "null",
            "NaN",
            "Infinity",
            "-Infinity",
            "0",
            "-0",
            "10",
            "-1.5",
            "0.0",
            "1e5",
            "1E+05",
            "0e-0",
            "1.25e3",
            " 1 ",
        ] {
            assert_eq!(trace(json).as_deref(), Ok("s"), "{json}");
            assert_eq!(trace(&format!("[{json}]")).as_deref(), Ok("[s]"), "{json}");
        }
        for json in [
            "tru",
            "truee",
            "True",
            "nul",
            "nan",
            "-NaN",
            "+1",
            "-",
            "01",
            "-01",
            "1.",
            ".5",
            "1.e1",
            "1e",
            "1e+",
            "1 2",
            "0x1",
            "1_0",
            "--1",
            "Infinit",
            "-Infinit",
            "1e1.5",
            "undefined",
        ] {
            assert_eq!(trace(json), Err(NotJson), "{json}");
            assert_eq!(trace(&format!("[{json}]")), Err(NotJson), "{json}");
        }
        assert_eq!(trace(&"9".repeat(100_000)).as_deref(), Ok("s"));
    }

    #[test]
    fn anything_but_one_whole_value_is_refused() {
        for json in [
            "",
            " ",
            "[",
            "]",
            "{",
            "}",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "[,1]",
            "[1 1]",
            "[1,,1]",
            "[}",
            "{]",
            "[[]",
            "[]]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{1:1}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\"::1}",
            "{\"a\",1}",
            "[\"a\":1]",
            "[] []",
            "[],",
            "1,",
            ",",
            ":",
            "\"",
            "\"a",
            "'a'",
            "\u{feff}[]",
            "[]\0",
            "[]x",
            "/**/[]",
            "[]\u{b}",
            "[]\u{a0}",
        ] {
            assert_eq!(trace(json), Err(NotJson), "{json}");
        }
    }

    #[test]
    fn a_hundred_and_twenty_eight_may_be_open_at_once() {
        for (open, close) in [("[", "]"), ("{\"a\":[", "]}")] {
            let times = 128 / close.len();
            let nested = open.repeat(times) + &close.repeat(times);
            assert!(trace(&nested).is_ok());
            assert_eq!(trace(&format!("[{nested}]")), Err(NotJson));
        }
        assert!(trace(&format!("[{}[]]", "[],{},".repeat(500))).is_ok());
    }

    #[test]
    fn once_wrong_it_stays_wrong() {
        let mut tokenizer = JsonTokenizer::new();
        let mut ignore = |_: JsonEvent<'_>| Ok(());
        assert_eq!(tokenizer.feed(b"[}", &mut ignore), Err(NotJson));
        assert_eq!(tokenizer.feed(b"[]", &mut ignore), Err(NotJson));
        assert_eq!(tokenizer.finish(), Err(NotJson));
    }
}
