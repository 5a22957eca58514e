//! Uploads to a directory.

use super::files::confirm;
use super::get::checksum;
use super::target::Target;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::progress::Progress;
use nbcourier_api::{Committed, Expected, NewChanges, Operation};
use nbcourier_client::{Client, DirectoryAddress, EntryFilter, Error, Source};
use nbcourier_codec::TarEncoder;
use nbcourier_domain::{Count, RelativePath, Sha256Sum, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// How an upload is done.
pub struct How {
    /// Whether a directory is uploaded with everything in it.
    pub recursive: bool,
    /// Whether what the directory on this machine lacks is removed.
    pub delete: bool,
    /// The message of the version.
    pub message: Option<String>,
}

/// A file on this machine.
struct Local {
    place: PathBuf,
    sha256: Sha256Sum,
    size: u64,
    executable: bool,
}

/// The files and directories on this machine, by their paths in the directory.
#[derive(Default)]
struct Found {
    files: BTreeMap<String, Local>,
    folders: BTreeSet<String>,
    /// The paths that are neither files nor directories.
    skipped: Vec<String>,
}

pub fn upload(asking: &Asking, from: &Path, to: &Target, how: &How) -> Outcome {
    if to.version.is_some() {
        return Err("Versions never change. Leave out the version".into());
    }
    let found = fs::metadata(from).map_err(|error| format!("{}: {error}", from.display()))?;
    let local = match (found.is_dir(), how.recursive) {
        (true, false) => {
            return Err(format!(
                "{} is a directory. Use -r to upload it with everything in it",
                from.display()
            )
            .into());
        }
        (true, true) => walk(from, &to.path)?,
        (false, _) => one(from, &to.path)?,
    };
    for path in &local.skipped {
        eprintln!("nbcourier: left out {path}, which is neither a file nor a directory");
    }
    let committed = asking.ask(async |exchange| {
        let address = to.address(exchange).await?;
        let changes = changes(exchange, &address, to, &local, how).await?;
        send(exchange, &address, &local, changes).await
    })?;
    let done = format!("Stored {}", Count(local.files.len(), "file"));
    confirm(asking, &committed, &done)
}

fn one(from: &Path, to: &str) -> Result<Found, Box<dyn std::error::Error>> {
    let name = from.file_name().and_then(|name| name.to_str());
    let path = match (to, name) {
        ("", Some(name)) => name.to_owned(),
        ("", None) => return Err("The name of the file is not UTF-8. Give a path".into()),
        (to, _) => to.to_owned(),
    };
    let mut found = Found::default();
    found.add(from, path)?;
    Ok(found)
}

impl Found {
    fn add(&mut self, place: &Path, path: String) -> Result<(), Box<dyn std::error::Error>> {
        if RelativePath::parse(path.as_str()).is_err() {
            return Err(format!("{} cannot be a path in a directory", place.display()).into());
        }
        let wrong = |error: std::io::Error| format!("{}: {error}", place.display());
        let facts = fs::metadata(place).map_err(wrong)?;
        let local = Local {
            sha256: checksum(place).map_err(wrong)?,
            size: facts.len(),
            executable: facts.permissions().mode() & 0o100 != 0,
            place: place.to_owned(),
        };
        self.files.insert(path, local);
        Ok(())
    }
}

/// Finds everything below a directory. Links are not followed.
fn walk(from: &Path, to: &str) -> Result<Found, Box<dyn std::error::Error>> {
    let mut found = Found::default();
    let mut open = vec![(from.to_owned(), to.to_owned())];
    while let Some((folder, path)) = open.pop() {
        let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let place = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(format!(
                    "{}: the name is not UTF-8. Rename it first",
                    place.display()
                )
                .into());
            };
            let path = match path.as_str() {
                "" => name.to_owned(),
                above => format!("{above}/{name}"),
            };
            let kind = entry.file_type().map_err(wrong)?;
            if kind.is_dir() {
                if RelativePath::parse(path.as_str()).is_err() {
                    return Err(
                        format!("{} cannot be a path in a directory", place.display()).into(),
                    );
                }
                found.folders.insert(path.clone());
                open.push((place, path));
            } else if kind.is_file() {
                found.add(&place, path)?;
            } else {
                found.skipped.push(place.display().to_string());
            }
        }
    }
    Ok(found)
}

/// Returns the operations that make the directory have what was found. What it has already is left out.
async fn changes(
    exchange: &Client,
    address: &DirectoryAddress,
    to: &Target,
    local: &Found,
    how: &How,
) -> Result<NewChanges, Error> {
    let mut operations = Vec::new();
    if how.recursive {
        let (_, entries) = exchange.entries(address, &EntryFilter::default()).await?;
        let begin = format!("{}/", to.path);
        let below = entries
            .iter()
            .filter(|entry| to.path.is_empty() || entry.path.as_str().starts_with(&begin));
        for entry in below.filter(|_| how.delete) {
            let path = entry.path.as_str();
            let stays = match entry.file {
                Some(_) => local.files.contains_key(path),
                None => local.folders.contains(path),
            };
            if !stays {
                operations.push(Operation::Remove {
                    path: path.to_owned(),
                    recursive: true,
                    expected: Expected::Any,
                });
            }
        }
    }
    let folders = local.folders.iter().cloned();
    operations.extend(folders.map(|path| Operation::Mkdir { path }));
    operations.extend(local.files.iter().map(|(path, file)| Operation::Put {
        path: path.clone(),
        sha256: file.sha256.to_string(),
        size: file.size,
        executable: Some(file.executable),
        expected: Expected::Any,
    }));
    Ok(NewChanges {
        message: how.message.clone(),
        device: None,
        changes: operations.into(),
    })
}

/// Applies the changes. The bytes that the exchange lacks are sent with them.
async fn send(
    exchange: &Client,
    address: &DirectoryAddress,
    local: &Found,
    changes: NewChanges,
) -> Result<Committed, Error> {
    let missing = match exchange.commit(address, &changes).await {
        Err(Error::MissingBlobs(missing)) => missing,
        result => return result,
    };
    let by_sum: HashMap<Sha256Sum, &Local> = local
        .files
        .values()
        .map(|file| (file.sha256, file))
        .collect();
    let missing: Vec<&Local> = missing
        .iter()
        .filter_map(|sum| by_sum.get(sum).copied())
        .collect();
    let bytes: u64 = missing.iter().map(|file| file.size).sum();
    let _progress = Progress::of_bytes("Sending", bytes);
    let archive = archive(&changes, &missing)?;
    exchange.commit_with_bytes(address, &archive).await
}

/// Returns an archive with the changes and the bytes of these files, which are read while it is sent.
fn archive(changes: &NewChanges, files: &[&Local]) -> Result<Source, Error> {
    let json = serde_json::to_vec(changes).map_err(|error| Error::Impossible(error.to_string()))?;
    let (mut encoder, mut between) = (TarEncoder::new(), Vec::new());
    let mut archive = Source::default();
    let now = Timestamp::now();
    encoder.begin("changes.json", json.len() as u64, now, &mut between);
    between.extend_from_slice(&json);
    encoder.end(&mut between);
    for file in files {
        encoder.begin(&file.sha256.to_string(), file.size, now, &mut between);
        archive.add_bytes(std::mem::take(&mut between));
        archive.add_file(&file.place, file.size);
        encoder.end(&mut between);
    }
    encoder.finish(&mut between);
    archive.add_bytes(between);
    Ok(archive)
}
