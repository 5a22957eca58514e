//! Reads forms: small fields into memory, the file list straight into the exchange.
//!
//! The bytes are decoded on a blocking thread, one block at a time, while the next block arrives. A slow client
//! occupies no thread.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::limits::IdleTimeout;
use crate::http::request::body::{self, BLOCK, Blocks, is_too_large, is_too_slow, timely};
use crate::http::state::AppState;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::{ParseError, PayloadError};
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use nbcourier_codec::{
    FieldEvent, FileEvent, FileListDecoder, FileListError, FormDecoder, NameTooLong,
};
use nbcourier_exchange::Account;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_work::blocking;
use std::collections::HashMap;

/// Maximum size of all fields except the file list, in bytes. It is enough to enrol twenty thousand people at once.
pub const MAX_FIELDS: usize = 4 * 1024 * 1024;
/// Approximate memory of a field besides its name and value, in bytes.
const FIELD: usize = 128;
/// Maximum length of the headers of a part of a form, and of the text outside of its parts, in bytes. A limit of
/// `actix_multipart`, which exports no constant for it.
const PART_HEADERS: usize = 64 * 1024;
/// Maximum number of headers of a part. A limit of `actix_multipart` too.
const MOST_PART_HEADERS: usize = 32;
/// The name of the field with the file list.
const FILES: &str = "files";

/// The small fields of a request. A field of the body replaces the one of the query.
#[derive(Debug, Default)]
pub struct Fields(HashMap<String, Vec<u8>>);

impl Fields {
    /// Returns the fields of the query alone.
    pub fn of_query(request: &HttpRequest) -> Result<Self> {
        let mut receiver = Receiver::new(None);
        receiver.query(request)?;
        Ok(receiver.fields)
    }

    /// Returns all fields with their texts, which are trimmed.
    pub fn texts(&self) -> Result<impl Iterator<Item = (&str, &str)>> {
        let texts: Vec<_> = self
            .0
            .keys()
            .map(|name| Ok((name.as_str(), self.get(name)?.unwrap_or_default())))
            .collect::<Result<_>>()?;
        Ok(texts.into_iter())
    }

    /// Returns the trimmed text of a field. The last value counts.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        self.0
            .get(name)
            .map(|value| std::str::from_utf8(value).map(str::trim))
            .transpose()
            .map_err(|_| Error::bad(format!("The argument {name} is not UTF-8")))
    }
}

/// Reads a form without files.
pub async fn fields(request: &HttpRequest, body: web::Payload) -> Result<Fields> {
    let mut receiver = Receiver::new(None);
    receiver.query(request)?;
    Ok(receive(request, body, receiver).await?.fields)
}

/// A form with a file list, which arrived whole or has an error of its own.
pub struct Upload {
    /// The other fields.
    pub fields: Fields,
    files: Option<Result<Parcel, FileListError>>,
}

impl Upload {
    /// Returns the files, all of them durable. Fails with the protocol's message if the list is missing or wrong.
    pub fn files(self) -> Result<Parcel> {
        Ok(self
            .files
            .ok_or_else(|| Error::bad("Please supply files"))??)
    }
}

/// The places for the fields of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldsIn {
    /// In the body.
    Body,
    /// In the body, or else in the query.
    BodyOrQuery,
}

/// Reads a form with files, which go to the exchange as they arrive.
pub async fn upload(
    exchange: &Exchange,
    request: &HttpRequest,
    body: web::Payload,
    fields_in: FieldsIn,
    account: Account,
) -> Result<Upload> {
    body::admit(exchange, request).await?;
    let mut receiver = Receiver::new(Some((exchange.clone(), account)));
    if fields_in == FieldsIn::BodyOrQuery {
        receiver.query(request)?;
    }
    receive(request, body, receiver).await
}

async fn receive(
    request: &HttpRequest,
    body: web::Payload,
    mut receiver: Receiver,
) -> Result<Upload> {
    let (limit, idle) = {
        let state = AppState::of(request)?;
        (state.max_request_size, state.idle_timeout)
    };
    match Encoding::of(request) {
        Encoding::UrlEncoded => {
            let mut blocks = Blocks::of(request, body)?;
            let mut form = FormDecoder::new();
            let mut block = blocks.next().await?;
            while let Some(bytes) = block {
                let work = compute(move || {
                    let result = form.feed(&bytes, &mut |event| receiver.take(event));
                    result.map(|()| (form, receiver))
                });
                // The next block arrives while this one is decoded.
                let (worked, next) = futures_util::join!(work, blocks.next());
                (form, receiver) = worked?;
                block = next?;
                receiver.store_overflow().await?;
            }
            blocking(move || {
                form.finish(&mut |event| receiver.take(event))?;
                receiver.finish()
            })
            .await?
        }
        Encoding::Multipart => {
            let mut form = Multipart::new(request.headers(), body);
            while let Some(field) = timely(idle, form.next()).await? {
                let field = field.map_err(|error| malformed(&error, limit))?;
                receiver.begin_field(field.name().unwrap_or_default().as_bytes())?;
                let mut blocks = PartBlocks::of(field, idle, limit);
                while let Some(bytes) = blocks.next().await? {
                    receiver = compute(move || receiver.value(&bytes).map(|()| receiver)).await?;
                    receiver.store_overflow().await?;
                }
            }
            blocking(move || receiver.finish()).await?
        }
        Encoding::Other => blocking(move || receiver.finish()).await?,
    }
}

/// A part of a form, in blocks.
///
/// A body may arrive in pieces of a few bytes. Going to another thread costs more than decoding them.
pub struct PartBlocks {
    field: Field,
    idle: IdleTimeout,
    limit: u64,
    /// The part must not be asked again after its end.
    ended: bool,
}

impl PartBlocks {
    /// Returns the blocks of a part. Each block must arrive within `idle`. `limit` is the one on the request.
    pub fn of(field: Field, idle: IdleTimeout, limit: u64) -> Self {
        Self {
            field,
            idle,
            limit,
            ended: false,
        }
    }

    /// Returns the next block, or nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut block = BytesMut::new();
        while !self.ended && block.len() < BLOCK {
            match timely(self.idle, self.field.next()).await? {
                Some(chunk) => {
                    block.extend_from_slice(&chunk.map_err(|error| malformed(&error, self.limit))?);
                }
                None => self.ended = true,
            }
        }
        Ok((!block.is_empty()).then(|| block.freeze()))
    }
}

/// Writes a block of a file on a blocking thread. Bytes that do not fit in memory are stored.
pub async fn write_block(mut intake: Intake, block: Bytes) -> Result<Intake> {
    let mut intake = compute(move || {
        intake.write(&block)?;
        Ok(intake)
    })
    .await?;
    if let Some(overflow) = intake.take_overflow() {
        overflow.store().await?;
    }
    Ok(intake)
}

pub fn malformed(error: &MultipartError, limit: u64) -> Error {
    match error {
        MultipartError::Payload(error) if is_too_large(error) => Error::RequestTooLarge(limit),
        MultipartError::Payload(error) if is_too_slow(error) => Error::BodyTimeout,
        MultipartError::Payload(PayloadError::Overflow) => Error::PartHeadersTooLong(PART_HEADERS),
        MultipartError::Parse(ParseError::TooLarge) => Error::TooManyPartHeaders(MOST_PART_HEADERS),
        _ => Error::bad("The form is malformed"),
    }
}

/// The encoding of a form.
pub enum Encoding {
    UrlEncoded,
    Multipart,
    Other,
}

impl Encoding {
    pub fn of(request: &HttpRequest) -> Self {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let Some(kind) = kind else { return Self::Other };
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::UrlEncoded
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            Self::Multipart
        } else {
            Self::Other
        }
    }
}

/// Sorts the parts of a form into fields and files.
struct Receiver {
    into: Option<(Exchange, Account)>,
    fields: Fields,
    size: usize,
    current: Option<String>,
    files: Option<(FileListDecoder, Intake)>,
}

impl From<NameTooLong> for Error {
    fn from(error: NameTooLong) -> Self {
        Self::bad(error.to_string())
    }
}

impl Receiver {
    fn new(into: Option<(Exchange, Account)>) -> Self {
        Self {
            into,
            fields: Fields::default(),
            size: 0,
            current: None,
            files: None,
        }
    }

    fn query(&mut self, request: &HttpRequest) -> Result<()> {
        let mut form = FormDecoder::new();
        form.feed(request.query_string().as_bytes(), &mut |event| {
            self.take(event)
        })?;
        form.finish(&mut |event| self.take(event))
    }

    fn take(&mut self, event: FieldEvent<'_>) -> Result<()> {
        match event {
            FieldEvent::Name(name) => self.begin_field(name)?,
            FieldEvent::Value(bytes) => self.value(bytes)?,
            FieldEvent::End => self.current = None,
        }
        Ok(())
    }

    fn begin_field(&mut self, name: &[u8]) -> Result<()> {
        // No handler reads a field whose name is not UTF-8.
        let name = String::from_utf8_lossy(name).into_owned();
        match &self.into {
            // When the field is repeated, the last one counts.
            Some((exchange, account)) if name == FILES => {
                let intake = Intake::counted(exchange, account.clone());
                self.files = Some((FileListDecoder::new(), intake));
            }
            _ => {
                let earlier = self.fields.0.insert(name.clone(), Vec::new());
                match earlier {
                    Some(earlier) => self.size -= earlier.len(),
                    None => self.grow(name.len() + FIELD)?,
                }
            }
        }
        self.current = Some(name);
        Ok(())
    }

    fn grow(&mut self, bytes: usize) -> Result<()> {
        self.size += bytes;
        if self.size > MAX_FIELDS {
            return Err(Error::FieldTooLarge(MAX_FIELDS));
        }
        Ok(())
    }

    fn value(&mut self, bytes: &[u8]) -> Result<()> {
        if self.current.as_deref() == Some(FILES)
            && let Some((decoder, intake)) = self.files.as_mut()
        {
            return Ok(decoder.feed(bytes, &mut |event| match event {
                FileEvent::Begin | FileEvent::Restart => intake.begin(),
                FileEvent::Content(bytes) => intake.write(bytes),
                FileEvent::End(path) => intake.end(path),
            })?);
        }
        self.grow(bytes.len())?;
        let current = self.current.as_ref();
        if let Some(value) = current.and_then(|name| self.fields.0.get_mut(name)) {
            value.extend_from_slice(bytes);
        }
        Ok(())
    }

    async fn store_overflow(&mut self) -> Result<()> {
        let files = self.files.as_mut();
        match files.and_then(|(_, intake)| intake.take_overflow()) {
            Some(overflow) => Ok(overflow.store().await?),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<Upload> {
        let files = match self.files {
            None => None,
            Some((decoder, intake)) => Some(match decoder.finish() {
                Ok(()) => Ok(intake.finish()?),
                Err(error) => Err(error),
            }),
        };
        Ok(Upload {
            fields: self.fields,
            files,
        })
    }
}
