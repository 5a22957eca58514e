//! Opens the data directory, for commands that run beside a server or instead of one.

use super::private;
use crate::config::{PlaceArgs, Places, operator_account};
use nbcourier_backup::{NewFiles, NewPlace, RESTORE_MARK};
use nbcourier_blobs::{Blobs, LocalBlobs, RemoteBlobs, make_directory};
use nbcourier_domain::{GroupRules, above};
use nbcourier_exchange::upkeep::blob_place;
use nbcourier_exchange::{Exchange, Limits, Policy, Reused};
use nbcourier_identity::Caller;
use nbcourier_storage::{Opening, Store};
use std::error::Error;
use std::fs::File;

/// The file with that lock.
const LOCK: &str = "nbcourier.lock";

/// The lock of the one process that serves or fills a data directory. Dropping it releases it.
pub struct Lock(#[allow(dead_code, reason = "what it does is being there")] File);

/// Locks the data directory and creates it if needed. Refuses a directory with an incomplete restore.
pub fn claim(places: &Places) -> Result<Lock, Box<dyn Error>> {
    require_whole(places)?;
    lock(places)
}

/// Locks the data directory, whatever is in it.
pub fn lock(places: &Places) -> Result<Lock, Box<dyn Error>> {
    let failed = |error: std::io::Error| {
        format!(
            "The data directory {} cannot be used: {error}. Name one that this user may write to with --data-dir",
            places.data_dir.display()
        )
    };
    make_directory(&places.data_dir).map_err(failed)?;
    if let Some(elsewhere) = places
        .database
        .file()
        .map(above)
        .filter(|directory| *directory != places.data_dir)
    {
        make_directory(elsewhere).map_err(failed)?;
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(places.data_dir.join(LOCK))
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {
            for warning in private::tighten(places) {
                warn(&warning);
            }
            Ok(Lock(lock))
        }
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "Another nbcourier is serving {} already. Stop it first, or name another directory with --data-dir",
            places.data_dir.display()
        )
        .into()),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error).into()),
    }
}

/// Locks an existing data directory whose data is only read. Refuses one with a server, and one with an incomplete restore.
pub fn claim_source(places: &Places) -> Result<Option<Lock>, Box<dyn Error>> {
    let directory = &places.data_dir;
    if !directory.is_dir() {
        return Err(format!(
            "There is no data directory {}. Name that of the source with --from-data-dir",
            directory.display()
        )
        .into());
    }
    require_whole(places)?;
    let path = directory.join(LOCK);
    // A file that exists is not changed. A directory that cannot be written to has no server.
    let opened = File::open(&path).or_else(|_| {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
    });
    let Ok(lock) = opened else { return Ok(None) };
    match lock.try_lock() {
        Ok(()) => Ok(Some(Lock(lock))),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "nbcourier is serving {}. Nothing was changed. Stop it first, and repeat the command",
            directory.display()
        )
        .into()),
        Err(std::fs::TryLockError::Error(error)) => Err(format!(
            "The data directory {} cannot be locked: {error}",
            directory.display()
        )
        .into()),
    }
}

/// Warns the operator, in the log if there is one.
fn warn(sentence: &str) {
    if log::log_enabled!(log::Level::Warn) {
        log::warn!("{sentence}");
    } else {
        eprintln!("nbcourier: {sentence}");
    }
}

/// Refuses a data directory with an incomplete restore or move.
pub fn require_whole(places: &Places) -> Result<(), Box<dyn Error>> {
    if !places.data_dir.join(RESTORE_MARK).exists() {
        return Ok(());
    }
    Err(format!(
        "A restore or a move to {} was interrupted or is in progress. Repeat `nbcourier restore` or `nbcourier move` until \
         it succeeds",
        places.data_dir.display()
    )
    .into())
}

/// Opens the blobs of a data directory that this process has locked.
pub fn open_blobs(places: &Places) -> Result<Blobs, Box<dyn Error>> {
    let blobs = match &places.bucket {
        None => LocalBlobs::open(&places.blobs).map(Blobs::from),
        Some(place) => {
            RemoteBlobs::open(place.bucket.clone(), &places.blobs, place.retention).map(Blobs::from)
        }
    };
    Ok(blobs.map_err(|error| {
        format!(
            "The blobs in {} cannot be used: {error}",
            places.blobs.display()
        )
    })?)
}

/// Returns the place that a restore or a move fills. The bucket is opened with the spool, which needs the lock of the data
/// directory, or without one for checks.
pub fn new_place(places: &Places, for_checks: bool) -> Result<NewPlace, Box<dyn Error>> {
    let files = match &places.bucket {
        None => NewFiles::Directory(places.blobs.clone()),
        Some(place) if for_checks => {
            NewFiles::Bucket(RemoteBlobs::for_checks(place.bucket.clone())?)
        }
        Some(_) => match open_blobs(places)? {
            Blobs::Remote(bucket) => NewFiles::Bucket(bucket),
            Blobs::Local(directory) => NewFiles::Directory(directory.root().to_owned()),
        },
    };
    Ok(NewPlace {
        data_dir: places.data_dir.clone(),
        database: places.database.clone(),
        files,
    })
}

/// Opens the database and the blobs of an existing data directory. A server may use it at the same time.
pub fn open_existing(places: &PlaceArgs) -> Result<(Store, Blobs), Box<dyn Error>> {
    let places = Places::new(places)?;
    require_whole(&places)?;
    let store = Store::open(&places.database, Opening::Existing)?;
    let blobs = match &places.bucket {
        None => LocalBlobs::open_existing(&places.blobs).map(Blobs::from),
        Some(place) => {
            let (bucket, retention) = (place.bucket.clone(), place.retention);
            RemoteBlobs::open_existing(bucket, &places.blobs, retention).map(Blobs::from)
        }
    };
    let blobs = blobs.map_err(|error| {
        format!(
            "The blobs in {} cannot be read: {error}",
            places.blobs.display()
        )
    })?;
    runtime()?.block_on(check_place(&store, &blobs))?;
    Ok((store, blobs))
}

/// Checks that the database and the blobs belong together, and notes that they do. A bucket is also checked for use.
pub async fn check_place(store: &Store, blobs: &Blobs) -> Result<(), Box<dyn Error>> {
    Ok(blob_place::check(store, blobs).await?)
}

/// Opens the same as an exchange for the operator. The server's limits and policy do not apply.
pub fn open_exchange(places: &PlaceArgs) -> Result<Exchange, Box<dyn Error>> {
    let (store, blobs) = open_existing(places)?;
    Ok(unbounded(store, blobs))
}

/// Opens the database alone, as an exchange for the operator that has no large files.
pub fn open_rows(places: &PlaceArgs) -> Result<Exchange, Box<dyn Error>> {
    let places = Places::new(places)?;
    require_whole(&places)?;
    let store = Store::open(&places.database, Opening::Existing)?;
    Ok(unbounded(store, LocalBlobs::nowhere().into()))
}

/// Returns an exchange for the operator on this database and these blobs.
pub fn unbounded(store: Store, blobs: Blobs) -> Exchange {
    let policy = Policy {
        hub_groups: false,
        group_rules: GroupRules::convention(),
        explain: false,
        reused: Reused::SetAside,
    };
    let limits = Limits {
        file_bytes: u64::MAX,
        files: usize::MAX,
        tree_bytes: u64::MAX,
    };
    Exchange::new(store, blobs, policy, limits)
}

/// Returns the operator who runs this command, as a caller.
pub fn operator() -> Result<Caller, Box<dyn Error>> {
    Ok(Caller::operator(&operator_account())?)
}

/// Returns a runtime for commands that need one thread and no network.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
}
