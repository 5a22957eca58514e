//! The ngshare protocol's file lists, as they arrive.

use super::base64::{Base64Decoder, NotBase64};
use super::json::{JsonEvent, JsonTokenizer, NotJson};
use super::paths::PathSet;
use crate::domain::RelativePath;

/// The longest path kept, in bytes; a longer one is illegal anyway.
const MAX_PATH_BYTES: usize = 4096;

/// What is wrong with a file list. The first wrong item decides; of what is wrong with one item, the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileListError {
    /// The text, any of it, is not JSON.
    #[error("not JSON")]
    NotJson,
    /// It is no list, or the item no object with the strings `path` and `content`.
    #[error("no list of files")]
    IncorrectFormat,
    /// The path could leave its tree, stands in the list already, or is the directory of another, or the other way
    /// round.
    #[error("illegal path")]
    IllegalPath,
    /// The content is not base64.
    #[error("content that is not base64")]
    NotBase64,
}

/// What a file list is made of: for each file `Begin`, its `Content` in none, one or many pieces, and `End`.
///
/// A file that turns out wrong does not end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEvent<'a> {
    /// A file begins. Its path may not be known yet.
    Begin,
    /// The next bytes of the file, decoded, never empty.
    Content(&'a [u8]),
    /// What came of the file does not count, for its content is given anew.
    Restart,
    /// The file is complete and stands here.
    End(RelativePath),
}

/// Takes the text of a `files` field, `[{"path": "a/b.ipynb", "content": "<base64>"}, …]`, in pieces of any size
/// and tells the files.
///
/// The keys of an item come in any order; other keys are ignored; of a repeated key the last counts. It holds the
/// paths of the list and a few blocks, however large the files are.
///
/// ```
/// # use nbcourier::codec::{FileEvent, FileListDecoder};
/// # use std::convert::Infallible;
/// let mut decoder = FileListDecoder::new();
/// let mut told = Vec::new();
/// for piece in [r#"[{"content": "aGVs"#, r#"bG8=", "path": "a.txt"}]"#] {
///     decoder.feed(piece.as_bytes(), &mut |event| {
///         told.push(format!("{event:?}"));
///         Ok::<(), Infallible>(())
///     })?;
/// }
/// assert_eq!(decoder.finish(), Ok(()));
/// assert_eq!(told, ["Begin", "Content([104, 101, 108, 108, 111])", "End(RelativePath(\"a.txt\"))"]);
/// # Ok::<(), Infallible>(())
/// ```
#[derive(Debug, Default)]
pub struct FileListDecoder {
    json: JsonTokenizer,
    list: ListReader,
}

/// Why the tokenizer was left.
enum Stop<E> {
    NotJson,
    NotBase64,
    Sink(E),
}

impl<E> From<NotJson> for Stop<E> {
    fn from(_: NotJson) -> Self {
        Self::NotJson
    }
}

impl<E> From<NotBase64> for Stop<E> {
    fn from(_: NotBase64) -> Self {
        Self::NotBase64
    }
}

impl FileListDecoder {
    /// A decoder at the beginning of a list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece of the text and tells what is in it.
    ///
    /// Gives the sink's own error at once; the decoder is of no further use then. What is wrong with the list is
    /// told by `finish`; from there on no events come.
    pub fn feed<E>(
        &mut self,
        json: &[u8],
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let list = &mut self.list;
        match self.json.feed(json, &mut |event| list.take(event, sink)) {
            Err(Stop::Sink(error)) => Err(error),
            // The tokenizer remembers.
            _ => Ok(()),
        }
    }

    /// Ends the text and gives the verdict. All files told count if it is `Ok`, and none otherwise.
    pub fn finish(self) -> Result<(), FileListError> {
        self.json
            .finish()
            .map_err(|NotJson| FileListError::NotJson)?;
        self.list.verdict
    }
}

/// What the events of JSON mean in a list of files.
#[derive(Debug)]
struct ListReader {
    verdict: Result<(), FileListError>,
    /// How many lists and objects are open: 1 between the items, 2 between the members of an item.
    depth: u32,
    key: Key,
    /// What the text that is being read is.
    reading: Reading,
    item: Item,
    path: Vec<u8>,
    base64: Base64Decoder,
    paths: PathSet,
}

#[derive(Debug, Clone, Copy)]
enum Reading {
    Key,
    Path,
    Content,
    Other,
}

/// The item that is being read, as far as it is known.
#[derive(Debug)]
struct Item {
    path: Member,
    content: Member,
    /// Whether `Begin` was told.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    /// Not there, or no string.
    Missing,
    /// A string that cannot be what it should.
    Bad,
    Good,
}

impl Default for ListReader {
    fn default() -> Self {
        Self {
            verdict: Ok(()),
            depth: 0,
            key: Key::default(),
            reading: Reading::Other,
            item: Item::new(),
            path: Vec::new(),
            base64: Base64Decoder::new(),
            paths: PathSet::default(),
        }
    }
}

impl ListReader {
    fn take<E>(
        &mut self,
        event: JsonEvent<'_>,
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        if self.verdict.is_err() {
            return Ok(());
        }
        match event {
            JsonEvent::Text(text) => self.take_text(text, sink)?,
            JsonEvent::LoneSurrogate => self.take_lone_surrogate(),
            JsonEvent::TextEnd => self.end_text(sink)?,
            JsonEvent::KeyBegin => {
                self.key = Key::default();
                self.reading = Reading::Key;
            }
            JsonEvent::TextBegin | JsonEvent::Scalar => self.begin_value(event, sink)?,
            JsonEvent::ListBegin | JsonEvent::ObjectBegin => {
                self.begin_value(event, sink)?;
                self.depth += 1;
            }
            JsonEvent::ListEnd | JsonEvent::ObjectEnd => {
                self.depth -= 1;
                if self.depth == 1 {
                    self.verdict = self.end_item(sink)?;
                }
            }
        }
        Ok(())
    }

    fn begin_value<E>(
        &mut self,
        event: JsonEvent<'_>,
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        self.reading = Reading::Other;
        let is_text = event == JsonEvent::TextBegin;
        match (self.depth, event, self.key.text()) {
            (0, JsonEvent::ListBegin, _) => {}
            (1, JsonEvent::ObjectBegin, _) => self.item = Item::new(),
            (0 | 1, ..) => self.verdict = Err(FileListError::IncorrectFormat),
            (2, _, b"path") if is_text => {
                self.reading = Reading::Path;
                self.item.path = Member::Good;
                self.path.clear();
            }
            (2, _, b"content") if is_text => {
                self.reading = Reading::Content;
                self.item.content = Member::Good;
                let begun = std::mem::replace(&mut self.item.begun, true);
                let event = if begun {
                    FileEvent::Restart
                } else {
                    FileEvent::Begin
                };
                sink(event).map_err(Stop::Sink)?;
            }
            (2, _, b"path") => self.item.path = Member::Missing,
            (2, _, b"content") => self.item.content = Member::Missing,
            _ => {}
        }
        Ok(())
    }

    fn take_text<E>(
        &mut self,
        text: &[u8],
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        match self.reading {
            Reading::Content if self.item.content == Member::Good => {
                let mut sink = |bytes: &[u8]| sink(FileEvent::Content(bytes)).map_err(Stop::Sink);
                match self.base64.feed(text, &mut sink) {
                    Err(Stop::NotBase64) => self.item.content = Member::Bad,
                    outcome => return outcome,
                }
            }
            Reading::Path if self.path.len() + text.len() > MAX_PATH_BYTES => {
                self.item.path = Member::Bad;
            }
            Reading::Path => self.path.extend_from_slice(text),
            Reading::Key => self.key.push(text),
            Reading::Content | Reading::Other => {}
        }
        Ok(())
    }

    /// Half a surrogate pair is no text, so it is in no path and no base64.
    fn take_lone_surrogate(&mut self) {
        match self.reading {
            Reading::Key => self.key.push(b"\xFF"),
            Reading::Path => self.item.path = Member::Bad,
            Reading::Content => self.item.content = Member::Bad,
            Reading::Other => {}
        }
    }

    fn end_text<E>(
        &mut self,
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        match (self.reading, self.item.content) {
            (Reading::Content, Member::Good) => {
                let mut sink = |bytes: &[u8]| sink(FileEvent::Content(bytes)).map_err(Stop::Sink);
                match self.base64.finish(&mut sink) {
                    Err(Stop::NotBase64) => self.item.content = Member::Bad,
                    outcome => return outcome,
                }
            }
            (Reading::Content, _) => self.base64.reset(),
            _ => {}
        }
        Ok(())
    }

    fn end_item<E>(
        &mut self,
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<Result<(), FileListError>, Stop<E>> {
        let Item { path, content, .. } = self.item;
        if path == Member::Missing || content == Member::Missing {
            return Ok(Err(FileListError::IncorrectFormat));
        }
        let legal = match path {
            Member::Good => self.take_path(),
            _ => None,
        };
        let Some(path) = legal else {
            return Ok(Err(FileListError::IllegalPath));
        };
        if content == Member::Bad {
            return Ok(Err(FileListError::NotBase64));
        }
        sink(FileEvent::End(path)).map_err(Stop::Sink)?;
        Ok(Ok(()))
    }

    /// The item's path, if it may stand in a tree beside those before it.
    fn take_path(&mut self) -> Option<RelativePath> {
        let text = String::from_utf8(std::mem::take(&mut self.path)).ok()?;
        let path = RelativePath::parse(text).ok()?;
        self.paths.insert(&path).ok()?;
        Some(path)
    }
}

impl Item {
    const fn new() -> Self {
        Self {
            path: Member::Missing,
            content: Member::Missing,
            begun: false,
        }
    }
}

/// As much of a key as tells the two that matter from all others.
#[derive(Debug, Default)]
struct Key {
    start: [u8; 8],
    length: usize,
}

impl Key {
    fn push(&mut self, text: &[u8]) {
        for &byte in text.iter().take(self.start.len() - self.length) {
            self.start[self.length] = byte;
            self.length += 1;
        }
    }

    fn text(&self) -> &[u8] {
        &self.start[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::FileListError::{IllegalPath, IncorrectFormat, NotBase64, NotJson};
    use super::*;
    use crate::codec::tests::{Told, told, ways_to_cut};

    /// The events and the verdict, the same however the text is cut.
    fn decode(json: &str) -> (Vec<Told>, Result<(), FileListError>) {
        let mut outcomes = ways_to_cut(json.as_bytes()).map(told);
        let first = outcomes.next().unwrap_or((Vec::new(), Ok(())));
        assert!(outcomes.all(|other| other == first), "{json}");
        first
    }

    #[track_caller]
    fn assert_files(json: &str, files: &[(&str, &str)]) {
        let (told, verdict) = decode(json);
        assert_eq!(verdict, Ok(()), "{json}");
        assert_eq!(
            Told::files(&told),
            files
                .iter()
                .map(|(path, bytes)| ((*path).into(), (*bytes).into()))
                .collect::<Vec<_>>()
        );
    }

    #[track_caller]
    fn assert_refused(json: &str, error: FileListError) {
        assert_eq!(decode(json).1, Err(error), "{json}");
    }

    #[test]
    fn files_are_told_in_their_order() {
        assert_files(" [] ", &[]);
        assert_files(
            r#"[{"path": "b/c.txt", "content": "amts\nCg==\n"}, {"path": "a", "content": ""}]"#,
            &[("b/c.txt", "jkl\n"), ("a", "")],
        );
    }

    #[test]
    fn keys_come_in_any_order_and_others_are_ignored() {
        assert_files(
            r#"[{"checksum": {"path": ["/"], "content": [{}]}, "content": "YQ==", "pathy": 1, "pat": "/", "": 0, "path": "a", "x": [1]}]"#,
            &[("a", "a")],
        );
        assert_files(
            r#"[{"p\u0061th": "\u0061\/b", "c\u006fntent": "\u0059Q\u003d="}]"#,
            &[("a/b", "a")],
        );
        assert_files(
            r#"[{"path\ud800": 1, "path": "a", "content": "", "content\ud800": 1}]"#,
            &[("a", "")],
        );
    }

    #[test]
    fn of_a_repeated_key_the_last_counts() {
        assert_files(
            r#"[{"path": 1, "path": "/", "path": "a", "content": [], "content": "YQ=="}]"#,
            &[("a", "a")],
        );
        let (told, verdict) =
            decode(r#"[{"content": "Yg==", "content": "!", "path": "a", "content": "YQ=="}]"#);
        assert_eq!(verdict, Ok(()));
        let expected = [
            Told::Begin,
            Told::Content(b"b".into()),
            Told::Restart,
            Told::Restart,
            Told::Content(b"a".into()),
            Told::End("a".into()),
        ];
        assert_eq!(told, expected);
        assert_refused(
            r#"[{"path": "a", "content": "YQ==", "content": null}]"#,
            IncorrectFormat,
        );
        assert_refused(
            r#"[{"path": "a", "path": {}, "content": "YQ=="}]"#,
            IncorrectFormat,
        );
        assert_refused(
            r#"[{"path": "a", "content": "YQ==", "content": "YQ"}]"#,
            NotBase64,
        );
        assert_refused(
            r#"[{"path": "a", "path": "../a", "content": "YQ=="}]"#,
            IllegalPath,
        );
    }

    #[test]
    fn a_list_that_is_not_json_is_nothing_else() {
        for json in [
            "",
            " ",
            "[",
            "[]]",
            "[] x",
            "{",
            "nul",
            "[{\"path\": \"/\"}",
            "[1, 2, }]",
            "[{\"path\": \"a\nb\"}]",
        ] {
            assert_refused(json, NotJson);
        }
    }

    #[test]
    fn anything_but_a_list_of_objects_with_both_strings_is_no_file_list() {
        for json in [
            "{}",
            "null",
            "1",
            "\"[]\"",
            "[[]]",
            "[1]",
            "[\"a\"]",
            "[null]",
            "[{}]",
            r#"[{"path": "a"}]"#,
            r#"[{"content": ""}]"#,
            r#"[{"path": null, "content": ""}]"#,
            r#"[{"path": "a", "content": 1}]"#,
            r#"[{"path": ["a"], "content": ""}]"#,
            r#"{"path": "a", "content": ""}"#,
            r#"[{"x": {"path": "a", "content": ""}}]"#,
            r#"[[{"path": "a", "content": ""}]]"#,
        ] {
            assert_refused(json, IncorrectFormat);
        }
    }

    #[test]
    fn a_path_that_may_not_stand_there_is_refused() {
        let long = format!("{}a", "a/".repeat(2048));
        for path in [
            "",
            "/",
            "/a",
            "../etc",
            "a/.",
            "a\\\\b",
            "a\\u0000",
            "a\\ud800",
            "\\udc00a",
            long.as_str(),
        ] {
            assert_refused(
                &format!(r#"[{{"path": "{path}", "content": ""}}]"#),
                IllegalPath,
            );
        }
        assert_files(
            &format!(r#"[{{"path": "{}", "content": ""}}]"#, &long[2..]),
            &[(&long[2..], "")],
        );
        for (first, second) in [
            ("a", "a"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("a/b/c", "a"),
            ("a", "\\u0061"),
        ] {
            let item = |path| format!(r#"{{"path": "{path}", "content": ""}}"#);
            let json = format!("[{}, {}, {}]", item(first), item("b"), item(second));
            let (told, verdict) = decode(&json);
            assert_eq!(
                (Told::files(&told).len(), verdict),
                (2, Err(IllegalPath)),
                "{json}"
            );
        }
    }

    #[test]
    fn of_one_item_the_format_counts_before_the_path_and_the_path_before_the_content() {
        assert_refused(
            r#"[{"content": "!", "path": "/", "content": 1}]"#,
            IncorrectFormat,
        );
        assert_refused(r#"[{"path": "/"}]"#, IncorrectFormat);
        assert_refused(r#"[{"content": "!", "path": "/"}]"#, IllegalPath);
        assert_refused(
            r#"[{"path": "a", "content": ""}, {"path": "a", "content": "!"}]"#,
            IllegalPath,
        );
        for content in ["!", "amtsCg", "YQ==YQ==", "\\ud800", "é"] {
            assert_refused(
                &format!(r#"[{{"path": "a", "content": "{content}"}}]"#),
                NotBase64,
            );
        }
    }

    #[test]
    fn of_several_items_the_first_wrong_one_counts() {
        let (good, bad) = (
            r#"{"path": "a", "content": "YQ=="}"#,
            r#"{"path": "b", "content": "?"}"#,
        );
        for (second, error) in [
            (bad, NotBase64),
            ("1", IncorrectFormat),
            (r#"{"path": "", "content": ""}"#, IllegalPath),
        ] {
            for third in [
                bad,
                "{}",
                r#"{"path": "..", "content": ""}"#,
                r#"{"path": "c", "content": ""}"#,
            ] {
                let json = format!("[{good}, {second}, {third}");
                let (told, verdict) = decode(&format!("{json}]"));
                assert_eq!(verdict, Err(error));
                assert_eq!(Told::files(&told), [("a".into(), b"a".into())]);
                assert_refused(&json, NotJson);
            }
        }
    }

    #[test]
    fn the_error_of_the_sink_comes_up_at_once() {
        let json = br#"[{"path": "a", "content": "YQ==", "content": "YQ=="}, {"path": "b", "content": "YQ=="}]"#;
        for last in 1..=8 {
            let mut told = 0;
            let outcome = FileListDecoder::new().feed(json, &mut |_| {
                told += 1;
                if told == last {
                    Err("disk full")
                } else {
                    Ok(())
                }
            });
            assert_eq!((outcome, told), (Err("disk full"), last));
        }
    }
}
