//! Reads changes of a directory from a body: a document of operations, with or without bytes, or the bytes of one file.

use crate::http::error::{Error, Result};
use crate::http::openapi::{Argument, Parts};
use crate::http::request::body::unread;
use crate::http::request::json;
use crate::http::request::tree_body::{archive, content_type, receive};
use crate::http::request::tree_readers::{
    Document, DocumentReader, DocumentWithBytesReader, FileReader,
};
use actix_web::{HttpRequest, web};
use nbcourier_api::{Expected, NewChanges};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::changes::{Batch, Condition, Operation};
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::{Claim, Parcel};

/// Operations without any bytes.
const JSON: &str = "application/json";
/// Operations with the bytes that the exchange lacks.
const CHANGES_AND_BYTES: &str = "application/vnd.nbcourier.changes+x-tar";

/// A body that is a batch of operations. The handler reads it explicitly, after the checks that need no body.
pub struct ChangesBody {
    request: HttpRequest,
    body: web::Payload,
}

impl ChangesBody {
    /// Reads the operations and the bytes, which are stored then.
    pub async fn read(self, exchange: &Exchange) -> Result<(Batch, Parcel)> {
        let Self { request, body } = self;
        let intake = Intake::new(exchange);
        let (changes, parcel): (Changes, Parcel) = match content_type(&request).as_str() {
            JSON => receive(exchange, &request, body, DocumentReader::new(intake)).await?,
            CHANGES_AND_BYTES => {
                let reader = DocumentWithBytesReader::new(intake);
                receive(exchange, &request, body, reader).await?
            }
            _ => {
                return Err(Error::UnsupportedMediaType(
                    "Send the changes as application/json or application/vnd.nbcourier.changes+x-tar",
                ));
            }
        };
        Ok((changes.batch, parcel))
    }
}

unread!(ChangesBody);

impl Argument for ChangesBody {
    fn describe(parts: &mut Parts) {
        let changes = parts.taken::<NewChanges>();
        parts.body(JSON, &changes);
        parts.body(CHANGES_AND_BYTES, &archive());
        parts.fails(400, "The changes cannot be JSON decoded");
        parts.fails(400, "Incorrect request format");
        parts.fails(400, "A sentence that names a wrong path or entry");
        parts.fails(408, "The request stopped coming; nothing was stored");
        parts.fails(
            409,
            "The bytes of some files are missing (`urn:nbcourier:missing-blobs`)",
        );
        parts.fails(413, "A limit or a quota is exceeded; nothing was stored");
        parts.fails(
            415,
            "The type or the compression of the body is not supported",
        );
    }
}

/// The operations of a document, and the bytes that they name.
struct Changes {
    batch: Batch,
    claims: Vec<Claim>,
}

impl Document for Changes {
    const NAME: &'static str = "changes.json";

    fn parse(text: &[u8]) -> Result<Self> {
        let text =
            std::str::from_utf8(text).map_err(|_| Error::bad("The changes are not UTF-8"))?;
        let new: NewChanges = json::parse_explained(text, "The changes cannot be JSON decoded")?;
        let mut claims = Vec::new();
        let items = new.changes.into_items()?;
        let operations = items
            .into_iter()
            .map(|item| operation(item, &mut claims))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            batch: Batch {
                operations,
                message: new.message,
                device: new.device,
                by_precondition: false,
            },
            claims,
        })
    }

    fn take_claims(&mut self) -> Vec<Claim> {
        std::mem::take(&mut self.claims)
    }
}

fn operation(item: nbcourier_api::Operation, claims: &mut Vec<Claim>) -> Result<Operation> {
    use nbcourier_api::Operation as Item;
    Ok(match item {
        Item::Put {
            path,
            sha256,
            size,
            executable,
            expected,
        } => {
            let path = parse_path(&path)?;
            let Some(sha256) = Sha256Sum::parse(&sha256) else {
                return Err(Error::bad(format!("The sha256 of {path} is not a SHA-256")));
            };
            claims.push(Claim {
                path: path.clone(),
                sha256,
                size,
            });
            Operation::Put {
                condition: condition(&path, expected)?,
                path,
                sha256,
                executable,
            }
        }
        Item::Mkdir { path } => Operation::MakeFolder {
            path: parse_path(&path)?,
        },
        Item::Move { from, to, expected } => {
            let (from, to) = (parse_path(&from)?, parse_path(&to)?);
            Operation::Move {
                condition: condition(&to, expected)?,
                from,
                to,
            }
        }
        Item::Copy { from, to, expected } => {
            let (from, to) = (parse_path(&from)?, parse_path(&to)?);
            Operation::Copy {
                condition: condition(&to, expected)?,
                from,
                to,
            }
        }
        Item::Remove {
            path,
            recursive,
            expected,
        } => {
            let path = parse_path(&path)?;
            Operation::Remove {
                condition: condition(&path, expected)?,
                path,
                recursive,
            }
        }
    })
}

/// Parses a path in a directory. Paths with control characters are refused, since people could not tell them apart.
pub fn parse_path(text: &str) -> Result<RelativePath> {
    let path = RelativePath::parse(text)
        .ok()
        .filter(|path| !path.as_str().contains(char::is_control));
    path.ok_or_else(|| Error::bad(format!("Illegal path: {}", text.escape_debug())))
}

fn condition(path: &RelativePath, expected: Expected) -> Result<Condition> {
    Ok(match expected {
        Expected::Any => Condition::Any,
        Expected::Nothing => Condition::Absent,
        Expected::File(sum) => Condition::Is(
            Sha256Sum::parse(&sum)
                .ok_or_else(|| Error::bad(format!("The if of {path} is not a SHA-256")))?,
        ),
    })
}

/// A body that is one file, whatever its content type. The handler reads it explicitly.
pub struct FileBody {
    request: HttpRequest,
    body: web::Payload,
}

impl FileBody {
    /// Reads the bytes, which are stored then. Returns their checksum and size, and what stores them at `path`.
    pub async fn read(self, exchange: &Exchange, path: &RelativePath) -> Result<(BlobRef, Parcel)> {
        let Self { request, body } = self;
        let reader = FileReader::new(Intake::new(exchange))?;
        let (blob, intake) = receive(exchange, &request, body, reader).await?;
        let claim = Claim {
            path: path.clone(),
            sha256: blob.sha256,
            size: blob.size,
        };
        let parcel = nbcourier_work::blocking(move || intake.finish_claimed(vec![claim])).await??;
        Ok((blob, parcel))
    }
}

unread!(FileBody);

impl Argument for FileBody {
    fn describe(parts: &mut Parts) {
        let bytes = schemars::json_schema!({
            "type": "string",
            "contentMediaType": "application/octet-stream",
        });
        parts.body("application/octet-stream", &bytes);
        parts.fails(408, "The request stopped coming; nothing was stored");
        parts.fails(413, "A limit or a quota is exceeded; nothing was stored");
        parts.fails(
            415,
            "The type or the compression of the body is not supported",
        );
    }
}
