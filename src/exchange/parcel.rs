//! Trees on their way into the store: with their bytes, or with the names of bytes that are there already.

use super::{Error, Exchange, Result};
use crate::auth::Caller;
use crate::blobs::{Announcement, Complete, Damage, LocalBlobs};
use crate::domain::{
    BlobRef, CourseId, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry, UserName, tree_digest,
};
use crate::store::Connection;
use crate::store::courses;
use crate::store::reach::{self, Reach};
use crate::store::trees::{self, Arrivals, Saved};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Different contents, and how many bytes each has.
pub(super) type Contents = BTreeMap<Sha256Sum, u64>;

/// A tree which needs but a row to name it.
#[derive(Debug)]
pub struct Parcel {
    files: Files,
    arrivals: Arrivals,
    // Until the transaction that names the bytes.
    _announced: Option<Announcement>,
    // Not kept yet.
    waiting: Vec<Complete>,
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
    pub(super) fn arrived(tree: Tree, arrivals: Arrivals, announced: Option<Announcement>) -> Self {
        Self {
            files: Files::Arrived(tree),
            arrivals,
            _announced: announced,
            waiting: Vec::new(),
        }
    }

    pub(super) fn claimed(
        files: Vec<Claim>,
        arrived: HashMap<Sha256Sum, BlobRef>,
        arrivals: Arrivals,
        announced: Option<Announcement>,
    ) -> Self {
        Self {
            files: Files::Claimed(files, arrived),
            arrivals,
            _announced: announced,
            waiting: Vec::new(),
        }
    }

    pub(super) fn waiting(self, waiting: Vec<Complete>) -> Self {
        Self { waiting, ..self }
    }

    /// Keeps the files that wait for that, if there is room for the tree in the course, and for the student where it is
    /// handed in: a look before the one that counts, so that nothing is kept of what is refused.
    pub(super) async fn settle(
        mut self,
        exchange: &Exchange,
        caller: &Caller,
        course: &CourseId,
        student: Option<&UserName>,
    ) -> Result<Self> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            keep(
                exchange,
                waiting,
                self.contents(),
                (caller, course, student),
            )
            .await?;
        }
        Ok(self)
    }

    /// What its files hold.
    pub(super) fn contents(&self) -> Contents {
        match &self.files {
            Files::Arrived(tree) => contents([tree]),
            Files::Claimed(claims, _) => {
                let claims = claims.iter().map(|claim| (claim.sha256, claim.size));
                claims.collect()
            }
        }
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
        check_files(blobs, &self.arrivals)?;
        let tree = match &self.files {
            Files::Arrived(tree) => Cow::Borrowed(tree),
            Files::Claimed(claims, arrived) => {
                Cow::Owned(resolve(conn, blobs, reach, claims, arrived)?)
            }
        };
        Ok(trees::save(conn, &tree, &self.arrivals, now)?)
    }
}

impl Parcel {
    /// Gives only the bytes their rows, inside the transaction that will name them in trees of its own.
    pub(super) fn receive(
        &self,
        conn: &mut Connection,
        blobs: &LocalBlobs,
        now: Timestamp,
    ) -> Result<()> {
        check_files(blobs, &self.arrivals)?;
        Ok(trees::receive(conn, &self.arrivals, now).map(drop)?)
    }
}

/// Many trees with all their bytes, by the submission that each is about.
#[derive(Debug)]
pub struct Batch {
    trees: BTreeMap<i64, Tree>,
    arrivals: Arrivals,
    // Until the transaction that names the bytes.
    _announced: Option<Announcement>,
    // Not kept yet.
    waiting: Vec<Complete>,
}

impl Batch {
    pub(super) fn new(
        trees: BTreeMap<i64, Tree>,
        arrivals: Arrivals,
        announced: Option<Announcement>,
    ) -> Self {
        Self {
            trees,
            arrivals,
            _announced: announced,
            waiting: Vec::new(),
        }
    }

    pub(super) fn waiting(self, waiting: Vec<Complete>) -> Self {
        Self { waiting, ..self }
    }

    /// Keeps the files that wait for that, if there is room for all trees in the course.
    pub(super) async fn settle(
        mut self,
        exchange: &Exchange,
        caller: &Caller,
        course: &CourseId,
    ) -> Result<Self> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            keep(exchange, waiting, self.contents(), (caller, course, None)).await?;
        }
        Ok(self)
    }

    /// The numbers of the submissions.
    pub(super) fn submissions(&self) -> impl Iterator<Item = i64> {
        self.trees.keys().copied()
    }

    /// What the files of all of them hold.
    pub(super) fn contents(&self) -> Contents {
        contents(self.trees.values())
    }

    /// Gives the trees their rows, inside the transaction that will name them; in the order of the submissions.
    pub(super) fn save(
        &self,
        conn: &mut Connection,
        blobs: &LocalBlobs,
        now: Timestamp,
    ) -> Result<Vec<Saved>> {
        check_files(blobs, &self.arrivals)?;
        let trees = self.trees.values();
        Ok(trees::save_all(conn, trees, &self.arrivals, now)?)
    }
}

fn contents<'a>(trees: impl IntoIterator<Item = &'a Tree>) -> Contents {
    let entries = trees.into_iter().flat_map(|tree| &tree.entries);
    entries
        .map(|entry| (entry.blob.sha256, entry.blob.size))
        .collect()
}

async fn keep(
    exchange: &Exchange,
    waiting: Vec<Complete>,
    contents: Contents,
    (caller, course, student): (&Caller, &CourseId, Option<&UserName>),
) -> Result<()> {
    let (quota, blobs) = (exchange.quota.clone(), exchange.blobs.clone());
    let (caller, course, student) = (caller.clone(), course.clone(), student.cloned());
    exchange
        .store
        .write(move |conn| {
            match courses::find(conn, &course, caller.name())? {
                Some(course) => quota.check(conn, course.id, student.as_ref(), &contents),
                // What comes next says so.
                None => Ok(()),
            }
        })
        .await?;
    super::trees::blocking(move || Ok(blobs.keep(waiting)?)).await
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
    let lost = crate::store::blobs::lost(conn, inside.map(|row| row.id))?;
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
