//! Listings: JSON that grows with a course. They are written on a blocking thread, and compressed when that pays.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Answer, Parts};
use actix_web::body::{BodyStream, BoxBody, SizedStream};
use actix_web::http::header::{self, ContentType, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use bytes::Bytes;
use futures_util::stream::LocalBoxStream;
use futures_util::{StreamExt, stream};
use nbcourier_domain::Sha256Sum;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::marker::PhantomData;

/// Minimum length of a listing that is compressed, in bytes. Compressing a shorter one costs more than it saves.
const WORTH_COMPRESSING: usize = 16 * 1024;
/// Number of bytes that are sent at a time.
const CHUNK: usize = 128 * 1024;

/// The bytes of a reply, which are produced while it is sent.
pub type Pieces = LocalBoxStream<'static, Result<Bytes>>;

/// Produces the last member of a listing piece by piece.
pub trait Tail: Sized + 'static {
    /// Returns the next piece, or `None` at the end. Fails when the rest cannot be read.
    fn next(self) -> impl Future<Output = Result<Option<(Self, Bytes)>>>;
}

/// Maximum number of lines that are written at once. That is faster than going to another thread.
const FEW: usize = 100;

/// Runs the work that writes this many lines: at once for a few, on a blocking thread for many.
pub async fn write<T: Send + 'static>(
    lines: usize,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if lines <= FEW {
        work()
    } else {
        compute(work).await
    }
}

/// Returns a listing of the ngshare protocol, with its lines in the member `name`. It is read in portions: the first
/// before the reply begins, the others while the reply is sent. `read` takes the beginning of a portion and returns its
/// lines and the beginning of the next one.
///
/// The paths in [`ADDRESSES`] pass through the compressing middleware. It leaves replies alone that name their
/// encoding.
pub async fn streamed<L, C>(
    name: &'static str,
    mut read: impl AsyncFnMut(Option<C>) -> Result<(Vec<L>, Option<C>)> + 'static,
) -> Result<HttpResponse>
where
    L: Serialize + Send + 'static,
    C: 'static,
{
    let (lines, next) = read(None).await?;
    let mut first = format!(r#"{{"success":true,"{name}":["#).into_bytes();
    first = write(lines.len(), move || append(first, &lines, true)).await?;
    let Some(next) = next else {
        first.extend_from_slice(b"]}");
        return Ok(whole(HttpResponse::Ok(), first.into()));
    };
    let rest = stream::try_unfold((read, Some(next)), async |(mut read, place)| {
        let Some(place) = place else {
            return Ok(None);
        };
        let (lines, next) = read(Some(place)).await?;
        let is_last = next.is_none();
        let piece = write(lines.len(), move || {
            let mut piece = append(Vec::new(), &lines, false)?;
            if is_last {
                piece.extend_from_slice(b"]}");
            }
            Ok(piece)
        });
        Ok(Some((Bytes::from(piece.await?), (read, next))))
    });
    let pieces = stream::iter([Ok(first.into())]).chain(rest).boxed_local();
    let mut response = HttpResponse::Ok();
    response.insert_header(ContentType::json());
    Ok(response.body(BodyStream::new(broken_off(pieces))))
}

/// Appends lines of a JSON list to the JSON before them.
fn append(mut json: Vec<u8>, lines: &[impl Serialize], mut is_first: bool) -> Result<Vec<u8>> {
    for line in lines {
        if !is_first {
            json.push(b',');
        }
        is_first = false;
        serde_json::to_writer(&mut json, line).map_err(Error::unwritable)?;
    }
    Ok(json)
}

/// A listing of `v1/`, ready to be sent. Its entity tag depends on its content. The files of trees are not part of
/// that: the digests of the trees stand for them.
struct Prepared {
    json: Bytes,
    tag: EntityTag,
    tail: Option<Pieces>,
}

impl Prepared {
    /// Builds the listing with this many lines, and computes its tag.
    pub async fn new<T: Serialize>(
        lines: usize,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self> {
        let (json, sum) = write(lines, move || {
            let json = serde_json::to_vec(&make()).map_err(Error::unwritable)?;
            let sum = Sha256Sum(Sha256::digest(&json).into());
            Ok((json, sum))
        })
        .await?;
        Ok(Self {
            json: json.into(),
            // A weak tag, since the reply may be compressed in several ways.
            tag: EntityTag::new_weak(sum.to_string()),
            tail: None,
        })
    }

    /// Builds the listing with one more member at its end.
    pub async fn with_tail<T: Serialize>(
        lines: usize,
        make: impl FnOnce() -> T + Send + 'static,
        tail: impl Tail,
    ) -> Result<Self> {
        let mut prepared = Self::new(lines, make).await?;
        // The reply with the files differs from the one without.
        let tag = format!("{}+", prepared.tag.tag());
        prepared.tag = EntityTag::new_weak(tag);
        let open = prepared.json.slice(..prepared.json.len().saturating_sub(1));
        prepared.json = open;
        let tail = stream::try_unfold(tail, async |tail| {
            let next = tail.next().await?;
            Ok(next.map(|(tail, piece)| (piece, tail)))
        });
        let end = stream::iter([Ok(Bytes::from_static(b"}"))]);
        prepared.tail = Some(tail.chain(end).boxed_local());
        Ok(prepared)
    }

    /// Returns the reply: the listing, or 304 if the client has it already (RFC 9110, section 13.1.2).
    pub fn into_reply(self, request: &HttpRequest) -> HttpResponse {
        let is_known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&self.tag)),
            Err(_) => false,
        };
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response.insert_header((header::ETAG, self.tag.to_string()));
        // The caller may keep the reply, and must revalidate it each time.
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        if is_known {
            return response
                .insert_header((header::CONTENT_ENCODING, "identity"))
                .finish();
        }
        let Some(tail) = self.tail else {
            return whole(response, self.json);
        };
        let pieces = stream::iter([Ok(self.json)]).chain(broken_off(tail));
        response
            .insert_header(ContentType::json())
            .body(BodyStream::new(pieces))
    }
}

/// JSON that may be long and is asked for often. It has an `ETag`, and clients that have it already get 304.
pub struct Listing<T>(Prepared, PhantomData<T>);

impl<T: Serialize> Listing<T> {
    /// Returns a listing of this many lines. `make` runs where the listing is written, as a whole.
    pub async fn of(lines: usize, make: impl FnOnce() -> T + Send + 'static) -> Result<Self> {
        Ok(Self(Prepared::new(lines, make).await?, PhantomData))
    }

    /// Returns a listing of this many lines. Its last member is written while it is sent.
    pub async fn with_tail(
        lines: usize,
        make: impl FnOnce() -> T + Send + 'static,
        tail: impl Tail,
    ) -> Result<Self> {
        let prepared = Prepared::with_tail(lines, make, tail).await?;
        Ok(Self(prepared, PhantomData))
    }
}

impl<T> Responder for Listing<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.into_reply(request)
    }
}

impl<T: Serialize + JsonSchema + 'static> Answer for Listing<T> {
    const GROWS: bool = true;

    fn describe(parts: &mut Parts) {
        parts.in_header(
            "If-None-Match",
            "The `ETag` of an earlier reply.",
            &serde_json::json!({ "type": "string" }),
        );
        parts.replies_json::<T>(200, "The requested data.");
        parts.with_header(200, "ETag", "It changes when the listing changes.");
        parts.replies_empty(
            304,
            "The listing has not changed since the reply with this `ETag`.",
        );
        parts.with_header(304, "ETag", "The same `ETag`.");
    }
}

/// Returns the pieces of a body. A failed piece ends the connection.
pub fn broken_off(
    pieces: Pieces,
) -> impl futures_util::Stream<Item = Result<Bytes, Box<dyn std::error::Error>>> {
    pieces.map(|piece| piece.map_err(Into::into))
}

fn whole(mut response: HttpResponseBuilder, json: Bytes) -> HttpResponse {
    response.insert_header(ContentType::json());
    if json.len() < WORTH_COMPRESSING {
        response.insert_header((header::CONTENT_ENCODING, "identity"));
        return response.body(json);
    }
    let length = json.len() as u64;
    // In pieces, so that each is compressed by itself and no worker writes the whole listing at once.
    let pieces = stream::unfold(json, async |mut rest| {
        if rest.is_empty() {
            return None;
        }
        let piece = rest.split_to(rest.len().min(CHUNK));
        Some((Ok::<_, Box<dyn std::error::Error>>(piece), rest))
    });
    response.body(SizedStream::new(length, pieces.boxed_local()))
}
