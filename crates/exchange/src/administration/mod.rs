//! The view of the whole exchange that administrators have. Each operation asks the policy, and reads in one transaction.

mod courses;
mod person;
mod room;
mod sizes;
mod state;

pub use courses::{CourseFilter, CourseList, CourseOrder, ListedCourse, list, unknown_teachers};
pub use person::{Person, PersonLine, PersonPlace, find};
pub use room::{Room, TrashSize, room};
pub use sizes::{Counted, Sizes};
pub use state::{SetAside, State, state};

use super::{Exchange, Result};
use nbcourier_identity::Caller;

/// Checks that the caller is an administrator, for pages about the process itself.
pub fn require(exchange: &Exchange, caller: &Caller) -> Result<()> {
    exchange.policy.require_admin(caller)
}

/// Returns the group of the hub whose members keep all rosters, if one is named and groups of the hub count.
pub fn registrars(exchange: &Exchange, caller: &Caller) -> Result<Option<String>> {
    exchange.policy.require_admin(caller)?;
    let policy = exchange.policy;
    let group = policy.group_rules.registrars();
    Ok(group.filter(|_| policy.hub_groups).map(str::to_owned))
}
