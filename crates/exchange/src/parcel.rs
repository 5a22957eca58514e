//! Trees on their way into the store: with their bytes, or with the names of bytes that are there already.

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

/// Different contents, and how many bytes each has.
pub(super) type Contents = BTreeMap<Sha256Sum, u64>;

/// Bytes that came in, and what they take until a row names them.
#[derive(Debug)]
pub struct Arrived {
    arrivals: Arrivals,
    // What was stored of it; removed when it is dropped before it is named.
    upload: Upload,
    // Large files that are not kept yet.
    waiting: Vec<Complete>,
    // Of the quotas.
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

    /// Keeps the large files that wait for that.
    async fn keep(mut self) -> Result<Self> {
        blocking(move || {
            let waiting = std::mem::take(&mut self.waiting);
            self.upload.keep(waiting)?;
            Ok(self)
        })
        .await?
    }

    /// Takes the room for what was saved, inside the transaction that names it.
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

/// A tree which needs but a row to name it.
#[derive(Debug)]
pub struct Parcel {
    files: Files,
    arrived: Arrived,
}

#[derive(Debug)]
enum Files {
    /// All bytes arrived.
    Arrived(Tree),
    /// Of what is claimed these bytes arrived; the rest may be in reach.
    Claimed(Vec<Claim>, HashMap<Sha256Sum, BlobRef>),
}

/// A file of a tree, told by somebody who need not send its bytes.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Where it stands.
    pub path: RelativePath,
    /// The name of its bytes.
    pub sha256: Sha256Sum,
    /// How many there are.
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

    /// Keeps the large files, if the bytes that did not come are in reach and there is room for the tree: a look before the
    /// one that counts, so that nothing is kept of what is refused. A reader takes it, so that claims of unknown bytes never
    /// keep the writer busy.
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

    /// The name of the tree.
    pub(super) fn digest(&self) -> Sha256Sum {
        match &self.files {
            Files::Arrived(tree) => tree.digest(),
            Files::Claimed(claims, _) => {
                tree_digest(claims.iter().map(|claim| (&claim.path, claim.sha256)))
            }
        }
    }

    /// Gives the tree its row, inside the transaction that will name it. Bytes that did not come with it must be in
    /// reach, else `MissingBlobs`.
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

    /// Takes the room for the saved tree, inside the same transaction and before a row names it.
    pub(super) fn take(
        &mut self,
        conn: &mut Connection,
        quota: &Quota,
        course: i64,
        account: &Account,
    ) -> Result<()> {
        // Since it was saved, the sizes that were told are those of what is stored.
        let contents = self.files.contents();
        self.arrived.take(conn, quota, course, account, &contents)
    }

    /// The transaction that names the tree is durable.
    pub(super) fn committed(&mut self) {
        self.arrived.committed();
    }

    /// Gives only the bytes their rows, inside the transaction that will name them in trees of its own.
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
    /// What they hold, as far as it is told.
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

/// Many trees with all their bytes, by the submission that each is about.
#[derive(Debug)]
pub struct Batch {
    trees: BTreeMap<i64, Tree>,
    arrived: Arrived,
}

impl Batch {
    pub(super) fn new(trees: BTreeMap<i64, Tree>, arrived: Arrived) -> Self {
        Self { trees, arrived }
    }

    /// Keeps the large files, if there is room for all trees.
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

    /// The numbers of the submissions.
    pub(super) fn submissions(&self) -> impl Iterator<Item = i64> {
        self.trees.keys().copied()
    }

    /// Gives the trees their rows, inside the transaction that will name them; in the order of the submissions.
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

    /// Takes the room for the saved trees, inside the same transaction and before a row names them.
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

    /// The transaction that names the trees is durable.
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

/// Looks up the bytes that did not come, in the caller's reach, so that only what is there is counted; the files, and what
/// they hold.
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
                // What comes next says so.
                None => Ok(()),
            }
        })
        .await
}

/// A clean-up that ran between the upload and this transaction could have taken a file for forgotten.
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
    // What is lost comes back with whoever still has it.
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
