//! Downloads from a directory.

use super::target::Target;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::folders::Changed;
use crate::cli::progress::Progress;
use nbcourier_api::DirectoryEntry;
use nbcourier_client::{Client, DirectoryAddress, EntryFilter, Error, RemoteFile};
use nbcourier_domain::{Count, Sha256Sum, above};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;

pub fn print(asking: &Asking, target: &Target) -> Outcome {
    asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        let (version, entries) = entries(exchange, &address, target).await?;
        let Some(file) = entries
            .iter()
            .find(|entry| entry.path.as_str() == target.path)
        else {
            return Err(Error::Impossible(format!("{target} is not a file")));
        };
        let mut out = io::stdout().lock();
        receive(exchange, &address, version, file, &mut out, |_| ()).await
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn entries(
    exchange: &Client,
    address: &DirectoryAddress,
    target: &Target,
) -> Result<(i64, Vec<DirectoryEntry>), Error> {
    let filter = EntryFilter {
        version: target.version,
        path: Some(target.path.as_str()).filter(|path| !path.is_empty()),
        ..EntryFilter::default()
    };
    exchange.entries(address, &filter).await
}

/// Receives a file, and compares it with its checksum.
async fn receive(
    exchange: &Client,
    address: &DirectoryAddress,
    version: i64,
    entry: &DirectoryEntry,
    out: &mut impl Write,
    progress: impl Fn(u64),
) -> Result<(), Error> {
    let path = entry.path.as_str();
    let broken =
        |reason: String| Error::Impossible(format!("{path} could not be received: {reason}"));
    let remote = RemoteFile {
        path,
        version,
        size: entry.file.map_or(0, |file| file.size),
    };
    let mut hasher = Sha256::new();
    let take = |bytes: &[u8]| {
        hasher.update(bytes);
        out.write_all(bytes)?;
        progress(bytes.len() as u64);
        Ok(())
    };
    let written = exchange.download(address, remote, take).await?;
    written
        .and_then(|()| out.flush())
        .map_err(|error| broken(error.to_string()))?;
    let sum = Sha256Sum(hasher.finalize().into());
    if entry.file.is_none_or(|file| file.sha256 != sum) {
        return Err(broken("its bytes changed on the way. Try again".to_owned()));
    }
    Ok(())
}

pub fn download(asking: &Asking, target: &Target, to: Option<&Path>, replace: bool) -> Outcome {
    let to = to.unwrap_or(Path::new("."));
    let (version, written, same) = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        let (version, entries) = entries(exchange, &address, target).await?;
        let places = places(target, to, &entries)?;
        let (mut needed, mut same) = (Vec::new(), 0);
        let mut in_the_way = Vec::new();
        for (entry, place) in &places {
            match look(entry, place) {
                Found::Nothing => needed.push((*entry, place)),
                Found::Same => same += 1,
                Found::Other if replace => needed.push((*entry, place)),
                Found::Other => in_the_way.push(place.display().to_string()),
            }
        }
        if let Some(first) = in_the_way.first() {
            return Err(Error::Impossible(format!(
                "{first} is there with another content{}; nothing was changed. Move it away, or use --replace",
                match in_the_way.len() {
                    1 => String::new(),
                    more => format!(", and so are {}", Count(more - 1, "other file")),
                }
            )));
        }
        let bytes = needed.iter().map(|(entry, _)| entry.file.map_or(0, |file| file.size));
        let progress = Progress::of_bytes("Receiving", bytes.fold(0, u64::saturating_add));
        let mut changed = Changed::default();
        for (entry, place) in &needed {
            write(exchange, &address, version, entry, place, &progress, &mut changed).await?;
        }
        changed.flush().map_err(|error| not_written(to, &error))?;
        Ok((version, needed.len(), same))
    })?;
    let answer = json!({ "version": version, "written": written, "unchanged": same });
    let sentence = format!(
        "{} of version {version} written to {}, {same} were there already.",
        Count(written, "entry")
            .to_string()
            .replace("entrys", "entries"),
        to.display()
    );
    asking.confirm(&answer, &sentence)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns where each entry goes. One file goes to the given path, or into the given directory.
fn places<'a>(
    target: &Target,
    to: &Path,
    entries: &'a [DirectoryEntry],
) -> Result<Vec<(&'a DirectoryEntry, PathBuf)>, Error> {
    let is_file =
        entries.len() == 1 && entries[0].path.as_str() == target.path && entries[0].file.is_some();
    if is_file {
        let name = target.path.rsplit('/').next().unwrap_or(&target.path);
        let place = if to.is_dir() {
            to.join(name)
        } else {
            to.to_owned()
        };
        return Ok(vec![(&entries[0], place)]);
    }
    let mut places = Vec::new();
    for entry in entries {
        let path = entry.path.as_str();
        let rest = match target.path.as_str() {
            "" => path,
            folder => path
                .strip_prefix(folder)
                .unwrap_or(path)
                .trim_start_matches('/'),
        };
        // The exchange's answer becomes paths here, so it is parsed again.
        let rest = nbcourier_domain::RelativePath::parse(rest)
            .map_err(|_| Error::Impossible(format!("The exchange sent the illegal path {path}")))?;
        let place = to.join(rest.as_str());
        refuse_links(to, rest.as_str())?;
        places.push((entry, place));
    }
    Ok(places)
}

/// Refuses a path on which something other than a directory stands, so that nothing is written through a link.
fn refuse_links(to: &Path, path: &str) -> Result<(), Error> {
    let mut place = to.to_owned();
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    for folder in folders {
        place.push(folder);
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            _ => {
                return Err(Error::Impossible(format!(
                    "{} is in the way, since it is no directory; nothing was changed. Move it away",
                    place.display()
                )));
            }
        }
    }
    Ok(())
}

enum Found {
    Nothing,
    Same,
    Other,
}

fn look(entry: &DirectoryEntry, place: &Path) -> Found {
    let Ok(found) = fs::symlink_metadata(place) else {
        return Found::Nothing;
    };
    let is_same = match entry.file {
        None => found.is_dir(),
        Some(file) => {
            let executable = found.permissions().mode() & 0o100 != 0;
            found.is_file()
                && found.len() == file.size
                && executable == file.executable
                && checksum(place).is_ok_and(|sum| sum == file.sha256)
        }
    };
    if is_same { Found::Same } else { Found::Other }
}

/// Returns the SHA-256 of a file.
pub(super) fn checksum(path: &Path) -> io::Result<Sha256Sum> {
    let mut file = File::open(path)?;
    let (mut hasher, mut bytes) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(Sha256Sum(hasher.finalize().into())),
            length => hasher.update(&bytes[..length]),
        }
    }
}

fn not_written(place: &Path, error: &io::Error) -> Error {
    Error::Impossible(format!("{} could not be written: {error}", place.display()))
}

/// Writes an entry beside its place, and then moves it there. The names are not flushed yet.
async fn write(
    exchange: &Client,
    address: &DirectoryAddress,
    version: i64,
    entry: &DirectoryEntry,
    place: &Path,
    progress: &Progress,
    changed: &mut Changed,
) -> Result<(), Error> {
    let wrong = |error: io::Error| not_written(place, &error);
    let Some(file) = entry.file else {
        return changed.make(place).map_err(wrong);
    };
    let folder = above(place);
    changed.make(folder).map_err(wrong)?;
    changed.note(folder);
    let mut beside = tempfile::Builder::new()
        .prefix(".nbcourier-")
        .tempfile_in(folder)
        .map_err(wrong)?;
    let mode = if file.executable { 0o700 } else { 0o600 };
    receive(exchange, address, version, entry, &mut beside, |bytes| {
        progress.add(bytes);
    })
    .await?;
    beside
        .as_file()
        .set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| beside.as_file().sync_all())
        .map_err(wrong)?;
    beside.persist(place).map_err(|error| wrong(error.error))?;
    Ok(())
}
