//! What happened to the steps of a round, in words and numbers.

use super::plan::{Plan, Step};
use nbcourier_domain::Sha256Sum;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io;

/// Whether somebody else changed the place at the same moment.
pub fn is_race(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
    )
}

/// Whether a file system cannot have the name.
pub fn is_unfit(error: &io::Error) -> bool {
    let unfit = [Errno::INVAL, Errno::ILSEQ, Errno::NAMETOOLONG];
    unfit
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Returns the reason of a failure in words.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => {
            "there is no space left on the disk. Remove what you do not need".to_owned()
        }
        io::ErrorKind::QuotaExceeded => {
            "your quota of disk space is used up. Remove what you do not need".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the disk is mounted for reading only. Mount it for writing".to_owned()
        }
        io::ErrorKind::PermissionDenied
            if error.raw_os_error() == Some(Errno::ACCESS.raw_os_error()) =>
        {
            "you may not write in its folder. Give yourself the right to do so".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Returns the reason in words why a folder cannot be used.
pub fn why_unusable(error: &io::Error) -> String {
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        return "a link is in the way, and no link is followed. Put a folder in its place"
            .to_owned();
    }
    reason(error)
}

/// Returns the number of files that go under one name and come under another.
pub fn renamed(plan: &Plan) -> usize {
    let mut gone: BTreeMap<Sha256Sum, usize> = BTreeMap::new();
    for step in &plan.steps {
        if let Step::RemoveHere { item, .. } = step
            && let Some(content) = item.content()
        {
            *gone.entry(content.sum).or_default() += 1;
        }
    }
    let mut number = 0;
    for step in &plan.steps {
        if let Step::Receive {
            item,
            replaces: None,
            ..
        } = step
            && let Some(left) = item
                .content()
                .and_then(|content| gone.get_mut(&content.sum))
            && *left > 0
        {
            *left -= 1;
            number += 1;
        }
    }
    number
}
