//! The notebooks that are open in the Jupyter server beside which an agent runs. The agent changes none of them: the page in
//! the browser would not know, and its next save would bring the old content back.

use super::found::Found;
use super::held::Held;
use crate::plan::{Plan, Step};
use nbcourier_domain::RelativePath;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// The notebooks that are open, as absolute paths without links. Clones see the same.
#[derive(Debug, Clone)]
pub struct OpenNotebooks(watch::Receiver<BTreeSet<PathBuf>>);

impl OpenNotebooks {
    /// Returns the notebooks, none at first, and the way to tell which they are.
    pub fn new() -> (watch::Sender<BTreeSet<PathBuf>>, Self) {
        let (tell, told) = watch::channel(BTreeSet::new());
        (tell, Self(told))
    }

    /// Returns an empty set that stays empty.
    pub fn none() -> Self {
        Self::new().1
    }

    /// Waits until others are open than at the last call of [`Self::below`].
    pub(super) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody tells any more.
            std::future::pending::<()>().await;
        }
    }

    /// Returns those below a folder.
    pub(super) fn below(&mut self, folder: &Path) -> BTreeSet<RelativePath> {
        let all = self.0.borrow_and_update();
        if all.is_empty() {
            return BTreeSet::new();
        }
        let Ok(folder) = folder.canonicalize() else {
            return BTreeSet::new();
        };
        let below = all.iter().filter_map(|path| {
            let path = path.strip_prefix(&folder).ok()?.to_str()?;
            RelativePath::parse_stored(path).ok()
        });
        below.collect()
    }
}

/// Holds the open notebooks that a plan would change in the folder. Returns whether there are any.
pub fn hold(open: &BTreeSet<RelativePath>, plan: &Plan, found: &mut Found) -> bool {
    let waiting: Vec<_> = open
        .iter()
        .filter(|path| found.held.about(path).is_none())
        .filter(|path| plan.steps.iter().any(|step| changes_here(step, path)))
        .collect();
    if waiting.is_empty() {
        return false;
    }
    for path in waiting {
        found.held.hold(path, Held::Open);
    }
    found.held.hide_in(&mut found.here);
    true
}

/// Whether a step replaces or removes a file in the folder.
fn changes_here(step: &Step, file: &RelativePath) -> bool {
    match step {
        Step::Note { .. } | Step::Blocked { .. } | Step::RemoveThere { .. } | Step::Send { .. } => {
            false
        }
        Step::Rename { from, to, .. } => from == file || to == file,
        Step::RemoveHere { path, .. } | Step::Receive { path, .. } => path == file,
        Step::Beside { to, .. } => to == file,
    }
}
