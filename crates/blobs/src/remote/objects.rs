//! The names of objects, and what is done with objects by name.

use super::fault::{Fault, FaultKind};
use super::{AT_ONCE, RemoteBlobs};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nbcourier_domain::Sha256Sum;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use std::fmt;
use std::io;
use std::str::FromStr;

/// The name of the object of a row, below the prefix of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// The checksum of the bytes.
    pub sha256: Sha256Sum,
    /// The ID of the row.
    pub id: i64,
}

/// An object found in the bucket.
#[derive(Debug, Clone)]
pub enum FoundObject {
    /// An object with the name of a row, and its size in bytes.
    Named(ObjectName, u64),
    /// Another object.
    Stray(String),
}

impl ObjectName {
    /// Returns the name of the object for the row with that ID.
    pub fn new(sha256: Sha256Sum, id: i64) -> Self {
        Self { sha256, id }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = self.sha256.to_string();
        write!(f, "{}/{sum}-{}", &sum[..2], self.id)
    }
}

/// The text is no name of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of an object")]
pub struct IllegalObjectName;

impl FromStr for ObjectName {
    type Err = IllegalObjectName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (_, last) = text.split_once('/')?;
            let (sum, id) = last.split_once('-')?;
            let name = Self::new(Sha256Sum::parse(sum)?, id.parse().ok()?);
            (name.to_string() == text).then_some(name)
        };
        parse().ok_or(IllegalObjectName)
    }
}

impl RemoteBlobs {
    /// Returns the sizes of objects. An object that is not there has none.
    pub fn sizes(&self, names: &[ObjectName]) -> io::Result<Vec<Option<u64>>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let paths: Vec<Path> = names.iter().map(|name| self.path(name)).collect();
        let connection = self.inner.connection.clone();
        let looking = async move {
            let looks = paths.into_iter().map(|path| {
                let connection = connection.clone();
                async move { size(connection.store(), &path).await }
            });
            stream::iter(looks).buffered(AT_ONCE).try_collect().await
        };
        Ok(self.inner.connection.wait(looking)?)
    }

    /// Deletes objects. An object that is not there counts as deleted.
    pub fn delete(&self, names: &[ObjectName]) -> io::Result<()> {
        let paths: Vec<Path> = names.iter().map(|name| self.path(name)).collect();
        let connection = self.inner.connection.clone();
        // One by one, since not all servers delete many objects in one request alike.
        let deleting = async move {
            let deletions = paths.into_iter().map(|path| {
                let connection = connection.clone();
                async move {
                    match connection.store().delete(&path).await {
                        Ok(()) => Ok(()),
                        Err(error) => match Fault::of(&error) {
                            fault if fault.kind == FaultKind::NoObject => Ok(()),
                            fault => Err(fault),
                        },
                    }
                }
            });
            stream::iter(deletions)
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await
        };
        Ok(self.inner.connection.wait(deleting)?)
    }

    /// Calls `visit` for every object below the prefix, except those by which the bucket is recognised.
    pub fn walk(&self, mut visit: impl FnMut(FoundObject)) -> io::Result<()> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(64);
        let connection = self.inner.connection.clone();
        let prefix = Path::from(self.inner.bucket.prefix.as_str());
        let beginning = self.inner.bucket.key("");
        self.inner.connection.spawn(async move {
            let at = (!prefix.as_ref().is_empty()).then_some(&prefix);
            let mut pages = connection.store().list(at).chunks(500);
            while let Some(page) = pages.next().await {
                let page: Result<Vec<_>, _> = page.into_iter().collect();
                let page = page.map_err(|error| Fault::of(&error));
                let sender = sender.clone();
                // It waits while `visit` is slow.
                let sent = tokio::task::spawn_blocking(move || sender.send(page)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
        });
        for page in receiver {
            for object in page? {
                let path = object.location.as_ref();
                let name = path.strip_prefix(&beginning).unwrap_or(path);
                if super::probe::OURS.contains(&name) {
                    continue;
                }
                visit(match name.parse() {
                    Ok(name) => FoundObject::Named(name, object.size),
                    Err(IllegalObjectName) => FoundObject::Stray(path.to_owned()),
                });
            }
        }
        Ok(())
    }
}

/// Returns the size of an object, if it is there.
pub(super) async fn size(
    store: &object_store::aws::AmazonS3,
    path: &Path,
) -> Result<Option<u64>, Fault> {
    match store.head(path).await {
        Ok(object) => Ok(Some(object.size)),
        Err(error) => match Fault::of(&error) {
            fault if fault.kind == FaultKind::NoObject => Ok(None),
            fault => Err(fault),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_whole_names_are_those_of_objects() {
        let name = ObjectName::new(Sha256Sum([0xab; 32]), 17);
        let text = name.to_string();
        assert_eq!(text.parse(), Ok(name));
        let sum = "ab".repeat(32);
        for other in [
            format!("ac/{sum}-17"),
            format!("ab/{sum}-017"),
            format!("ab/{sum}-+17"),
            format!("ab/{sum}"),
            format!("ab/{}-17", sum.to_uppercase()),
            format!("x/ab/{sum}-17"),
            String::new(),
        ] {
            assert_eq!(
                other.parse::<ObjectName>(),
                Err(IllegalObjectName),
                "{other}"
            );
        }
    }
}
