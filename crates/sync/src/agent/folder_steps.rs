//! The steps of a round in the folder.

use super::found::Found;
use super::opened::Opened;
use super::report::Report;
use super::trouble::Trouble;
use crate::apply::Apply;
use crate::decide::Mode;
use crate::folder::{Incoming, Kept, State};
use crate::names::Beside;
use crate::plan::{Plan, Step};
use nbcourier_domain::RelativePath;

/// Carries out the steps in the folder. Returns whether everything was done that the file system can do, and the paths that
/// it cannot have.
pub fn apply(
    opened: &Opened,
    plan: &Plan,
    found: &Found,
    mut incoming: Incoming,
    state: &mut State,
    report: &mut Report,
) -> Result<(bool, Vec<RelativePath>), Trouble> {
    let (own, pair) = (&opened.own, &opened.pair);
    let mut local = crate::Report::new(pair.shown(), None, String::new());
    let kept = Kept::open(own, &found.day)?;
    let mut unfit = Vec::new();
    let is_whole = Apply {
        root: &opened.root,
        kept: &kept,
        incoming: &mut incoming,
        scan: &found.scan,
        day: &found.day,
        report: &mut local,
        mode: pair.mode,
        there: &found.there,
        aside: match pair.mode {
            Mode::Pull => Beside::Mine,
            _ => Beside::Conflict(&pair.device),
        },
        next: "the next round",
        unfit: Some(&mut unfit),
    }
    .run(plan, state);
    let placed = plan.steps.iter().filter_map(|step| match step {
        Step::Beside { to, content, .. } => Some((to.clone(), content.sum)),
        _ => None,
    });
    state
        .placed
        .retain(|path, _| found.scan.items.contains_key(path));
    state.placed.extend(placed);
    if is_whole {
        incoming.clear();
    }
    // What cannot be cleared now is cleared in the next round.
    let _ = kept.clear();
    report.received = local.received;
    report.removed_here = local.removed;
    report.renamed = local.renamed;
    report.kept = local.kept;
    report.conflicts = local.mine;
    report.conflicts.extend(local.beside);
    report.failures = local.failures;
    if plan.steps.iter().any(Step::moves) {
        state.write(own)?;
    }
    Ok((is_whole, unfit))
}
