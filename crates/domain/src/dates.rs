//! The dates of an assignment (opening time, due time, cut-off), for everybody and for one student.

use super::Timestamp;

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

impl Dates {
    /// Returns the dates that hold for a student with this extension. A submission that is not late is never refused:
    /// a cut-off before the due time moves to the due time.
    #[must_use]
    pub fn extended_by(self, extension: Extension) -> Self {
        let due_at = extension.due_at.or(self.due_at);
        let cutoff_at = extension.cutoff_at.or(self.cutoff_at);
        Self {
            opens_at: self.opens_at,
            due_at,
            cutoff_at: cutoff_at.map(|cutoff| due_at.map_or(cutoff, |due| due.max(cutoff))),
        }
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
        let with = |due_at, cutoff_at| usual.extended_by(Extension { due_at, cutoff_at });
        assert_eq!(with(None, None), usual);
        assert_eq!(with(at(25), None), dates(10, 25, 30));
        assert_eq!(with(None, at(40)), dates(10, 20, 40));
        assert_eq!(
            with(at(50), None),
            dates(10, 50, 50),
            "the cut-off moves along"
        );
        assert_eq!(with(at(15), at(12)), dates(10, 15, 15));
        let endless = Dates::default().extended_by(Extension {
            due_at: at(5),
            cutoff_at: None,
        });
        assert_eq!(endless.cutoff_at, None);
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
