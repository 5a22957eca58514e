//! The rule for paths that may stand together in one tree.

use nbcourier_domain::{IllegalPath, RelativePath};
use std::collections::BTreeSet;
use std::ops::Bound;

/// The paths of a tree's files, none of which is another's directory.
///
/// The paths are kept with NUL, which no path holds, in the place of `/`. The files below a directory therefore come
/// directly after the place of the directory itself. One look to either side shows whether a path fits, however deep
/// it is.
#[derive(Debug, Default)]
pub struct PathSet(BTreeSet<Box<str>>);

impl PathSet {
    /// Adds a path. Fails with `IllegalPath` when it exists already, is a directory of an existing path, or is below
    /// one.
    pub fn insert(&mut self, path: &RelativePath) -> Result<(), IllegalPath> {
        let path = path.as_str().replace('/', "\0").into_boxed_str();
        let before = self
            .0
            .range::<str, _>((Bound::Unbounded, Bound::Included(&*path)))
            .next_back();
        let behind = self
            .0
            .range::<str, _>((Bound::Excluded(&*path), Bound::Unbounded))
            .next();
        if before.is_some_and(|before| is_at_or_below(&path, before))
            || behind.is_some_and(|behind| is_at_or_below(behind, &path))
        {
            return Err(IllegalPath);
        }
        self.0.insert(path);
        Ok(())
    }
}

fn is_at_or_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('\0'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn insert_all(paths: &[&str]) -> Result<(), IllegalPath> {
        let mut set = PathSet::default();
        paths
            .iter()
            .try_for_each(|path| set.insert(&RelativePath::parse(*path).unwrap()))
    }

    #[test]
    fn a_path_stands_in_a_tree_once() {
        assert_eq!(insert_all(&["a/b", "a/c", "a/b"]), Err(IllegalPath));
    }

    #[test]
    fn a_file_is_no_directory_whichever_comes_first() {
        for paths in [
            ["a", "a/b"],
            ["a/b", "a"],
            ["x/a", "x/a/b/c"],
            ["x/a/b/c", "x/a"],
        ] {
            let crowded = [
                &paths[..1],
                &["a!", "a-b", "x/a!", "x/a0", "x/b"],
                &paths[1..],
            ]
            .concat();
            assert_eq!(insert_all(&paths), Err(IllegalPath), "{paths:?}");
            assert_eq!(insert_all(&crowded), Err(IllegalPath), "{crowded:?}");
        }
    }

    #[test]
    fn names_that_only_begin_alike_do_not_disturb_each_other() {
        assert_eq!(
            insert_all(&["a", "ab", "a b", "a.txt", "b/a", "b/ab", "b/a.d/x", "A"]),
            Ok(())
        );
    }
}
