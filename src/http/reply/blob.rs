//! Replies with one stored file, or a range of it. A browser saves them and never shows them.

use crate::http::error::{Error, Result};
use crate::http::openapi::{Answer, Parts};
use crate::http::reply::download::{as_file, contents};
use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::header::{
    self, ByteRangeSpec, EntityTag, Header as _, HeaderName, IfNoneMatch,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use bytes::Bytes;
use futures_util::stream;
use nbcourier_exchange::directories::contents::FoundFile;
use nbcourier_exchange::files::ranges::Ranged;
use nbcourier_exchange::{self as exchange, Exchange};

/// The header with the version of the directory.
const DIRECTORY_VERSION: HeaderName = HeaderName::from_static("x-directory-version");
/// The header that keeps pages of other origins from reading the file (Fetch standard, CORP).
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A reply with a file.
pub struct FileReply(HttpResponse);

impl Responder for FileReply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl Answer for FileReply {
    const GROWS: bool = true;

    fn describe(parts: &mut Parts) {
        let bytes = schemars::json_schema!({
            "type": "string",
            "contentMediaType": "application/octet-stream",
        });
        let text = serde_json::json!({ "type": "string" });
        parts.in_header("Range", "One range of bytes.", &text);
        parts.in_header("If-Range", "The `ETag` of an earlier reply.", &text);
        parts.in_header("If-None-Match", "The `ETag` of an earlier reply.", &text);
        for (status, description) in [(200, "The bytes."), (206, "The bytes of the range.")] {
            parts.replies(status, description, "application/octet-stream", &bytes);
            parts.with_header(status, "ETag", "The SHA-256 of the file.");
            parts.with_header(
                status,
                "X-Directory-Version",
                "The version of the directory.",
            );
        }
        parts.replies_empty(304, "The file has the `ETag` of the request.");
        parts.fails(416, "The file has no such range");
    }
}

/// Returns the reply with a file: all of it, a range of it, or only the headers.
pub async fn file(
    exchange: &Exchange,
    request: &HttpRequest,
    path: &str,
    found: FoundFile,
) -> Result<FileReply> {
    let (sum, size) = (found.file.blob.sha256, found.file.blob.size);
    let tag = EntityTag::new_strong(sum.to_string());
    let begin = |status: StatusCode| {
        let mut reply = HttpResponse::build(status);
        reply
            .insert_header((header::ETAG, tag.to_string()))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header((DIRECTORY_VERSION, found.version.to_string()))
            .insert_header((header::CONTENT_ENCODING, "identity"));
        reply
    };
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    if is_known {
        return Ok(FileReply(begin(StatusCode::NOT_MODIFIED).finish()));
    }
    let range = range(request, &tag, size)?;
    let mut reply = begin(if range.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    });
    let name = path.rsplit('/').next().unwrap_or(path);
    as_file(&mut reply, name);
    reply
        .content_type("application/octet-stream")
        .insert_header((RESOURCE_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    let (first, last) = range.unwrap_or((0, size.saturating_sub(1)));
    if range.is_some() {
        let value = format!("bytes {first}-{last}/{size}");
        reply.insert_header((header::CONTENT_RANGE, value));
    }
    if request.method() == Method::HEAD {
        let length = if range.is_some() {
            last - first + 1
        } else {
            size
        };
        // The body is only as long as the reply to a GET request would be. It is not sent.
        let nothing = stream::empty::<Result<Bytes, Box<dyn std::error::Error>>>();
        return Ok(FileReply(reply.body(SizedStream::new(length, nothing))));
    }
    if range.is_none() {
        let whole = contents(exchange, reply, Bytes::new(), found.contents);
        return whole.await.map(FileReply);
    }
    ranged(exchange, reply, found, (first, last - first + 1)).await
}

async fn ranged(
    exchange: &Exchange,
    mut reply: HttpResponseBuilder,
    found: FoundFile,
    (first, length): (u64, u64),
) -> Result<FileReply> {
    let mut ranged = Ranged::open(exchange, found.contents, first, length).await?;
    // Damage still shows in the status.
    let begin = ranged.next().await?.unwrap_or_default();
    let rest = stream::try_unfold((ranged, Some(begin)), async |(mut ranged, first)| {
        let piece = match first {
            Some(first) => Some(first),
            None => ranged.next().await?,
        };
        Ok::<_, exchange::Error>(piece.map(|piece| (piece, (ranged, None))))
    });
    let body = futures_util::StreamExt::map(rest, |piece| {
        piece.map_err(Box::<dyn std::error::Error>::from)
    });
    Ok(FileReply(
        reply.body(SizedStream::new(length, Box::pin(body))),
    ))
}

/// Returns the first and the last byte of the range that the request wants, or `None` for the whole file. Several ranges
/// at once are answered with the whole file, as RFC 9110 (section 14.2) allows.
fn range(request: &HttpRequest, tag: &EntityTag, size: u64) -> Result<Option<(u64, u64)>> {
    if !request.headers().contains_key(header::RANGE) {
        return Ok(None);
    }
    if let Some(condition) = request.headers().get(header::IF_RANGE)
        && condition.to_str().ok() != Some(tag.to_string().as_str())
    {
        return Ok(None);
    }
    let Ok(header::Range::Bytes(ranges)) = header::Range::parse(request) else {
        return Ok(None);
    };
    let [range] = ranges.as_slice() else {
        return Ok(None);
    };
    let is_empty = matches!(range, ByteRangeSpec::Last(0));
    let satisfiable = range.to_satisfiable_range(size).filter(|_| !is_empty);
    satisfiable.map(Some).ok_or(Error::NoSuchRange(size))
}
