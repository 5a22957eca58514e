//! The check that a database and the place of its blobs belong together.

use nbcourier_blobs::{Belongs, Blobs, Fault, RemoteBlobs};
use nbcourier_storage::objects::Place;
use nbcourier_storage::{self as store, Store};
use nbcourier_work::{Bug, blocking};

/// The reason why the blobs cannot be used with the database. Its text is the problem and the advice.
#[derive(Debug, thiserror::Error)]
#[error("{}. {}", self.problem(), self.advice())]
pub enum Mismatch {
    /// The bucket cannot be used.
    Unusable(String, Fault),
    /// The bucket belongs to another exchange.
    OfAnother(String),
    /// A copy to the bucket is not finished.
    Unfinished(String),
    /// The bucket has objects that nbcourier did not write.
    OfStrangers(String),
    /// The bucket lost its mark, or is another one than the first, which the database knows.
    Emptied(String, String),
    /// The large files are in a directory, and not in this bucket.
    InDirectory(String),
    /// The large files are in this bucket, and not in a directory.
    InBucket(String),
    /// The database failed.
    Store(#[from] store::Error),
    /// A bug.
    Bug(#[from] Bug),
}

impl Mismatch {
    /// Returns the problem, as a sentence without its full stop.
    pub fn problem(&self) -> String {
        match self {
            Self::Unusable(bucket, fault) => {
                format!("The bucket {bucket} cannot be used: {fault}")
            }
            Self::OfAnother(bucket) => format!(
                "The bucket {bucket} belongs to another exchange, or to another database of this one"
            ),
            Self::Unfinished(bucket) => format!(
                "A restore or a move to the bucket {bucket} was interrupted or is in progress"
            ),
            Self::OfStrangers(bucket) => {
                format!("The bucket {bucket} has objects of other programs")
            }
            Self::Emptied(known, bucket) => {
                format!("The large files of this exchange are in {known}, and {bucket} is empty")
            }
            Self::InDirectory(bucket) => {
                format!("The large files of this exchange are in a directory, and not in {bucket}")
            }
            Self::InBucket(bucket) => {
                format!("The large files of this exchange are in {bucket}, and not in a directory")
            }
            Self::Store(error) => error.to_string(),
            Self::Bug(bug) => bug.to_string(),
        }
    }

    /// Returns what an operator can do, as a sentence without its full stop.
    pub fn advice(&self) -> String {
        match self {
            Self::Unusable(_, fault) => fault.kind.advice().to_owned(),
            Self::OfAnother(_) => "Name another bucket or prefix with --storage, or restore the database that belongs \
                                   to it"
                .to_owned(),
            Self::Unfinished(_) => {
                "Repeat nbcourier restore or nbcourier move until it succeeds".to_owned()
            }
            Self::OfStrangers(_) => {
                "Name an empty prefix with --storage s3://BUCKET/PREFIX".to_owned()
            }
            Self::Emptied(known, bucket) => {
                format!("Name {known} with --storage, or copy all its objects to {bucket}")
            }
            Self::InDirectory(_) => "Name the directory with --storage".to_owned(),
            Self::InBucket(bucket) => format!("Name it with --storage {bucket}"),
            Self::Store(_) => "Run nbcourier doctor".to_owned(),
            Self::Bug(_) => "Please report it".to_owned(),
        }
    }
}

/// Checks that the blobs can be used, and that they are those of the database. Notes that they are.
pub async fn check(store: &Store, blobs: &Blobs) -> Result<(), Mismatch> {
    let known = store.read(store::objects::place).await?;
    let Some(remote) = blobs.remote() else {
        return match known.bucket.filter(|_| known.has_large) {
            Some(bucket) => Err(Mismatch::InBucket(bucket)),
            None => Ok(()),
        };
    };
    let (checked, place) = (remote.clone(), known.clone());
    let is_claimed = blocking(move || compare(&checked, &place)).await??;
    let bucket = remote.bucket().to_string();
    if !is_claimed {
        let (claimed, name, exchange) = (remote.clone(), bucket.clone(), known.exchange);
        let claim = move || claimed.claim(&exchange);
        blocking(claim)
            .await?
            .map_err(|fault| Mismatch::Unusable(name, fault))?;
    }
    if known.bucket.as_ref() != Some(&bucket) {
        store
            .write(move |conn| store::objects::set_bucket(conn, &bucket))
            .await?;
    }
    Ok(())
}

/// Checks that the bucket can be used, and is that of the database. It writes one small object. Returns whether the
/// bucket says that it belongs to this exchange.
pub fn compare(remote: &RemoteBlobs, known: &Place) -> Result<bool, Mismatch> {
    // First, so that nothing is written into a bucket of somebody else.
    let is_claimed = look(remote, known)?;
    let unusable = |fault| Mismatch::Unusable(remote.bucket().to_string(), fault);
    remote.probe().map_err(unusable)?;
    Ok(is_claimed)
}

/// Checks that the bucket is that of the database. It writes nothing. Returns whether the bucket says that it belongs to this
/// exchange.
pub fn look(remote: &RemoteBlobs, known: &Place) -> Result<bool, Mismatch> {
    let bucket = || remote.bucket().to_string();
    if known.bucket.is_none() && known.has_large {
        return Err(Mismatch::InDirectory(bucket()));
    }
    let belongs = remote.belongs();
    match belongs.map_err(|fault| Mismatch::Unusable(bucket(), fault))? {
        Belongs::To(other) if other != known.exchange => Err(Mismatch::OfAnother(bucket())),
        Belongs::Unfinished(_) => Err(Mismatch::Unfinished(bucket())),
        Belongs::Stranger => Err(Mismatch::OfStrangers(bucket())),
        Belongs::To(_) => Ok(true),
        Belongs::Nobody => match &known.bucket {
            Some(known_as) if known.has_large => Err(Mismatch::Emptied(known_as.clone(), bucket())),
            _ => Ok(false),
        },
    }
}
