//! The paths of a directory while a batch is applied to them. Nothing here does I/O.

use super::MAX_PATH_BYTES;
use super::changes::{Condition, Operation};
use crate::error::{ConflictReason, PathConflict, PathState};
use crate::{Error, Result};
use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_storage::directories::Size;
use nbcourier_work::Bug;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The number of times that the operations of a batch may move and remove all of a directory.
const MOVES: usize = 10;

/// The state of a path that something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A folder.
    Folder,
    /// A file.
    File(FileState),
}

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    /// The row of its bytes.
    pub blob: i64,
    /// The checksum of its bytes.
    pub sha256: Sha256Sum,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it can be executed.
    pub executable: bool,
}

/// The paths that a batch concerns, before it and now.
#[derive(Debug)]
pub(super) struct Working {
    before: BTreeMap<String, (i64, State)>,
    now: BTreeMap<String, State>,
    conflicts: Vec<PathConflict>,
    /// The same conflicts. Several operations may meet one of them.
    known_conflicts: HashSet<PathConflict>,
    /// The paths that the batch may still make by copying folders. A hundred copies of copies would make more paths than any
    /// machine can hold.
    copies: Left,
    /// The paths that it may still move or remove.
    moves: Left,
}

/// The way in which an operation reaches the paths of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Copies,
    Moves,
}

/// The number of paths that a batch may still reach in folders, and their length in bytes.
#[derive(Debug)]
struct Left {
    paths: usize,
    bytes: usize,
}

impl Left {
    fn take(&mut self, paths: usize, bytes: usize) -> Result<()> {
        let (paths, bytes) = (self.paths.checked_sub(paths), self.bytes.checked_sub(bytes));
        let (Some(paths), Some(bytes)) = (paths, bytes) else {
            return Err(Error::TooManyPaths);
        };
        *self = Self { paths, bytes };
        Ok(())
    }
}

/// The rows that a batch changes.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// The rows of the entries that end.
    pub ended: Vec<i64>,
    /// The entries that begin.
    pub begun: Vec<(String, State)>,
    /// The size of the directory afterwards.
    pub size: Size,
}

impl Working {
    /// Returns the paths of a directory that has so many entries, and may have at most so many. None is loaded yet.
    pub fn of(entries: usize, most: usize) -> Self {
        let bytes = usize::try_from(MAX_PATH_BYTES).unwrap_or(usize::MAX);
        let copies = Left {
            paths: most,
            // The old paths and the new ones.
            bytes: bytes.saturating_mul(2),
        };
        let moves = Left {
            paths: entries.max(most).saturating_mul(MOVES),
            bytes: bytes.saturating_mul(2 * MOVES),
        };
        Self {
            before: BTreeMap::new(),
            now: BTreeMap::new(),
            conflicts: Vec::new(),
            known_conflicts: HashSet::new(),
            copies,
            moves,
        }
    }

    /// Adds an entry of the current version with its row.
    pub fn load(&mut self, path: String, row: i64, state: State) {
        self.now.insert(path.clone(), state);
        self.before.insert(path, (row, state));
    }

    /// Whether the current version has a folder of that path, as far as it is loaded.
    pub fn has_folder(&self, path: &str) -> bool {
        self.before
            .get(path)
            .is_some_and(|(_, state)| *state == State::Folder)
    }

    /// Applies an operation. `bytes` returns the row and the size of bytes that a put names. Conflicts are noted for
    /// [`Self::finish`].
    pub fn apply(
        &mut self,
        operation: &Operation,
        bytes: impl Fn(Sha256Sum) -> Option<(i64, u64)>,
    ) -> Result<()> {
        match operation {
            Operation::Put {
                path,
                sha256,
                executable,
                condition,
            } => {
                let known = self.file(path);
                let executable = executable.or(known.map(|file| file.executable));
                let executable = executable.unwrap_or(false);
                if known.is_some_and(|file| file.sha256 == *sha256 && file.executable == executable)
                {
                    return Ok(());
                }
                let (blob, size) =
                    bytes(*sha256).ok_or_else(|| Bug::new("a put whose bytes have no row"))?;
                let file = FileState {
                    blob,
                    sha256: *sha256,
                    size,
                    executable,
                };
                if self.meets(path, *condition) && self.accepts_file(path) && self.make_above(path)
                {
                    self.now.insert(path.as_str().into(), State::File(file));
                }
            }
            Operation::MakeFolder { path } => match self.now.get(path.as_str()) {
                Some(State::Folder) => {}
                Some(State::File(_)) => self.refuse(path, ConflictReason::IsFile),
                None => {
                    if self.make_above(path) {
                        self.now.insert(path.as_str().into(), State::Folder);
                    }
                }
            },
            Operation::Move {
                from,
                to,
                condition,
            } => {
                let Some(moved) = self.source(from, to, *condition, Reach::Moves)? else {
                    return Ok(());
                };
                let mut put = Vec::with_capacity(moved.len());
                for (path, new, state) in moved {
                    self.now.remove(&path);
                    put.push((new, state));
                }
                self.now.extend(put);
            }
            Operation::Copy {
                from,
                to,
                condition,
            } => {
                let (original, copy) = (self.file(from), self.file(to));
                if original.is_some() && original == copy {
                    return Ok(());
                }
                if let Some(copied) = self.source(from, to, *condition, Reach::Copies)? {
                    let copied = copied.into_iter();
                    self.now.extend(copied.map(|(_, new, state)| (new, state)));
                }
            }
            Operation::Remove {
                path,
                recursive,
                condition,
            } => {
                let removed = below_and_at(&self.now, path.as_str(), &mut self.moves)?;
                if removed.is_empty() || !self.meets(path, *condition) {
                    return Ok(());
                }
                if removed.len() > 1 && !recursive {
                    self.refuse(path, ConflictReason::NotEmpty);
                    return Ok(());
                }
                for path in removed {
                    self.now.remove(&path);
                }
            }
        }
        Ok(())
    }

    /// Returns the paths that a move or copy takes, with the new ones and what it puts there, or `None` if there is nothing to
    /// do or a conflict.
    fn source(
        &mut self,
        from: &RelativePath,
        to: &RelativePath,
        condition: Condition,
        reach: Reach,
    ) -> Result<Option<Vec<(String, String, State)>>> {
        let Some(state) = self.now.get(from.as_str()).copied() else {
            self.refuse(from, ConflictReason::Missing);
            return Ok(None);
        };
        if from == to {
            return Ok(None);
        }
        if to.directories().any(|above| above == from.as_str()) {
            return Err(Error::IntoItself(from.clone()));
        }
        let is_free = match (state, self.now.get(to.as_str())) {
            (_, None) | (State::File(_), Some(State::File(_))) => true,
            (State::Folder, Some(State::File(_))) => {
                self.refuse(to, ConflictReason::IsFile);
                false
            }
            (_, Some(State::Folder)) => {
                self.refuse(to, ConflictReason::IsFolder);
                false
            }
        };
        if !is_free || !self.meets(to, condition) || !self.make_above(to) {
            return Ok(None);
        }
        let left = match reach {
            Reach::Copies => &mut self.copies,
            Reach::Moves => &mut self.moves,
        };
        let paths = below_and_at(&self.now, from.as_str(), left)?;
        let mut put = Vec::with_capacity(paths.len());
        for path in paths {
            let state = self.now[&path];
            let new = format!("{to}{}", &path[from.as_str().len()..]);
            if RelativePath::parse(new.as_str()).is_err() {
                return Err(Error::UnusableFact(format!(
                    "The path of {path} would be too long or too deep below {to}"
                )));
            }
            left.take(0, new.len())?;
            put.push((path, new, state));
        }
        Ok(Some(put))
    }

    fn file(&self, path: &RelativePath) -> Option<FileState> {
        match self.now.get(path.as_str()) {
            Some(State::File(file)) => Some(*file),
            _ => None,
        }
    }

    /// Whether the path meets the condition. Notes a conflict if not.
    fn meets(&mut self, path: &RelativePath, condition: Condition) -> bool {
        let is_met = match condition {
            Condition::Any => true,
            Condition::Absent => !self.now.contains_key(path.as_str()),
            Condition::Is(sum) => self.file(path).is_some_and(|file| file.sha256 == sum),
        };
        if !is_met {
            self.refuse(path, ConflictReason::Changed);
        }
        is_met
    }

    fn accepts_file(&mut self, path: &RelativePath) -> bool {
        let is_folder = self.now.get(path.as_str()) == Some(&State::Folder);
        if is_folder {
            self.refuse(path, ConflictReason::IsFolder);
        }
        !is_folder
    }

    /// Makes the folders above a path. Notes a conflict if one of them is a file.
    fn make_above(&mut self, path: &RelativePath) -> bool {
        let above: Vec<&str> = path.directories().collect();
        for folder in &above {
            if matches!(self.now.get(*folder), Some(State::File(_)))
                && let Ok(folder) = RelativePath::parse(*folder)
            {
                self.refuse(&folder, ConflictReason::IsFile);
                return false;
            }
        }
        for folder in above {
            self.now.entry(folder.to_owned()).or_insert(State::Folder);
        }
        true
    }

    fn refuse(&mut self, path: &RelativePath, reason: ConflictReason) {
        let now = match self.now.get(path.as_str()) {
            None => PathState::Nothing,
            Some(State::Folder) => PathState::Folder,
            Some(State::File(file)) => PathState::File {
                sha256: file.sha256,
                size: file.size,
                executable: file.executable,
            },
        };
        let conflict = PathConflict {
            path: path.clone(),
            reason,
            now,
        };
        if self.known_conflicts.insert(conflict.clone()) {
            self.conflicts.push(conflict);
        }
    }

    /// Returns the difference to the current version, whose size is given, or the conflicts.
    pub fn finish(self, size: Size) -> Result<Difference, Vec<PathConflict>> {
        if !self.conflicts.is_empty() {
            return Err(self.conflicts);
        }
        let mut difference = Difference {
            size,
            ..Difference::default()
        };
        for (path, (row, state)) in &self.before {
            if self.now.get(path) != Some(state) {
                difference.ended.push(*row);
                difference.size = counted(difference.size, path, *state, -1);
            }
        }
        for (path, state) in self.now {
            let is_new = self.before.get(&path).is_none_or(|(_, old)| *old != state);
            if is_new {
                difference.size = counted(difference.size, &path, state, 1);
                difference.begun.push((path, state));
            }
        }
        Ok(difference)
    }
}

/// Returns the size with one entry more, or less for `-1`.
fn counted(size: Size, path: &str, state: State, sign: i64) -> Size {
    let number = |length: u64| sign * i64::try_from(length).unwrap_or(i64::MAX);
    let (files, folders, bytes) = match state {
        State::Folder => (0, sign, 0),
        State::File(file) => (sign, 0, number(file.size)),
    };
    Size {
        files: size.files + files,
        folders: size.folders + folders,
        bytes: size.bytes.saturating_add(bytes),
        path_bytes: size.path_bytes + number(path.len() as u64),
    }
}

/// Returns the path itself, if something has it, and all paths below it, which are taken from what is left.
fn below_and_at(now: &BTreeMap<String, State>, path: &str, left: &mut Left) -> Result<Vec<String>> {
    let begin = format!("{path}/");
    let below = now.range(begin.clone()..);
    let below = below.take_while(|(other, _)| other.starts_with(&begin));
    let itself = now.get_key_value(path).into_iter();
    let all = itself.chain(below).map(|(path, _)| {
        left.take(1, path.len())?;
        Ok(path.clone())
    });
    all.collect()
}

/// Returns the paths that have to be loaded for these operations: those that they name, and the folders above them.
pub(super) fn needed(operations: &[Operation]) -> BTreeSet<&str> {
    let paths = operations.iter().flat_map(Operation::paths);
    paths
        .flat_map(|path| path.directories().chain([path.as_str()]))
        .collect()
}

#[cfg(test)]
mod tests;
