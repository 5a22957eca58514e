//! The question of the guard.

use super::pair::Pair;
use super::report::Asked;
use super::wishes::Confirmed;
use crate::folder::State;
use crate::guard::objection;
use crate::item::Listing;
use crate::plan::{Plan, Step};

/// The number of paths that a question names.
const SOME: usize = 10;

/// Returns the removals for which somebody has to be asked.
pub fn asked(
    pair: &Pair,
    plan: &Plan,
    state: &State,
    there: &Listing,
    confirmed: Option<Confirmed>,
) -> Option<Asked> {
    let removals = objection(pair.mode, plan, &state.base, there)?;
    let is_confirmed = confirmed.is_some_and(|confirmed| {
        confirmed.are_here == removals.are_here && removals.files <= confirmed.files
    });
    if is_confirmed {
        return None;
    }
    let paths = plan.steps.iter().filter_map(|step| match step {
        Step::RemoveHere { path, item } if removals.are_here => Some((path, item)),
        Step::RemoveThere { path, item } if !removals.are_here => Some((path, item)),
        _ => None,
    });
    let paths = paths.filter(|(_, item)| item.content().is_some());
    let mut paths: Vec<String> = paths.map(|(path, _)| path.as_str().to_owned()).collect();
    paths.sort();
    paths.truncate(SOME);
    Some(Asked {
        files: removals.files,
        of: removals.of,
        are_here: removals.are_here,
        paths,
    })
}
