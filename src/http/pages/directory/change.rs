//! Changes of the files of a directory by forms: uploads, new folders, removals and copies. Each makes one version.

use super::{address_of, done, folder, number, parse_folder};
use crate::http::error::{Error, Result};
use crate::http::pages::form::Form;
use crate::http::pages::uploaded::{UploadForm, Uploaded};
use crate::http::pages::view::View;
use crate::http::request::changes_body::parse_path;
use crate::http::request::directory_path::InDirectory;
use actix_web::{HttpResponse, web};
use nbcourier_domain::{DirectoryOwner, RelativePath};
use nbcourier_exchange::directories::changes::{Batch, Condition, Operation};
use nbcourier_exchange::directories::{self, Committed, parse_name};
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
    let folder = parse_folder(begun.fields.text("path"))?;
    let message = begun.fields.text("message").to_owned();
    let uploaded = begun.read_uncounted(&exchange).await?;
    let Uploaded {
        parcel,
        names,
        reader,
    } = uploaded;
    if names.is_empty() {
        return Err(Error::bad(reader.view.say("submit-no-files")));
    }
    let puts = parcel.files().into_iter().map(|(path, sha256)| {
        Ok(Operation::Put {
            path: within(folder.as_ref(), path.as_str())?,
            sha256,
            executable: None,
            condition: Condition::Any,
        })
    });
    let puts = puts.collect::<Result<Vec<_>>>()?;
    let committed = commit(
        (&exchange, &reader.view),
        ready,
        puts,
        &message,
        Some(parcel),
    )
    .await?;
    let what = if committed.changed {
        "uploaded"
    } else {
        "same"
    };
    let place = folder::address(&reader.view, &address, folder.as_ref());
    Ok(done(&place, what))
}

/// Handles `POST d/{owner}/{directory}/folder`: makes a folder.
pub async fn make_folder(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let ready = directories::ready(&exchange, &reader.caller, address.clone(), None).await?;
    let folder = parse_folder(fields.text("path"))?;
    let path = within(folder.as_ref(), fields.text("name"))?;
    let place = folder::address(&reader.view, &address, Some(&path));
    let make = vec![Operation::MakeFolder { path }];
    let committed = commit((&exchange, &reader.view), ready, make, "", None).await?;
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
    let ready = directories::ready(&exchange, &reader.caller, address.clone(), None).await?;
    let folder = parse_folder(fields.text("path"))?;
    let paths = fields.all("what").map(parse_path);
    let paths = paths.collect::<Result<Vec<_>>>()?;
    if paths.is_empty() {
        return Err(Error::bad(reader.view.say("nothing-chosen")));
    }
    if paths.len() > MOST {
        return Err(Error::TooManyItems(MOST));
    }
    let removals = paths.into_iter().map(|path| Operation::Remove {
        path,
        recursive: true,
        condition: Condition::Any,
    });
    let committed = commit(
        (&exchange, &reader.view),
        ready,
        removals.collect(),
        "",
        None,
    )
    .await?;
    let place = folder::address(&reader.view, &address, folder.as_ref());
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
    let need = nbcourier_domain::AccessLevel::Read;
    directories::browsing::directory(&exchange, &reader.caller, address.clone(), need).await?;
    let version = Some(fields.text("version")).filter(|text| !text.is_empty());
    let version = number(version)?;
    let name = fields.text("name");
    if name.is_empty() {
        return Err(Error::bad(reader.view.say("directory-name-missing")));
    }
    let name = parse_name(name)?;
    let owner = DirectoryOwner::Person(reader.caller.name().clone());
    let own = DirectoryAddress {
        owner,
        name: name.clone(),
    };
    directories::copy(&exchange, &reader.caller, address, version, name).await?;
    Ok(done(&address_of(&reader.view, &own), "copied"))
}
