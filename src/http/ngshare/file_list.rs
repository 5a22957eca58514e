//! The protocol's file lists on their way out: JSON with base64, made as it is sent.

use crate::codec::Base64LineEncoder;
use crate::domain::Timestamp;
use crate::exchange::trees::{Contents, ListedFile, Piece};
use crate::exchange::{self, Exchange};
use crate::http::error::Result;
use crate::http::receive::Fields;
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::ContentType;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

/// Whether the request wants the list without contents. Only the exact text `true` counts.
pub fn is_list_only(fields: &Fields) -> Result<bool> {
    Ok(fields.get("list_only")? == Some("true"))
}

/// A reply with the files, and the time of the submission where there is one.
pub async fn reply(
    exchange: &Exchange,
    files: Vec<ListedFile>,
    timestamp: Option<Timestamp>,
    list_only: bool,
) -> Result<HttpResponse> {
    let frame = Frame::new(&files, timestamp, list_only);
    let mut reply = HttpResponse::Ok();
    reply.insert_header(ContentType::json());
    if list_only {
        return Ok(reply.body(frame.whole()));
    }
    let size = frame.size(&files);
    let mut contents = Contents::open(exchange, files).await?;
    let mut writer = Writer {
        frame,
        encoder: Base64LineEncoder::new(),
    };
    // What is short is read before the reply begins, so that damage still shows in the status.
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
    Ok(reply.body(SizedStream::new(size, body)))
}

/// All of the reply but the contents.
struct Frame {
    // For each file what stands before its content.
    heads: Vec<String>,
    tail: String,
    list_only: bool,
    ended: bool,
}

impl Frame {
    fn new(files: &[ListedFile], timestamp: Option<Timestamp>, list_only: bool) -> Self {
        let heads = files
            .iter()
            .enumerate()
            .map(|(place, file)| {
                let before = if place == 0 {
                    r#"{"success": true, "files": ["#
                } else {
                    ", "
                };
                let path = serde_json::Value::from(file.path.as_str());
                let checksum = file.blob.blob.md5;
                let content = if list_only { "" } else { r#", "content": ""# };
                format!(r#"{before}{{"path": {path}, "checksum": "{checksum}"{content}"#)
            })
            .collect::<Vec<_>>();
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
            heads,
            tail,
            list_only,
            ended: false,
        }
    }

    fn foot(&self) -> &'static str {
        if self.list_only { "}" } else { "\"}" }
    }

    fn whole(&self) -> String {
        let mut text = String::new();
        for head in &self.heads {
            text.push_str(head);
            text.push_str(self.foot());
        }
        text + &self.tail
    }

    fn size(&self, files: &[ListedFile]) -> u64 {
        let frame: usize = self
            .heads
            .iter()
            .map(|head| head.len() + self.foot().len())
            .sum();
        let contents: u64 = files
            .iter()
            .map(|file| Base64LineEncoder::encoded_len(file.blob.blob.size))
            .sum();
        (frame + self.tail.len()) as u64 + contents
    }
}

struct Writer {
    frame: Frame,
    encoder: Base64LineEncoder,
}

impl Writer {
    /// The reply's bytes for these pieces; no pieces are the end.
    fn write(&mut self, pieces: &[Piece]) -> Bytes {
        let mut output = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Begin(place) => {
                    output.extend_from_slice(self.frame.heads[*place].as_bytes());
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
