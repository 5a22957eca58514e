//! The shape of a plan: nothing is below a file, and no folder goes that something remains in.

use super::decide::{Mode, Verdict};
use super::item::{Item, Listing};
use nbcourier_domain::RelativePath;
use std::collections::{BTreeMap, BTreeSet};

/// The verdict for a path, with what each side has there.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    pub base: Option<Item>,
    pub here: Option<Item>,
    pub there: Option<Item>,
    pub action: Action,
}

/// A verdict, or what takes its place because of the paths below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    As(Verdict),
    /// The directory's file gets another name on both sides, since the folder's is a folder with entries.
    RoomThere,
}

/// All paths of a round.
pub type All<'a> = BTreeMap<&'a RelativePath, Judged>;

/// Replaces the verdicts that contradict those for paths below.
pub fn settle(mode: Mode, all: &mut All<'_>) {
    let occupied = occupied(mode, all);
    for (path, judged) in all.iter_mut() {
        let is_folder = matches!(result(mode, judged), Some(Item::Folder | Item::Other));
        if !is_folder && occupied.contains(path.as_str()) {
            judged.action = with_entries(mode, judged);
        }
    }
}

/// Returns what the path has in the end, on the sides that change.
fn result(mode: Mode, judged: &Judged) -> Option<Item> {
    use Verdict::{Adopt, Beside, Blocked, Conflict, Leave, MakeRoom, Nothing, Receive, Send};
    let Action::As(verdict) = judged.action else {
        return Some(Item::Folder);
    };
    match verdict {
        Nothing | Adopt | Leave | Beside | Blocked if mode == Mode::Push => judged.there,
        Nothing | Adopt | Leave | Beside | Blocked | Send => judged.here,
        Receive | MakeRoom | Conflict => judged.there,
        Verdict::RemoveHere | Verdict::RemoveThere => None,
    }
}

/// Returns the paths below which something is in the end.
fn occupied(mode: Mode, all: &All<'_>) -> BTreeSet<String> {
    let mut occupied = BTreeSet::new();
    for (path, judged) in all {
        if result(mode, judged).is_some() {
            occupied.extend(path.directories().map(str::to_owned));
        }
    }
    occupied
}

/// Returns the action for a path that has no folder in the end, although something is below it.
fn with_entries(mode: Mode, judged: &Judged) -> Action {
    use Item::{File, Folder};
    Action::As(match (mode, judged.here, judged.there) {
        (Mode::TwoWay, Some(Folder), Some(File(_))) => return Action::RoomThere,
        (Mode::TwoWay | Mode::Push, Some(Folder), _) => Verdict::Send,
        (Mode::Pull, Some(Folder), Some(File(_))) => Verdict::Beside,
        (Mode::Pull, Some(Folder), _) => Verdict::Leave,
        (Mode::TwoWay, Some(File(_)), Some(Folder)) => Verdict::Conflict,
        (Mode::Pull, Some(File(_)), Some(Folder)) => Verdict::MakeRoom,
        (Mode::TwoWay | Mode::Pull, None, Some(Folder)) => Verdict::Receive,
        (Mode::Push, None, _) => Verdict::Nothing,
        _ => Verdict::Blocked,
    })
}

/// Returns the listing with the folders above each path, and without paths below files.
pub fn in_shape(listing: Listing) -> Listing {
    let mut shaped = Listing::new();
    for (path, item) in listing {
        let mut is_below_a_file = false;
        for folder in path.directories() {
            let Ok(folder) = RelativePath::parse_stored(folder) else {
                continue;
            };
            is_below_a_file |= *shaped.entry(folder).or_insert(Item::Folder) != Item::Folder;
        }
        if !is_below_a_file {
            shaped.entry(path).or_insert(item);
        }
    }
    shaped
}
