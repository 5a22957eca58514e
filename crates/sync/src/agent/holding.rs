//! The choice of the paths that a round does not touch.

use super::found::Found;
use super::held::{AllHeld, Held, LeftOut};
use super::pair::Pair;
use super::report::Report;
use crate::decide::Mode;
use crate::folder::State;
use crate::item::{Item, Listing};
use crate::plan::{Plan, Sides, Step, plan};
use crate::resume::Pending;
use nbcourier_domain::{RelativePath, Sha256Sum, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The time after which a file is sent again that the exchange has refused.
const REFUSED_FOR: Duration = Duration::from_hours(1);

/// The files that the exchange has refused lately, with its sentences and the times.
pub type AllRefused = BTreeMap<RelativePath, (Sha256Sum, String, Instant)>;

/// Both sides of a round, as far as it decides which paths are held.
pub struct Holding<'a> {
    pub pair: &'a Pair,
    pub here: &'a Listing,
    pub there: &'a Listing,
    /// The time for which a file must be missing.
    pub agree: Duration,
}

impl Holding<'_> {
    /// Holds the paths whose changes do not count yet, or cannot be made.
    pub fn hold(&self, held: &mut AllHeld, refused: &mut AllRefused, state: &mut State) {
        let (here, there, pair) = (self.here, self.there, self.pair);
        refused.retain(|path, (sum, _, at)| {
            let now = here.get(path).and_then(Item::content);
            at.elapsed() < REFUSED_FOR && now.is_some_and(|now| now.sum == *sum)
        });
        for (path, (_, why, _)) in refused.iter() {
            held.hold(path, Held::Refused(why.clone()));
        }
        for (path, item) in there {
            let size = item.content().map_or(0, |content| content.size);
            if size > pair.max_file && state.base.get(path) != Some(item) {
                let most = pair.max_file;
                held.hold(path, Held::Large { size, most });
            }
        }
        if pair.mode == Mode::Pull {
            state.missing.clear();
            return;
        }
        let now = Timestamp::now().micros();
        let agree = i64::try_from(self.agree.as_micros()).unwrap_or(i64::MAX);
        let mut missing = BTreeMap::new();
        let mut moved = BTreeSet::new();
        for (path, base) in &state.base {
            if here.contains_key(path) || there.get(path) != Some(base) {
                continue;
            }
            // A clock that was put back begins the time anew.
            let since = state.missing.get(path).filter(|since| **since <= now);
            missing.insert(path.clone(), since.copied().unwrap_or(now));
            if since.is_none_or(|since| now - since < agree) {
                held.hold(path, Held::JustMissing);
                // A file that has the place of a folder counts once its entries are gone.
                for folder in path.directories() {
                    if let Ok(folder) = RelativePath::parse_stored(folder)
                        && matches!(here.get(&folder), Some(Item::File(_)))
                    {
                        held.hold(&folder, Held::Renamed);
                    }
                }
                moved.extend(base.content().map(|content| content.sum));
            }
        }
        state.missing = missing;
        for (path, item) in here {
            let is_new = !state.base.contains_key(path) && !there.contains_key(path);
            if is_new
                && item
                    .content()
                    .is_some_and(|content| moved.contains(&content.sum))
            {
                held.hold(path, Held::Renamed);
            }
        }
    }
}

/// Keeps the notes of an interrupted round for the paths that this one does not touch.
pub fn keep_pending(pending: Pending, held: &AllHeld, state: &mut State) {
    for (from, to) in [
        (pending.received, &mut state.pending),
        (pending.sent, &mut state.sent),
    ] {
        for (path, item) in from {
            if held.about(&path).is_some() {
                to.entry(path).or_insert(item);
            }
        }
    }
}

/// Adds the held paths to a report. Those that are left out for long are told once.
pub fn finish(report: &mut Report, state: &mut State, held: &AllHeld) {
    report.waiting = held.told(true);
    report.left_out = held.told(false);
    let sentence = |it: &LeftOut| format!("{} {}", it.path, it.why);
    report.new = report
        .left_out
        .iter()
        .filter(|it| !state.told.contains(&sentence(it)))
        .cloned()
        .collect();
    state.told = report.left_out.iter().map(sentence).collect();
}

/// Returns the plan of a round, without the steps for paths that are held.
pub fn planned(pair: &Pair, state: &State, found: &Found) -> Plan {
    let mut plan = plan(&Sides {
        mode: pair.mode,
        base: &state.base,
        here: &found.here,
        there: &found.there,
        is_missing_wanted: false,
        device: &pair.device,
        day: &found.day,
        placed: &state.placed,
    });
    plan.steps
        .retain(|step| !matches!(step, Step::Blocked { path } if found.held.about(path).is_some()));
    plan
}
