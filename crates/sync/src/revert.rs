//! The original of a file: the one that its folder has received, in the place of what its owner has made of it.

use super::download::Download;
use super::folder::{Incoming, Kept, Lock, Locked, OWN, Root, State, keeps_executable, parts};
use super::item::{Content, Item};
use super::names::{Beside, numbered};
use super::words::reason;
use nbcourier_client::{Client, DirectoryAddress, EntryFilter};
use nbcourier_domain::{DirectoryOwner, RelativePath, Sha256Sum, Timestamp};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// A file that a folder has received.
#[derive(Debug)]
pub struct Received {
    folder: PathBuf,
    path: RelativePath,
}

/// The result for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reverted {
    /// The file.
    pub file: String,
    /// Whether the original was there already.
    pub was_original: bool,
    /// The place of the owner's own, if there was one.
    pub mine: Option<String>,
    /// The version of the directory that the original is of.
    pub version: Option<i64>,
}

/// Returns the folder with a state that a file is in, and the file's path there.
pub fn received(file: &Path) -> io::Result<Option<Received>> {
    let file = std::path::absolute(file)?;
    for folder in file.ancestors().skip(1) {
        if !folder.join(OWN).join("state.json").is_file() {
            continue;
        }
        let below = file.strip_prefix(folder).ok().and_then(Path::to_str);
        let path = below.and_then(|below| RelativePath::parse_stored(below).ok());
        return Ok(path.map(|path| Received {
            folder: folder.to_owned(),
            path,
        }));
    }
    Ok(None)
}

/// Puts the original in the place of a file. The owner's own is beside it afterwards, or among the kept files if it is to
/// be discarded. Fails with a sentence.
pub async fn revert(
    exchange: &Client,
    file: &Received,
    is_discarded: bool,
) -> Result<Reverted, String> {
    let shown = file.folder.join(file.path.as_str()).display().to_string();
    let wrong = |error: io::Error| format!("{shown} was not changed: {}", reason(&error));
    let root = Root::open(&file.folder).map_err(wrong)?;
    let own = root.folder(OWN).map_err(wrong)?;
    let _lock = match Lock::take(&own).map_err(wrong)? {
        Locked::Ours(lock) => lock,
        Locked::By(holder) => {
            return Err(format!(
                "{shown} was not changed, since another program brings its folder up to date ({holder}). Try again in a \
                 moment"
            ));
        }
    };
    let mut state = State::read(&own).map_err(wrong)?;
    let (Some(directory), Some(Item::File(base))) =
        (state.directory.clone(), state.base.get(&file.path).copied())
    else {
        return Err(format!(
            "{shown} was not changed, since its folder has received no such file. Its original is unknown"
        ));
    };
    let owner = DirectoryOwner::parse(&directory.owner)
        .map_err(|_| format!("{shown} was not changed: the state of its folder is damaged"))?;
    let address = DirectoryAddress {
        owner,
        name: directory.name,
    };
    let mut incoming = Incoming::open(&own).map_err(wrong)?;
    let got = original(
        exchange,
        &address,
        &file.path,
        base,
        state.version,
        &mut incoming,
    )
    .await;
    let (version, content) = got?;
    let moved = place(&root, &own, file, content, &mut incoming, is_discarded).map_err(wrong)?;
    state.base.insert(file.path.clone(), Item::File(content));
    if content != base {
        // It is newer than the rest of the folder.
        state.version = None;
    }
    state.write(&own).map_err(wrong)?;
    incoming.clear();
    let (was_original, mine) = moved;
    Ok(Reverted {
        file: shown,
        was_original,
        mine,
        version,
    })
}

/// Receives the original: that of the version which the folder has, or else the current one.
async fn original(
    exchange: &Client,
    address: &DirectoryAddress,
    path: &RelativePath,
    base: Content,
    version: Option<i64>,
    incoming: &mut Incoming,
) -> Result<(Option<i64>, Content), String> {
    if let Some(version) = version
        && receive(exchange, address, path, base, version, incoming)
            .await
            .is_ok()
    {
        return Ok((Some(version), base));
    }
    let filter = EntryFilter {
        path: Some(path.as_str()),
        ..EntryFilter::default()
    };
    let (version, entries) = exchange
        .entries(address, &filter)
        .await
        .map_err(|error| error.to_string())?;
    let found = entries.into_iter().find(|entry| *entry.path == *path);
    let Some(found) = found.and_then(|entry| entry.file) else {
        return Err(format!(
            "{path} was not changed: the version that it is of is not kept any more, and the current one has no such \
             file"
        ));
    };
    let content = Content {
        sum: found.sha256,
        size: found.size,
        executable: found.executable,
        source: None,
    };
    let source = receive(exchange, address, path, content, version, incoming).await?;
    Ok((Some(version), Content { source, ..content }))
}

async fn receive(
    exchange: &Client,
    address: &DirectoryAddress,
    path: &RelativePath,
    content: Content,
    version: i64,
    incoming: &mut Incoming,
) -> Result<Option<Sha256Sum>, String> {
    let download = Download {
        exchange,
        address,
        version,
    };
    let got = download.receive(path, content, path.as_str(), incoming, &|_| ());
    let got = got.await.map_err(|error| error.to_string())?;
    let content = got.map_err(|error| format!("{path} was not changed: {}", reason(&error)))?;
    Ok(content.source)
}

/// Puts the original into its place. Returns whether it was there, and the place of the owner's own.
fn place(
    root: &Root,
    own: &Root,
    file: &Received,
    content: Content,
    incoming: &mut Incoming,
    is_discarded: bool,
) -> io::Result<(bool, Option<String>)> {
    let path = &file.path;
    let (above, name) = parts(path.as_str());
    let folder = root.make_folder(above)?;
    if folder.stat(name)?.is_none() {
        let (from, received) = incoming.take(content, true)?;
        from.rename(&received, &folder, name)?;
        folder.flush()?;
        return Ok((false, None));
    }
    let found = super::folder::read_file(&folder, name)?;
    let is_alike = found.executable == content.executable || !keeps_executable(own)?;
    if found.sum == content.sum && is_alike {
        return Ok((true, None));
    }
    let now = Timestamp::now().to_rfc3339();
    let day: String = now.chars().take(10).collect();
    let kept = Kept::open(own, &day)?;
    let (aside, aside_name) = if is_discarded {
        kept.slot(path)?
    } else {
        let free = free_name(&folder, path, &now)?;
        (root.folder(above)?, free)
    };
    let (from, received) = incoming.take(content, true)?;
    // The original goes beside first, and then both change their names in one step.
    from.rename(&received, &aside, &aside_name)?;
    if !folder.exchange(name, &aside, &aside_name)? {
        let (second, second_name) = kept.slot(path)?;
        aside.rename(&aside_name, &second, &second_name)?;
        folder.rename(name, &aside, &aside_name)?;
        second.rename(&second_name, &folder, name)?;
    }
    kept.flush()?;
    folder.flush()?;
    Ok((false, Some(Kept::shown(&(aside, aside_name)))))
}

/// Returns a free name for the owner's own file, with the time in it.
pub(crate) fn free_name(folder: &Root, path: &RelativePath, now: &str) -> io::Result<String> {
    let day: String = now.chars().take(10).collect();
    let time: String = now
        .chars()
        .skip(11)
        .take(5)
        .filter(|it| *it != ':')
        .collect();
    let stamp = format!("{day}-{time}");
    let free = (1..1000)
        .filter_map(|number| numbered(path, Beside::Mine, &stamp, number))
        .map(|path| parts(path.as_str()).1.to_owned())
        .find(|name| folder.stat(name).is_ok_and(|found| found.is_none()));
    free.ok_or_else(|| io::Error::other("there are a thousand of yours already"))
}
