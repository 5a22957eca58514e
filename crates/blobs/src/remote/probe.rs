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
    /// Nobody: there are no objects.
    Nobody,
    /// Somebody else: there are objects, and none names an exchange.
    Stranger,
}

impl RemoteBlobs {
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
                return Ok(Belongs::To(owner));
            }
            let at = (!prefix.as_ref().is_empty()).then_some(&prefix);
            let mut objects = store.list(at);
            while let Some(object) = objects.next().await {
                let object = object.map_err(|error| Fault::of(&error))?;
                if object.location != probe {
                    // Another server that starts now may have written its mark since the first look.
                    let owner = owner(store, &path).await?;
                    return Ok(owner.map_or(Belongs::Stranger, Belongs::To));
                }
            }
            Ok(Belongs::Nobody)
        };
        self.inner.connection.wait(looking)
    }

    /// Notes in the bucket that it belongs to the exchange with this ID.
    pub fn claim(&self, exchange: &str) -> Result<(), Fault> {
        let (connection, path) = (self.inner.connection.clone(), self.own(MARK));
        let mark = PutPayload::from(exchange.as_bytes().to_vec());
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

/// Returns the ID of the exchange in the mark at that place, if there is a mark.
async fn owner(store: &AmazonS3, mark: &Path) -> Result<Option<String>, Fault> {
    let mark = match store.get(mark).await {
        Ok(mark) => mark,
        Err(error) => {
            let fault = Fault::of(&error);
            let is_missing = fault.kind == FaultKind::NoObject;
            return if is_missing { Ok(None) } else { Err(fault) };
        }
    };
    let bytes = mark.bytes().await.map_err(|error| Fault::of(&error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
}
