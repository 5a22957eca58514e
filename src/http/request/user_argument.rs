//! The argument `user` of a form, by which callers name themselves without a hub.

use crate::http::error::{Error, Result};
use crate::http::request::form::{Encoding, malformed};
use crate::http::state::AppState;
use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use nbcourier_codec::{FieldEvent, FormDecoder};

/// Whether the body is a form.
pub fn may_be_in_body(request: &HttpRequest) -> bool {
    !matches!(Encoding::of(request), Encoding::Other)
}

/// Returns the argument `user` from the beginning of a body. It is the whole body if it `ended`.
pub async fn at_beginning(
    request: &HttpRequest,
    beginning: &[u8],
    ended: bool,
) -> Result<Option<String>> {
    match Encoding::of(request) {
        Encoding::UrlEncoded => {
            let mut search = UserSearch::default();
            let mut form = FormDecoder::new();
            form.feed(beginning, &mut |event| search.note(event))?;
            if ended {
                form.finish(&mut |event| search.note(event))?;
            }
            search.found()
        }
        Encoding::Multipart if ended => {
            let whole = Bytes::copy_from_slice(beginning);
            in_stream(request, futures_util::stream::iter([Ok(whole)])).await
        }
        Encoding::Multipart | Encoding::Other => Ok(None),
    }
}

/// Returns the argument `user` from a whole body.
pub async fn in_stream(
    request: &HttpRequest,
    body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) -> Result<Option<String>> {
    let mut search = UserSearch::default();
    match Encoding::of(request) {
        Encoding::UrlEncoded => {
            let mut form = FormDecoder::new();
            let mut body = std::pin::pin!(body);
            while let Some(bytes) = body.next().await {
                let bytes = bytes.map_err(|_| Error::bad("The request broke off"))?;
                form.feed(&bytes, &mut |event| search.note(event))?;
            }
            form.finish(&mut |event| search.note(event))?;
        }
        Encoding::Multipart => {
            let limit = AppState::of(request)?.max_request_size;
            let mut form = Multipart::new(request.headers(), body);
            while let Some(field) = form.next().await {
                let mut field = field.map_err(|error| malformed(&error, limit))?;
                search.take(FieldEvent::Name(
                    field.name().unwrap_or_default().as_bytes(),
                ));
                while let Some(bytes) = field.next().await {
                    search.take(FieldEvent::Value(
                        &bytes.map_err(|error| malformed(&error, limit))?,
                    ));
                }
                search.take(FieldEvent::End);
            }
        }
        Encoding::Other => {}
    }
    search.found()
}

/// Searches the fields of a form for the argument `user`.
#[derive(Default)]
struct UserSearch {
    open: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
}

impl UserSearch {
    /// Number of bytes after which the rest of a name is ignored.
    const MAX: usize = 4096;

    fn take(&mut self, event: FieldEvent<'_>) {
        match event {
            FieldEvent::Name(name) => self.open = (name == b"user").then(Vec::new),
            FieldEvent::Value(bytes) => {
                if let Some(value) = self.open.as_mut().filter(|value| value.len() < Self::MAX) {
                    value.extend_from_slice(&bytes[..bytes.len().min(Self::MAX)]);
                }
            }
            FieldEvent::End => {
                if let Some(value) = self.open.take() {
                    self.last = Some(value);
                }
            }
        }
    }

    // The decoder expects this signature.
    #[allow(clippy::unnecessary_wraps, reason = "the decoder asks for a result")]
    fn note(&mut self, event: FieldEvent<'_>) -> Result<()> {
        self.take(event);
        Ok(())
    }

    fn found(self) -> Result<Option<String>> {
        self.last
            .map(String::from_utf8)
            .transpose()
            .map_err(|_| Error::bad("The argument user is not UTF-8"))
    }
}
