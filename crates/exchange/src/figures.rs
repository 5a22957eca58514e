//! The figures of a course, for those who read all work: what its students have submitted, and when. No figure names a
//! student.

use super::late_cache::LateCache;
use super::op::{CourseOp, Need, Place};
use super::policy::{May, Right};
use super::{Exchange, Result};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use moka::sync::Cache;
use nbcourier_domain::{Role, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::figures::{self as rows, AssignmentSums, Clock};
use nbcourier_storage::usage::{self, Owner};
use std::time::{Duration, Instant};

/// The minimum number of students who have submitted in an hour of the week. A smaller group is not shown: nobody is to be
/// watched.
pub const SMALLEST_GROUP: i64 = 5;
/// Maximum number of assignments in a list.
const ASSIGNMENTS: usize = 200;
/// Maximum number of weeks.
const WEEKS: i64 = 53;
/// The time in the past for which the changes of clocks are known. Earlier times are those of the first known one.
const PAST: SignedDuration = SignedDuration::from_hours(25 * 366 * 24);
/// The same for the future. A clock that was wrong may have left such times.
const FUTURE: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Maximum number of changes of clocks. Few places have four in a year.
const CHANGES: usize = 128;
/// A day in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The figures of a course. Only students count.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The number of students.
    pub students: i64,
    /// The assignments that are released or have submissions, the last one first.
    pub assignments: Vec<AssignmentFigures>,
    /// The number of older assignments that are left out.
    pub older: usize,
    /// The last submissions of students, by how long before the due time they came.
    pub before_due: BeforeDue,
    /// The number of pairs of a student and an assignment with 1, 2 to 3, 4 to 9, and more submissions.
    pub times: [i64; 4],
    /// The weeks in which students were seen, the first one first, without gaps.
    pub weeks: Vec<Week>,
    /// The number of submissions by day of the week, from Monday, and by hour. Small groups are left out.
    pub hours: [[Option<i64>; 24]; 7],
    /// The stored bytes of the course.
    pub stored: StoredBytes,
    /// Maximum bytes of a course, if there is a limit.
    pub limit: Option<u64>,
    /// The rights of the caller.
    pub may: May,
}

/// An assignment. A student's last submission counts, with their own due time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssignmentFigures {
    /// The name.
    pub name: String,
    /// Students whose last submission is in time.
    pub in_time: i64,
    /// Students whose last submission is late.
    pub late: i64,
    /// Students without a submission.
    pub missing: i64,
    /// Students with feedback.
    pub feedback: i64,
    /// Days from the due time until half of these had their first feedback, if there is a due time.
    pub days: Option<i64>,
}

/// Numbers of last submissions, by how long before the due time they came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BeforeDue {
    /// More than three days before, from one to three days, from six to 24 hours, from one to six hours, in the last
    /// hour, and after the due time.
    pub spans: [i64; 6],
    /// Last submissions to assignments without a due time.
    pub without_due: i64,
}

/// A week in which students may have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// Its Monday, in days since 1970-01-01.
    pub monday: i64,
    /// Students who were seen in it.
    pub seen: i64,
    /// Students who were seen in it or earlier.
    pub seen_so_far: i64,
}

/// Returns the figures of a course, in days and hours of that time zone. The number of SQL statements does not depend on
/// the size of the course.
pub async fn of(
    exchange: &Exchange,
    caller: &Caller,
    course: impl Into<Place>,
    zone: &TimeZone,
) -> Result<Figures> {
    let clock = clock(zone, jiff::Timestamp::now());
    exchange
        .read_in(caller, course, Need::May(Right::ReadWork), move |op| {
            figures(op, &clock)
        })
        .await
}

fn figures(op: &mut CourseOp<'_>, clock: &Clock) -> Result<Figures> {
    let students = op.members(Some(Role::Student));
    let sums = rows::assignments(op.conn, students)?;
    let weeks = rows::weeks(op.conn, students, clock)?;
    let mut hours = [[None; 24]; 7];
    let cells = hours.iter_mut().flatten();
    let mut cells: Vec<&mut Option<i64>> = cells.collect();
    for row in rows::hours(op.conn, students, clock, SMALLEST_GROUP)? {
        let place = usize::try_from(row.hour).ok();
        if let Some(cell) = place.and_then(|place| cells.get_mut(place)) {
            **cell = Some(row.submissions);
        }
    }
    let mut listed = Vec::new();
    for row in &sums {
        let Some(name) = &row.name else {
            continue;
        };
        if row.released || row.submitted > 0 {
            listed.push(of_assignment(name, row));
        }
    }
    let older = listed.len().saturating_sub(ASSIGNMENTS);
    listed.truncate(ASSIGNMENTS);
    Ok(Figures {
        students: sums.first().map_or(0, |row| row.students),
        assignments: listed,
        older,
        before_due: before_due(&sums),
        times: times(&sums),
        weeks: without_gaps(&weeks),
        hours,
        stored: stored(op)?,
        limit: op.exchange.quota.limits().course_bytes,
        may: op.standing.into(),
    })
}

fn of_assignment(name: &str, row: &AssignmentSums) -> AssignmentFigures {
    AssignmentFigures {
        name: name.to_owned(),
        in_time: row.submitted - row.late,
        late: row.late,
        missing: row.students - row.submitted,
        feedback: row.feedback,
        // Feedback may come before the due time.
        days: row.wait.map(|wait| (wait + DAY / 2).max(0) / DAY),
    }
}

fn before_due(sums: &[AssignmentSums]) -> BeforeDue {
    let mut found = BeforeDue::default();
    for row in sums {
        let spans = [
            row.days_3,
            row.days_1,
            row.hours_6,
            row.hours_1,
            row.last_hour,
            row.late,
        ];
        for (sum, number) in found.spans.iter_mut().zip(spans) {
            *sum += number;
        }
        found.without_due += row.submitted - spans.iter().sum::<i64>();
    }
    found
}

fn times(sums: &[AssignmentSums]) -> [i64; 4] {
    let mut found = [0; 4];
    for row in sums {
        let times = [row.once, row.times_2, row.times_4, row.times_10];
        for (sum, number) in found.iter_mut().zip(times) {
            *sum += number;
        }
    }
    found
}

/// Returns the last weeks, with those in which nobody was seen.
fn without_gaps(rows: &[rows::WeekSums]) -> Vec<Week> {
    let Some(last) = rows.last() else {
        return Vec::new();
    };
    let begin = last.week - WEEKS + 1;
    let mut so_far = 0;
    let mut weeks: Vec<Week> = Vec::new();
    for row in rows {
        let is_shown = row.week >= begin;
        let gap = weeks.last().map(|before| before.monday + 7);
        let monday = row.week * 7 - 3;
        for monday in (gap.unwrap_or(monday)..monday).step_by(7) {
            weeks.push(Week {
                monday,
                seen: 0,
                seen_so_far: so_far,
            });
        }
        so_far += row.first_seen;
        if is_shown {
            weeks.push(Week {
                monday,
                seen: row.seen,
                seen_so_far: so_far,
            });
        }
    }
    weeks
}

/// Returns the local time of a zone, as far as it is known around that time.
fn clock(zone: &TimeZone, now: jiff::Timestamp) -> Clock {
    let begin = now.checked_sub(PAST).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let end = now.checked_add(FUTURE).unwrap_or(now);
    let ahead = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1_000_000;
    let changes = zone.preceding(end);
    let changes = changes.take_while(|change| change.timestamp() >= begin);
    let changes = changes.take(CHANGES).map(|change| {
        let since = change.timestamp().as_microsecond();
        (since, ahead(change.offset()))
    });
    let changes: Vec<(i64, i64)> = changes.collect();
    let oldest = changes.last().map_or(begin, |(since, _)| {
        jiff::Timestamp::from_microsecond(since - 1).unwrap_or(begin)
    });
    Clock {
        before: ahead(zone.to_offset(oldest)),
        changes,
    }
}

/// The stored bytes of a course.
#[derive(Debug, Clone, Copy)]
pub struct StoredBytes {
    /// The bytes, as the limit counts them.
    pub bytes: u64,
    /// The time of the count.
    pub at: Timestamp,
}

/// Minimum time for which a count is shown.
const SERVES: Duration = Duration::from_mins(10);
/// A count is shown for this multiple of the time it took, so that counting takes at most a hundredth of one core.
const SHARE: u32 = 100;
/// Maximum number of courses whose count is remembered.
const REMEMBERED: u64 = 10_000;

/// The last counts of courses, by their rows, and until when they are shown. Counting reads everything of a course.
#[derive(Debug, Clone)]
pub(super) struct KnownSizes(LateCache<i64, (StoredBytes, Instant)>);

impl Default for KnownSizes {
    fn default() -> Self {
        Self(LateCache::new(|| Cache::new(REMEMBERED)))
    }
}

/// Returns the stored bytes of the course, which may have been counted some minutes ago.
fn stored(op: &mut CourseOp<'_>) -> Result<StoredBytes> {
    let course = op.standing.course;
    let known = &op.exchange.stored.0;
    let begin = Instant::now();
    let remembered = known.get(&course).filter(|(_, until)| *until > begin);
    if let Some((stored, _)) = remembered {
        return Ok(stored);
    }
    let stored = StoredBytes {
        at: Timestamp::now(),
        bytes: usage::total(op.conn, &Owner::Course(course))?,
    };
    let until = Instant::now() + SERVES.max(begin.elapsed().saturating_mul(SHARE));
    known.insert(course, (stored, until));
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nbcourier_storage::figures::WeekSums;

    fn at(text: &str) -> jiff::Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_knows_the_changes_of_its_zone() {
        let now = at("2027-02-01T12:00:00Z");
        let ahead = |zone: &str, time: &str| {
            let clock = clock(&TimeZone::get(zone).unwrap(), now);
            let time = at(time).as_microsecond();
            let mut changes = clock.changes.iter();
            let change = changes.find(|(since, _)| time >= *since);
            change.map_or(clock.before, |(_, ahead)| *ahead) / 60_000_000
        };
        assert_eq!(ahead("UTC", "2027-01-01T00:00:00Z"), 0);
        assert_eq!(ahead("Europe/Berlin", "2026-10-25T00:59:59Z"), 120);
        assert_eq!(ahead("Europe/Berlin", "2026-10-25T01:00:00Z"), 60);
        assert_eq!(ahead("Europe/Berlin", "2027-07-01T00:00:00Z"), 120);
        assert_eq!(ahead("Pacific/Chatham", "2027-01-10T12:00:00Z"), 825);
        assert_eq!(ahead("Asia/Kathmandu", "1999-01-01T00:00:00Z"), 345);
        // The first known change is one to summer time.
        assert_eq!(ahead("Europe/Berlin", "1980-01-01T00:00:00Z"), 60);
    }

    #[test]
    fn weeks_have_no_gaps_and_the_last_year_is_shown() {
        let row = |week, seen, first_seen| WeekSums {
            week,
            seen,
            first_seen,
        };
        assert_eq!(without_gaps(&[]), []);
        let weeks = without_gaps(&[row(10, 3, 3), row(13, 2, 1)]);
        let week = |monday, seen, seen_so_far| Week {
            monday,
            seen,
            seen_so_far,
        };
        // 1970-03-09 was a Monday.
        let expected = [
            week(67, 3, 3),
            week(74, 0, 3),
            week(81, 0, 3),
            week(88, 2, 4),
        ];
        assert_eq!(weeks, expected);
        let weeks = without_gaps(&[row(-9, 2, 2), row(0, 1, 1), row(1000, 5, 4)]);
        assert_eq!(weeks, [week(6997, 5, 7)]);
        let weeks = without_gaps(&[row(0, 1, 1), row(52, 5, 4)]);
        assert_eq!(weeks.len(), 53);
    }
}
