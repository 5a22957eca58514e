//! What arrives and leaves as text or as an archive, turned into events and bytes while it does.
//!
//! Push parsers: bytes go in, in pieces of any size, events come out, and it makes no difference where the pieces were
//! cut. Nothing here does I/O, waits, panics, or holds more than a few blocks (and, of a file list, its paths),
//! whatever comes. An upload passes [`FormDecoder`], which unescapes the field `files`, and [`FileListDecoder`],
//! which finds the files in its text with [`JsonTokenizer`] and decodes them with [`Base64Decoder`]; a download passes
//! [`Base64LineEncoder`]. An archive passes [`Unpacker`] and [`TarDecoder`], and [`TarEncoder`] on its way out.
//!
//! Every parser hands its events to a sink, a closure, and passes the closure's error up at once. Its own error it
//! makes into the closure's, so that one `?` carries both.

#![warn(
    clippy::expect_used,
    reason = "what comes from strangers must not end in a panic"
)]

mod base64;
mod base64_lines;
mod files;
mod form;
mod json;
mod json_number;
mod json_string;
mod list_reader;
mod paths;
mod percent;
mod tar;
mod tar_decoder;
mod tar_encoder;
mod tar_fields;
#[cfg(test)]
mod tests;
mod unpacker;

pub use base64::{Base64Decoder, NotBase64};
pub use base64_lines::Base64LineEncoder;
pub use files::{FileEvent, FileListDecoder, FileListError};
pub use form::{FieldEvent, FormDecoder, NameTooLong};
pub use json::{JsonEvent, JsonTokenizer, NotJson};
pub use paths::PathSet;
pub use tar_decoder::{TarDecoder, TarError, TarEvent};
pub use tar_encoder::TarEncoder;
pub use unpacker::{NotPacked, Packing, Unpacker};
