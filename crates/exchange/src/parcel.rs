//! Trees on their way into the store, with their bytes or with the checksums of bytes that are stored already.

use super::ahead::Upload;
use super::quota::{Account, Quota, Taken};
use super::{Error, Exchange, Result};
use nbcourier_blobs::{Complete, Damage, LocalBlobs};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry, tree_digest};
use nbcourier_identity::Caller;
use nbcourier_storage::Connection;
use nbcourier_storage::courses;
use nbcourier_storage::reach::{self, Reach};
use nbcourier_storage::trees::{self, Arrivals, Saved};
use nbcourier_work::blocking;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Distinct contents with their sizes in bytes.
pub(super) type Contents = BTreeMap<Sha256Sum, u64>;

/// Received bytes, with the storage and quota that they occupy until a row names them.
#[derive(Debug)]
pub struct Arrived {
    arrivals: Arrivals,
    // The stored part of the bytes. It is removed if this is dropped before a row names it.
    upload: Upload,
    // Large files that are not yet in their places.
    waiting: Vec<Complete>,
    // The occupied quota.
    taken: Option<Taken>,
}

impl Arrived {
    pub(super) fn new(arrivals: Arrivals, upload: Upload, waiting: Vec<Complete>) -> Self {
        Self {
            arrivals,
            upload,
            waiting,
            taken: None,
        }
    }

    /// Moves the waiting large files to their places.
    async fn keep(mut self) -> Result<Self> {
        blocking(move || {
            let waiting = std::mem::take(&mut self.waiting);
            self.upload.keep(waiting)?;
            Ok(self)
        })
        .await?
    }

    /// Counts the saved contents against the quotas, inside the transaction that names them.
    fn take(
        &mut self,
        conn: &mut Connection,
        quota: &Quota,
        course: i64,
        account: &Account,
        contents: &Contents,
    ) -> Result<()> {
        self.taken = quota.take(conn, course, account, contents)?;
        Ok(())
    }

    fn committed(&mut self) {
        self.upload.named();
        if let Some(taken) = self.taken.take() {
            taken.keep();
        }
    }
}

/// A tree that is ready to be saved and named by a row.
#[derive(Debug)]
pub struct Parcel {
    files: Files,
    arrived: Arrived,
}

#[derive(Debug)]
enum Files {
    /// All bytes were sent.
    Arrived(Tree),
    /// The claimed files, and those of their contents that were sent. The caller may be able to read the others.
    Claimed(Vec<Claim>, HashMap<Sha256Sum, BlobRef>),
}

/// A file of a tree whose bytes need not be sent.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Its path in the tree.
    pub path: RelativePath,
    /// The checksum of its bytes.
    pub sha256: Sha256Sum,
    /// Its size in bytes.
    pub size: u64,
}

impl Parcel {
    pub(super) fn arrived(tree: Tree, arrived: Arrived) -> Self {
        Self {
            files: Files::Arrived(tree),
            arrived,
        }
    }

    pub(super) fn claimed(
        files: Vec<Claim>,
        known: HashMap<Sha256Sum, BlobRef>,
        arrived: Arrived,
    ) -> Self {
        Self {
            files: Files::Claimed(files, known),
            arrived,
        }
    }

    /// Moves the large files to their places, if the caller can read the bytes that were not sent and there is room for
    /// the tree. This is a first check before the decisive one, so that nothing refused is kept. The bytes are looked
    /// up by a reader, so that claims of unknown bytes never keep the writer busy.
    pub(super) async fn settle(
        self,
        exchange: &Exchange,
        caller: &Caller,
        account: &Account,
    ) -> Result<Self> {
        let is_kept = self.arrived.waiting.is_empty();
        if is_kept && matches!(self.files, Files::Arrived(_)) {
            return Ok(self);
        }
        let Self { files, arrived } = self;
        let (files, contents) = look_up(exchange, caller, account, files).await?;
        if is_kept {
            return Ok(Self { files, arrived });
        }
        check_room(exchange, account, contents).await?;
        let arrived = arrived.keep().await?;
        Ok(Self { files, arrived })
    }

    /// Returns the digest of the tree.
    pub(super) fn digest(&self) -> Sha256Sum {
        match &self.files {
            Files::Arrived(tree) => tree.digest(),
            Files::Claimed(claims, _) => {
                tree_digest(claims.iter().map(|claim| (&claim.path, claim.sha256)))
            }
        }
    }

    /// Saves the tree, inside the transaction that will name it. Returns `MissingBlobs` if bytes were not sent and the
    /// caller cannot read them.
    pub(super) fn save(
        &self,
        conn: &mut Connection,
        blobs: &LocalBlobs,
        reach: &Reach,
        now: Timestamp,
    ) -> Result<Saved> {
        check_files(blobs, &self.arrived.arrivals)?;
        let tree = match &self.files {
            Files::Arrived(tree) => Cow::Borrowed(tree),
            Files::Claimed(claims, known) => {
                Cow::Owned(resolve(conn, blobs, reach, claims, known)?)
            }
        };
        Ok(trees::save(conn, &tree, &self.arrived.arrivals, now)?)
    }

    /// Counts the saved tree against the quotas, inside the same transaction and before a row names it.
    pub(super) fn take(
        &mut self,
        conn: &mut Connection,
        quota: &Quota,
        course: i64,
        account: &Account,
    ) -> Result<()> {
        // Saving the tree has checked the claimed sizes against the stored ones.
        let contents = self.files.contents();
        self.arrived.take(conn, quota, course, account, &contents)
    }

    /// Notes that the transaction that names the tree is durable.
    pub(super) fn committed(&mut self) {
        self.arrived.committed();
    }

    /// Saves only the bytes, inside the transaction that will name them in its own trees.
    pub(super) fn receive(
        &self,
        conn: &mut Connection,
        blobs: &LocalBlobs,
        now: Timestamp,
    ) -> Result<()> {
        check_files(blobs, &self.arrived.arrivals)?;
        Ok(trees::receive(conn, &self.arrived.arrivals, now).map(drop)?)
    }
}

impl Files {
    /// Returns the contents, with the claimed sizes if the files are claimed.
    fn contents(&self) -> Contents {
        match self {
            Self::Arrived(tree) => contents([tree]),
            Self::Claimed(claims, _) => claims
                .iter()
                .map(|claim| (claim.sha256, claim.size))
                .collect(),
        }
    }
}

/// Many trees with all their bytes, by the submission that each belongs to.
#[derive(Debug)]
pub struct Batch {
    trees: BTreeMap<i64, Tree>,
    arrived: Arrived,
}

impl Batch {
    pub(super) fn new(trees: BTreeMap<i64, Tree>, arrived: Arrived) -> Self {
        Self { trees, arrived }
    }

    /// Moves the large files to their places, if there is room for all trees.
    pub(super) async fn settle(self, exchange: &Exchange, account: &Account) -> Result<Self> {
        if self.arrived.waiting.is_empty() {
            return Ok(self);
        }
        check_room(exchange, account, contents(self.trees.values())).await?;
        Ok(Self {
            arrived: self.arrived.keep().await?,
            trees: self.trees,
        })
    }

    /// Returns the numbers of the submissions.
    pub(super) fn submissions(&self) -> impl Iterator<Item = i64> {
        self.trees.keys().copied()
    }

    /// Saves the trees, inside the transaction that will name them. Returns them in the order of the submissions.
    pub(super) fn save(
        &self,
        conn: &mut Connection,
        blobs: &LocalBlobs,
        now: Timestamp,
    ) -> Result<Vec<Saved>> {
        check_files(blobs, &self.arrived.arrivals)?;
        let trees = self.trees.values();
        Ok(trees::save_all(conn, trees, &self.arrived.arrivals, now)?)
    }

    /// Counts the saved trees against the quotas, inside the same transaction and before a row names them.
    pub(super) fn take(
        &mut self,
        conn: &mut Connection,
        quota: &Quota,
        course: i64,
        account: &Account,
    ) -> Result<()> {
        let contents = contents(self.trees.values());
        self.arrived.take(conn, quota, course, account, &contents)
    }

    /// Notes that the transaction that names the trees is durable.
    pub(super) fn committed(&mut self) {
        self.arrived.committed();
    }
}

fn contents<'a>(trees: impl IntoIterator<Item = &'a Tree>) -> Contents {
    let entries = trees.into_iter().flat_map(|tree| &tree.entries);
    entries
        .map(|entry| (entry.blob.sha256, entry.blob.size))
        .collect()
}

/// Looks up the bytes that were not sent among those the caller can read, so that only stored bytes are counted.
/// Returns the files and their contents.
async fn look_up(
    exchange: &Exchange,
    caller: &Caller,
    account: &Account,
    files: Files,
) -> Result<(Files, Contents)> {
    if let Files::Arrived(tree) = &files {
        let contents = contents([tree]);
        return Ok((files, contents));
    }
    let (policy, blobs) = (exchange.policy, exchange.blobs.clone());
    let (caller, course) = (caller.clone(), account.course().clone());
    exchange
        .store
        .read(move |conn| {
            let mut held = files.contents();
            if let Files::Claimed(claims, known) = &files {
                let reach = policy.enter(conn, &caller, &course)?.reach(&caller);
                held = contents([&resolve(conn, &blobs, &reach, claims, known)?]);
            }
            Ok((files, held))
        })
        .await
}

async fn check_room(exchange: &Exchange, account: &Account, contents: Contents) -> Result<()> {
    let (quota, account) = (exchange.quota.clone(), account.clone());
    if !quota.counts_bytes() {
        return Ok(());
    }
    exchange
        .store
        .write(move |conn| {
            match courses::row(conn, account.course())? {
                Some(course) => quota.check(conn, course, &account, &contents, 0).map(drop),
                // The next operation reports the missing course.
                None => Ok(()),
            }
        })
        .await
}

/// Checks that the large files are still present. A clean-up between the upload and this transaction could have taken
/// them for abandoned files.
fn check_files(blobs: &LocalBlobs, arrivals: &Arrivals) -> Result<()> {
    let lost = |blob: &&BlobRef| !blobs.has(blob.sha256, blob.size);
    match arrivals.files.iter().find(lost) {
        Some(lost) => Err(Error::Damaged(lost.sha256, Damage::Missing)),
        None => Ok(()),
    }
}

fn resolve(
    conn: &mut Connection,
    blobs: &LocalBlobs,
    reach: &Reach,
    claims: &[Claim],
    arrived: &HashMap<Sha256Sum, BlobRef>,
) -> Result<Tree> {
    let wanted: BTreeSet<Sha256Sum> = claims
        .iter()
        .map(|claim| claim.sha256)
        .filter(|sum| !arrived.contains_key(sum))
        .collect();
    let mut found = reach::blobs(conn, reach, &wanted)?;
    // Lost contents count as missing, so that a caller who still has them sends them again.
    let inside = found.values().filter(|row| row.in_database);
    let lost = nbcourier_storage::blobs::lost(conn, inside.map(|row| row.id))?;
    found.retain(|sum, row| {
        if row.in_database {
            !lost.contains(&row.id)
        } else {
            blobs.has(*sum, row.blob.size)
        }
    });
    let missing: Vec<Sha256Sum> = wanted
        .into_iter()
        .filter(|sum| !found.contains_key(sum))
        .collect();
    if !missing.is_empty() {
        return Err(Error::MissingBlobs(missing));
    }
    let mut tree = Tree::default();
    for claim in claims {
        let known = found.get(&claim.sha256).map(|row| row.blob);
        let blob = known.or_else(|| arrived.get(&claim.sha256).copied());
        match blob {
            Some(blob) if blob.size == claim.size => tree.entries.push(TreeEntry {
                path: claim.path.clone(),
                blob,
            }),
            _ => return Err(Error::WrongSize(claim.path.clone())),
        }
    }
    Ok(tree)
}
