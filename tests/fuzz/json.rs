//! JSON, parsed by recursive descent (RFC 8259, and the numbers and lone surrogates that Python accepts).

use nbcourier_codec::{JsonEvent, JsonTokenizer, NotJson};

/// The maximum number of nested lists and objects.
const DEPTH: usize = 128;

/// A value. A text with a lone surrogate is only known to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Scalar,
    Text(Text),
    List(Vec<Value>),
    /// The members in order, including those with the same key.
    Object(Vec<(Text, Value)>),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub text: String,
    pub lone: bool,
}

pub fn decode(pieces: &[&[u8]]) -> String {
    let (mut tokenizer, mut builder) = (JsonTokenizer::new(), Builder::default());
    let mut sink = |event: JsonEvent<'_>| {
        builder.take(event);
        Ok::<_, NotJson>(())
    };
    let fed = pieces
        .iter()
        .try_for_each(|piece| tokenizer.feed(piece, &mut sink));
    let outcome = fed.and_then(|()| tokenizer.finish());
    let value = outcome.ok().map(|()| builder.whole.unwrap());
    format!("{value:?}")
}

pub fn expected(json: &[u8]) -> String {
    format!("{:?}", parse(json))
}

/// Returns the value, or None for invalid JSON.
pub fn parse(json: &[u8]) -> Option<Value> {
    let text: Vec<char> = std::str::from_utf8(json).ok()?.chars().collect();
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    (reader.at == reader.text.len()).then_some(value)
}

struct Reader {
    text: Vec<char>,
    at: usize,
}

impl Reader {
    fn next(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let wanted: Vec<char> = wanted.chars().collect();
        let found = self.text[self.at..].starts_with(&wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn blanks(&mut self) {
        while self.next().is_some_and(|c| " \t\n\r".contains(c)) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.blanks();
        match self.next()? {
            '"' => Some(Value::Text(self.text()?)),
            '[' | '{' if depth == DEPTH => None,
            '[' => self.list(depth),
            '{' => self.object(depth),
            _ => self.scalar(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.take("[");
        self.blanks();
        if self.take("]") {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Some(Value::List(items));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut members = Vec::new();
        self.take("{");
        self.blanks();
        if self.take("}") {
            return Some(Value::Object(members));
        }
        loop {
            self.blanks();
            let key = self.text()?;
            self.blanks();
            if !self.take(":") {
                return None;
            }
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if self.take("}") {
                return Some(Value::Object(members));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn scalar(&mut self) -> Option<Value> {
        let words = ["true", "false", "null", "NaN", "Infinity", "-Infinity"];
        if words.iter().any(|word| self.take(word)) || self.number() {
            Some(Value::Scalar)
        } else {
            None
        }
    }

    fn number(&mut self) -> bool {
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            return false;
        }
        if self.take(".") && self.digits() == 0 {
            return false;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            return self.digits() > 0;
        }
        true
    }

    fn digits(&mut self) -> usize {
        let begun = self.at;
        while self.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - begun
    }

    fn text(&mut self) -> Option<Text> {
        if !self.take("\"") {
            return None;
        }
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = self.next()?;
            self.at += 1;
            match c {
                '"' => break,
                '\\' => units.push(self.escaped()?),
                c if c < ' ' => return None,
                c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
        let decoded: Vec<_> = char::decode_utf16(units).collect();
        Some(Text {
            lone: decoded.iter().any(Result::is_err),
            text: decoded.into_iter().flatten().collect(),
        })
    }

    fn escaped(&mut self) -> Option<u16> {
        let c = self.next()?;
        self.at += 1;
        Some(match c {
            '"' | '\\' | '/' => c as u16,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits: String = self.text.get(self.at..self.at + 4)?.iter().collect();
                self.at += 4;
                let all = digits.chars().all(|c| c.is_ascii_hexdigit());
                u16::from_str_radix(&digits, 16).ok().filter(|_| all)?
            }
            _ => return None,
        })
    }
}

/// Builds a value from its events.
#[derive(Default)]
struct Builder {
    open: Vec<(Value, Option<Text>)>,
    key: Option<Text>,
    text: Vec<u8>,
    lone: bool,
    in_key: bool,
    whole: Option<Value>,
}

impl Builder {
    fn take(&mut self, event: JsonEvent<'_>) {
        match event {
            JsonEvent::ListBegin => self.open.push((Value::List(Vec::new()), self.key.take())),
            JsonEvent::ObjectBegin => self.open.push((Value::Object(Vec::new()), self.key.take())),
            JsonEvent::KeyBegin => self.in_key = true,
            JsonEvent::TextBegin => self.in_key = false,
            JsonEvent::Text(text) => self.text.extend_from_slice(text),
            JsonEvent::LoneSurrogate => self.lone = true,
            JsonEvent::TextEnd => {
                let text = Text {
                    text: String::from_utf8(std::mem::take(&mut self.text)).unwrap(),
                    lone: std::mem::take(&mut self.lone),
                };
                if self.in_key {
                    self.key = Some(text);
                } else {
                    self.put(Value::Text(text));
                }
            }
            JsonEvent::Scalar => self.put(Value::Scalar),
            JsonEvent::ListEnd | JsonEvent::ObjectEnd => {
                let (value, key) = self.open.pop().unwrap();
                self.key = key;
                self.put(value);
            }
        }
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some((Value::List(items), _)) => items.push(value),
            Some((Value::Object(members), _)) => members.push((self.key.take().unwrap(), value)),
            _ => assert_eq!(self.whole.replace(value), None),
        }
    }
}

pub const WORDS: &[&[u8]] = &[
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\"",
    b"\"a\"",
    b"\"a\":",
    b"[]",
    b"{}",
    b"[[[[",
    b"]]]]",
    b"true",
    b"false",
    b"null",
    b"NaN",
    b"-Infinity",
    b"0",
    b"-",
    b"-0.5e1",
    b"12",
    b"1E+5",
    b"1.",
    b".5",
    b"01",
    b" ",
    b"\n\t",
    b"\\",
    b"\\n",
    b"\\u0041",
    b"\\ud83d",
    b"\\ude00",
    b"\\u00",
    b"\\x",
    b"\xC3\xA9",
    b"\xE6\x95\xB0",
    b"\xF0\x9F\x98\x80",
    b"\xED\xA0\x80",
    b"\xC0\x80",
    b"\xEF\xBB\xBF",
    b"\x7F",
    b"0123456789abcdef0123456789abcdef",
];
