//! Replies that are noted as seen by their reader, once they were sent.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use nbcourier_exchange::seen::Seen;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Returns the reply. Once its whole body was sent, it notes what the reader sees. A reply that breaks off is not noted.
pub fn noting(reply: HttpResponse, seen: Seen) -> HttpResponse {
    if seen.is_nothing() {
        return reply;
    }
    // An empty body is never asked for bytes.
    if matches!(reply.body().size(), BodySize::None | BodySize::Sized(0)) {
        seen.note();
        return reply;
    }
    reply.map_body(|_, body| {
        BoxBody::new(Noting {
            body,
            seen: Some(seen),
        })
    })
}

/// A body, and what its reader sees.
struct Noting {
    body: BoxBody,
    seen: Option<Seen>,
}

impl MessageBody for Noting {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        if matches!(next, Poll::Ready(None))
            && let Some(seen) = self.seen.take()
        {
            seen.note();
        }
        next
    }
}
