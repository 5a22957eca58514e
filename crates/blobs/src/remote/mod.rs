//! Blobs in a bucket of an S3-compatible object store.
//!
//! `PREFIX/ab/abcdef…-17` holds the bytes whose SHA-256 is `abcdef…`, for the row 17. The IDs of rows are never used again,
//! and so no name is. A deletion that arrives late can therefore never hit an object that something refers to, and nothing
//! here needs conditional requests.
//!
//! An upload is written to a local directory first, the spool. The bytes that are sent are known and hashed before the
//! first request, so that a request can be repeated, and bytes that are there already are not sent.

mod bucket;
mod connection;
mod fault;
mod objects;
mod probe;
mod receive;
mod send;
mod versioning;

pub use bucket::{Bucket, Credentials};
pub use fault::{Fault, FaultKind};
pub use objects::{FoundObject, ObjectName};
pub use probe::Belongs;
pub use receive::ObjectReader;
pub use send::Sending;
pub use versioning::Versioning;

use super::{Damage, Damaged, LocalBlobs, Staged, make_directory};
use bucket::Patience;
use connection::Connection;
use nbcourier_domain::BlobRef;
use probe::LastProbe;
use sha2::{Digest as _, Sha256};
use std::fs::{File, TryLockError};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The file in the spool whose lock its one writer has.
const OWNER: &str = "owner.lock";
/// The number of objects that are looked at before a reply begins.
const LOOKED_AT: usize = 16;
/// The number of requests at the same time for one caller.
const AT_ONCE: usize = 8;

/// Blobs in a bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RemoteBlobs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Uploads on their way.
    spool: LocalBlobs,
    /// The lock of the one process that writes to the spool.
    _owner: Option<File>,
    bucket: Bucket,
    connection: Connection,
    sends: send::Sends,
    counts: Arc<Counts>,
    last_probe: LastProbe,
    /// The time for which objects stay after their rows.
    retention: Duration,
}

/// Counters of the objects that were sent since the start of the process.
#[derive(Debug, Default)]
struct Counts {
    objects: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
}

/// The objects that were sent to the bucket since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The number of objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The number of files that could not be sent.
    pub failures: u64,
}

impl RemoteBlobs {
    /// Opens the spool and removes unfinished uploads from it. Only one process may have it open. Nothing is sent yet.
    pub fn open(bucket: Bucket, spool: &Path, retention: Duration) -> io::Result<Self> {
        make_directory(spool)?;
        let owner = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(spool.join(OWNER))?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another process keeps its uploads there"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Self::new(bucket, LocalBlobs::open(spool)?, Some(owner), retention)
    }

    /// Opens the bucket beside a process that may have the spool open.
    pub fn open_existing(bucket: Bucket, spool: &Path, retention: Duration) -> io::Result<Self> {
        let spool = LocalBlobs::open_existing(spool).or_else(|_| LocalBlobs::open(spool))?;
        Self::new(bucket, spool, None, retention)
    }

    /// Opens the bucket for checks, without a spool.
    pub fn for_checks(bucket: Bucket) -> io::Result<Self> {
        Self::new(bucket, LocalBlobs::nowhere(), None, Duration::ZERO)
    }

    fn new(
        bucket: Bucket,
        spool: LocalBlobs,
        owner: Option<File>,
        retention: Duration,
    ) -> io::Result<Self> {
        let connection = Connection::new(
            bucket.client(Patience::Long)?,
            bucket.client(Patience::Short)?,
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                spool,
                _owner: owner,
                bucket,
                connection,
                sends: send::Sends::default(),
                counts: Arc::default(),
                last_probe: LastProbe::default(),
                retention,
            }),
        })
    }

    /// Returns the bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.inner.bucket
    }

    /// Returns the spool. Its locks also guard the bucket, for the processes of this machine.
    pub fn spool(&self) -> &LocalBlobs {
        &self.inner.spool
    }

    /// Returns what was sent since the start of the process.
    pub fn sent(&self) -> Sent {
        let counts = &self.inner.counts;
        Sent {
            objects: counts.objects.load(Ordering::Relaxed),
            bytes: counts.bytes.load(Ordering::Relaxed),
            failures: counts.failures.load(Ordering::Relaxed),
        }
    }

    /// Returns the time for which objects stay after their rows.
    pub fn retention(&self) -> Duration {
        self.inner.retention
    }

    /// Begins a blob.
    pub fn stage(&self) -> io::Result<Staged> {
        self.inner.spool.stage()
    }

    /// Opens the object of a row for reading. The reader must check its bytes.
    pub fn read(&self, id: i64, blob: &BlobRef) -> io::Result<Result<ObjectReader, Damage>> {
        let path = self.path(&ObjectName::new(blob.sha256, id));
        ObjectReader::open(&self.inner.connection, path, blob.size)
    }

    /// Looks at the first of these objects, which an answer needs.
    pub fn look_at<'a>(
        &self,
        objects: impl Iterator<Item = (i64, &'a BlobRef)>,
    ) -> io::Result<Result<(), Damaged>> {
        let first: Vec<(i64, BlobRef)> = objects
            .take(LOOKED_AT)
            .map(|(id, blob)| (id, *blob))
            .collect();
        let names = first.iter();
        let names: Vec<_> = names
            .map(|(id, blob)| ObjectName::new(blob.sha256, *id))
            .collect();
        for ((id, blob), size) in first.into_iter().zip(self.sizes(&names)?) {
            let damage = match size {
                None => Damage::Missing,
                Some(size) if size != blob.size => Damage::WrongLength,
                Some(_) => continue,
            };
            return Ok(Err(Damaged { id, blob, damage }));
        }
        Ok(Ok(()))
    }

    /// Reads a whole object and compares its bytes with its name.
    pub fn verify(&self, id: i64, blob: &BlobRef) -> io::Result<Result<(), Damage>> {
        let mut object = match self.read(id, blob)? {
            Ok(object) => object,
            Err(damage) => return Ok(Err(damage)),
        };
        let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
        loop {
            match object.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Err(Damage::WrongLength));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(if hasher.finalize().as_slice() == blob.sha256.0 {
            Ok(())
        } else {
            Err(Damage::WrongBytes)
        })
    }

    fn path(&self, name: &ObjectName) -> object_store::path::Path {
        self.inner.bucket.key(&name.to_string()).into()
    }
}
