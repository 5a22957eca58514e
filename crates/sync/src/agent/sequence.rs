//! The order in which the operations of a round are sent, and their batches.

use crate::item::Item;
use crate::plan::Step;
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The operations of a plan in the order in which they are sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sequence<'p> {
    /// The steps that do not depend on the removal of a folder.
    pub first: Vec<&'p Step>,
    /// The removals of folders, innermost first.
    pub folders: Vec<&'p Step>,
    /// The steps that put something in the place of a removed folder.
    pub last: Vec<&'p Step>,
}

impl<'p> Sequence<'p> {
    /// Returns the order for these steps. A file that only gets another name goes together with the removal of its old
    /// name, so that nobody sees the one without the other.
    pub fn of(steps: &'p [Step]) -> Self {
        let mut sequence = Self::default();
        let mut gone: BTreeMap<Sha256Sum, Vec<&Step>> = BTreeMap::new();
        let mut removed = BTreeMap::new();
        for step in steps {
            if let Step::RemoveThere { path, item } = step {
                removed.insert(path.as_str(), *item);
                match item {
                    Item::File(content) => gone.entry(content.sum).or_default().push(step),
                    _ => sequence.folders.push(step),
                }
            }
        }
        let after = |path: &RelativePath| {
            let mut all = path.directories().chain([path.as_str()]);
            all.find_map(|path| removed.get(path))
        };
        let mut others = Vec::new();
        for step in steps {
            let Step::Send { path, item, .. } = step else {
                continue;
            };
            let pair = item.content().filter(|_| after(path).is_none());
            let pair = pair.and_then(|content| gone.get_mut(&content.sum)?.pop());
            match (pair, after(path)) {
                (Some(pair), _) => sequence.first.extend([step, pair]),
                (None, Some(Item::Folder)) => sequence.last.push(step),
                (None, _) => others.push(step),
            }
        }
        let left: BTreeSet<&RelativePath> =
            gone.values().flatten().map(|step| step.path()).collect();
        let is_left =
            |step: &&Step| matches!(step, Step::RemoveThere { path, .. } if left.contains(path));
        sequence.first.extend(steps.iter().filter(is_left));
        sequence.first.extend(others);
        sequence
    }

    /// Returns the number of files that only get another name.
    pub fn renamed(&self) -> usize {
        let pairs = self.first.windows(2).filter(|pair| {
            let sum = |step: &Step| match step {
                Step::Send { item, .. } => item.content().map(|content| (content.sum, true)),
                Step::RemoveThere { item, .. } => {
                    item.content().map(|content| (content.sum, false))
                }
                _ => None,
            };
            let (one, other) = (sum(pair[0]), sum(pair[1]));
            matches!((one, other), (Some((a, true)), Some((b, false))) if a == b)
        });
        pairs.count()
    }
}

/// Splits steps into batches of at most that many steps and bytes. A larger file is alone.
pub fn batches<'p>(steps: &[&'p Step], most: usize, bytes: u64) -> VecDeque<Vec<&'p Step>> {
    let (mut all, mut batch, mut size) = (VecDeque::new(), Vec::new(), 0);
    for step in steps {
        let its = step.sent_bytes();
        if !batch.is_empty() && (batch.len() == most || size + its > bytes) {
            all.push_back(std::mem::take(&mut batch));
            size = 0;
        }
        batch.push(*step);
        size += its;
    }
    if !batch.is_empty() {
        all.push_back(batch);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Content;

    fn path(text: &str) -> RelativePath {
        RelativePath::parse(text).unwrap()
    }

    fn file(letter: u8, size: u64) -> Item {
        Item::File(Content {
            sum: Sha256Sum([letter; 32]),
            size,
            executable: false,
            source: None,
        })
    }

    fn send(text: &str, item: Item) -> Step {
        Step::Send {
            path: path(text),
            item,
            replaces: None,
        }
    }

    fn remove(text: &str, item: Item) -> Step {
        Step::RemoveThere {
            path: path(text),
            item,
        }
    }

    #[test]
    fn a_new_name_goes_with_the_removal_of_the_old_one_and_folders_go_last() {
        let steps = [
            remove("d/x", file(1, 1)),
            remove("d", Item::Folder),
            remove("gone", file(2, 1)),
            send("a", file(3, 1)),
            send("d", file(4, 1)),
            send("e", Item::Folder),
            send("e/x", file(1, 1)),
        ];
        let sequence = Sequence::of(&steps);
        let paths = |steps: &[&Step]| {
            let paths = steps.iter().map(|step| step.path().as_str().to_owned());
            paths.collect::<Vec<_>>()
        };
        assert_eq!(paths(&sequence.first), ["e/x", "d/x", "gone", "a", "e"]);
        assert_eq!(paths(&sequence.folders), ["d"]);
        assert_eq!(paths(&sequence.last), ["d"]);
        assert_eq!(sequence.renamed(), 1);
    }

    #[test]
    fn batches_have_few_steps_and_few_bytes_and_a_large_file_is_alone() {
        let steps = [1, 4, 4, 20, 1, 1, 1, 1].map(|size| send("a", file(0, size)));
        let steps: Vec<&Step> = steps.iter().collect();
        let sizes: Vec<_> = batches(&steps, 3, 10).iter().map(Vec::len).collect();
        assert_eq!(sizes, [3, 1, 3, 1]);
        assert!(batches(&[], 3, 10).is_empty());
    }
}
