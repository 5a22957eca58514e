//! The events and the error of JSON.

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Not JSON")]
pub struct NotJson;

/// An event of JSON. Commas and colons are checked but not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonEvent<'a> {
    /// The beginning of a list.
    ListBegin,
    /// The end of the innermost list.
    ListEnd,
    /// The beginning of an object.
    ObjectBegin,
    /// The end of the innermost object.
    ObjectEnd,
    /// The beginning of a member's key. Its text follows, then `TextEnd`.
    KeyBegin,
    /// The beginning of a string that is not a key. Its text follows, then `TextEnd`.
    TextBegin,
    /// The next piece of the text of a key or string: unescaped UTF-8, never empty. It may end inside a character.
    Text(&'a [u8]),
    /// An escaped half of a surrogate pair without its other half, at this place of the text.
    LoneSurrogate,
    /// The end of the key or string.
    TextEnd,
    /// The beginning of a number, `true`, `false` or `null`. Its text is checked but neither kept nor reported.
    Scalar,
}
