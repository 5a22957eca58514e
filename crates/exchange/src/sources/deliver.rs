//! Makes a version of a directory from a commit. Version, commit and run are written in one transaction.

use super::Job;
use super::runs::{Looking, bounded};
use crate::directories::changes::{Batch, Condition, Operation};
use crate::directories::{Committed, commit_batch};
use crate::files::parcel::Parcel;
use crate::op::DirectoryOp;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AccessLevel, ObjectName, RelativePath, Sha256Sum};
use nbcourier_identity::Caller;
use nbcourier_storage::Portion;
use nbcourier_storage::directories::entries::{self, Entry, Filter};
use nbcourier_storage::directories::sources::{self as rows, Ended};
use nbcourier_storage::reach::{self, Reach};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The files of a commit, whose bytes are in a parcel.
#[derive(Debug, Clone)]
pub struct Material {
    /// The commit.
    pub commit: ObjectName,
    /// The files, with whether they can be executed.
    pub files: BTreeMap<RelativePath, (Sha256Sum, bool)>,
    /// Sentences about entries that are left out.
    pub left_out: Vec<String>,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The current version.
    pub version: i64,
    /// Whether it is new. Otherwise the directory had these files.
    pub changed: bool,
}

impl Material {
    fn report(&self, changes: usize) -> String {
        let mut lines = vec![match changes {
            1 => "1 change".to_owned(),
            number => format!("{number} changes"),
        }];
        let left_out = self.left_out.iter().map(|line| format!("Left out: {line}"));
        lines.extend(left_out);
        bounded(&lines.join("\n"))
    }
}

impl Job {
    /// Returns which of these bytes the directories of the course have, with their sizes. A pointer of a repository is a claim
    /// like any other.
    pub async fn in_reach(
        &self,
        exchange: &Exchange,
        sums: BTreeSet<Sha256Sum>,
    ) -> Result<HashMap<Sha256Sum, u64>> {
        if sums.is_empty() {
            return Ok(HashMap::new());
        }
        let directory = self.directory;
        let read = exchange.without_policy().read(move |conn| {
            let reach = Reach::Directories(rows::beside(conn, directory)?);
            let found = reach::blobs(conn, &reach, &sums)?;
            Ok(found
                .into_iter()
                .map(|(sum, row)| (sum, row.blob.size))
                .collect())
        });
        read.await
    }

    /// Gives the directory the files of the commit, and nothing else. The same files make no version.
    pub async fn deliver(
        &self,
        exchange: &Exchange,
        material: Material,
        parcel: Parcel,
    ) -> Result<Delivered> {
        let server = Caller::server();
        let way = exchange.enter_directory(&server, self.address.clone(), AccessLevel::Write);
        let looking = self.looking();
        let material = Arc::new(material);
        let branch = self
            .settings
            .branch
            .as_ref()
            .map(|branch| branch.as_str().to_owned());
        let origin = json!({ "commit": material.commit.as_str(), "branch": branch }).to_string();
        let (batch_of, ended) = (Arc::clone(&material), material);
        let committed = commit_batch(
            way,
            parcel,
            Some(origin),
            move |op| {
                check(op, looking)?;
                difference(op, &batch_of)
            },
            move |op, batch, committed| end(op, looking, &ended, batch, committed),
        );
        let committed = committed.await?;
        Ok(Delivered {
            version: committed.version,
            changed: committed.changed,
        })
    }
}

/// Checks that the directory is still the one of the run, and that the run still has its source.
fn check(op: &mut DirectoryOp<'_>, looking: Looking) -> Result<()> {
    let is_same = op.directory().id == looking.directory;
    if is_same && rows::has(op.conn, looking.directory, looking.run)? {
        return Ok(());
    }
    Err(Error::NotFound(Thing::Source))
}

/// Returns the operations that give the directory the files.
fn difference(op: &mut DirectoryOp<'_>, material: &Material) -> Result<Batch> {
    let head = (op.directory().id, op.directory().head.number);
    let (current, _) = entries::list(op.conn, head, Filter::default(), Portion::ALL)?;
    let commit = material.commit.as_str();
    Ok(Batch {
        operations: operations(&current, &material.files),
        message: Some(format!("Commit {}", &commit[..commit.len().min(12)])),
        ..Batch::default()
    })
}

fn operations(
    current: &[Entry],
    wanted: &BTreeMap<RelativePath, (Sha256Sum, bool)>,
) -> Vec<Operation> {
    let folders: BTreeSet<&str> = wanted.keys().flat_map(RelativePath::directories).collect();
    let mut removed: Option<&RelativePath> = None;
    let mut operations = Vec::new();
    let mut present: BTreeMap<&RelativePath, (Sha256Sum, bool)> = BTreeMap::new();
    for entry in current {
        if removed.is_some_and(|folder| entry.path.is_below(folder)) {
            continue;
        }
        let is_wanted = match entry.file {
            Some(_) => wanted.contains_key(&entry.path),
            None => folders.contains(entry.path.as_str()),
        };
        if !is_wanted {
            removed = entry.file.is_none().then_some(&entry.path).or(removed);
            operations.push(Operation::Remove {
                path: entry.path.clone(),
                recursive: true,
                condition: Condition::Any,
            });
        } else if let Some(file) = entry.file {
            present.insert(&entry.path, (file.blob.blob.sha256, file.executable));
        }
    }
    let puts = wanted
        .iter()
        .filter(|(path, file)| present.get(path) != Some(file));
    operations.extend(puts.map(|(path, (sha256, executable))| Operation::Put {
        path: path.clone(),
        sha256: *sha256,
        executable: Some(*executable),
        condition: Condition::Any,
    }));
    operations
}

/// Notes the end of the run, in the transaction of the version.
fn end(
    op: &mut DirectoryOp<'_>,
    looking: Looking,
    material: &Material,
    batch: &Batch,
    committed: &Committed,
) -> Result<()> {
    let looked = looking.looked(Some(material.commit.clone()));
    rows::settle(op.conn, looking.directory, &looked)?;
    let ended = Ended {
        outcome: if committed.changed {
            "updated"
        } else {
            "unchanged"
        },
        commit: Some(material.commit.clone()),
        version: committed.changed.then_some(committed.version),
        report: material.report(batch.operations.len()),
    };
    rows::end(op.conn, looking.run, looked.at, &ended)?;
    Ok(())
}
