//! The dates of an assignment (opening time, due time, cut-off), for everybody and for one student.

use super::Timestamp;
use std::time::Duration;

/// The dates of an assignment. Each may be absent. A date includes its own last microsecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dates {
    /// The opening time. Students do not see the assignment before it.
    pub opens_at: Option<Timestamp>,
    /// The due time. Later submissions are late.
    pub due_at: Option<Timestamp>,
    /// The cut-off. Later submissions are refused.
    pub cutoff_at: Option<Timestamp>,
}

/// The dates of one student that replace those of the assignment. An absent date is the same as for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extension {
    /// The due time. Later submissions are late.
    pub due_at: Option<Timestamp>,
    /// The cut-off. Later submissions are refused.
    pub cutoff_at: Option<Timestamp>,
}

/// The number of hours that a student of a course always has more than everybody, for every assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowance(u16);

impl Allowance {
    /// The maximum number of hours, which is 365 days.
    pub const LONGEST: i64 = 365 * 24;

    /// Returns the allowance of that many hours, from 1 to [`LONGEST`](Self::LONGEST).
    pub fn of_hours(hours: i64) -> Option<Self> {
        let hours = Some(hours).filter(|hours| (1..=Self::LONGEST).contains(hours))?;
        u16::try_from(hours).ok().map(Self)
    }

    /// Returns the number of hours.
    pub fn hours(self) -> i64 {
        i64::from(self.0)
    }

    fn after(self, time: Timestamp) -> Timestamp {
        time.after(Duration::from_hours(u64::from(self.0)))
    }
}

/// The time that a student has of their own for an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnTime {
    /// The extension of the assignment.
    pub extension: Option<Extension>,
    /// The allowance in the course.
    pub allowance: Option<Allowance>,
}

impl Dates {
    /// Returns the dates that hold for a student with this time of their own. This is the only rule about them: each
    /// date is that of the extension or the one for everybody plus the allowance, whichever is later. A submission that
    /// is not late is never refused: a cut-off before the due time moves to the due time.
    #[must_use]
    pub fn of_student(self, own: OwnTime) -> Self {
        let extension = own.extension.unwrap_or_default();
        let later = |extended: Option<Timestamp>, of_all: Option<Timestamp>| match own.allowance {
            Some(allowance) => extended.max(of_all.map(|time| allowance.after(time))),
            None => extended.or(of_all),
        };
        let due_at = later(extension.due_at, self.due_at);
        let cutoff_at = later(extension.cutoff_at, self.cutoff_at);
        Self {
            opens_at: self.opens_at,
            due_at,
            cutoff_at: cutoff_at.map(|cutoff| due_at.map_or(cutoff, |due| due.max(cutoff))),
        }
    }

    /// Whether a student with this time of their own has an extension, or other dates than everybody.
    pub fn are_extended_by(self, own: OwnTime) -> bool {
        own.extension.is_some() || self.of_student(own) != self
    }

    /// Returns the extension that alone gives a student the same dates as this time of their own. Returns `None` if the
    /// student has the dates of everybody.
    pub fn as_extension(self, own: OwnTime) -> Option<Extension> {
        if own.allowance.is_none() {
            return own.extension;
        }
        let dates = self.of_student(own);
        self.are_extended_by(own).then_some(Extension {
            due_at: dates.due_at,
            cutoff_at: dates.cutoff_at,
        })
    }

    /// Whether students see the assignment at that time.
    pub fn is_open(self, now: Timestamp) -> bool {
        self.opens_at.is_none_or(|opens| opens <= now)
    }

    /// Whether a submission at that time is late.
    pub fn is_late(self, time: Timestamp) -> bool {
        self.due_at.is_some_and(|due| time > due)
    }

    /// Returns the cut-off if that time is after it.
    pub fn cut_off(self, time: Timestamp) -> Option<Timestamp> {
        self.cutoff_at.filter(|cutoff| time > *cutoff)
    }

    /// Whether the dates are in their proper order.
    pub fn are_in_order(self) -> bool {
        let given = [self.opens_at, self.due_at, self.cutoff_at];
        given.into_iter().flatten().is_sorted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "as the fields are")]
    fn at(second: i64) -> Option<Timestamp> {
        Some(Timestamp::from_micros(second * 1_000_000))
    }

    fn dates(opens: i64, due: i64, cutoff: i64) -> Dates {
        Dates {
            opens_at: at(opens),
            due_at: at(due),
            cutoff_at: at(cutoff),
        }
    }

    #[test]
    fn an_extension_counts_where_it_says_something() {
        let usual = dates(10, 20, 30);
        let with = |due_at, cutoff_at| {
            usual.of_student(OwnTime {
                extension: Some(Extension { due_at, cutoff_at }),
                allowance: None,
            })
        };
        assert_eq!(with(None, None), usual);
        assert_eq!(with(at(25), None), dates(10, 25, 30));
        assert_eq!(with(None, at(40)), dates(10, 20, 40));
        assert_eq!(
            with(at(50), None),
            dates(10, 50, 50),
            "the cut-off moves along"
        );
        assert_eq!(with(at(15), at(12)), dates(10, 15, 15));
        let endless = Dates::default().of_student(OwnTime {
            extension: Some(Extension {
                due_at: at(5),
                cutoff_at: None,
            }),
            allowance: None,
        });
        assert_eq!(endless.cutoff_at, None);
    }

    const HOUR: i64 = 3600;

    fn own(extension: Option<(i64, i64)>, hours: i64) -> OwnTime {
        OwnTime {
            extension: extension.map(|(due, cutoff)| Extension {
                due_at: at(due),
                cutoff_at: at(cutoff),
            }),
            allowance: Allowance::of_hours(hours),
        }
    }

    #[test]
    fn an_allowance_moves_due_time_and_cut_off_and_a_later_extension_counts() {
        let usual = dates(10, 20, 30);
        let (due, cutoff) = (20 + 2 * HOUR, 30 + 2 * HOUR);
        assert_eq!(usual.of_student(own(None, 2)), dates(10, due, cutoff));
        // Of each date, the later one counts.
        let earlier = own(Some((25, 35)), 2);
        assert_eq!(usual.of_student(earlier), dates(10, due, cutoff));
        let later = own(Some((due + 1, 0)), 2);
        assert_eq!(usual.of_student(later), dates(10, due + 1, cutoff));
        let far = own(Some((9 * HOUR, 0)), 2);
        assert_eq!(usual.of_student(far), dates(10, 9 * HOUR, 9 * HOUR));
        // Without dates there is nothing to move.
        let never = Dates::default();
        assert_eq!(never.of_student(own(None, 2)), never);
        assert!(!never.are_extended_by(own(None, 2)) && usual.are_extended_by(own(None, 2)));
        assert!(
            !usual.are_extended_by(own(None, 0)) && never.are_extended_by(own(Some((1, 1)), 0))
        );
        assert_eq!(
            usual.as_extension(own(None, 2)),
            own(Some((due, cutoff)), 0).extension
        );
        assert_eq!(never.as_extension(own(None, 2)), None);
    }

    #[test]
    fn an_allowance_has_bounds_and_never_leaves_the_calendar() {
        for hours in [0, -1, i64::MIN, i64::MAX, Allowance::LONGEST + 1, 65_537] {
            assert_eq!(Allowance::of_hours(hours), None, "{hours}");
        }
        let longest = Allowance::of_hours(Allowance::LONGEST).unwrap();
        assert_eq!(longest.hours(), 8760);
        let last = Timestamp::parse("9999-12-31T12:00:00Z").unwrap();
        let end = longest.after(last);
        assert_eq!(end.to_rfc3339(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(longest.after(end), end);
    }

    #[test]
    fn the_last_moment_is_in_time() {
        let dates = dates(10, 20, 30);
        let moment = |second, micros| Timestamp::from_micros(second * 1_000_000 + micros);
        assert!(!dates.is_open(moment(10, -1)) && dates.is_open(moment(10, 0)));
        assert!(!dates.is_late(moment(20, 0)) && dates.is_late(moment(20, 1)));
        assert_eq!(dates.cut_off(moment(30, 0)), None);
        assert_eq!(dates.cut_off(moment(30, 1)), at(30));
        let never = Dates::default();
        assert!(never.is_open(moment(0, 0)) && !never.is_late(moment(i64::from(u32::MAX), 0)));
    }

    #[test]
    fn dates_that_contradict_each_other_are_known() {
        assert!(Dates::default().are_in_order());
        assert!(dates(10, 10, 10).are_in_order());
        let cut_off_before_it_opens = Dates {
            due_at: None,
            ..dates(10, 0, 9)
        };
        assert!(!cut_off_before_it_opens.are_in_order());
        assert!(!dates(10, 9, 30).are_in_order());
        assert!(!dates(10, 20, 19).are_in_order());
    }
}
