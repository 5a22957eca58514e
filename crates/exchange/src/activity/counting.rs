//! Reports of work. They are added up when they arrive.

use super::{ActivityRules, day_of};
use crate::op::Op;
use crate::{Exchange, Result};
use jiff::tz::TimeZone;
use nbcourier_domain::{ActivityKind, CourseId, Day, RelativePath, Role, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::activity::{self as rows, CountingCourse, Counts, Place};
use nbcourier_storage::{self as store, Lock};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// The maximum length of a path in bytes.
pub const LONGEST_PATH: usize = 512;
/// The maximum number of courses of a person in which work is counted.
const COURSES: usize = 1000;
/// The maximum number of notebooks of a person in a course on one day. Further ones are not counted.
const NOTEBOOKS: usize = 50;
/// The maximum age of work that is counted. Reports can wait for this time at the reporter.
const OLDEST: Duration = Duration::from_hours(7 * 24);
/// The number of minutes in a day.
const DAY_MINUTES: i64 = 24 * 60;
/// The maximum number of times a day that a notebook is opened, and that it is saved.
const TIMES: i64 = 10_000;

/// A piece of work on a notebook.
#[derive(Debug, Clone)]
pub struct Item {
    /// The course.
    pub course: CourseId,
    /// The path of the notebook, of at most [`LONGEST_PATH`] bytes.
    pub path: RelativePath,
    /// The kind of work.
    pub kind: ActivityKind,
    /// How often it was done.
    pub times: u32,
    /// The time by the clock of the reporter.
    pub at: Timestamp,
}

/// Returns the names of the courses that the caller takes and that count work, sorted.
pub async fn counting_courses(exchange: &Exchange, caller: &Caller) -> Result<Vec<String>> {
    if !exchange.activity.allowed {
        return Ok(Vec::new());
    }
    let read = exchange.read_own(caller, |op| {
        let courses = courses_of(op)?;
        Ok(courses.into_iter().map(|course| course.name).collect())
    });
    read.await
}

fn courses_of(op: &mut Op<'_>) -> Result<Vec<CountingCourse>> {
    let groups = op.exchange.policy.groups(op.caller);
    let roles = store::courses::roles(op.conn, op.caller.name(), &groups)?;
    let taken = roles.iter().filter(|(_, role)| **role == Role::Student);
    let taken: Vec<i64> = taken.map(|(course, _)| *course).collect();
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    Ok(rows::counting(op.conn, &taken, COURSES)?)
}

/// Adds up work of the caller. Returns the number of items that were counted. Items are not counted if the caller does
/// not take the course, if the course does not count work, if they are too old, or if they exceed the limits of a day.
pub async fn note(exchange: &Exchange, caller: &Caller, items: Vec<Item>) -> Result<usize> {
    if items.is_empty() || counting_courses(exchange, caller).await?.is_empty() {
        return Ok(0);
    }
    let note = exchange.write_own(caller, move |op| {
        let person = op.caller.name();
        // A change of the name takes the rows along, or comes before them. Two reports at once would both find room for more
        // notebooks.
        op.conn
            .lock([Lock::PersonShared(person), Lock::Activity(person)])?;
        let courses = courses_of(op)?;
        let work = sorted(&items, &courses, &op.exchange.activity, Timestamp::now());
        let (mut known, mut counted) = (HashMap::new(), 0);
        for ((course, day, path), added) in work {
            let paths: &mut HashSet<String> = match known.entry((course, day)) {
                std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(rows::paths_of(op.conn, course, person, day)?)
                }
            };
            if !paths.contains(path) {
                if paths.len() >= NOTEBOOKS {
                    continue;
                }
                paths.insert(path.to_owned());
            }
            let place = Place {
                course,
                person,
                day,
                path,
            };
            let limit = Counts {
                opens: TIMES,
                saves: TIMES,
                minutes: added.most_minutes,
            };
            rows::add(op.conn, place, added.counts, limit)?;
            counted += added.items;
        }
        Ok(counted)
    });
    let counted = note.await?;
    let of_items = u64::try_from(counted).unwrap_or(u64::MAX);
    exchange.metrics.activity.inc_by(of_items);
    Ok(counted)
}

/// The work on a notebook on one day.
#[derive(Debug, Clone, Copy, Default)]
struct Added {
    items: usize,
    counts: Counts,
    /// The number of minutes that the day has had so far.
    most_minutes: i64,
}

type Work<'a> = BTreeMap<(i64, Day, &'a str), Added>;

/// Sums up the items by course, day and path, in the order in which all servers change rows.
fn sorted<'a>(
    items: &'a [Item],
    courses: &[CountingCourse],
    rules: &ActivityRules,
    now: Timestamp,
) -> Work<'a> {
    let courses = courses.iter().map(|course| {
        let zone = rules.zone(course.time_zone.as_deref());
        (course.name.as_str(), (course.id, zone))
    });
    let courses: HashMap<&str, (i64, TimeZone)> = courses.collect();
    let mut work = Work::new();
    for item in items {
        let Some((course, zone)) = courses.get(item.course.as_str()) else {
            continue;
        };
        // A clock that is ahead counts for now.
        let at = item.at.min(now);
        if at.after(OLDEST) < now {
            continue;
        }
        let day = day_of(at, zone);
        let added = work.entry((*course, day, item.path.as_str())).or_default();
        added.items += 1;
        added.most_minutes = minutes_of(day, now, zone);
        let times = i64::from(item.times);
        let count = match item.kind {
            ActivityKind::Open => &mut added.counts.opens,
            ActivityKind::Save => &mut added.counts.saves,
            ActivityKind::Minutes => &mut added.counts.minutes,
        };
        *count = count.saturating_add(times);
    }
    work
}

/// Returns the number of minutes that a day has had. A minute that has begun counts.
fn minutes_of(day: Day, now: Timestamp, zone: &TimeZone) -> i64 {
    if day_of(now, zone) != day {
        return DAY_MINUTES;
    }
    let now = jiff::Timestamp::from_microsecond(now.micros()).unwrap_or_default();
    let now = now.to_zoned(zone.clone());
    let passed = now
        .start_of_day()
        .map(|start| now.duration_since(&start).as_mins());
    passed.unwrap_or(DAY_MINUTES).clamp(0, DAY_MINUTES - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn item(kind: ActivityKind, times: u32, time: &str) -> Item {
        Item {
            course: CourseId::parse("algebra").unwrap(),
            path: RelativePath::parse("algebra/a.ipynb").unwrap(),
            kind,
            times,
            at: at(time),
        }
    }

    fn sums(items: &[Item], zone: Option<&str>, now: &str) -> Vec<(String, Added)> {
        let course = CountingCourse {
            id: 1,
            name: "algebra".to_owned(),
            time_zone: zone.map(str::to_owned),
        };
        let work = sorted(items, &[course], &ActivityRules::default(), at(now));
        let work = work.into_iter();
        work.map(|((_, day, _), added)| (day.to_string(), added))
            .collect()
    }

    #[test]
    fn a_day_is_one_of_the_course_and_has_only_the_minutes_that_have_passed() {
        let items = [
            item(ActivityKind::Minutes, 500, "2026-11-30T23:30:00Z"),
            item(ActivityKind::Open, 1, "2026-11-30T22:59:59Z"),
        ];
        let found = sums(&items, Some("Europe/Berlin"), "2026-11-30T23:30:30Z");
        assert_eq!(found[0].0, "2026-11-30");
        assert_eq!(
            (found[0].1.counts.opens, found[0].1.most_minutes),
            (1, 1440)
        );
        assert_eq!(found[1].0, "2026-12-01");
        assert_eq!(found[1].1.most_minutes, 31, "since midnight in Berlin");
        let found = sums(&items, None, "2026-11-30T23:30:30Z");
        assert_eq!(found.len(), 1, "the exchange's own zone is UTC");
        assert_eq!(found[0].1.most_minutes, 23 * 60 + 31);
    }

    #[test]
    fn a_clock_that_is_ahead_counts_for_now_and_old_work_does_not_count() {
        let ahead = [item(ActivityKind::Save, 2, "9999-12-31T23:59:59Z")];
        let found = sums(&ahead, None, "2026-11-30T12:00:00Z");
        assert_eq!(
            (found[0].0.as_str(), found[0].1.counts.saves),
            ("2026-11-30", 2)
        );
        for (time, number) in [
            ("2026-11-23T12:00:00Z", 1),
            ("2026-11-23T11:59:59Z", 0),
            ("0001-01-01T00:00:00Z", 0),
        ] {
            let old = [item(ActivityKind::Save, 1, time)];
            assert_eq!(
                sums(&old, None, "2026-11-30T12:00:00Z").len(),
                number,
                "{time}"
            );
        }
    }

    #[test]
    fn a_day_on_which_the_clock_changes_has_no_more_minutes_than_another() {
        let items = [item(ActivityKind::Minutes, 9999, "2026-10-25T22:59:00Z")];
        let found = sums(&items, Some("Europe/Berlin"), "2026-10-25T22:59:00Z");
        assert_eq!(found[0].1.most_minutes, 1440);
    }
}
