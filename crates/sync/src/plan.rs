//! The plan of a round: the steps for all paths, in an order in which each is possible.

use super::decide::{Mode, Verdict, decide};
use super::item::{Content, Item, Listing};
use super::names::{Beside, beside, is_conflict_copy};
use super::structure::{Action, All, Judged, settle};
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet};

/// The two sides of a round, and what they last agreed on.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The way in which contents move.
    pub mode: Mode,
    /// The entries that both sides last agreed on.
    pub base: &'a Listing,
    /// The folder.
    pub here: &'a Listing,
    /// The directory.
    pub there: &'a Listing,
    /// Whether that comes back which was removed from the folder, in the mode `Pull`.
    pub is_missing_wanted: bool,
    /// The name of this device, for the names of conflict copies.
    pub device: &'a str,
    /// The day, for names of second files.
    pub day: &'a str,
    /// The second files that earlier rounds have put into the folder. They may be replaced while they are unchanged.
    pub placed: &'a BTreeMap<RelativePath, Sha256Sum>,
}

/// A step of a round.
#[allow(missing_docs, reason = "the variants say what their fields are")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Both sides agree on this. Nothing moves.
    Note {
        path: RelativePath,
        item: Option<Item>,
    },
    /// A link or another odd entry of the folder is in the way. Nothing moves.
    Blocked { path: RelativePath },
    /// A file of the folder gets another name.
    Rename {
        from: RelativePath,
        to: RelativePath,
        content: Content,
        /// The file that has this name.
        replaces: Option<Content>,
    },
    /// An entry of the folder is removed.
    RemoveHere { path: RelativePath, item: Item },
    /// An entry of the directory comes into the folder, and both sides agree on it.
    Receive {
        path: RelativePath,
        item: Item,
        replaces: Option<Content>,
    },
    /// A file of the directory comes into the folder under another name, and is noted as agreed on for its own.
    Beside {
        path: RelativePath,
        to: RelativePath,
        content: Content,
        replaces: Option<Content>,
    },
    /// An entry of the directory is removed.
    RemoveThere { path: RelativePath, item: Item },
    /// An entry of the folder goes to the directory, and both sides agree on it.
    Send {
        path: RelativePath,
        item: Item,
        replaces: Option<Content>,
    },
}

impl Step {
    /// Returns the place in the order of steps.
    fn phase(&self) -> u8 {
        match self {
            Self::Note { .. } | Self::Blocked { .. } => 0,
            Self::Rename { .. } => 1,
            Self::RemoveHere { .. } => 2,
            Self::Receive { .. } | Self::Beside { .. } => 3,
            Self::RemoveThere { .. } => 4,
            Self::Send { .. } => 5,
        }
    }

    /// Returns the path.
    pub fn path(&self) -> &RelativePath {
        match self {
            Self::Rename { from: path, .. }
            | Self::Note { path, .. }
            | Self::Blocked { path }
            | Self::RemoveHere { path, .. }
            | Self::Receive { path, .. }
            | Self::Beside { path, .. }
            | Self::RemoveThere { path, .. }
            | Self::Send { path, .. } => path,
        }
    }

    /// Returns the content that the step brings into the folder.
    pub fn incoming(&self) -> Option<Content> {
        match self {
            Self::Receive { item, .. } => item.content(),
            Self::Beside { content, .. } => Some(*content),
            _ => None,
        }
    }

    /// Returns the size of the file that the step sends, or zero.
    pub fn sent_bytes(&self) -> u64 {
        match self {
            Self::Send { item, .. } => item.content().map_or(0, |content| content.size),
            _ => 0,
        }
    }

    /// Whether the step changes a side.
    pub fn moves(&self) -> bool {
        self.phase() > 0
    }
}

/// The steps of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// The files that the folder keeps although the directory has removed them.
    pub kept: Vec<RelativePath>,
}

/// Returns the plan of a round.
pub fn plan(sides: &Sides<'_>) -> Plan {
    let mut all = judged(sides);
    settle(sides.mode, &mut all);
    let mut plan = Plan::default();
    let mut names = Names {
        sides,
        given: BTreeSet::new(),
    };
    for (path, judged) in &all {
        add(&mut plan, &mut names, path, judged);
    }
    // A stable order, in which removals go from the inside to the outside, and the rest the other way.
    plan.steps.sort_by(|one, other| {
        let phases = one.phase().cmp(&other.phase());
        let is_removal = matches!(one.phase(), 2 | 4);
        phases.then_with(|| {
            let paths = one.path().cmp(other.path());
            if is_removal { paths.reverse() } else { paths }
        })
    });
    plan
}

fn judged<'a>(sides: &Sides<'a>) -> All<'a> {
    let (base, here, there) = (sides.base, sides.here, sides.there);
    let paths: BTreeSet<&RelativePath> =
        base.keys().chain(here.keys()).chain(there.keys()).collect();
    let is_behind = |path: &RelativePath| {
        path.directories().any(|folder| {
            let folder = RelativePath::parse_stored(folder);
            folder.is_ok_and(|folder| here.get(&folder) == Some(&Item::Other))
        })
    };
    let is_any_odd = here.values().any(|item| *item == Item::Other);
    let judge = |path: &'a RelativePath| {
        let at = |listing: &Listing| listing.get(path).copied();
        let mut judged = Judged {
            base: at(base),
            here: at(here),
            there: at(there),
            action: Action::As(Verdict::Nothing),
        };
        if is_any_odd && is_behind(path) {
            judged.here = Some(Item::Other);
        }
        judged.action = Action::As(decide(
            sides.mode,
            sides.is_missing_wanted,
            judged.base,
            judged.here,
            judged.there,
        ));
        (path, judged)
    };
    paths.into_iter().map(judge).collect()
}

/// Adds the steps for a path.
fn add(plan: &mut Plan, names: &mut Names<'_>, path: &RelativePath, judged: &Judged) {
    let Judged {
        base,
        here,
        there,
        action,
    } = *judged;
    let own = || path.clone();
    let verdict = match action {
        Action::RoomThere => return room_there(plan, names, path, judged),
        // No copies are made of conflict copies. What is replaced here is kept, as always.
        Action::As(Verdict::Conflict) if is_conflict_copy(path) => Verdict::Receive,
        Action::As(verdict) => verdict,
    };
    let is_pull = names.sides.mode == Mode::Pull;
    let mut push = |step| plan.steps.push(step);
    match verdict {
        Verdict::Nothing => {}
        Verdict::Adopt => push(Step::Note {
            path: own(),
            item: there,
        }),
        Verdict::Leave | Verdict::Blocked => {
            if verdict == Verdict::Blocked {
                push(Step::Blocked { path: own() });
            }
            if is_pull && base != there {
                push(Step::Note {
                    path: own(),
                    item: there,
                });
            }
            if verdict == Verdict::Leave && there.is_none() && base.is_some() {
                plan.kept
                    .extend(matches!(here, Some(Item::File(_))).then(own));
            }
        }
        Verdict::Receive => receive(plan, path, here, there),
        Verdict::RemoveHere => here.into_iter().for_each(|item| {
            push(Step::RemoveHere { path: own(), item });
        }),
        Verdict::RemoveThere => there.into_iter().for_each(|item| {
            push(Step::RemoveThere { path: own(), item });
        }),
        Verdict::Send => send(plan, path, here, there),
        Verdict::Beside => {
            let given = names.give(path, Beside::New);
            let content = there.and_then(|there| there.content());
            push(match (content, given) {
                (Some(content), Some((to, replaces))) => Step::Beside {
                    path: own(),
                    to,
                    content,
                    replaces,
                },
                _ => Step::Blocked { path: own() },
            });
        }
        Verdict::MakeRoom | Verdict::Conflict => {
            let reason = if is_pull {
                Beside::Mine
            } else {
                Beside::Conflict(names.sides.device)
            };
            let content = here.and_then(|here| here.content());
            let (Some(content), Some((to, replaces))) = (content, names.give(path, reason)) else {
                return push(Step::Blocked { path: own() });
            };
            push(Step::Rename {
                from: own(),
                to: to.clone(),
                content,
                replaces,
            });
            receive(plan, path, None, there);
            if !is_pull {
                let old = replaces.map(Item::File);
                send(plan, &to, Some(Item::File(content)), old);
            }
        }
    }
}

/// Adds the steps that bring an entry of the directory into the folder.
fn receive(plan: &mut Plan, path: &RelativePath, here: Option<Item>, there: Option<Item>) {
    let Some(item) = there else {
        return;
    };
    let replaces = here.and_then(|here| here.content());
    let is_same_kind = replaces.is_some() && item.content().is_some();
    if let Some(here) = here.filter(|_| !is_same_kind) {
        plan.steps.push(Step::RemoveHere {
            path: path.clone(),
            item: here,
        });
    }
    plan.steps.push(Step::Receive {
        path: path.clone(),
        item,
        replaces: replaces.filter(|_| is_same_kind),
    });
}

/// Adds the steps that bring an entry of the folder to the directory.
fn send(plan: &mut Plan, path: &RelativePath, here: Option<Item>, there: Option<Item>) {
    let Some(item) = here else {
        return;
    };
    let replaces = there.and_then(|there| there.content());
    let is_same_kind = replaces.is_some() && item.content().is_some();
    if let Some(there) = there.filter(|there| !is_same_kind && *there != item) {
        plan.steps.push(Step::RemoveThere {
            path: path.clone(),
            item: there,
        });
    }
    plan.steps.push(Step::Send {
        path: path.clone(),
        item,
        replaces: replaces.filter(|_| is_same_kind),
    });
}

/// Adds the steps for a folder of the folder's owner, whose name is that of a file of the directory.
fn room_there(plan: &mut Plan, names: &mut Names<'_>, path: &RelativePath, judged: &Judged) {
    let Some(Item::File(content)) = judged.there else {
        return;
    };
    let Some((to, replaces)) = names.give(path, Beside::Conflict(names.sides.device)) else {
        plan.steps.push(Step::Blocked { path: path.clone() });
        return;
    };
    plan.steps.push(Step::Beside {
        path: path.clone(),
        to: to.clone(),
        content,
        replaces,
    });
    let old = replaces.map(Item::File);
    send(plan, &to, Some(Item::File(content)), old);
    send(plan, path, judged.here, judged.there);
}

/// Gives names to second files.
struct Names<'a> {
    sides: &'a Sides<'a>,
    given: BTreeSet<RelativePath>,
}

impl Names<'_> {
    /// Returns the path of a second file, and the file of the folder that it replaces. After a thousand of a day there
    /// is none.
    fn give(
        &mut self,
        path: &RelativePath,
        reason: Beside<'_>,
    ) -> Option<(RelativePath, Option<Content>)> {
        let sides = self.sides;
        let at = |listing: &Listing, path: &RelativePath| listing.get(path).and_then(Item::content);
        let wanted = at(sides.there, path);
        let is_free = |candidate: &RelativePath| {
            if self.given.contains(candidate) {
                return false;
            }
            let (here, there) = (sides.here.get(candidate), sides.there.get(candidate));
            match reason {
                _ if here.is_none() && there.is_none() => true,
                // A copy whose state is a version makes room for the next one of the day.
                Beside::Conflict(_) => here == there && at(sides.here, candidate).is_some(),
                Beside::New => {
                    let here = at(sides.here, candidate);
                    let is_ours = here.is_some_and(|here| {
                        sides.placed.get(candidate) == Some(&here.sum) || Some(here) == wanted
                    });
                    there.is_none() && is_ours
                }
                Beside::Mine => false,
            }
        };
        let to = beside(path, reason, sides.day, |candidate| !is_free(candidate))?;
        self.given.insert(to.clone());
        let replaces = at(sides.here, &to);
        Some((to, replaces))
    }
}
