//! The work of students on notebooks, as their own programs report it: daily sums for each notebook.
//!
//! A report is the word of the student's own program. It proves nothing, and nothing is decided by it. It is no event, since
//! it changes nothing in the course. No moments are kept.

mod counting;
mod figures;

pub use counting::{Item, LONGEST_PATH, counting_courses, note};
pub use figures::{ActivityFilter, ActivityPage, Cursor, Figures, Line, Scope, page};

use super::course_settings;
use super::upkeep::gc;
use super::{Exchange, Mode, Result};
use jiff::tz::TimeZone;
use nbcourier_domain::{Day, Timestamp};
use nbcourier_storage::activity as rows;
use std::time::Duration;

/// The rules of this exchange for activity.
#[derive(Debug, Clone)]
pub struct ActivityRules {
    /// Whether courses may turn it on.
    pub allowed: bool,
    /// The time zone of the days of courses that have none.
    pub time_zone: TimeZone,
}

impl Default for ActivityRules {
    fn default() -> Self {
        Self {
            allowed: false,
            time_zone: TimeZone::UTC,
        }
    }
}

impl ActivityRules {
    /// Returns the time zone of a course.
    fn zone(&self, own: Option<&str>) -> TimeZone {
        let own = own.and_then(|name| course_settings::TimeZone::parse(name).ok());
        let own = own.and_then(|zone| TimeZone::get(zone.name()).ok());
        own.unwrap_or_else(|| self.time_zone.clone())
    }
}

impl Exchange {
    /// Returns the exchange with these rules for activity.
    #[must_use]
    pub fn with_activity(self, activity: ActivityRules) -> Self {
        Self { activity, ..self }
    }

    /// Whether courses may turn activity on.
    pub fn allows_activity(&self) -> bool {
        self.activity.allowed
    }
}

/// Returns the day of a time in a time zone.
fn day_of(at: Timestamp, zone: &TimeZone) -> Day {
    let moment = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    Day::of(at, zone.to_offset(moment).seconds())
}

/// Removes the daily sums that are older than `age`. Returns their number.
pub async fn forget(exchange: &Exchange, age: Duration, mode: Mode) -> Result<usize> {
    // A day is over everywhere a day after it is over in UTC.
    let oldest = day_of(gc::limit(age), &TimeZone::UTC).before(1);
    let removed = exchange
        .without_policy()
        .try_out(mode, move |conn| Ok(rows::purge_before(conn, oldest)?));
    removed.await
}
