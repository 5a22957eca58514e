//! Reads a tree from a body: an archive of its files, packed or not, or a manifest.
//!
//! As with forms, the bytes are decoded on a blocking thread while the next block arrives. A block that unpacks to very
//! much is processed one megabyte at a time.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use crate::http::request::body::{self, Blocks, unread};
use crate::http::request::manifest::ManifestFiles;
use crate::http::request::tree_readers::{
    ArchiveReader, DocumentReader, DocumentWithBytesReader, Reader,
};
use crate::http::state::AppState;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use nbcourier_api::Manifest;
use nbcourier_codec::{Packing, Unpacker};
use nbcourier_exchange::Account;
use nbcourier_exchange::files::intake::{BatchIntake, Intake};
use nbcourier_exchange::files::parcel::{Batch, Parcel};
use nbcourier_exchange::{self as exchange, Exchange};
use nbcourier_work::blocking;
use schemars::Schema;
use std::future::{Ready, ready};

/// An archive of the files.
const TAR: &str = "application/x-tar";
/// A manifest without any bytes.
const JSON: &str = "application/json";
/// A manifest with the bytes that the exchange lacks.
const MANIFEST_AND_BYTES: &str = "application/vnd.nbcourier.manifest+x-tar";

/// Maximum number of bytes from one packed byte. It is a little more than the best of gzip, and far less than zstd
/// reaches.
const MAX_RATIO: u64 = 1100;
/// Number of bytes that any body may unpack to, whatever its ratio.
const ANY_RATIO: u64 = 16 * 1024 * 1024;

/// A body that is a tree. The handler reads it explicitly, after the checks that need no body.
pub struct TreeBody {
    request: HttpRequest,
    body: web::Payload,
}

impl TreeBody {
    /// Returns the size of the body in bytes, if the client announced it.
    pub fn announced(&self) -> Option<u64> {
        body::announced(&self.request)
    }

    /// Reads the tree. All of it is durable then.
    pub async fn read(self, exchange: &Exchange, account: Account) -> Result<Parcel> {
        let Self { request, body } = self;
        match content_type(&request).as_str() {
            TAR => {
                let reader = ArchiveReader::new(Intake::counted(exchange, account));
                receive(exchange, &request, body, reader).await
            }
            JSON => {
                let intake = Intake::counted(exchange, account);
                let reader = DocumentReader::<ManifestFiles>::new(intake);
                let (_, parcel) = receive(exchange, &request, body, reader).await?;
                Ok(parcel)
            }
            MANIFEST_AND_BYTES => {
                let intake = Intake::counted(exchange, account);
                let reader = DocumentWithBytesReader::<ManifestFiles>::new(intake);
                let (_, parcel) = receive(exchange, &request, body, reader).await?;
                Ok(parcel)
            }
            _ => Err(Error::UnsupportedMediaType(
                "Send the files as application/x-tar, or a manifest of them as application/json or \
                 application/vnd.nbcourier.manifest+x-tar",
            )),
        }
    }
}

unread!(TreeBody);

impl Argument for TreeBody {
    fn describe(parts: &mut Parts) {
        describe_archive(parts);
        let manifest = parts.taken::<Manifest>();
        parts.body(JSON, &manifest);
        parts.body(MANIFEST_AND_BYTES, &archive());
        parts.fails(400, "The manifest cannot be JSON decoded");
        parts.fails(400, "Incorrect request format");
        parts.fails(
            409,
            "The bytes of some files are missing (`urn:nbcourier:missing-blobs`)",
        );
    }
}

/// A body that is an archive of many trees, each below the ID of a submission.
pub struct BatchBody(TreeBody);

impl BatchBody {
    /// Reads the trees. All of them are durable then.
    pub async fn read(self, exchange: &Exchange, account: Account) -> Result<Batch> {
        let TreeBody { request, body } = self.0;
        match content_type(&request).as_str() {
            TAR => {
                let reader = ArchiveReader::new(BatchIntake::counted(exchange, account));
                receive(exchange, &request, body, reader).await
            }
            _ => Err(Error::UnsupportedMediaType(
                "Send the files as application/x-tar",
            )),
        }
    }
}

impl FromRequest for BatchBody {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = TreeBody::from_request(request, payload).into_inner();
        ready(body.map(Self))
    }
}

impl Argument for BatchBody {
    fn describe(parts: &mut Parts) {
        describe_archive(parts);
    }
}

pub(super) fn archive() -> Schema {
    schemars::json_schema!({ "type": "string", "contentMediaType": TAR })
}

fn describe_archive(parts: &mut Parts) {
    parts.body(TAR, &archive());
    parts.in_header(
        "Content-Encoding",
        "The compression of the body.",
        &serde_json::json!({ "enum": ["identity", "gzip", "zstd"] }),
    );
    parts.fails(400, "The archive is incomplete");
    parts.fails(400, "A sentence that names a wrong entry");
    parts.fails(408, "The request stopped coming; nothing was stored");
    parts.fails(413, "A limit or a quota is exceeded; nothing was stored");
    parts.fails(
        415,
        "The type or the compression of the body is not supported",
    );
}

pub(super) fn content_type(request: &HttpRequest) -> String {
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

/// Reads a body while its next block arrives, and returns what the reader makes of it.
pub(super) async fn receive<R: Reader>(
    exchange: &Exchange,
    request: &HttpRequest,
    body: web::Payload,
    reader: R,
) -> Result<R::Output> {
    body::admit(exchange, request).await?;
    let mut unpacking = Unpacking {
        unpacker: Unpacker::new(packing(request)?).map_err(exchange::Error::Disk)?,
        reader: Bounded {
            reader,
            packed: 0,
            unpacked: 0,
            limit: AppState::of(request)?.max_request_size,
        },
    };
    let mut blocks = Blocks::of(request, body)?;
    let mut block = blocks.next().await?;
    while let Some(bytes) = block {
        let work = unpacking.read_block(bytes);
        // The next block arrives while this one is decoded.
        let (worked, next) = futures_util::join!(work, blocks.next());
        unpacking = worked?;
        block = next?;
    }
    blocking(move || unpacking.finish()).await?
}

/// An unpacker, and the reader of its output.
struct Unpacking<R> {
    unpacker: Unpacker,
    reader: Bounded<R>,
}

impl<R: Reader> Unpacking<R> {
    async fn read_block(mut self, mut block: Bytes) -> Result<Self> {
        self.reader.packed += block.len() as u64;
        while !block.is_empty() {
            (self, block) = compute(move || {
                let reader = &mut self.reader;
                let taken = self
                    .unpacker
                    .feed(&block, &mut |bytes| reader.take(bytes))?;
                Ok((self, block.slice(taken..)))
            })
            .await?;
            if let Some(overflow) = self.reader.reader.overflow() {
                overflow.store().await?;
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

/// A reader with limits. The size limit of a request also holds for the unpacked bytes. The packing ratio must not
/// exceed that of real files.
struct Bounded<R> {
    reader: R,
    packed: u64,
    unpacked: u64,
    limit: u64,
}

impl<R: Reader> Bounded<R> {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.unpacked += bytes.len() as u64;
        if self.unpacked > self.limit {
            return Err(Error::RequestTooLarge(self.limit));
        }
        if self.unpacked > ANY_RATIO && self.unpacked > self.packed.saturating_mul(MAX_RATIO) {
            return Err(Error::PackedTooWell(MAX_RATIO));
        }
        self.reader.take(bytes)
    }
}
