//! A streaming decoder of the ngshare protocol's file lists.

use super::file_event::{FileEvent, FileListError};
use super::json::JsonTokenizer;
use super::json_event::NotJson;
use super::list_reader::{ListReader, Stop};

/// A decoder that takes the text of a `files` field in pieces of any size and reports the files: `[{"path":
/// "a/b.ipynb", "content": "<base64>"}, …]`.
///
/// The keys of an item have any order. Other keys are ignored. The last value of a repeated key wins. The decoder holds
/// the paths of the list and a few blocks, however large the files are.
///
/// ```
/// # use nbcourier_codec::{FileEvent, FileListDecoder};
/// # use std::convert::Infallible;
/// let mut decoder = FileListDecoder::new();
/// let mut events = Vec::new();
/// for piece in [r#"[{"content": "aGVs"#, r#"bG8=", "path": "a.txt"}]"#] {
///     decoder.feed(piece.as_bytes(), &mut |event| {
///         events.push(format!("{event:?}"));
///         Ok::<(), Infallible>(())
///     })?;
/// }
/// assert_eq!(decoder.finish(), Ok(()));
/// assert_eq!(events, ["Begin", "Content([104, 101, 108, 108, 111])", "End(RelativePath(\"a.txt\"))"]);
/// # Ok::<(), Infallible>(())
/// ```
#[derive(Debug, Default)]
pub struct FileListDecoder {
    json: JsonTokenizer,
    list: ListReader,
}

impl FileListDecoder {
    /// Creates a decoder at the beginning of a list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next piece of the text and reports its events.
    ///
    /// Fails at once with the sink's own error. The decoder cannot be used after that. `finish` returns the fault of
    /// the list. After a fault there are no further events.
    pub fn feed<E>(
        &mut self,
        json: &[u8],
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let list = &mut self.list;
        match self.json.feed(json, &mut |event| list.take(event, sink)) {
            Err(Stop::Sink(error)) => Err(error),
            // The tokenizer remembers the error.
            _ => Ok(()),
        }
    }

    /// Ends the text and returns the result. If it is `Ok`, all reported files count; otherwise none do.
    pub fn finish(self) -> Result<(), FileListError> {
        self.json
            .finish()
            .map_err(|NotJson| FileListError::NotJson)?;
        self.list.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::FileListError::{IllegalPath, IncorrectFormat, NotBase64, NotJson};
    use super::*;
    use crate::tests::{Recorded, recorded, ways_to_cut};

    /// Returns the events and the result. Checks that they are the same however the text is cut.
    fn decode(json: &str) -> (Vec<Recorded>, Result<(), FileListError>) {
        let mut outcomes = ways_to_cut(json.as_bytes()).map(recorded);
        let first = outcomes.next().unwrap_or((Vec::new(), Ok(())));
        assert!(outcomes.all(|other| other == first), "{json}");
        first
    }

    #[track_caller]
    fn assert_files(json: &str, files: &[(&str, &str)]) {
        let (recorded, verdict) = decode(json);
        assert_eq!(verdict, Ok(()), "{json}");
        assert_eq!(
            Recorded::files(&recorded),
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
    fn the_last_value_of_a_repeated_key_counts() {
        assert_files(
            r#"[{"path": 1, "path": "/", "path": "a", "content": [], "content": "YQ=="}]"#,
            &[("a", "a")],
        );
        let (recorded, verdict) =
            decode(r#"[{"content": "Yg==", "content": "!", "path": "a", "content": "YQ=="}]"#);
        assert_eq!(verdict, Ok(()));
        let expected = [
            Recorded::Begin,
            Recorded::Content(b"b".into()),
            Recorded::Restart,
            Recorded::Restart,
            Recorded::Content(b"a".into()),
            Recorded::End("a".into()),
        ];
        assert_eq!(recorded, expected);
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
        let longest = vec!["x".repeat(255); 16].join("/");
        let long = format!("{longest}/a");
        let deepest = vec!["a"; 64].join("/");
        let deep = format!("{deepest}/a");
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
            deep.as_str(),
        ] {
            assert_refused(
                &format!(r#"[{{"path": "{path}", "content": ""}}]"#),
                IllegalPath,
            );
        }
        for path in [longest, deepest] {
            assert_files(
                &format!(r#"[{{"path": "{path}", "content": ""}}]"#),
                &[(path.as_str(), "")],
            );
        }
        for (first, second) in [
            ("a", "a"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("a/b/c", "a"),
            ("a", "\\u0061"),
        ] {
            let item = |path| format!(r#"{{"path": "{path}", "content": ""}}"#);
            let json = format!("[{}, {}, {}]", item(first), item("b"), item(second));
            let (recorded, verdict) = decode(&json);
            assert_eq!(
                (Recorded::files(&recorded).len(), verdict),
                (2, Err(IllegalPath)),
                "{json}"
            );
        }
    }

    #[test]
    fn faults_of_one_item_are_reported_in_the_order_format_path_content() {
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
    fn the_first_wrong_item_is_reported() {
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
                let (recorded, verdict) = decode(&format!("{json}]"));
                assert_eq!(verdict, Err(error));
                assert_eq!(Recorded::files(&recorded), [("a".into(), b"a".into())]);
                assert_refused(&json, NotJson);
            }
        }
    }

    #[test]
    fn the_error_of_the_sink_comes_up_at_once() {
        let json = br#"[{"path": "a", "content": "YQ==", "content": "YQ=="}, {"path": "b", "content": "YQ=="}]"#;
        for last in 1..=8 {
            let mut calls = 0;
            let outcome = FileListDecoder::new().feed(json, &mut |_| {
                calls += 1;
                if calls == last {
                    Err("disk full")
                } else {
                    Ok(())
                }
            });
            assert_eq!((outcome, calls), (Err("disk full"), last));
        }
    }
}
