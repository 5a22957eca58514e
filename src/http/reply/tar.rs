//! Replies with trees as tar archives, which are made while they are sent.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Answer, Parts};
use crate::http::reply::seen::noting;
use actix_web::body::{BodyStream, BoxBody, MessageBody, SizedStream};
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_codec::TarEncoder;
use nbcourier_domain::{Sha256Sum, Timestamp};
use nbcourier_exchange::files::trees::{
    AHEAD, Bundle, Contents, FoundTree, Piece, SubmissionTree, TreeFile, TreeFiles,
};
use nbcourier_exchange::seen::Seen;
use nbcourier_exchange::{self as exchange, Exchange};
use schemars::{JsonSchema, Schema};
use std::marker::PhantomData;

/// The content type of an archive.
const CONTENT_TYPE: &str = "application/x-tar";
/// The header with the digest of the tree.
const TREE_DIGEST: HeaderName = HeaderName::from_static("x-tree-digest");
/// The first entry of an archive of many trees. It describes them.
const MANIFEST: &str = "manifest.json";
/// Minimum length of an archive that is compressed, in bytes. Compressing a shorter one costs more than it saves.
const WORTH_COMPRESSING: u64 = 16 * 1024;

/// A reply with an archive of one tree. It is compressed for clients that accept it, since notebooks are text.
pub struct Archive(HttpResponse);

impl Archive {
    /// Returns a reply with a whole archive. `reply` has its other headers.
    pub fn new(mut reply: HttpResponseBuilder, digest: Sha256Sum, archive: Bytes) -> Self {
        if (archive.len() as u64) < WORTH_COMPRESSING {
            reply.insert_header((header::CONTENT_ENCODING, "identity"));
        }
        Self::streamed(reply, digest, BoxBody::new(archive))
    }

    /// Returns a reply with an archive that is made while it is sent.
    pub fn streamed(
        mut reply: HttpResponseBuilder,
        digest: Sha256Sum,
        body: impl MessageBody + 'static,
    ) -> Self {
        reply.insert_header((TREE_DIGEST, digest.to_string()));
        Self(reply.content_type(CONTENT_TYPE).body(body))
    }
}

impl Responder for Archive {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl Answer for Archive {
    const GROWS: bool = true;

    fn describe(parts: &mut Parts) {
        parts.replies(200, "A tar archive of the files.", CONTENT_TYPE, &binary());
        parts.with_header(200, "X-Tree-Digest", "The digest of the tree.");
    }
}

/// A reply with an archive of many trees. Its first entry is the manifest `M`, which describes them.
pub struct Bundled<M>(HttpResponse, PhantomData<M>);

impl<M> Responder for Bundled<M> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl<M: JsonSchema + 'static> Answer for Bundled<M> {
    const GROWS: bool = true;

    fn describe(parts: &mut Parts) {
        let mut schema = binary();
        let manifest = parts.replied::<M>();
        schema.insert("x-manifest".to_owned(), manifest.to_value());
        parts.replies(
            200,
            "A tar archive: `manifest.json`, then `ID/PATH` for each file.",
            CONTENT_TYPE,
            &schema,
        );
    }
}

fn binary() -> Schema {
    schemars::json_schema!({ "type": "string", "contentMediaType": CONTENT_TYPE })
}

impl<M> Bundled<M> {
    /// Returns the reply, which is noted as seen once it was sent.
    pub fn noting(self, seen: Seen) -> Self {
        Self(noting(self.0, seen), PhantomData)
    }
}

/// Returns a reply with one tree. It is noted as seen once it was sent.
pub async fn tree(exchange: &Exchange, found: FoundTree) -> Result<Archive> {
    let FoundTree {
        digest,
        time,
        files,
        seen,
    } = found;
    let entries: Vec<Entry> = files
        .iter()
        .map(|file| Entry::new(file.path.as_str().to_owned(), file, time))
        .collect();
    let of_entries: u64 = entries
        .iter()
        .map(|entry| TarEncoder::encoded_len(&entry.path, entry.size))
        .sum();
    let size = of_entries + TarEncoder::END as u64;
    let mut archive = Sender {
        encoder: TarEncoder::new(),
        entries,
        contents: Contents::open(exchange, files).await?,
        rest: Bundle::new(exchange, Vec::new()),
        exchange: exchange.clone(),
        ended: false,
    };
    // A short archive is read before the reply begins, so that damage still shows in the status.
    let first = archive.ahead().await?;
    let mut reply = HttpResponse::Ok();
    reply.insert_header((TREE_DIGEST, digest.to_string()));
    if size < WORTH_COMPRESSING {
        reply.insert_header((header::CONTENT_ENCODING, "identity"));
    }
    let body = SizedStream::new(size, archive.into_stream(first));
    let reply = reply.content_type(CONTENT_TYPE).body(body);
    Ok(Archive(noting(reply, seen)))
}

/// Returns a reply with many trees, each below the ID of its submission, and the manifest that describes them.
pub async fn bundle<M: serde::Serialize + Send + 'static>(
    exchange: &Exchange,
    manifest: M,
    trees: Vec<SubmissionTree>,
) -> Result<Bundled<M>> {
    let manifest =
        compute(move || serde_json::to_vec(&manifest).map_err(Error::unwritable)).await?;
    let mut archive = Sender {
        encoder: TarEncoder::new(),
        entries: Vec::new(),
        contents: Contents::open(exchange, TreeFiles::default()).await?,
        rest: Bundle::new(exchange, trees),
        exchange: exchange.clone(),
        ended: false,
    };
    let mut first = Vec::new();
    let size = manifest.len() as u64;
    archive
        .encoder
        .begin(MANIFEST, size, Timestamp::now(), &mut first);
    first.extend_from_slice(&manifest);
    archive.encoder.end(&mut first);
    while first.len() < AHEAD
        && let Some(bytes) = archive.next().await?
    {
        first.extend_from_slice(&bytes);
    }
    let body: BoxBody = if archive.ended {
        BoxBody::new(first)
    } else {
        BoxBody::new(BodyStream::new(archive.into_stream(Some(first.into()))))
    };
    let reply = HttpResponse::Ok().content_type(CONTENT_TYPE).body(body);
    Ok(Bundled(reply, PhantomData))
}

/// The header of a file in an archive.
struct Entry {
    path: String,
    size: u64,
    time: Timestamp,
}

impl Entry {
    fn new(path: String, file: TreeFile<'_>, time: Timestamp) -> Self {
        Self {
            path,
            size: file.blob.size,
            time,
        }
    }
}

/// An archive that is being sent.
struct Sender {
    exchange: Exchange,
    encoder: TarEncoder,
    /// The files that are being sent.
    entries: Vec<Entry>,
    /// The contents of these files.
    contents: Contents,
    /// The trees that follow.
    rest: Bundle,
    ended: bool,
}

impl Sender {
    /// Returns the bytes to send first.
    async fn ahead(&mut self) -> exchange::Result<Option<Bytes>> {
        let pieces = self.contents.ahead().await?;
        if pieces.is_empty() {
            return self.next().await;
        }
        Ok(Some(self.write(&pieces)))
    }

    /// Returns the next bytes, or `None` at the end. The archive gets its end only after all entries are complete.
    async fn next(&mut self) -> exchange::Result<Option<Bytes>> {
        loop {
            let pieces = self.contents.next().await?;
            if !pieces.is_empty() {
                return Ok(Some(self.write(&pieces)));
            }
            if self.ended {
                return Ok(None);
            }
            let more = self.rest.next().await?;
            if more.is_empty() {
                self.ended = true;
                let mut output = Vec::with_capacity(TarEncoder::END);
                self.encoder.finish(&mut output);
                return Ok(Some(output.into()));
            }
            self.entries = Vec::new();
            for (tree, files) in &more {
                for file in files.iter() {
                    let path = format!("{}/{}", tree.submission, file.path);
                    self.entries.push(Entry::new(path, file, tree.time));
                }
            }
            let files = more.into_iter().map(|(_, files)| files);
            self.contents = Contents::open_many(&self.exchange, files).await?;
        }
    }

    fn write(&mut self, pieces: &[Piece]) -> Bytes {
        let mut output = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Begin(place) => {
                    let Entry { path, size, time } = &self.entries[*place];
                    self.encoder.begin(path, *size, *time, &mut output);
                }
                Piece::Bytes(bytes) => output.extend_from_slice(bytes),
                Piece::End => self.encoder.end(&mut output),
            }
        }
        output.into()
    }

    /// Returns the rest of the archive as a stream that begins with `first`.
    fn into_stream(
        self,
        first: Option<Bytes>,
    ) -> impl futures_util::Stream<Item = Result<Bytes, Box<dyn std::error::Error>>> {
        let rest = stream::try_unfold(self, |mut archive| async move {
            let bytes = archive.next().await?;
            Ok::<_, exchange::Error>(bytes.map(|bytes| (bytes, archive)))
        });
        stream::iter(first.map(Ok))
            .chain(rest)
            .map(|part| part.map_err(Into::into))
    }
}
