//! Trees on their way into the store, with their bytes or with the checksums of bytes that are stored already.

use super::ahead::Upload;
use super::quota::{Account, ContentSizes, Taken};
use super::trees::TreeFiles;
use crate::op::{CourseOp, Entry, Need};
use crate::{Error, Exchange, Result};
use nbcourier_blobs::{Blobs, Complete, Damage};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry, tree_digest};
use nbcourier_identity::Caller;
use nbcourier_storage::Connection;
use nbcourier_storage::reach::{self, Reach};
use nbcourier_storage::trees::{self, Arrivals, Saved};
use nbcourier_work::{Bug, blocking};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Received bytes, with the storage that they occupy until a row names them.
#[derive(Debug)]
pub struct Arrived {
    arrivals: Arrivals,
    // The stored part of the bytes. It is removed if this is dropped before a row names it.
    upload: Upload,
    // Large files that are not yet in their places.
    waiting: Vec<Complete>,
    // Large files that were sent to a bucket. They stay in the spool until rows name them.
    sent: Vec<Arc<Complete>>,
}

impl Arrived {
    pub(crate) fn new(arrivals: Arrivals, upload: Upload, waiting: Vec<Complete>) -> Self {
        Self {
            arrivals,
            upload,
            waiting,
            sent: Vec::new(),
        }
    }

    /// Moves the waiting large files to their places, or sends them to the bucket.
    async fn keep(mut self) -> Result<Self> {
        if let Some(remote) = self.upload.remote() {
            let waiting = std::mem::take(&mut self.waiting);
            let files = std::mem::take(&mut self.arrivals.files);
            self.sent = waiting.into_iter().map(Arc::new).collect();
            let objects = self.upload.send(remote, files, &self.sent).await?;
            self.arrivals.objects().extend(objects);
            return Ok(self);
        }
        blocking(move || {
            let waiting = std::mem::take(&mut self.waiting);
            self.upload.keep(waiting)?;
            Ok(self)
        })
        .await?
    }

    /// Sends the large files again, unless their bytes are there. Returns whether there were any.
    async fn send_again(&self) -> Result<bool> {
        let Some(remote) = self.upload.remote().filter(|_| !self.sent.is_empty()) else {
            return Ok(false);
        };
        let files: Vec<BlobRef> = {
            let objects = self.arrivals.objects();
            objects.iter().map(|(_, blob)| *blob).collect()
        };
        let objects = self.upload.send(remote, files, &self.sent).await?;
        *self.arrivals.objects() = objects;
        Ok(true)
    }

    /// Notes that rows name the bytes for good.
    fn committed(&self, taken: Option<Taken>) {
        self.upload.named();
        if let Some(taken) = taken {
            taken.keep();
        }
    }
}

/// Bytes that have a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredBytes {
    /// The row.
    pub row: i64,
    /// The number of bytes.
    pub size: u64,
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

impl Claim {
    fn new(path: &RelativePath, blob: BlobRef) -> Self {
        Self {
            path: path.clone(),
            sha256: blob.sha256,
            size: blob.size,
        }
    }
}

impl Parcel {
    pub(crate) fn arrived(tree: Tree, arrived: Arrived) -> Self {
        Self {
            files: Files::Arrived(tree),
            arrived,
        }
    }

    pub(crate) fn claimed(
        files: Vec<Claim>,
        known: HashMap<Sha256Sum, BlobRef>,
        arrived: Arrived,
    ) -> Self {
        Self {
            files: Files::Claimed(files, known),
            arrived,
        }
    }

    /// Returns the parcel with those files of a stored tree whose paths it lacks.
    pub fn beside(self, exchange: &Exchange, stored: &TreeFiles) -> Result<Self> {
        let limits = exchange.limits;
        let Files::Arrived(tree) = self.files else {
            return Err(Bug::new("a manifest is laid beside a stored tree").into());
        };
        let mut own: HashMap<&RelativePath, BlobRef> = tree
            .entries
            .iter()
            .map(|entry| (&entry.path, entry.blob))
            .collect();
        let mut claims: Vec<Claim> = Vec::new();
        // Replaced files keep their places, and new ones follow.
        for file in stored.iter() {
            let blob = own.remove(file.path).unwrap_or(*file.blob);
            claims.push(Claim::new(file.path, blob));
        }
        let new = tree.entries.iter();
        let new = new.filter(|entry| own.contains_key(&entry.path));
        claims.extend(new.map(|entry| Claim::new(&entry.path, entry.blob)));
        if claims.len() > limits.files {
            return Err(Error::TooManyFiles(limits.files));
        }
        if claims.iter().map(|claim| claim.size).sum::<u64>() > limits.tree_bytes {
            return Err(Error::TreeTooLarge(limits.tree_bytes));
        }
        let known = tree.entries.iter();
        let known = known.map(|entry| (entry.blob.sha256, entry.blob)).collect();
        Ok(Self::claimed(claims, known, self.arrived))
    }

    /// Moves the large files to their places, if the caller can read the bytes that were not sent and there is room for
    /// the tree. This is a first check before the decisive one, so that nothing refused is kept. The bytes are looked
    /// up by a reader, so that claims of unknown bytes never keep the writer busy.
    pub(crate) async fn settle(
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
        let entry = exchange.enter(caller, account.course().clone(), Need::Course)?;
        let (files, contents) = look_up(&entry, files).await?;
        if is_kept {
            return Ok(Self { files, arrived });
        }
        check_room(&entry, account, contents).await?;
        let arrived = arrived.keep().await?;
        Ok(Self { files, arrived })
    }

    /// Moves the large files to their places. Those in a bucket stay there until the clean-up if the change is refused
    /// afterwards. So `rehearse` runs the change before they are sent, in a transaction that is undone.
    pub(crate) async fn settle_after<F: Future<Output = Result<Self>>>(
        self,
        rehearse: impl FnOnce(Rehearsal) -> F,
    ) -> Result<Self> {
        let has_files_to_send =
            self.arrived.upload.remote().is_some() && !self.arrived.waiting.is_empty();
        let parcel = if has_files_to_send {
            rehearse(Rehearsal(Some(self))).await?
        } else {
            self
        };
        parcel.settle_unchecked().await
    }

    /// Moves the large files to their places without a check, for an operator.
    pub(crate) async fn settle_unchecked(self) -> Result<Self> {
        if self.arrived.waiting.is_empty() {
            return Ok(self);
        }
        let Self { files, arrived } = self;
        let arrived = arrived.keep().await?;
        Ok(Self { files, arrived })
    }

    /// Returns the paths of the files, each with the checksum of its bytes.
    pub fn files(&self) -> Vec<(RelativePath, Sha256Sum)> {
        match &self.files {
            Files::Arrived(tree) => {
                let entries = tree.entries.iter();
                let files = entries.map(|entry| (entry.path.clone(), entry.blob.sha256));
                files.collect()
            }
            Files::Claimed(claims, _) => {
                let files = claims.iter();
                let files = files.map(|claim| (claim.path.clone(), claim.sha256));
                files.collect()
            }
        }
    }

    /// Returns the digest of the tree.
    pub(crate) fn digest(&self) -> Sha256Sum {
        match &self.files {
            Files::Arrived(tree) => tree.digest(),
            Files::Claimed(claims, _) => {
                tree_digest(claims.iter().map(|claim| (&claim.path, claim.sha256)))
            }
        }
    }

    /// Saves the tree, inside the transaction that will name it. Returns `MissingBlobs` if bytes were not sent and the
    /// caller cannot read them.
    pub(crate) fn save(
        &self,
        conn: &mut Connection,
        blobs: &Blobs,
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

    /// Saves the tree for an operation. Bytes that the caller can read need not be sent.
    pub(crate) fn save_in(&self, op: &mut CourseOp<'_>, now: Timestamp) -> Result<Saved> {
        let reach = op.standing.reach(op.caller);
        self.save(op.conn, &op.exchange.blobs, &reach, now)
    }

    /// Counts the saved tree against the quotas, inside the same transaction and before a row names it.
    pub(crate) fn take(&self, op: &mut CourseOp<'_>, account: &Account) -> Result<Option<Taken>> {
        // Saving the tree has checked the claimed sizes against the stored ones.
        take(op, account, &self.files.contents())
    }

    /// Notes that the transaction that names the tree and has taken this quota is durable.
    pub(crate) fn committed(&self, taken: Option<Taken>) {
        self.arrived.committed(taken);
    }

    /// Saves the bytes that the files name, inside the transaction that will name them in a directory. `reach` returns
    /// what the caller can read, and is asked only if bytes were not sent. Returns the rows of all bytes.
    pub(crate) fn store(
        &self,
        conn: &mut Connection,
        blobs: &Blobs,
        now: Timestamp,
        reach: impl FnOnce(&mut Connection) -> Result<Reach>,
    ) -> Result<HashMap<Sha256Sum, StoredBytes>> {
        check_files(blobs, &self.arrived.arrivals)?;
        let tree = match &self.files {
            Files::Arrived(tree) => Cow::Borrowed(tree),
            Files::Claimed(claims, known) => {
                let is_sent = |claim: &Claim| known.contains_key(&claim.sha256);
                let reach = if claims.iter().all(is_sent) {
                    Reach::Nothing
                } else {
                    reach(conn)?
                };
                Cow::Owned(resolve(conn, blobs, &reach, claims, known)?)
            }
        };
        let mut ids = trees::receive(conn, &self.arrived.arrivals, now)?;
        let contents = contents([&*tree]);
        let unknown: Vec<Sha256Sum> = contents
            .keys()
            .filter(|sum| !ids.contains_key(*sum))
            .copied()
            .collect();
        ids.extend(nbcourier_storage::blobs::ids(conn, unknown.into_iter())?);
        let stored = contents.into_iter().map(|(sum, size)| {
            // With several servers, a clean-up of another one may have been quicker.
            let row = ids.get(&sum).ok_or(nbcourier_storage::Error::Overtaken)?;
            Ok((sum, StoredBytes { row: *row, size }))
        });
        stored.collect()
    }

    /// Saves only the bytes, inside the transaction that will name them in its own trees.
    pub(crate) fn receive(
        &self,
        conn: &mut Connection,
        blobs: &Blobs,
        now: Timestamp,
    ) -> Result<()> {
        check_files(blobs, &self.arrived.arrivals)?;
        Ok(trees::receive(conn, &self.arrived.arrivals, now).map(drop)?)
    }
}

impl Files {
    /// Returns the contents, with the claimed sizes if the files are claimed.
    fn contents(&self) -> ContentSizes {
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
    pub(crate) fn new(trees: BTreeMap<i64, Tree>, arrived: Arrived) -> Self {
        Self { trees, arrived }
    }
}

/// Trees on their way into the store: one, or many.
pub(crate) trait IncomingTrees: Sized + Send + Sync + 'static {
    /// Moves the large files to their places, if there is room for them.
    fn settle(
        self,
        exchange: &Exchange,
        caller: &Caller,
        account: &Account,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Returns the numbers of the submissions that the trees belong to, if these came with the trees.
    fn submissions(&self) -> Vec<i64>;

    /// Saves the trees, inside the transaction that will name them.
    fn save_in(&self, op: &mut CourseOp<'_>, now: Timestamp) -> Result<Vec<Saved>>;

    /// Counts the saved trees against the quotas, inside the same transaction and before a row names them.
    fn take(&self, op: &mut CourseOp<'_>, account: &Account) -> Result<Option<Taken>>;

    /// Sends the large files again, after a clean-up has removed their rows. Returns whether there were any.
    fn send_again(&self) -> impl Future<Output = Result<bool>> + Send;

    /// Notes that the transaction that names the trees and has taken this quota is durable.
    fn committed(&self, taken: Option<Taken>);
}

impl IncomingTrees for Parcel {
    async fn settle(self, exchange: &Exchange, caller: &Caller, account: &Account) -> Result<Self> {
        Self::settle(self, exchange, caller, account).await
    }

    fn submissions(&self) -> Vec<i64> {
        Vec::new()
    }

    fn save_in(&self, op: &mut CourseOp<'_>, now: Timestamp) -> Result<Vec<Saved>> {
        Ok(vec![Self::save_in(self, op, now)?])
    }

    fn take(&self, op: &mut CourseOp<'_>, account: &Account) -> Result<Option<Taken>> {
        Self::take(self, op, account)
    }

    async fn send_again(&self) -> Result<bool> {
        self.arrived.send_again().await
    }

    fn committed(&self, taken: Option<Taken>) {
        Self::committed(self, taken);
    }
}

impl IncomingTrees for Batch {
    async fn settle(self, exchange: &Exchange, caller: &Caller, account: &Account) -> Result<Self> {
        if self.arrived.waiting.is_empty() {
            return Ok(self);
        }
        let entry = exchange.enter(caller, account.course().clone(), Need::Course)?;
        check_room(&entry, account, contents(self.trees.values())).await?;
        Ok(Self {
            arrived: self.arrived.keep().await?,
            trees: self.trees,
        })
    }

    fn submissions(&self) -> Vec<i64> {
        self.trees.keys().copied().collect()
    }

    fn save_in(&self, op: &mut CourseOp<'_>, now: Timestamp) -> Result<Vec<Saved>> {
        let arrivals = &self.arrived.arrivals;
        check_files(&op.exchange.blobs, arrivals)?;
        Ok(trees::save_all(
            op.conn,
            self.trees.values(),
            arrivals,
            now,
        )?)
    }

    fn take(&self, op: &mut CourseOp<'_>, account: &Account) -> Result<Option<Taken>> {
        take(op, account, &contents(self.trees.values()))
    }

    async fn send_again(&self) -> Result<bool> {
        self.arrived.send_again().await
    }

    fn committed(&self, taken: Option<Taken>) {
        self.arrived.committed(taken);
    }
}

/// Counts the saved contents against the quotas, inside the transaction that names them.
fn take(
    op: &mut CourseOp<'_>,
    account: &Account,
    contents: &ContentSizes,
) -> Result<Option<Taken>> {
    let quota = &op.exchange.quota;
    quota.take(op.conn, op.standing.course, account, contents)
}

fn contents<'a>(trees: impl IntoIterator<Item = &'a Tree>) -> ContentSizes {
    let entries = trees.into_iter().flat_map(|tree| &tree.entries);
    entries
        .map(|entry| (entry.blob.sha256, entry.blob.size))
        .collect()
}

/// The parcel of a change that is rehearsed. An attempt that fails leaves it for the next one.
pub(crate) struct Rehearsal(Option<Parcel>);

impl Rehearsal {
    /// Runs the change with the parcel. Returns the parcel if the change succeeds.
    pub fn run<T>(&mut self, change: impl FnOnce(&Parcel) -> Result<T>) -> Result<Parcel> {
        if let Some(parcel) = &self.0 {
            change(parcel)?;
        }
        let parcel = self.0.take();
        Ok(parcel.ok_or_else(|| Bug::new("a rehearsal was repeated after its end"))?)
    }
}

/// Looks up the bytes that were not sent among those the caller can read, so that only stored bytes are counted.
/// Returns the files and their contents.
async fn look_up(entry: &Entry, files: Files) -> Result<(Files, ContentSizes)> {
    if let Files::Arrived(tree) = &files {
        let contents = contents([tree]);
        return Ok((files, contents));
    }
    entry
        .read(move |op| {
            let mut held = files.contents();
            if let Files::Claimed(claims, known) = &files {
                let reach = op.standing.reach(op.caller);
                let blobs = &op.exchange.blobs;
                held = contents([&resolve(op.conn, blobs, &reach, claims, known)?]);
            }
            Ok((files, held))
        })
        .await
}

async fn check_room(entry: &Entry, account: &Account, contents: ContentSizes) -> Result<()> {
    if !entry.exchange().quota.counts_bytes() {
        return Ok(());
    }
    let account = account.clone();
    let check = entry.write(move |op| {
        let (quota, course) = (&op.exchange.quota, op.standing.course);
        quota
            .check(op.conn, course, &account, &contents, 0)
            .map(drop)
    });
    check.await
}

/// Checks that the large files are still present. A clean-up between the upload and this transaction could have taken
/// them for abandoned files.
fn check_files(blobs: &Blobs, arrivals: &Arrivals) -> Result<()> {
    let Some(directory) = blobs.local() else {
        // The rows are checked instead, with the objects themselves having been looked at before.
        return Ok(());
    };
    let lost = |blob: &&BlobRef| !directory.has(blob.sha256, blob.size);
    match arrivals.files.iter().find(lost) {
        Some(lost) => Err(Error::Damaged(lost.sha256, Damage::Missing)),
        None => Ok(()),
    }
}

fn resolve(
    conn: &mut Connection,
    blobs: &Blobs,
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
    found.retain(|sum, row| match blobs.local() {
        _ if row.in_database => !lost.contains(&row.id),
        Some(directory) => directory.has(*sum, row.blob.size),
        None => row.arrived,
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
