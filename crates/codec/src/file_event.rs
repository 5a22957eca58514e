//! The events and the errors of a file list.

use nbcourier_domain::RelativePath;

/// The fault of a file list. The first wrong item decides; if it has several faults, the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileListError {
    /// The text is not JSON, at any place.
    #[error("not JSON")]
    NotJson,
    /// The JSON is not a list, or the item is not an object with the strings `path` and `content`.
    #[error("no list of files")]
    IncorrectFormat,
    /// The path could leave its tree, occurs twice, or is both a file and the directory of another file.
    #[error("illegal path")]
    IllegalPath,
    /// The content is not base64.
    #[error("content that is not base64")]
    NotBase64,
}

/// An event of a file list. For each file: `Begin`, its `Content` in any number of pieces, and `End`.
///
/// A wrong file has no `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEvent<'a> {
    /// The beginning of a file. Its path may not be known yet.
    Begin,
    /// The next decoded bytes of the file, never empty.
    Content(&'a [u8]),
    /// The content so far is void, because a repeated key gives the content anew.
    Restart,
    /// The file is complete and has this path.
    End(RelativePath),
}
