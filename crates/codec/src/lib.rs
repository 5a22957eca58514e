//! Streaming decoders and encoders for forms, JSON, base64, tar and zip archives.
//!
//! The decoders are push parsers: they take bytes in pieces of any size and report events. Where the pieces were cut
//! makes no difference. No code here does I/O, waits or panics. Memory is limited to a few blocks and the paths of the
//! files, whatever the input.
//!
//! An upload passes [`FormDecoder`], which unescapes the field `files`, and [`FileListDecoder`]. The latter finds the
//! files in the text with [`JsonTokenizer`] and decodes them with [`Base64Decoder`]. A download passes
//! [`Base64LineEncoder`]. An archive passes [`Unpacker`] and [`TarDecoder`] on its way in, and [`TarEncoder`] on its
//! way out. A browser gets the archive of a [`ZipEncoder`].
//!
//! Every parser passes its events to a sink, which is a closure, and returns the closure's error at once. It converts
//! its own error into the closure's error type, so that one `?` handles both.

#![warn(
    clippy::expect_used,
    reason = "what comes from strangers must not end in a panic"
)]

mod base64;
mod base64_engine;
mod base64_lines;
mod file_event;
mod files;
mod form;
mod json;
mod json_event;
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
mod zip_encoder;

pub use base64::{Base64Decoder, NotBase64};
pub use base64_lines::Base64LineEncoder;
pub use file_event::{FileEvent, FileListError};
pub use files::FileListDecoder;
pub use form::{FieldEvent, FormDecoder, NameTooLong};
pub use json::JsonTokenizer;
pub use json_event::{JsonEvent, NotJson};
pub use paths::PathSet;
pub use tar_decoder::{TarDecoder, TarError, TarEvent};
pub use tar_encoder::TarEncoder;
pub use unpacker::{NotPacked, Packing, Unpacker};
pub use zip_encoder::ZipEncoder;
