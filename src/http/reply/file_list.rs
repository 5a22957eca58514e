//! Replies with the protocol's file lists: JSON with base64, which is made while it is sent.

use crate::http::error::{Error, Result};
use crate::http::reply::listing::{self, broken_off};
use crate::http::request::form::Fields;
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::ContentType;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_codec::Base64LineEncoder;
use nbcourier_domain::{Md5Sum, Timestamp};
use nbcourier_exchange::files::checksums::ChecksummedFiles;
use nbcourier_exchange::files::trees::{Contents, Piece, TreeFile, TreeFiles};
use nbcourier_exchange::{self as exchange, Exchange};

/// Approximate number of bytes that are made at a time of a list without contents.
const CHUNK: usize = 128 * 1024;

/// Whether the request wants the list without contents. Only the exact text `true` counts.
pub fn is_list_only(fields: &Fields) -> Result<bool> {
    Ok(fields.get("list_only")? == Some("true"))
}

/// Returns a reply with the files, and with the time of the submission if there is one.
pub async fn reply(
    exchange: &Exchange,
    files: TreeFiles,
    timestamp: Option<Timestamp>,
    list_only: bool,
) -> Result<HttpResponse> {
    let files_listed = files.len();
    let files = files.checksummed(exchange).await?;
    let frame = Frame::new(files, timestamp, list_only);
    let (frame, size) = listing::write(files_listed, move || Ok(frame.measured())).await?;
    let mut reply = HttpResponse::Ok();
    reply.insert_header(ContentType::json());
    if list_only {
        let pieces = stream::try_unfold(frame, async |frame| {
            if frame.ended {
                return Ok(None);
            }
            let left = frame.files.len() - frame.next;
            let (frame, piece) = listing::write(left, move || Ok(frame.piece())).await?;
            Ok(Some((piece, frame)))
        });
        let pieces = broken_off(pieces.boxed_local());
        return Ok(reply.body(SizedStream::new(size, pieces)));
    }
    let mut contents = Contents::open(exchange, frame.files.files().clone()).await?;
    let mut writer = Writer {
        frame,
        encoder: Base64LineEncoder::new(),
    };
    // A short list is read before the reply begins, so that damage still shows in the status.
    let first = contents.ahead().await?;
    let first = writer.write(&first);
    let rest = stream::try_unfold(
        (contents, writer),
        |(mut contents, mut writer)| async move {
            let pieces = contents.next().await?;
            let bytes = writer.write(&pieces);
            Ok::<_, exchange::Error>((!bytes.is_empty()).then_some((bytes, (contents, writer))))
        },
    );
    let body = stream::iter([Ok(first)]).chain(rest);
    let body = broken_off(body.map(|piece| piece.map_err(Error::from)).boxed_local());
    Ok(reply.body(SizedStream::new(size, body)))
}

/// The whole reply except the contents.
struct Frame {
    files: ChecksummedFiles,
    tail: String,
    list_only: bool,
    /// The index of the next file of a list without contents.
    next: usize,
    ended: bool,
}

impl Frame {
    fn new(files: ChecksummedFiles, timestamp: Option<Timestamp>, list_only: bool) -> Self {
        let begin = if files.is_empty() {
            r#"{"success": true, "files": ["#
        } else {
            ""
        };
        let tail = match timestamp {
            Some(time) => format!(r#"{begin}], "timestamp": "{time}"}}"#),
            None => format!("{begin}]}}"),
        };
        Self {
            files,
            tail,
            list_only,
            next: 0,
            ended: false,
        }
    }

    /// Writes the text before the content of a file.
    fn head(&self, place: usize, (file, md5): (TreeFile<'_>, Md5Sum), output: &mut Vec<u8>) {
        let before = if place == 0 {
            r#"{"success": true, "files": ["#
        } else {
            ", "
        };
        let path = serde_json::Value::from(file.path.as_str());
        let content = if self.list_only {
            ""
        } else {
            r#", "content": ""#
        };
        output.extend_from_slice(
            format!(r#"{before}{{"path": {path}, "checksum": "{md5}"{content}"#).as_bytes(),
        );
    }

    fn foot(&self) -> &'static str {
        if self.list_only { "}" } else { "\"}" }
    }

    /// Returns the next piece of a list without contents.
    fn piece(mut self) -> (Self, Bytes) {
        let mut output = Vec::new();
        while output.len() < CHUNK
            && let Some(file) = self.files.get(self.next)
        {
            self.head(self.next, file, &mut output);
            output.extend_from_slice(self.foot().as_bytes());
            self.next += 1;
        }
        if self.next == self.files.len() {
            output.extend_from_slice(self.tail.as_bytes());
            self.ended = true;
        }
        (self, output.into())
    }

    /// Returns the frame with the length of the reply in bytes.
    fn measured(self) -> (Self, u64) {
        let mut size = self.tail.len() as u64;
        let mut head = Vec::new();
        for (place, file) in self.files.iter().enumerate() {
            head.clear();
            self.head(place, file, &mut head);
            size += (head.len() + self.foot().len()) as u64;
            if !self.list_only {
                size += Base64LineEncoder::encoded_len(file.0.blob.size);
            }
        }
        (self, size)
    }
}

struct Writer {
    frame: Frame,
    encoder: Base64LineEncoder,
}

impl Writer {
    /// Returns the bytes of the reply for these pieces. An empty slice ends the reply.
    fn write(&mut self, pieces: &[Piece]) -> Bytes {
        let mut output = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Begin(place) => {
                    if let Some(file) = self.frame.files.get(*place) {
                        self.frame.head(*place, file, &mut output);
                    }
                }
                Piece::Bytes(bytes) => self.encoder.feed(bytes, &mut output),
                Piece::End => {
                    self.encoder.finish(&mut output);
                    output.extend_from_slice(self.frame.foot().as_bytes());
                }
            }
        }
        if pieces.is_empty() && !self.frame.ended {
            self.frame.ended = true;
            output.extend_from_slice(self.frame.tail.as_bytes());
        }
        output.into()
    }
}
