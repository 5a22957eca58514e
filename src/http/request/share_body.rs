//! Reads a page to be shared from a multipart form: the part `page`, and the optional part `source`.
//!
//! As with other forms, the bytes are hashed and stored on a blocking thread while the next ones arrive.

use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use crate::http::request::body::{self, timely, unread};
use crate::http::request::form::{Encoding, PartBlocks, malformed, write_block};
use crate::http::state::AppState;
use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use nbcourier_domain::{BlobRef, LONGEST_SHARED, RelativePath};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Claim;
use nbcourier_exchange::shares::SentPage;
use nbcourier_work::{Bug, blocking};

const PAGE: &str = "page";
const SOURCE: &str = "source";
/// Maximum number of parts. Parts with other names are ignored.
const MOST_PARTS: usize = 16;

/// A body with a page to be shared. The handler reads it explicitly, after the checks that need no body.
pub struct ShareBody {
    request: HttpRequest,
    body: web::Payload,
}

unread!(ShareBody);

impl Argument for ShareBody {
    fn describe(parts: &mut Parts) {
        let file = |kind: &str| serde_json::json!({ "type": "string", "contentMediaType": kind });
        let form = schemars::json_schema!({
            "type": "object",
            "required": [PAGE],
            "properties": {
                PAGE: file("text/html"),
                SOURCE: file("application/x-ipynb+json"),
            },
        });
        parts.body("multipart/form-data", &form);
        parts.fails(400, "Please supply page");
        parts.fails(400, "The form is malformed");
        parts.fails(408, "The request stopped coming; nothing was stored");
        parts.fails(413, "A limit or a quota is exceeded; nothing was stored");
        parts.fails(
            415,
            "Send the page as text/html in the part page of multipart/form-data",
        );
    }
}

/// The files that have arrived.
#[derive(Default)]
struct Arrived {
    page: Option<BlobRef>,
    source: Option<BlobRef>,
    names: Vec<String>,
}

impl ShareBody {
    /// Reads the page. All of it is durable then, or waits for a bucket.
    pub async fn read(self, exchange: &Exchange) -> Result<SentPage> {
        let Self { request, body } = self;
        let wrong_kind = || {
            Error::UnsupportedMediaType(
                "Send the page as text/html in the part page of multipart/form-data",
            )
        };
        if !matches!(Encoding::of(&request), Encoding::Multipart) {
            return Err(wrong_kind());
        }
        body::admit(exchange, &request).await?;
        let (limit, idle) = {
            let state = AppState::of(&request)?;
            (state.max_request_size, state.idle_timeout)
        };
        let mut form = Multipart::new(request.headers(), body);
        let mut intake = Intake::new(exchange);
        let mut arrived = Arrived::default();
        let mut parts = 0;
        while let Some(field) = timely(idle, form.next()).await? {
            let field = field.map_err(|error| malformed(&error, limit))?;
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Error::bad("The form is malformed"));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let place = match name.as_str() {
                PAGE => &mut arrived.page,
                SOURCE => &mut arrived.source,
                _ => continue,
            };
            if place.is_some() {
                return Err(Error::bad(format!("The form has two parts {name}")));
            }
            let is_html = field
                .content_type()
                .is_some_and(|kind| kind.essence_str().eq_ignore_ascii_case("text/html"));
            if name == PAGE && !is_html {
                return Err(wrong_kind());
            }
            let given = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename());
            arrived.names.extend(given.map(str::to_owned));
            let (received, blob) = receive(&request, intake, field).await?;
            intake = received;
            *place = Some(blob);
        }
        let page = arrived
            .page
            .ok_or_else(|| Error::bad("Please supply page"))?;
        let source = arrived.source;
        let mut claims = vec![claim(PAGE, page)?];
        if let Some(source) = source {
            claims.push(claim(SOURCE, source)?);
        }
        let parcel = blocking(move || intake.finish_claimed(claims)).await??;
        Ok(SentPage {
            parcel,
            page: page.sha256,
            source: source.map(|source| source.sha256),
            names: arrived.names,
        })
    }
}

/// Returns the claim of a file that has arrived.
fn claim(part: &str, blob: BlobRef) -> Result<Claim> {
    Ok(Claim {
        path: RelativePath::parse(part).map_err(Bug::new)?,
        sha256: blob.sha256,
        size: blob.size,
    })
}

/// Receives one file. Returns its checksum and its size.
async fn receive(
    request: &HttpRequest,
    mut intake: Intake,
    field: Field,
) -> Result<(Intake, BlobRef)> {
    let (limit, idle) = {
        let state = AppState::of(request)?;
        (state.max_request_size, state.idle_timeout)
    };
    intake.begin()?;
    let mut size = 0_u64;
    let mut blocks = PartBlocks::of(field, idle, limit);
    while let Some(block) = blocks.next().await? {
        size += block.len() as u64;
        if size > LONGEST_SHARED {
            return Err(nbcourier_exchange::Error::FileTooLarge(LONGEST_SHARED).into());
        }
        intake = write_block(intake, block).await?;
    }
    compute(move || {
        let blob = intake.end_unplaced();
        let blob = blob.ok_or_else(|| Bug::new("a file ended that had not begun"))?;
        Ok((intake, blob))
    })
    .await
}
