//! Changes of the files of a directory by forms: uploads, new folders, removals and copies. Each makes one version.

use super::facts;
use super::folder::{self, Wrong};
use super::{address_of, done, number, parse_folder};
use crate::http::error::{Error, Result};
use crate::http::pages::failure::reason;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::reader::Reader;
use crate::http::pages::uploaded::{UploadForm, Uploaded};
use crate::http::pages::view::View;
use crate::http::request::changes_body::parse_path;
use crate::http::request::directory_path::InDirectory;
use actix_web::{HttpResponse, web};
use nbcourier_domain::{AccessLevel, DirectoryOwner, RelativePath};
use nbcourier_exchange::directories::browsing;
use nbcourier_exchange::directories::changes::{Batch, Condition, Operation};
use nbcourier_exchange::directories::{self, Committed};
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_exchange::{DirectoryAddress, Error as Refusal, Exchange};

/// Maximum number of entries that one form removes. A page shows no more.
const MOST: usize = 500;

/// Returns the path of a name in a folder.
fn within(folder: Option<&RelativePath>, name: &str) -> Result<RelativePath> {
    match folder {
        Some(folder) => parse_path(&format!("{folder}/{name}")),
        None => parse_path(name),
    }
}

/// Returns the refusal in words about the paths. A batch of a form conflicts only where a file would be a folder, too.
fn refusal(view: &View, error: Refusal) -> Error {
    match &error {
        Refusal::Conflicts { conflicts, .. } => {
            let path = conflicts.first().map(|conflict| conflict.path.to_string());
            let path = path.unwrap_or_default();
            Error::bad(view.say_with("add-files-clash", "name", &path))
        }
        _ => error.into(),
    }
}

/// Returns the redirect after a change, or the page with the form that was wrong.
async fn answer(
    (exchange, reader, address): (&Exchange, Reader, DirectoryAddress),
    (form, fields): (&'static str, Fields),
    made: Result<HttpResponse>,
) -> Result<HttpResponse> {
    match made {
        Ok(reply) => Ok(reply),
        Err(error) => {
            let problem = reason(error, &reader.view)?;
            let wrong = Wrong {
                form,
                fields,
                problem,
            };
            folder::with_form(reader, exchange, address, wrong).await
        }
    }
}

/// Makes a version by these operations. A refusal is in words for the reader of the page.
async fn commit(
    (exchange, view): (&Exchange, &View),
    ready: directories::Ready,
    operations: Vec<Operation>,
    message: &str,
    parcel: Option<Parcel>,
) -> Result<Committed> {
    let message = message.replace("\r\n", "\n");
    let batch = Batch {
        operations,
        message: Some(message).filter(|message| !message.is_empty()),
        ..Batch::default()
    };
    let parcel = match parcel {
        Some(parcel) => parcel,
        None => Intake::new(exchange).finish()?,
    };
    let committed = ready.commit(batch, parcel).await;
    committed.map_err(|error| refusal(view, error))
}

/// Handles `POST d/{owner}/{directory}/upload`: stores files in a folder, all or none.
pub async fn upload(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: UploadForm,
) -> Result<HttpResponse> {
    let begun = form.begin().await?;
    let caller = begun.reader.caller.clone();
    let ready = directories::ready(&exchange, &caller, address.clone(), None).await?;
    let fields = begun.fields.clone();
    let (reader, uploaded) = begun.read_uncounted(&exchange).await;
    let stored = match uploaded {
        Ok(uploaded) => {
            let to = (&address, &fields);
            store(&exchange, &reader.view, ready, to, uploaded).await
        }
        Err(error) => Err(error),
    };
    let form = ("upload", fields);
    answer((&exchange, reader, address), form, stored).await
}

async fn store(
    exchange: &Exchange,
    view: &View,
    ready: directories::Ready,
    (address, fields): (&DirectoryAddress, &Fields),
    Uploaded { parcel, names }: Uploaded,
) -> Result<HttpResponse> {
    if names.is_empty() {
        return Err(Error::bad(view.say("submit-no-files")));
    }
    let folder = parse_folder(fields.text("path"))?;
    let puts = parcel.files().into_iter().map(|(path, sha256)| {
        Ok(Operation::Put {
            path: within(folder.as_ref(), path.as_str())?,
            sha256,
            executable: None,
            condition: Condition::Any,
        })
    });
    let puts = puts.collect::<Result<Vec<_>>>()?;
    let message = fields.text("message");
    let committed = commit((exchange, view), ready, puts, message, Some(parcel)).await?;
    let what = if committed.changed {
        "uploaded"
    } else {
        "same"
    };
    let place = folder::address(view, address, folder.as_ref());
    Ok(done(&place, what))
}

/// Handles `POST d/{owner}/{directory}/folder`: makes a folder.
pub async fn make_folder(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let made = new_folder(&exchange, &reader, &address, &fields).await;
    answer((&exchange, reader, address), ("folder", fields), made).await
}

async fn new_folder(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    address: &DirectoryAddress,
    fields: &Fields,
) -> Result<HttpResponse> {
    let ready = directories::ready(exchange, caller, address.clone(), None).await?;
    let folder = parse_folder(fields.text("path"))?;
    let path = within(folder.as_ref(), fields.text("name"));
    let path = path.map_err(|_| Error::bad(view.say("folder-name-wrong")))?;
    let place = folder::address(view, address, Some(&path));
    let make = vec![Operation::MakeFolder { path }];
    let committed = commit((exchange, view), ready, make, "", None).await?;
    Ok(done(
        &place,
        if committed.changed { "folder" } else { "same" },
    ))
}

/// Handles `POST d/{owner}/{directory}/remove`: removes the ticked files and folders, which earlier versions keep.
pub async fn remove(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let made = remove_chosen(&exchange, &reader, &address, &fields).await;
    answer((&exchange, reader, address), ("remove", fields), made).await
}

async fn remove_chosen(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    address: &DirectoryAddress,
    fields: &Fields,
) -> Result<HttpResponse> {
    let ready = directories::ready(exchange, caller, address.clone(), None).await?;
    let folder = parse_folder(fields.text("path"))?;
    let paths = fields.all("what").map(parse_path);
    let paths = paths.collect::<Result<Vec<_>>>()?;
    if paths.is_empty() {
        return Err(Error::bad(view.say("nothing-chosen")));
    }
    if paths.len() > MOST {
        return Err(Error::TooManyItems(MOST));
    }
    let removals = paths.into_iter().map(|path| Operation::Remove {
        path,
        recursive: true,
        condition: Condition::Any,
    });
    let removals = removals.collect();
    let committed = commit((exchange, view), ready, removals, "", None).await?;
    let place = folder::address(view, address, folder.as_ref());
    Ok(done(
        &place,
        if committed.changed { "removed" } else { "same" },
    ))
}

/// Handles `POST d/{owner}/{directory}/copy`: makes a directory of the reader with the files of a version.
pub async fn copy(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let copied = copy_version(&exchange, &reader, &address, &fields).await;
    answer((&exchange, reader, address), ("copy", fields), copied).await
}

async fn copy_version(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    address: &DirectoryAddress,
    fields: &Fields,
) -> Result<HttpResponse> {
    let need = AccessLevel::Read;
    browsing::directory(exchange, caller, address.clone(), need).await?;
    let version = Some(fields.text("version")).filter(|text| !text.is_empty());
    let version = number(version)?;
    let name = facts::name(fields.text("name"), view)?;
    let own = DirectoryAddress {
        owner: DirectoryOwner::Person(caller.name().clone()),
        name: name.clone(),
    };
    directories::copy(exchange, caller, address.clone(), version, name).await?;
    Ok(done(&address_of(view, &own), "copied"))
}
