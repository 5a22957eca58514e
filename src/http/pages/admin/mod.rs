//! Pages of administrators. Each asks an operation that only administrators may call.

mod courses;
mod events;
mod people;
mod registrars;
mod settings;
mod state;
mod storage;
mod trash;

pub use courses::{create, show as courses};
pub use events::show as events;
pub use people::show as people;
pub use registrars::show as registrars;
pub use settings::show as settings;
pub use state::{live, show as state};
pub use storage::show as storage;
pub use trash::{restore, show as trash};

use super::view::{Head, Link, View};
use crate::findings::Findings;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::administration::State;
use nbcourier_work::Bug;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The parts of the process behind the pages that administrators see.
#[derive(Clone)]
pub struct Backstage {
    /// The settings in force.
    pub settings: Vec<InForce>,
    /// The checks of the page about the state.
    pub checks: Arc<dyn Checks>,
    /// The time at which the server started.
    pub started_at: Timestamp,
}

/// A setting in force. The values of secrets are left out.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The name in the file, or the variable if only the hub's environment has it.
    pub name: String,
    /// The value in the syntax of the file.
    pub value: String,
    /// The flag, variable or file that sets it. `None` is the default.
    pub origin: Option<String>,
}

/// The checks of a server.
pub trait Checks: Send + Sync {
    /// Returns what they find. `state` is what the database says.
    fn findings<'a>(
        &'a self,
        exchange: &'a Exchange,
        state: State,
    ) -> Pin<Box<dyn Future<Output = Result<Findings, Bug>> + 'a>>;
}

/// No checks, for tests without a server.
struct NoChecks;

impl Checks for NoChecks {
    fn findings<'a>(
        &'a self,
        _: &'a Exchange,
        _: State,
    ) -> Pin<Box<dyn Future<Output = Result<Findings, Bug>> + 'a>> {
        Box::pin(async { Ok(Findings::default()) })
    }
}

impl Default for Backstage {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            checks: Arc::new(NoChecks),
            started_at: Timestamp::now(),
        }
    }
}

impl fmt::Debug for Backstage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backstage").finish_non_exhaustive()
    }
}

/// The pages: the last part of the address, and the key of the title.
const PAGES: [(&str, &str); 8] = [
    ("", "admin-state"),
    ("courses", "admin-courses"),
    ("people", "admin-people"),
    ("storage", "admin-storage"),
    ("events", "activity-title"),
    ("trash", "trash-title"),
    ("settings", "admin-settings"),
    ("registrars", "admin-registrars"),
];

/// Returns the address of a page of administrators. The first one has no name.
fn address(view: &View, page: &str) -> String {
    if page.is_empty() {
        view.at(&["admin"])
    } else {
        view.at(&["admin", page])
    }
}

/// Returns the head of the page of administrators with that name.
fn head(view: &View, current: &str) -> Head {
    let title = PAGES.iter().find(|(page, _)| *page == current);
    let title = title.map_or_else(String::new, |(_, key)| view.say(key));
    let tabs = PAGES.iter().map(|(page, key)| Link {
        href: address(view, page),
        text: view.say(key),
        is_current: *page == current,
    });
    Head {
        title,
        crumbs: vec![
            view.home_crumb(),
            view.link(address(view, ""), &view.say("nav-admin")),
        ],
        tabs: tabs.collect(),
        ..Head::default()
    }
}
