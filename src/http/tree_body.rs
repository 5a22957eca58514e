//! A request whose body is a tree: an archive of its files, packed or not, or a manifest of what it shall hold.
//!
//! As with forms, the bytes are decoded on a blocking thread while the next block comes in. A block that unpacks to very
//! much is worked off a megabyte at a time.

use super::error::{Error, Result};
use super::openapi::{Argument, Parts};
use super::receive::{Blocks, decode, gone, max_size};
use crate::codec::{Packing, TarDecoder, TarEvent, Unpacker};
use crate::domain::{BlobRef, RelativePath};
use crate::exchange::intake::{self, Intake};
use crate::exchange::parcel::Parcel;
use crate::exchange::{self, Exchange};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use std::future::{Ready, ready};

/// The files themselves.
const TAR: &str = "application/x-tar";

/// What makes something of a body.
pub(super) trait Reader: Sized + Send + 'static {
    /// That.
    type Output: Send + 'static;

    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<()>;

    /// Small contents that should be stored now.
    fn overflow(&mut self) -> Option<Vec<(BlobRef, Bytes)>>;

    /// All came.
    fn finish(self) -> Result<Self::Output>;
}

/// A body that is a tree, read only when the handler says so: what needs no body is checked before.
pub struct TreeBody {
    request: HttpRequest,
    body: web::Payload,
}

impl TreeBody {
    /// The tree, all that came of it durable.
    pub async fn read(self, exchange: &Exchange) -> Result<Parcel> {
        let Self { request, body } = self;
        match content_type(&request).as_str() {
            TAR => receive(exchange, &request, body, Files::new(exchange)).await,
            _ => Err(Error::UnsupportedMediaType(
                "Send the files as application/x-tar",
            )),
        }
    }
}

impl FromRequest for TreeBody {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Payload::from_request(request, payload).into_inner();
        ready(body.map(|body| Self {
            request: request.clone(),
            body,
        }))
    }
}

impl Argument for TreeBody {
    fn describe(parts: &mut Parts) {
        let binary = schemars::json_schema!({ "type": "string", "contentMediaType": TAR });
        parts.body(TAR, &binary);
        parts.in_header(
            "Content-Encoding",
            "How the body is packed.",
            &serde_json::json!({ "enum": ["identity", "gzip", "zstd"] }),
        );
        parts.fails(400, "The archive is incomplete");
        parts.fails(400, "What is wrong with an entry, which is named");
        parts.fails(408, "The request stopped coming; nothing was stored");
        parts.fails(413, "Something is larger than a limit; nothing was stored");
        parts.fails(
            415,
            "The body is of a type, or packed in a way, that is not understood",
        );
    }
}

fn content_type(request: &HttpRequest) -> String {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn packing(request: &HttpRequest) -> Result<Packing> {
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING);
    let coding = codings.next().map(|coding| coding.to_str().unwrap_or("?"));
    let coding = coding.unwrap_or_default().trim().to_ascii_lowercase();
    match (coding.as_str(), codings.next()) {
        ("" | "identity", None) => Ok(Packing::Plain),
        ("gzip" | "x-gzip", None) => Ok(Packing::Gzip),
        ("zstd", None) => Ok(Packing::Zstd),
        _ => Err(Error::UnsupportedMediaType(
            "The Content-Encoding is identity, gzip or zstd",
        )),
    }
}

async fn receive<R: Reader>(
    exchange: &Exchange,
    request: &HttpRequest,
    body: web::Payload,
    reader: R,
) -> Result<R::Output> {
    let mut unpacking = Unpacking {
        unpacker: Unpacker::new(packing(request)?).map_err(exchange::Error::Disk)?,
        reader: Bounded {
            reader,
            unpacked: 0,
            limit: max_size(request),
        },
    };
    let mut blocks = Blocks::of(request, body);
    let mut block = blocks.next().await?;
    while let Some(bytes) = block {
        let work = unpacking.work_off(exchange, bytes);
        // The next block comes in while this one is decoded.
        let (worked, next) = futures_util::join!(work, blocks.next());
        unpacking = worked?;
        block = next?;
    }
    web::block(move || unpacking.finish())
        .await
        .map_err(|_| gone())?
}

/// A reader, and what comes before it.
struct Unpacking<R> {
    unpacker: Unpacker,
    reader: Bounded<R>,
}

impl<R: Reader> Unpacking<R> {
    async fn work_off(mut self, exchange: &Exchange, mut block: Bytes) -> Result<Self> {
        while !block.is_empty() {
            (self, block) = decode(move || {
                let reader = &mut self.reader;
                let taken = self
                    .unpacker
                    .feed(&block, &mut |bytes| reader.take(bytes))?;
                Ok((self, block.slice(taken..)))
            })
            .await?;
            if let Some(contents) = self.reader.reader.overflow() {
                intake::store_overflow(exchange, contents).await?;
            }
        }
        Ok(self)
    }

    fn finish(self) -> Result<R::Output> {
        let mut reader = self.reader;
        self.unpacker.finish(&mut |bytes| reader.take(bytes))?;
        reader.reader.finish()
    }
}

/// A reader that the limit for a request holds for, too, however well that was packed.
struct Bounded<R> {
    reader: R,
    unpacked: u64,
    limit: u64,
}

impl<R: Reader> Bounded<R> {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.unpacked += bytes.len() as u64;
        if self.unpacked > self.limit {
            return Err(Error::RequestTooLarge(self.limit));
        }
        self.reader.take(bytes)
    }
}

/// An archive of the files of one tree.
struct Files {
    archive: TarDecoder,
    intake: Intake,
    open: Option<RelativePath>,
}

impl Files {
    fn new(exchange: &Exchange) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake: Intake::new(exchange),
            open: None,
        }
    }
}

impl Reader for Files {
    type Output = Parcel;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            match event {
                TarEvent::Begin(path, size) => {
                    *open = Some(path.clone());
                    intake.begin_sized(size)?;
                }
                TarEvent::Content(bytes) => intake.write(bytes)?,
                TarEvent::End => {
                    if let Some(path) = open.take() {
                        intake.end(path)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn overflow(&mut self) -> Option<Vec<(BlobRef, Bytes)>> {
        self.intake.take_overflow()
    }

    fn finish(self) -> Result<Parcel> {
        self.archive.finish()?;
        Ok(self.intake.finish()?)
    }
}
