//! The verdict for one path. It depends on three contents only: that of the folder, that of the directory, and the one
//! that both last agreed on. No clock decides anything.

use super::item::Item;
use serde::{Deserialize, Serialize};

/// The way in which contents move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Both sides become equal.
    TwoWay,
    /// The folder follows the directory, and keeps the work of its owner.
    Pull,
    /// The directory becomes a copy of the folder.
    Push,
}

impl Mode {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TwoWay => "two-way",
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

/// The action that a path needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: both sides are as they were agreed on, or a difference stays.
    Nothing,
    /// Both sides agree, which is to be noted.
    Adopt,
    /// The folder keeps what it has, and that of the directory is noted as agreed on.
    Leave,
    /// The directory's comes into the folder.
    Receive,
    /// The folder's is removed.
    RemoveHere,
    /// The folder's goes to the directory.
    Send,
    /// The directory's is removed.
    RemoveThere,
    /// The folder's keeps the name, and the directory's comes beside it.
    Beside,
    /// The folder's is renamed, and the directory's gets the name.
    MakeRoom,
    /// The folder's is renamed and goes to the directory, too. The directory's gets the name.
    Conflict,
    /// A link or another odd entry of the folder is in the way.
    Blocked,
}

/// Returns the verdict for a path. `base` is what both sides last agreed on. `is_missing_wanted` brings back what was
/// removed from the folder, in the mode `Pull`.
pub fn decide(
    mode: Mode,
    is_missing_wanted: bool,
    base: Option<Item>,
    here: Option<Item>,
    there: Option<Item>,
) -> Verdict {
    if here == Some(Item::Other) {
        return if base == there {
            Verdict::Nothing
        } else {
            Verdict::Blocked
        };
    }
    if here == there {
        return if here == base {
            Verdict::Nothing
        } else {
            Verdict::Adopt
        };
    }
    match mode {
        Mode::TwoWay => two_way(base, here, there),
        Mode::Pull => pull(is_missing_wanted, base, here, there),
        Mode::Push => push(base, here, there),
    }
}

fn two_way(base: Option<Item>, here: Option<Item>, there: Option<Item>) -> Verdict {
    if here == base {
        return if there.is_some() {
            Verdict::Receive
        } else {
            Verdict::RemoveHere
        };
    }
    if there == base {
        return if here.is_some() {
            Verdict::Send
        } else {
            Verdict::RemoveThere
        };
    }
    match (here, there) {
        // A change wins over a removal.
        (None, _) => Verdict::Receive,
        (_, None) => Verdict::Send,
        (Some(here), Some(there)) if here.is_alike(&there) => Verdict::Send,
        // An empty folder makes room for a file. Another one keeps its name, which the whole plan decides.
        (Some(Item::Folder), Some(_)) => Verdict::Receive,
        _ => Verdict::Conflict,
    }
}

fn pull(
    is_missing_wanted: bool,
    base: Option<Item>,
    here: Option<Item>,
    there: Option<Item>,
) -> Verdict {
    let is_alike = |one: Option<Item>, other: Option<Item>| match (one, other) {
        (Some(one), Some(other)) => one.is_alike(&other),
        (one, other) => one == other,
    };
    let is_changed_there = !is_alike(there, base);
    match (here, there) {
        // It was removed here. Only a change, or a wish, brings it back.
        (None, Some(_)) => {
            if base.is_none() || is_changed_there || is_missing_wanted {
                Verdict::Receive
            } else {
                Verdict::Leave
            }
        }
        (Some(_), None) if is_alike(here, base) => Verdict::RemoveHere,
        (_, None) => Verdict::Leave,
        // The directory's differs in its outputs only. They come, unless somebody has run the notebook here.
        (Some(one), Some(other)) if one.is_alike(&other) => {
            if here == base {
                Verdict::Receive
            } else {
                Verdict::Leave
            }
        }
        (Some(_), Some(_)) if is_alike(here, base) && is_changed_there => Verdict::Receive,
        (Some(_), Some(_)) if !is_changed_there => Verdict::Leave,
        (Some(Item::Folder), Some(_)) => Verdict::Receive,
        (Some(Item::File(_)), Some(Item::File(_))) if base.is_some() => Verdict::Beside,
        _ => Verdict::MakeRoom,
    }
}

fn push(base: Option<Item>, here: Option<Item>, there: Option<Item>) -> Verdict {
    match (here, there) {
        (None, Some(_)) if there == base => Verdict::RemoveThere,
        // Others may add to the directory and change it. Nothing of theirs is removed or received.
        (None, _) => Verdict::Nothing,
        (Some(_), Some(_)) if here == base => Verdict::Nothing,
        (Some(_), _) => Verdict::Send,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Content;
    use nbcourier_domain::Sha256Sum;

    /// Returns what a letter stands for: nothing, a file with that content, or with a source after a colon.
    fn item(text: &str) -> Option<Item> {
        let (sum, source) = text.split_once(':').unwrap_or((text, ""));
        let letter = |text: &str| text.bytes().next().map(|letter| Sha256Sum([letter; 32]));
        match sum {
            "-" => None,
            "/" => Some(Item::Folder),
            "@" => Some(Item::Other),
            _ => Some(Item::File(Content {
                sum: letter(sum).unwrap(),
                size: 1,
                executable: false,
                source: letter(source),
            })),
        }
    }

    fn assert_table(mode: Mode, is_missing_wanted: bool, rows: &[(&str, Verdict)]) {
        for (row, verdict) in rows {
            let all: Vec<_> = row.split(' ').map(item).collect();
            let found = decide(mode, is_missing_wanted, all[0], all[1], all[2]);
            assert_eq!(found, *verdict, "{mode:?}: {row}");
        }
    }

    #[test]
    fn both_ways_every_change_moves_once() {
        use Verdict::*;
        let rows = [
            ("- x x", Adopt),
            ("b x x", Adopt),
            ("b b b", Nothing),
            ("b b t", Receive),
            ("b b -", RemoveHere),
            ("b h b", Send),
            ("b - b", RemoveThere),
            ("b - t", Receive),
            ("b h -", Send),
            ("- h -", Send),
            ("- - t", Receive),
            ("b h t", Conflict),
            ("- h t", Conflict),
            ("b - -", Adopt),
            ("b h:s t:s", Send),
            ("- / t", Receive),
            ("- h /", Conflict),
            ("b @ t", Blocked),
            ("b @ b", Nothing),
        ];
        assert_table(Mode::TwoWay, false, &rows);
    }

    #[test]
    fn a_pull_keeps_what_the_owner_of_the_folder_did() {
        use Verdict::*;
        let rows = [
            ("- x x", Adopt),
            ("b b t", Receive),
            ("b b -", RemoveHere),
            ("b h b", Leave),
            ("b - b", Leave),
            ("b - t", Receive),
            ("b h -", Leave),
            ("- h -", Leave),
            ("- - t", Receive),
            ("b h t", Beside),
            ("- h t", MakeRoom),
            ("b / t", Receive),
            ("b h /", MakeRoom),
            ("/ h /", Leave),
            ("- @ t", Blocked),
        ];
        assert_table(Mode::Pull, false, &rows);
        assert_table(Mode::Pull, true, &[("b - b", Receive), ("b h b", Leave)]);
    }

    #[test]
    fn a_notebook_that_was_only_run_is_not_changed() {
        use Verdict::*;
        let rows = [
            ("b:s h:s t:u", Receive),
            ("b:s h:s -", RemoveHere),
            ("b:s h:s b:s", Leave),
            // The teacher corrected what the student had corrected, too.
            ("b:s h:u t:u", Leave),
            ("- h:s t:s", Leave),
            // Only the teacher's outputs changed.
            ("b:s b:s t:s", Receive),
            ("b:s h:s t:s", Leave),
            ("b:s h:u t:s", Leave),
            ("b:s - t:s", Leave),
        ];
        assert_table(Mode::Pull, false, &rows);
    }

    #[test]
    fn a_push_changes_nothing_here() {
        use Verdict::*;
        let rows = [
            ("b b t", Nothing),
            ("b b -", Send),
            ("b h b", Send),
            ("b - b", RemoveThere),
            ("b - t", Nothing),
            ("b h -", Send),
            ("- h -", Send),
            ("- - t", Nothing),
            ("b h t", Send),
            ("- h t", Send),
            ("- x x", Adopt),
        ];
        assert_table(Mode::Push, false, &rows);
    }
}
