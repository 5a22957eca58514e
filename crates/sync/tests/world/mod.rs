//! A simulated directory, and agents with folders.

use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_sync::plan::plan;
use nbcourier_sync::{Content, Item, Listing, Mode, Pending, Sides, Step};
use nbcourier_testkit::Random;
use std::collections::{BTreeMap, BTreeSet};

/// The paths that people use. Some are folders in one history and files in another.
const PATHS: [&str; 9] = [
    "a.ipynb",
    "b.txt",
    "d",
    "d/x.ipynb",
    "d/y",
    "d/e",
    "d/e/z",
    "f",
    "f/g.txt",
];

/// A folder and the agent that looks after it.
pub struct Agent {
    pub name: String,
    mode: Mode,
    pub folder: Listing,
    base: Listing,
    pending: Pending,
    placed: BTreeMap<RelativePath, Sha256Sum>,
}

/// One directory and all folders.
pub struct World {
    pub there: Listing,
    pub agents: Vec<Agent>,
    /// Whether nobody but the agents changes the directory.
    pub is_directory_quiet: bool,
    is_teaching: bool,
    saves: u64,
    /// The contents that people wrote and that nobody replaced or removed who saw them.
    alive: BTreeSet<Sha256Sum>,
}

impl World {
    pub fn new(modes: &[Mode]) -> Self {
        let agent = |(number, mode): (usize, &Mode)| Agent {
            name: format!("host{number}"),
            mode: *mode,
            folder: Listing::new(),
            base: Listing::new(),
            pending: Pending::default(),
            placed: BTreeMap::new(),
        };
        Self {
            there: Listing::new(),
            agents: modes.iter().enumerate().map(agent).collect(),
            is_directory_quiet: false,
            is_teaching: false,
            saves: 0,
            alive: BTreeSet::new(),
        }
    }

    fn next_sum(&mut self) -> Sha256Sum {
        self.saves += 1;
        let mut sum = [0; 32];
        sum[..8].copy_from_slice(&self.saves.to_be_bytes());
        Sha256Sum(sum)
    }

    /// A new content, or that of a notebook that was run.
    fn content(&mut self, path: &str, before: Option<Content>, random: &mut Random) -> Content {
        let sum = self.next_sum();
        let is_notebook = nbcourier_sync::source::is_notebook(path);
        let ran = before.and_then(|before| before.source);
        let ran = ran.filter(|_| is_notebook && random.below(3) == 0);
        if ran.is_none() && !self.is_teaching {
            self.alive.insert(sum);
        }
        Content {
            sum,
            size: 1,
            executable: random.below(10) == 0,
            source: is_notebook.then_some(ran.unwrap_or(sum)),
        }
    }

    /// Somebody changes the directory itself.
    pub fn edit_directory(&mut self, random: &mut Random) {
        let mut there = std::mem::take(&mut self.there);
        // What a teacher replaces is in the history. The work of students is what counts in folders that pull.
        self.is_teaching = self.agents[0].mode == Mode::Pull;
        self.edit_listing(&mut there, random);
        self.is_teaching = false;
        self.there = there;
    }

    fn seen_there(&self) -> BTreeSet<Sha256Sum> {
        self.there
            .values()
            .filter_map(Item::content)
            .map(|it| it.sum)
            .collect()
    }

    /// Somebody works in a folder.
    pub fn edit(&mut self, agent: usize, random: &mut Random) {
        let mut folder = std::mem::take(&mut self.agents[agent].folder);
        self.edit_listing(&mut folder, random);
        self.agents[agent].folder = folder;
    }

    fn edit_listing(&mut self, listing: &mut Listing, random: &mut Random) {
        let path = RelativePath::parse(*random.pick(&PATHS)).unwrap();
        let now = listing.get(&path).copied();
        match random.below(6) {
            0 => self.remove(listing, &path),
            1 if now.is_some() => {
                let to = RelativePath::parse(*random.pick(&PATHS)).unwrap();
                self.rename(listing, &path, &to);
            }
            2 => {
                self.remove(listing, &path);
                if make_room_above(listing, &path) {
                    listing.insert(path, Item::Folder);
                }
            }
            _ => {
                if now == Some(Item::Folder) {
                    if random.below(4) != 0 {
                        return;
                    }
                    self.remove(listing, &path);
                }
                if make_room_above(listing, &path) {
                    let before = now.and_then(|now| now.content());
                    let content = self.content(path.as_str(), before, random);
                    if let Some(before) = before {
                        self.alive.remove(&before.sum);
                    }
                    listing.insert(path, Item::File(content));
                }
            }
        }
    }

    fn remove(&mut self, listing: &mut Listing, path: &RelativePath) {
        let below = below(listing, path);
        for path in below {
            if let Some(Item::File(content)) = listing.remove(&path) {
                self.alive.remove(&content.sum);
            }
        }
    }

    fn rename(&mut self, listing: &mut Listing, from: &RelativePath, to: &RelativePath) {
        let is_inside = |one: &RelativePath, other: &RelativePath| {
            one == other || one.as_str().starts_with(&format!("{other}/"))
        };
        if is_inside(to, from) || is_inside(from, to) {
            return;
        }
        self.remove(listing, to);
        if !make_room_above(listing, to) {
            return;
        }
        for path in below(listing, from) {
            let item = listing.remove(&path).unwrap();
            let rest = &path.as_str()[from.as_str().len()..];
            let moved = RelativePath::parse(format!("{to}{rest}")).unwrap();
            listing.insert(moved, item);
        }
    }

    /// A round of an agent. It may be killed between any two steps, and lose what it noted since it last wrote its
    /// state.
    pub fn round(
        &mut self,
        number: usize,
        random: &mut Random,
        is_wild: bool,
        is_idle: bool,
    ) -> usize {
        let there = self.there.clone();
        let agent = &mut self.agents[number];
        let here = agent.folder.clone();
        std::mem::take(&mut agent.pending).resume(&mut agent.base, &here, &there);
        let name = agent.name.clone();
        let plan = plan(&Sides {
            mode: agent.mode,
            base: &agent.base,
            here: &here,
            there: &there,
            is_missing_wanted: false,
            device: &name,
            day: "2027-02-01",
            placed: &agent.placed,
        });
        agent.pending = Pending::of(&plan);
        let mut written = agent.base.clone();
        let ends_after = if is_wild && random.below(3) == 0 {
            random.below(plan.steps.len() + 1)
        } else {
            usize::MAX
        };
        let mut moved = 0;
        for (at, step) in plan.steps.iter().enumerate() {
            if at == ends_after {
                self.agents[number].base = written;
                return moved;
            }
            if is_wild && random.below(12) == 0 {
                if random.below(2) == 0 && !self.is_directory_quiet {
                    self.edit_directory(random);
                } else if !is_idle {
                    self.edit(number, random);
                }
            }
            moved += usize::from(step.moves());
            self.step(number, step, &there);
            if random.below(3) == 0 {
                written = self.agents[number].base.clone();
            }
        }
        if is_wild && random.below(10) == 0 {
            self.agents[number].base = written;
        }
        moved
    }

    fn step(&mut self, number: usize, step: &Step, there: &Listing) {
        let agent = &mut self.agents[number];
        let has =
            |path: &RelativePath, wanted: Option<Item>| agent.folder.get(path).copied() == wanted;
        let file = |content: Option<Content>| content.map(Item::File);
        let is_mended = match step {
            Step::Note { .. } | Step::Blocked { .. } | Step::RemoveThere { .. } => true,
            Step::Rename {
                from,
                to,
                content,
                replaces,
            } => has(from, file(Some(*content))) && has(to, file(*replaces)),
            Step::RemoveHere { path, item } => {
                has(path, Some(*item))
                    && (*item != Item::Folder || below(&agent.folder, path).len() == 1)
            }
            Step::Receive { path, replaces, .. } => {
                has(path, file(*replaces)) && make_room_above(&mut agent.folder.clone(), path)
            }
            Step::Beside { to, replaces, .. } => has(to, file(*replaces)),
            Step::Send { path, item, .. } => has(path, Some(*item)),
        };
        // Somebody wrote meanwhile: the next round looks again.
        if !is_mended {
            return;
        }
        match step {
            Step::Blocked { .. } => {}
            Step::Note { path, item } => note(&mut agent.base, path, *item),
            Step::Rename {
                from, to, replaces, ..
            } => {
                let item = agent.folder.remove(from).unwrap();
                agent.folder.insert(to.clone(), item);
                self.alive
                    .retain(|sum| replaces.is_none_or(|it| it.sum != *sum));
            }
            Step::RemoveHere { path, item } => {
                agent.folder.remove(path);
                if agent.mode == Mode::Pull || there.get(path).is_none() {
                    note(&mut agent.base, path, None);
                }
                assert_agreed(item.content(), there, path);
            }
            Step::Receive {
                path,
                item,
                replaces,
            } => {
                make_room_above(&mut agent.folder, path);
                agent.folder.insert(path.clone(), *item);
                note(&mut agent.base, path, Some(*item));
                if nbcourier_sync::names::is_conflict_copy(path) {
                    self.alive
                        .retain(|sum| replaces.is_none_or(|it| it.sum != *sum));
                }
            }
            Step::Beside {
                path,
                to,
                content,
                replaces,
            } => {
                agent.folder.insert(to.clone(), Item::File(*content));
                agent.placed.insert(to.clone(), content.sum);
                if agent.mode == Mode::Pull {
                    note(&mut agent.base, path, there.get(path).copied());
                }
                self.alive
                    .retain(|sum| replaces.is_none_or(|it| it.sum != *sum));
            }
            Step::RemoveThere { path, item } => {
                let is_as_expected = self.there.get(path) == Some(item)
                    && (*item != Item::Folder || below(&self.there, path).len() == 1);
                if is_as_expected {
                    self.there.remove(path);
                    if !agent.folder.contains_key(path) {
                        note(&mut agent.base, path, None);
                    }
                }
            }
            Step::Send {
                path,
                item,
                replaces,
            } => {
                let wanted = file(*replaces);
                let now = self.there.get(path).copied();
                let is_as_expected = now == wanted || (now == Some(*item));
                if is_as_expected && make_room_above(&mut self.there, path) {
                    self.there.insert(path.clone(), *item);
                    note(&mut agent.base, path, Some(*item));
                }
            }
        }
    }

    /// Lets all agents run until nothing moves any more.
    pub fn come_to_rest(&mut self, at_most: usize, seed: u64) {
        let mut random = Random::seeded(seed);
        for _ in 0..at_most {
            let agents = 0..self.agents.len();
            let moved: usize = agents
                .map(|agent| self.round(agent, &mut random, false, true))
                .sum();
            if moved == 0 {
                return;
            }
        }
        panic!("seed {seed}: the agents do not come to rest");
    }

    /// Every content that somebody wrote is still to be seen, unless somebody replaced or removed it who saw it.
    pub fn assert_nothing_is_lost(&self, seed: u64) {
        let mut visible = self.seen_there();
        for agent in &self.agents {
            visible.extend(
                agent
                    .folder
                    .values()
                    .filter_map(Item::content)
                    .map(|it| it.sum),
            );
        }
        let lost: Vec<_> = self
            .alive
            .iter()
            .filter(|sum| !visible.contains(sum))
            .collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?} are lost");
    }
}

/// What an agent removes is what both sides had agreed on, or can be had from the directory.
fn assert_agreed(content: Option<Content>, there: &Listing, path: &RelativePath) {
    let Some(content) = content else {
        return;
    };
    let is_removed_there = there.get(path).and_then(Item::content) != Some(content);
    assert!(
        is_removed_there,
        "{path} is removed although the directory has it"
    );
}

fn note(base: &mut Listing, path: &RelativePath, item: Option<Item>) {
    match item {
        Some(item) => base.insert(path.clone(), item),
        None => base.remove(path),
    };
}

/// Returns the path and all below it, innermost last.
fn below(listing: &Listing, path: &RelativePath) -> Vec<RelativePath> {
    let prefix = format!("{path}/");
    let paths = listing.keys();
    paths
        .filter(|it| *it == path || it.as_str().starts_with(&prefix))
        .cloned()
        .collect()
}

/// Makes the folders above a path. Fails where one of them is a file.
fn make_room_above(listing: &mut Listing, path: &RelativePath) -> bool {
    let folders = path
        .directories()
        .map(|it| RelativePath::parse(it).unwrap());
    let folders: Vec<_> = folders.collect();
    if folders
        .iter()
        .any(|it| matches!(listing.get(it), Some(Item::File(_))))
    {
        return false;
    }
    for folder in folders {
        listing.insert(folder, Item::Folder);
    }
    true
}
