//! Translates the events of JSON into the events of a file list.

use super::base64::{Base64Decoder, NotBase64};
use super::file_event::{FileEvent, FileListError};
use super::json_event::{JsonEvent, NotJson};
use super::paths::PathSet;
use nbcourier_domain::RelativePath;

/// The maximum length of a path that is kept, in bytes. Longer paths are illegal anyway.
const MAX_PATH_BYTES: usize = 4096;

/// A reader of a list's JSON events. It reports the files and finds faults of the items.
#[derive(Debug, Default)]
pub(super) struct ListReader {
    /// The fault of the first wrong item. Further events are then ignored.
    wrong: Option<FileListError>,
    /// The number of open lists and objects: 1 between the items, 2 between the members of an item.
    depth: u32,
    key: Key,
    /// The meaning of the current text.
    reading: Reading,
    item: Item,
    path: Vec<u8>,
    base64: Base64Decoder,
    paths: PathSet,
}

#[derive(Debug, Clone, Copy, Default)]
enum Reading {
    Key,
    Path,
    Content,
    #[default]
    Other,
}

/// The current item, as far as it was read.
#[derive(Debug, Default)]
struct Item {
    path: Member,
    content: Member,
    /// Whether `Begin` was reported.
    begun: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Member {
    /// The member is missing or not a string.
    #[default]
    Missing,
    /// The member is a string with an illegal value.
    Bad,
    Good,
}

impl ListReader {
    /// Returns the fault of the list, or `Ok`.
    pub(super) fn verdict(&self) -> Result<(), FileListError> {
        self.wrong.map_or(Ok(()), Err)
    }

    pub(super) fn take<E>(
        &mut self,
        event: JsonEvent<'_>,
        sink: &mut impl FnMut(FileEvent<'_>) -> Result<(), E>,
    ) -> Result<(), Stop<E>> {
        if self.wrong.is_some() {
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
                    self.end_item(sink)?;
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
            (1, JsonEvent::ObjectBegin, _) => self.item = Item::default(),
            (0 | 1, ..) => self.wrong = Some(FileListError::IncorrectFormat),
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

    /// Handles half a surrogate pair. It is not text, so neither a path nor base64 can contain it.
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
    ) -> Result<(), Stop<E>> {
        match self.judge_item() {
            Ok(path) => sink(FileEvent::End(path)).map_err(Stop::Sink),
            Err(error) => {
                self.wrong = Some(error);
                Ok(())
            }
        }
    }

    fn judge_item(&mut self) -> Result<RelativePath, FileListError> {
        let Item { path, content, .. } = self.item;
        if path == Member::Missing || content == Member::Missing {
            return Err(FileListError::IncorrectFormat);
        }
        if path == Member::Bad {
            return Err(FileListError::IllegalPath);
        }
        let path = self.take_path().ok_or(FileListError::IllegalPath)?;
        if content == Member::Bad {
            return Err(FileListError::NotBase64);
        }
        Ok(path)
    }

    /// Returns the path of the item, if it is legal beside the earlier paths.
    fn take_path(&mut self) -> Option<RelativePath> {
        let text = String::from_utf8(std::mem::take(&mut self.path)).ok()?;
        let path = RelativePath::parse(text).ok()?;
        self.paths.insert(&path).ok()?;
        Some(path)
    }
}

/// The beginning of a key, long enough to distinguish the two known keys from all others.
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

/// The reason why the tokenizer stopped.
pub(super) enum Stop<E> {
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
