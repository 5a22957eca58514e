//! Days of the calendar.

use super::Timestamp;
use chrono::{DateTime, NaiveDate, TimeDelta};
use std::fmt;

/// The number of microseconds in a day without a change of the clock.
const MICROS: i64 = 24 * 3600 * 1_000_000;

/// The text is not a day in the form `2026-11-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A day is written like 2026-11-30")]
pub struct IllegalDay;

/// A day of the calendar, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// Parses a day of the form `2026-11-30`.
    pub fn parse(text: &str) -> Result<Self, IllegalDay> {
        let shape = b"0000-00-00";
        let is_whole = text.len() == shape.len()
            && text.bytes().zip(shape).all(|(byte, place)| match place {
                b'0' => byte.is_ascii_digit(),
                _ => byte == *place,
            });
        let date = Some(text).filter(|_| is_whole);
        let date = date.and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
        let since = date.ok_or(IllegalDay)? - DateTime::UNIX_EPOCH.date_naive();
        Ok(Self(since.num_days()))
    }

    /// Returns the day of a time, where clocks are ahead of UTC by so many seconds.
    pub fn of(at: Timestamp, ahead_seconds: i32) -> Self {
        let local = i64::from(ahead_seconds) * 1_000_000;
        Self(at.micros().saturating_add(local).div_euclid(MICROS))
    }

    /// Creates a day from a stored number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Returns the number of days since 1970-01-01, for storage.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Returns the day that many days earlier.
    #[must_use]
    pub const fn before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = TimeDelta::try_days(self.0);
        let first = DateTime::UNIX_EPOCH.date_naive();
        match since.and_then(|since| first.checked_add_signed(since)) {
            Some(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            // Only a damaged database holds such a day.
            None => write!(f, "{} days since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_is_read_and_written_in_one_form() {
        for text in ["1970-01-01", "2026-11-30", "2024-02-29", "0001-01-01"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-11-31",
            "2025-02-29",
            "2026-1-1",
            "2026-11-30 ",
            "+026-11-30",
            "２026-1-1",
            "2026/11/30",
        ] {
            assert_eq!(Day::parse(text), Err(IllegalDay), "{text}");
        }
        for number in [i64::MIN, i64::MAX, 1 << 40] {
            assert!(Day::from_number(number).to_string().ends_with("since 1970"));
        }
    }

    #[test]
    fn the_day_of_a_time_is_that_of_the_place() {
        let at = Timestamp::parse("2026-11-30T23:30:00Z").unwrap();
        assert_eq!(Day::of(at, 0).to_string(), "2026-11-30");
        assert_eq!(Day::of(at, 3600).to_string(), "2026-12-01");
        let early = Timestamp::parse("1969-12-31T23:59:59Z").unwrap();
        assert_eq!(Day::of(early, 0).to_string(), "1969-12-31");
        Day::of(Timestamp::MAX, 86_400);
    }
}
