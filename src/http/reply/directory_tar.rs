//! Replies with the files of a directory as a tar archive, which is made while it is sent. Its listing is read in portions.

use crate::http::error::Result;
use crate::http::reply::tar::Archive;
use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use actix_web::http::header::HeaderName;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_codec::TarEncoder;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::directories::contents::{ArchiveFiles, FoundArchive};
use nbcourier_exchange::files::trees::{AHEAD, Contents, Piece, TreeFiles};
use nbcourier_exchange::{self as exchange, Exchange};
use nbcourier_work::Bug;

/// The header with the version of the directory.
const DIRECTORY_VERSION: HeaderName = HeaderName::from_static("x-directory-version");

/// An archive that is being sent.
struct Sender {
    exchange: Exchange,
    encoder: TarEncoder,
    time: Timestamp,
    rest: ArchiveFiles,
    files: TreeFiles,
    /// Whether each of the files can be executed.
    modes: Vec<bool>,
    contents: Contents,
    is_ended: bool,
}

impl Sender {
    /// Returns the next bytes, or `None` at the end. The archive gets its end only after all entries are complete.
    async fn next(&mut self) -> exchange::Result<Option<Bytes>> {
        loop {
            let pieces = self.contents.next().await?;
            if !pieces.is_empty() {
                return Ok(Some(self.write(&pieces)?));
            }
            if self.is_ended {
                return Ok(None);
            }
            if let Some((files, modes)) = self.rest.next().await? {
                self.contents = Contents::open(&self.exchange, files.clone()).await?;
                (self.files, self.modes) = (files, modes);
            } else {
                self.is_ended = true;
                let mut output = Vec::with_capacity(TarEncoder::END);
                self.encoder.finish(&mut output);
                return Ok(Some(output.into()));
            }
        }
    }

    fn write(&mut self, pieces: &[Piece]) -> exchange::Result<Bytes> {
        let mut output = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Begin(place) => {
                    let file = self.files.get(*place).zip(self.modes.get(*place));
                    let (file, executable) =
                        file.ok_or_else(|| Bug::new("a file of an archive is not listed"))?;
                    let (path, size) = (file.path.as_str(), file.blob.size);
                    self.encoder
                        .begin_with(path, size, self.time, *executable, &mut output);
                }
                Piece::Bytes(bytes) => output.extend_from_slice(bytes),
                Piece::End => self.encoder.end(&mut output),
            }
        }
        Ok(output.into())
    }
}

/// Returns a reply with the files of a version.
pub async fn archive(exchange: &Exchange, found: FoundArchive) -> Result<Archive> {
    let FoundArchive {
        version,
        digest,
        made_at,
        files,
    } = found;
    let mut sender = Sender {
        exchange: exchange.clone(),
        encoder: TarEncoder::new(),
        time: made_at,
        rest: files,
        files: TreeFiles::default(),
        modes: Vec::new(),
        contents: Contents::open(exchange, TreeFiles::default()).await?,
        is_ended: false,
    };
    // A short archive is read before the reply begins, so that damage still shows in the status.
    let mut first = Vec::new();
    while first.len() < AHEAD
        && let Some(bytes) = sender.next().await?
    {
        first.extend_from_slice(&bytes);
    }
    let mut reply = HttpResponse::Ok();
    reply.insert_header((DIRECTORY_VERSION, version.to_string()));
    if sender.is_ended {
        return Ok(Archive::new(reply, digest, first.into()));
    }
    let rest = stream::try_unfold(sender, async |mut sender| {
        let bytes = sender.next().await?;
        Ok::<_, exchange::Error>(bytes.map(|bytes| (bytes, sender)))
    });
    let first = stream::iter([Ok(Bytes::from(first))]);
    let body = first
        .chain(rest)
        .map(|part| part.map_err(Box::<dyn std::error::Error>::from));
    Ok(Archive::streamed(
        reply,
        digest,
        BodyStream::new(Box::pin(body)),
    ))
}
