//! The guard against mass removals: an empty disk, a wrong folder or a restored database look like them.

use super::decide::Mode;
use super::item::{Item, Listing};
use super::plan::{Plan, Step};

/// The number of files that may always be removed, unless they are all.
const FEW: usize = 10;

/// The removals that a plan would make, of all files of that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removals {
    /// The number of files that would go, without those that come with another name.
    pub files: usize,
    /// The number of files of that side.
    pub of: usize,
    /// Whether they are in the folder.
    pub are_here: bool,
}

/// Returns the removals for which somebody has to be asked, if the plan makes such.
pub fn objection(mode: Mode, plan: &Plan, base: &Listing, there: &Listing) -> Option<Removals> {
    let of = files(base);
    if mode == Mode::Pull {
        // What was removed from the directory was removed on purpose, unless nothing is left.
        let removed = count(
            plan,
            |step| matches!(step, Step::RemoveHere { item, .. } if is_file(item)),
        );
        let is_suspicious = removed > 0 && files(there) == 0;
        return is_suspicious.then_some(Removals {
            files: removed,
            of,
            are_here: true,
        });
    }
    let here = net(
        count(
            plan,
            |step| matches!(step, Step::RemoveHere { item, .. } if is_file(item)),
        ),
        count(
            plan,
            |step| matches!(step, Step::Receive { item, replaces: None, .. } if is_file(item)),
        ),
    );
    let over_there = net(
        count(
            plan,
            |step| matches!(step, Step::RemoveThere { item, .. } if is_file(item)),
        ),
        count(
            plan,
            |step| matches!(step, Step::Send { item, replaces: None, .. } if is_file(item)),
        ),
    );
    let sides = [(here, true), (over_there, false)];
    sides.into_iter().find_map(|(files, are_here)| {
        let are_many = files > FEW && files * 4 > of;
        let are_all = files > 0 && files >= of;
        (are_many || are_all).then_some(Removals {
            files,
            of,
            are_here,
        })
    })
}

fn net(removed: usize, added: usize) -> usize {
    removed.saturating_sub(added)
}

fn is_file(item: &Item) -> bool {
    matches!(item, Item::File(_))
}

fn files(listing: &Listing) -> usize {
    listing.values().filter(|item| is_file(item)).count()
}

fn count(plan: &Plan, is_meant: impl Fn(&Step) -> bool) -> usize {
    plan.steps.iter().filter(|step| is_meant(step)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Content;
    use nbcourier_domain::{RelativePath, Sha256Sum};

    fn item(number: usize) -> (RelativePath, Item) {
        let content = Content {
            sum: Sha256Sum([u8::try_from(number).unwrap(); 32]),
            size: 1,
            executable: false,
            source: None,
        };
        let path = RelativePath::parse(format!("f{number}")).unwrap();
        (path, Item::File(content))
    }

    fn removals(numbers: std::ops::Range<usize>, are_here: bool) -> Plan {
        let step = |(path, item)| {
            if are_here {
                Step::RemoveHere { path, item }
            } else {
                Step::RemoveThere { path, item }
            }
        };
        Plan {
            steps: numbers.map(item).map(step).collect(),
            kept: Vec::new(),
        }
    }

    fn is_stopped(mode: Mode, plan: &Plan, of: usize, left: usize) -> bool {
        let base: Listing = (0..of).map(item).collect();
        let there: Listing = (of - left..of).map(item).collect();
        objection(mode, plan, &base, &there).is_some()
    }

    #[test]
    fn many_removals_and_those_of_everything_need_a_confirmation() {
        for are_here in [true, false] {
            let stopped = |removed, of: usize| {
                is_stopped(
                    Mode::TwoWay,
                    &removals(0..removed, are_here),
                    of,
                    of - removed,
                )
            };
            assert!(!stopped(10, 40) && !stopped(10, 11) && !stopped(20, 100));
            assert!(stopped(11, 40) && stopped(1, 1) && stopped(10, 10));
        }
    }

    #[test]
    fn a_renamed_folder_is_no_removal() {
        let mut plan = removals(0..30, false);
        for (path, item) in (50..80).map(item) {
            plan.steps.push(Step::Send {
                path,
                item,
                replaces: None,
            });
        }
        assert!(!is_stopped(Mode::TwoWay, &plan, 30, 0));
    }

    #[test]
    fn a_pull_removes_what_was_removed_on_purpose_but_never_everything() {
        let stopped =
            |removed, of, left| is_stopped(Mode::Pull, &removals(0..removed, true), of, left);
        assert!(!stopped(39, 40, 1) && !stopped(0, 0, 0));
        assert!(stopped(40, 40, 0) && stopped(1, 1, 0));
    }
}
