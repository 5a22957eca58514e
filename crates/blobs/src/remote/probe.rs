//! Checks of a bucket: that it can be used, and whose it is.

use super::RemoteBlobs;
use super::fault::{Fault, FaultKind};
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutPayload};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The object that names the exchange of the bucket.
const MARK: &str = "nbcourier-exchange";
/// The object that is written to see whether that is possible.
const PROBE: &str = "nbcourier-probe";
/// The beginning of the mark of a bucket to which a copy is not finished.
const UNFINISHED: &str = "unfinished ";
/// The objects by which a bucket is recognised and checked.
pub(super) const OURS: [&str; 2] = [MARK, PROBE];

/// The time for which a successful check remains valid. Each costs two requests.
const COUNTS: Duration = Duration::from_secs(30);

/// The time of the last successful check.
#[derive(Debug, Default)]
pub(super) struct LastProbe(Mutex<Option<Instant>>);

/// The owner of a bucket and prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belongs {
    /// The exchange with this ID.
    To(String),
    /// An unfinished copy with this description. No exchange uses the bucket.
    Unfinished(String),
    /// Nobody: there are no objects.
    Nobody,
    /// Somebody else: there are objects, and none names an exchange.
    Stranger,
}

impl RemoteBlobs {
    /// Whether the bucket and prefix contain those of the other one, or the other way round.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (&self.inner.bucket, &other.inner.bucket);
        let contains = |outer: &str, inner: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        one.name == other.name
            && one.endpoint == other.endpoint
            && (contains(&one.prefix, &other.prefix) || contains(&other.prefix, &one.prefix))
    }

    /// Writes a small object, reads it and compares it.
    pub fn check_writable(&self) -> io::Result<()> {
        self.inner.spool.check_writable()?;
        let last = &self.inner.last_probe.0;
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < COUNTS) {
            return Ok(());
        }
        self.probe()?;
        *last = Some(Instant::now());
        Ok(())
    }

    /// Does the same, whenever it was done last.
    pub fn probe(&self) -> Result<(), Fault> {
        let (connection, path) = (self.inner.connection.clone(), self.own(PROBE));
        let probing = async move {
            let store = connection.checking();
            let put = store.put(&path, PutPayload::from_static(PROBE.as_bytes()));
            put.await.map_err(|error| Fault::of(&error))?;
            let got = store.get(&path).await.map_err(|error| Fault::of(&error))?;
            let bytes = got.bytes().await.map_err(|error| Fault::of(&error))?;
            if bytes == PROBE.as_bytes() {
                return Ok(());
            }
            let reason = "an object that was written a moment ago has other bytes";
            Err(Fault::new(FaultKind::Failed, reason))
        };
        self.inner.connection.wait(probing)
    }

    /// Returns the owner of the bucket and prefix.
    pub fn belongs(&self) -> Result<Belongs, Fault> {
        let (connection, path) = (self.inner.connection.clone(), self.own(MARK));
        let prefix = Path::from(self.inner.bucket.prefix.as_str());
        let probe = self.own(PROBE);
        let looking = async move {
            let store = connection.checking();
            if let Some(owner) = owner(store, &path).await? {
                return Ok(owner);
            }
            let at = (!prefix.as_ref().is_empty()).then_some(&prefix);
            let mut objects = store.list(at);
            while let Some(object) = objects.next().await {
                let object = object.map_err(|error| Fault::of(&error))?;
                if object.location != probe {
                    // Another server that starts now may have written its mark since the first look.
                    let owner = owner(store, &path).await?;
                    return Ok(owner.unwrap_or(Belongs::Stranger));
                }
            }
            Ok(Belongs::Nobody)
        };
        self.inner.connection.wait(looking)
    }

    /// Notes in the bucket that it belongs to the exchange with this ID.
    pub fn claim(&self, exchange: &str) -> Result<(), Fault> {
        self.write_mark(exchange)
    }

    /// Notes in the bucket that a copy with this description goes to it. No exchange uses the bucket until it is claimed.
    pub fn claim_for_copy(&self, description: &str) -> Result<(), Fault> {
        self.write_mark(&format!("{UNFINISHED}{description}"))
    }

    fn write_mark(&self, text: &str) -> Result<(), Fault> {
        let (connection, path) = (self.inner.connection.clone(), self.own(MARK));
        let mark = PutPayload::from(text.as_bytes().to_vec());
        let claiming = async move {
            let put = connection.checking().put(&path, mark).await;
            put.map(drop).map_err(|error| Fault::of(&error))
        };
        self.inner.connection.wait(claiming)
    }

    fn own(&self, name: &str) -> Path {
        self.inner.bucket.key(name).into()
    }
}

/// Returns the owner according to the mark at that place, if there is a mark.
async fn owner(store: &AmazonS3, mark: &Path) -> Result<Option<Belongs>, Fault> {
    let mark = match store.get(mark).await {
        Ok(mark) => mark,
        Err(error) => {
            let fault = Fault::of(&error);
            let is_missing = fault.kind == FaultKind::NoObject;
            return if is_missing { Ok(None) } else { Err(fault) };
        }
    };
    let bytes = mark.bytes().await.map_err(|error| Fault::of(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    let owner = match text.strip_prefix(UNFINISHED) {
        Some(description) => Belongs::Unfinished(description.to_owned()),
        None => Belongs::To(text.trim().to_owned()),
    };
    Ok(Some(owner))
}
