//! The directory's side: its entries, from the version that is known and from what has changed since.

use super::pair::Pair;
use super::trouble::Trouble;
use crate::folder::State;
use crate::item::{Item, Listing};
use crate::pull::entry;
use nbcourier_api::ChangedPath;
use nbcourier_client::{Client, DirectoryAddress, EntryFilter, Error};
use nbcourier_domain::RelativePath;

/// The knowledge about the directory when a round begins.
#[derive(Debug)]
pub enum News {
    /// The exchange has to be asked.
    Unknown,
    /// Nothing has changed since the known version.
    Nothing,
    /// The current version, and what has changed since the known one.
    Changes(i64, Vec<ChangedPath>),
}

/// Brings the known entries of the directory up to date.
pub async fn update(
    exchange: &Client,
    pair: &Pair,
    address: &DirectoryAddress,
    state: &mut State,
    news: News,
) -> Result<(), Trouble> {
    if let (Some(version), Some(there)) = (state.version, &mut state.there) {
        let found = match news {
            News::Nothing => return Ok(()),
            // The reply may be older than a change of our own.
            News::Changes(head, changes) if head >= version => Ok((head, changes)),
            _ => exchange.changes_since(address, version).await,
        };
        match found {
            Ok((head, changes)) => {
                for change in changes {
                    let path = change.path.into_owned();
                    match entry(change.kind, change.file) {
                        Some(item) => there.insert(path, item),
                        None => there.remove(&path),
                    };
                }
                state.version = Some(head);
                return Ok(());
            }
            // The version was thinned out, or a restored database does not know it.
            Err(Error::Refused {
                status: 400 | 410, ..
            }) => {}
            Err(error) => return Err(trouble(pair, error)),
        }
    }
    all(exchange, pair, address, state).await
}

/// Reads all entries.
async fn all(
    exchange: &Client,
    pair: &Pair,
    address: &DirectoryAddress,
    state: &mut State,
) -> Result<(), Trouble> {
    check(exchange, pair, address).await?;
    let (version, entries) = exchange.entries(address, &EntryFilter::default()).await?;
    if state.version.is_some_and(|known| version < known) {
        // The exchange was restored from an older backup. What both sides agreed on is not known there any more, so nothing
        // is removed, and nothing newer is replaced without a copy.
        state.base.clear();
    }
    let entries = entries.into_iter().filter_map(|found| {
        let item = entry(Some(found.kind), found.file)?;
        Some((found.path.into_owned(), item))
    });
    state.there = Some(entries.collect());
    state.version = Some(version);
    Ok(())
}

/// Fails if the address leads to another directory than before.
pub async fn check(
    exchange: &Client,
    pair: &Pair,
    address: &DirectoryAddress,
) -> Result<(), Trouble> {
    let found = exchange.directory(address).await;
    let directory = found.map_err(|error| trouble(pair, error))?;
    if directory.id == pair.directory.id {
        return Ok(());
    }
    Err(Trouble::Lasting(format!(
        "{} is another directory than before. If that is right, use `nbcourier sync remove` and `nbcourier sync add`. If \
         the former one was deleted, `nbcourier dir restore` brings it back",
        pair.shown()
    )))
}

/// Returns the trouble that a request about the directory met.
fn trouble(pair: &Pair, error: Error) -> Trouble {
    if matches!(error, Error::Refused { status: 404, .. }) {
        return Trouble::Lasting(format!(
            "{} does not exist any more, or you may not read it. If it was deleted, `nbcourier dir restore` brings it back. \
             Otherwise ask its owner to grant it to you, or use `nbcourier sync remove`",
            pair.shown()
        ));
    }
    error.into()
}

/// Applies to the known entries what a batch has changed.
pub fn put(there: &mut Listing, path: &RelativePath, item: Option<Item>) {
    match item {
        Some(item) => {
            for folder in path.directories() {
                if let Ok(folder) = RelativePath::parse_stored(folder) {
                    there.entry(folder).or_insert(Item::Folder);
                }
            }
            there.insert(path.clone(), item);
        }
        None => drop(there.remove(path)),
    }
}
