//! The files of a form, as a browser sends them: fields first, then files, each streamed into the exchange.

use super::form::{Fields, TOKEN_FIELD};
use super::reader::Reader;
use crate::http::error::{Error, Result};
use crate::http::request::body::{self, timely, unread};
use crate::http::request::form::{PartBlocks, malformed, write_block};
use crate::http::state::AppState;
use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, web};
use bytes::BytesMut;
use futures_util::StreamExt;
use nbcourier_auth::{AuthError, SentForm};
use nbcourier_codec::PathSet;
use nbcourier_domain::RelativePath;
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_exchange::{Account, Exchange};
use nbcourier_work::blocking;

/// Maximum size in bytes of a field that is no file.
const LONGEST_FIELD: usize = 4096;
/// Maximum number of fields that are no files.
const MOST_FIELDS: usize = 20;
/// The field of single files.
const FILES: &str = "files";
/// The field of a chosen folder, whose own name is no part of the paths.
const FOLDER: &str = "folder";

/// A form with files that has not been read yet.
pub struct UploadForm {
    request: HttpRequest,
    body: web::Payload,
}

unread!(UploadForm);

/// A form whose fields were read, and which one of our pages held. Its files follow.
pub struct Begun {
    /// The sender.
    pub reader: Reader,
    /// The fields before the files.
    pub fields: Fields,
    files: Files,
}

/// The files of a form.
pub struct Uploaded {
    /// The files, all of them durable.
    pub parcel: Parcel,
    /// Their names.
    pub names: Vec<RelativePath>,
}

impl UploadForm {
    /// Reads the fields before the first file.
    pub async fn begin(self) -> Result<Begun> {
        let Self { request, body } = self;
        let sent = SentForm::of(&request).ok_or(AuthError::Anonymous)?;
        let (limit, idle) = {
            let state = AppState::of(&request)?;
            (state.max_request_size, state.idle_timeout)
        };
        let mut form = Multipart::new(request.headers(), body);
        let mut fields = Vec::new();
        let mut first = None;
        while let Some(field) = timely(idle, form.next()).await? {
            let mut field = field.map_err(|error| malformed(&error, limit))?;
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILES || name == FOLDER {
                first = Some(field);
                break;
            }
            if fields.len() >= MOST_FIELDS {
                return Err(Error::bad("The form is malformed"));
            }
            let mut value = BytesMut::new();
            while let Some(chunk) = timely(idle, field.next()).await? {
                value.extend_from_slice(&chunk.map_err(|error| malformed(&error, limit))?);
                if value.len() > LONGEST_FIELD {
                    return Err(Error::FieldTooLarge(LONGEST_FIELD));
                }
            }
            let value = String::from_utf8(value.to_vec());
            fields.push((
                name,
                value.map_err(|_| Error::bad("The form is malformed"))?,
            ));
        }
        let fields = Fields::new(fields);
        let token = fields.has(TOKEN_FIELD).then(|| fields.text(TOKEN_FIELD));
        let caller = {
            let state = AppState::of(&request)?;
            sent.check(&state.authenticator, &request, token).await?
        };
        caller.clone().attach(&request);
        Ok(Begun {
            reader: Reader::of(&request, Some(caller))?,
            fields,
            files: Files {
                request,
                form,
                first,
            },
        })
    }
}

impl Begun {
    /// Reads the files, which count against the quotas of the account. Returns them with the sender, to whom the form may
    /// come back.
    pub async fn read(self, exchange: &Exchange, account: Account) -> (Reader, Result<Uploaded>) {
        self.receive(exchange, Intake::counted(exchange, account))
            .await
    }

    /// Does what [`Self::read`] does with files of a directory, whose quotas count when they are named.
    pub async fn read_uncounted(self, exchange: &Exchange) -> (Reader, Result<Uploaded>) {
        self.receive(exchange, Intake::new(exchange)).await
    }

    async fn receive(self, exchange: &Exchange, intake: Intake) -> (Reader, Result<Uploaded>) {
        let stored = self.files.store(exchange, intake).await;
        (self.reader, stored)
    }
}

/// The files of a form that have not been read yet.
struct Files {
    request: HttpRequest,
    form: Multipart,
    first: Option<Field>,
}

impl Files {
    async fn store(self, exchange: &Exchange, mut intake: Intake) -> Result<Uploaded> {
        let Self {
            request,
            mut form,
            mut first,
        } = self;
        body::admit(exchange, &request).await?;
        let (limit, idle) = {
            let state = AppState::of(&request)?;
            (state.max_request_size, state.idle_timeout)
        };
        let mut names: Vec<RelativePath> = Vec::new();
        let mut paths = PathSet::default();
        loop {
            let field = match first.take() {
                Some(field) => Some(field),
                None => match timely(idle, form.next()).await? {
                    Some(field) => Some(field.map_err(|error| malformed(&error, limit))?),
                    None => None,
                },
            };
            let Some(field) = field else { break };
            let kind = field.name().unwrap_or_default().to_owned();
            let given = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename())
                .unwrap_or_default()
                .to_owned();
            let is_file = (kind == FILES || kind == FOLDER) && !given.is_empty();
            let path = is_file
                .then(|| path_of(&given, kind == FOLDER))
                .transpose()?;
            if path.is_some() {
                intake.begin()?;
            }
            let mut blocks = PartBlocks::of(field, idle, limit);
            while let Some(block) = blocks.next().await? {
                if path.is_some() {
                    intake = write_block(intake, block).await?;
                }
            }
            if let Some(path) = path {
                let fits = paths.insert(&path);
                fits.map_err(|_| Error::bad(format!("Two files have the name {path}")))?;
                names.push(path.clone());
                intake.end(path)?;
            }
        }
        let parcel = blocking(move || intake.finish()).await??;
        Ok(Uploaded { parcel, names })
    }
}

/// Returns the path of a file. A browser sends the path within a chosen folder; of a single file, only the name counts.
fn path_of(given: &str, in_folder: bool) -> Result<RelativePath> {
    let given = given.replace('\\', "/");
    let path = if in_folder {
        given
            .split_once('/')
            .map_or(given.as_str(), |(_, rest)| rest)
    } else {
        given.rsplit('/').next().unwrap_or(&given)
    };
    RelativePath::parse(path)
        .map_err(|_| Error::bad(format!("{given:?} cannot be the name of a file here")))
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_file_has_its_name_and_a_folder_gives_paths() {
        let path = |given, in_folder| path_of(given, in_folder).map(|path| path.to_string()).ok();
        assert_eq!(
            path("problem1.ipynb", false).as_deref(),
            Some("problem1.ipynb")
        );
        assert_eq!(
            path("C:\\fakepath\\p.ipynb", false).as_deref(),
            Some("p.ipynb")
        );
        assert_eq!(
            path("ps1/data/values.csv", true).as_deref(),
            Some("data/values.csv")
        );
        assert_eq!(path("p.ipynb", true).as_deref(), Some("p.ipynb"));
        for bad in ["ps1/../x", "ps1//x", "ps1/"] {
            assert_eq!(path(bad, true), None, "{bad}");
        }
        assert_eq!(path("..", false), None);
    }
}
