//! JSON, as it arrives: what stands in it, in order, and whether it is JSON at all.

use super::json_number::Number;
use super::json_string::StringReader;

/// How many lists and objects may be open at once.
const MAX_DEPTH: u32 = 128;

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Not JSON")]
pub struct NotJson;

/// What JSON is made of. Commas and colons are checked, not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonEvent<'a> {
    /// A list begins.
    ListBegin,
    /// The innermost list ends.
    ListEnd,
    /// An object begins.
    ObjectBegin,
    /// The innermost object ends.
    ObjectEnd,
    /// The key of an object's member begins; its text follows, then `TextEnd`.
    KeyBegin,
    /// A string that is no key begins; its text follows, then `TextEnd`.
    TextBegin,
    /// The next piece of the key's or the string's text, unescaped UTF-8, never empty. It may end amid a character.
    Text(&'a [u8]),
    /// At this place of the text stands an escaped half of a surrogate pair without its other half.
    LoneSurrogate,
    /// The key or string is complete.
    TextEnd,
    /// A number, `true`, `false` or `null` begins. Its text is checked but neither kept nor told.
    Scalar,
}

/// Takes one JSON value in pieces of any size and tells what it is made of.
///
/// It is strict RFC 8259 in UTF-8 without a byte order mark, except that, as in Python's `json`, `NaN`, `Infinity`
/// and `-Infinity` are numbers and half a surrogate pair may be escaped. At most 128 lists and objects may be open
/// at once. Members with the same key are all told; whoever listens lets the last one win. It stores no text.
#[derive(Debug)]
pub struct JsonTokenizer {
    state: State,
    nesting: Nesting,
    string: StringReader,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A value must come.
    Value,
    /// A value or the end of the list that has just begun.
    ValueOrEnd,
    /// A key must come.
    Key,
    /// A key or the end of the object that has just begun.
    KeyOrEnd,
    /// The colon behind a key.
    Colon,
    /// A value is complete: a comma or the end of what it stands in, if it stands in something.
    AfterValue,
    InKey,
    InText,
    /// These letters must come.
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
    /// A tokenizer before the beginning of a value.
    pub fn new() -> Self {
        Self {
            state: State::Value,
            nesting: Nesting::default(),
            string: StringReader::default(),
        }
    }

    /// Takes the next piece of the text.
    ///
    /// Gives `NotJson` as soon as no continuation could make the text JSON, or the sink's own error at once; after
    /// either, every further piece is `NotJson`.
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

    /// Ends the text: `NotJson` unless it was one complete value.
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

    /// One byte that is no white space, outside of strings, numbers and words.
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
    /// One bit for each, the innermost lowest, set for an object.
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
    fn told(json: &str) -> Result<String, NotJson> {
        let mut outcomes = ways_to_cut(json.as_bytes()).map(|pieces| {
            let (mut tokenizer, mut told) = (JsonTokenizer::new(), String::new());
            for piece in pieces {
                tokenizer.feed(piece, &mut |event| {
                    told.push_str(match event {
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
            tokenizer.finish().map(|()| told)
        });
        let first = outcomes.next().unwrap_or(Err(NotJson));
        assert!(outcomes.all(|other| other == first), "{json}");
        first
    }

    #[test]
    fn what_stands_in_a_value_is_told_in_order() {
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
            assert_eq!(told(json).as_deref(), Ok(expected), "{json}");
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
            assert_eq!(told(json).as_deref(), Ok("s"), "{json}");
            assert_eq!(told(&format!("[{json}]")).as_deref(), Ok("[s]"), "{json}");
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
            assert_eq!(told(json), Err(NotJson), "{json}");
            assert_eq!(told(&format!("[{json}]")), Err(NotJson), "{json}");
        }
        assert_eq!(told(&"9".repeat(100_000)).as_deref(), Ok("s"));
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
            assert_eq!(told(json), Err(NotJson), "{json}");
        }
    }

    #[test]
    fn a_hundred_and_twenty_eight_may_be_open_at_once() {
        for (open, close) in [("[", "]"), ("{\"a\":[", "]}")] {
            let times = 128 / close.len();
            let nested = open.repeat(times) + &close.repeat(times);
            assert!(told(&nested).is_ok());
            assert_eq!(told(&format!("[{nested}]")), Err(NotJson));
        }
        assert!(told(&format!("[{}[]]", "[],{},".repeat(500))).is_ok());
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
