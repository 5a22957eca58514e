//! The notes of a round from before it began. If the round is interrupted, the next one knows the finished steps.

use super::item::Listing;
use super::plan::{Plan, Step};

/// The contents that a round moves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// The entries that come into the folder.
    pub received: Listing,
    /// The entries that go to the directory.
    pub sent: Listing,
}

impl Pending {
    /// Returns the contents that a plan moves.
    pub fn of(plan: &Plan) -> Self {
        let mut pending = Self::default();
        for step in &plan.steps {
            match step {
                Step::Receive { path, item, .. } => {
                    pending.received.insert(path.clone(), *item);
                }
                Step::Send { path, item, .. } => {
                    pending.sent.insert(path.clone(), *item);
                }
                _ => {}
            }
        }
        pending
    }

    /// Notes what both sides agreed on before the round was interrupted.
    pub fn resume(self, base: &mut Listing, here: &Listing, there: &Listing) {
        for (moved, arrived_in) in [(self.received, here), (self.sent, there)] {
            for (path, item) in moved {
                if arrived_in.get(&path) == Some(&item) {
                    base.insert(path, item);
                }
            }
        }
    }
}
