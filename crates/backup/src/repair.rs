//! Repairs what a check found. Nothing is deleted: a damaged file is set aside, so that its bytes are missing rather
//! than wrong. A later upload of the same bytes restores them.
//!
//! The caller must have claimed the data directory. Beside a server that receives the same bytes, the repair could
//! set aside the good copy that has just arrived.

use super::copy::{self, names_in};
use super::error::{Error, Result, on};
use super::restore::find;
use super::{ProgressEvent, backup};
use nbcourier_blobs::{Blobs, Damage, LocalBlobs};
use nbcourier_domain::{BlobRef, Sha256Sum};
use nbcourier_exchange::upkeep::fsck::{
    DamagedBlob, DamagedVersion, Fault, FsckReport, VersionFault,
};
use nbcourier_storage::{self as store, Connection, Store, directories, snapshot};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The result of a repair.
#[derive(Debug, Default)]
pub struct RepairReport {
    /// The restored blobs, each with the source of its bytes.
    pub restored: Vec<(BlobRef, &'static str)>,
    /// The paths of the files that were set aside.
    pub set_aside: Vec<PathBuf>,
    /// The number of trees whose counts were corrected.
    pub counted: u64,
    /// Blobs that are still damaged or missing.
    pub remaining: Vec<(BlobRef, Damage)>,
    /// Trees whose files do not match their digests.
    pub torn: Vec<Sha256Sum>,
    /// The number of versions of directories whose counts were corrected.
    pub counted_versions: u64,
    /// Versions of directories whose files are not the right ones.
    pub torn_versions: Vec<DamagedVersion>,
}

/// A backup as a source of good bytes.
struct Backup {
    blobs: Blobs,
    database: Connection,
}

/// Repairs as much as possible, with bytes from a backup if one is given.
pub async fn repair(
    store: &Store,
    blobs: &LocalBlobs,
    found: &FsckReport,
    from: Option<&Path>,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<RepairReport> {
    let mut backup = from.map(Backup::open).transpose()?;
    let mut report = RepairReport::default();
    let total = found.damaged.iter().map(|damaged| damaged.blob.size).sum();
    watch(ProgressEvent::Begin("Repairing", total));
    for damaged in &found.damaged {
        let blob = damaged.blob;
        let source = if damaged.in_database {
            repair_content(store, blobs, damaged, backup.as_mut(), &mut report).await?
        } else {
            repair_file(blobs, damaged, &found.strays, backup.as_ref(), &mut report)?
        };
        match source {
            Some(source) => report.restored.push((blob, source)),
            None if damaged.damage == Damage::Unreadable => {
                report.remaining.push((blob, damaged.damage));
            }
            None => report.remaining.push((blob, Damage::Missing)),
        }
        watch(ProgressEvent::Done(blob.size));
    }
    for stray in found.strays.iter().filter(|stray| stray.exists()) {
        let place = blobs.set_aside(stray).map_err(on(stray, "set aside"))?;
        report.set_aside.push(place);
    }
    for tree in &found.torn {
        match tree.fault {
            Fault::OtherFiles => report.torn.push(tree.digest),
            Fault::Counts(files, bytes) => {
                let id = tree.id;
                store
                    .write(move |conn| store::trees::set_counts(conn, id, files, bytes))
                    .await?;
                report.counted += 1;
            }
        }
    }
    for torn in &found.torn_versions {
        if let VersionFault::Counts(size) = torn.fault {
            let (directory, version) = (torn.directory, torn.version);
            store
                .write(move |conn| directories::check::correct(conn, directory, version, size))
                .await?;
            report.counted_versions += 1;
        } else {
            report.torn_versions.push(*torn);
        }
    }
    Ok(report)
}

fn repair_file(
    blobs: &LocalBlobs,
    damaged: &DamagedBlob,
    strays: &[PathBuf],
    backup: Option<&Backup>,
    report: &mut RepairReport,
) -> Result<Option<&'static str>> {
    let blob = damaged.blob;
    let place = blobs.path(blob.sha256);
    // The good copy is read before anything is moved.
    let good = match backup {
        Some(backup) => copy::file(&backup.blobs, damaged.id, blobs, &blob)?.ok(),
        None => None,
    };
    if place.exists() {
        let aside = blobs.set_aside(&place).map_err(on(&place, "set aside"))?;
        report.set_aside.push(aside);
    }
    if let Some(good) = good {
        blobs.keep([good]).map_err(on(&place, "written"))?;
        return Ok(Some("the backup"));
    }
    for stray in strays {
        if copy::sum(stray).is_ok_and(|found| found == (blob.sha256, blob.size)) {
            nbcourier_blobs::rename(stray, &place).map_err(on(&place, "written"))?;
            return Ok(Some("a file in another place"));
        }
    }
    Ok(None)
}

async fn repair_content(
    store: &Store,
    blobs: &LocalBlobs,
    damaged: &DamagedBlob,
    backup: Option<&mut Backup>,
    report: &mut RepairReport,
) -> Result<Option<&'static str>> {
    let (id, sum) = (damaged.id, damaged.blob.sha256);
    let present = store
        .read(move |conn| Ok::<_, store::Error>(store::blobs::contents(conn, &[id])?.remove(&id)))
        .await?;
    if let Some(wrong) = present {
        let aside = blobs
            .write_aside(&sum.to_string(), &wrong)
            .map_err(on(blobs.root(), "written"))?;
        report.set_aside.push(aside);
    }
    let good = match backup {
        Some(backup) => backup.content(sum)?,
        None => None,
    };
    let source = good.as_ref().map(|_| "the backup");
    store
        .write(move |conn| match &good {
            Some(content) => store::blobs::put_content(conn, id, content),
            None => store::blobs::remove_content(conn, id),
        })
        .await?;
    Ok(source)
}

impl Backup {
    fn open(directory: &Path) -> Result<Self> {
        let manifest = find(directory)?;
        let blobs = directory.join(backup::BLOBS);
        if names_in(&blobs)?.is_empty() {
            return Err(Error::Refused(format!(
                "{} contains no blobs",
                directory.display()
            )));
        }
        Ok(Self {
            blobs: LocalBlobs::open_existing(&blobs)
                .map_err(on(&blobs, "read"))?
                .into(),
            database: snapshot::open(&directory.join(manifest.state).join(backup::DATABASE))?,
        })
    }

    /// Returns the bytes of a small blob if their checksum is right.
    fn content(&mut self, sum: Sha256Sum) -> Result<Option<Vec<u8>>> {
        let ids = store::blobs::ids(&mut self.database, std::iter::once(sum))?;
        let Some(id) = ids.get(&sum) else {
            return Ok(None);
        };
        let content = store::blobs::contents(&mut self.database, &[*id])?.remove(id);
        Ok(content.filter(|content| Sha256::digest(content).as_slice() == sum.0))
    }
}
