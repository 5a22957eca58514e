//! Dates and times of day as people type them into forms, in a time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use nbcourier_domain::Timestamp;

/// The reason why a time cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSuchTime {
    /// The text is no date or no time of day.
    Unreadable,
    /// The clocks skip this time. These are the two nearest that exist.
    Skipped {
        /// The last time before.
        before: String,
        /// The first time after.
        after: String,
    },
}

/// Returns the time of this date, `2027-02-01`, and time of day, `23:59`. A time of day that comes twice is the later
/// one, in favour of students. Without seconds, the whole minute is meant.
pub fn parse(date: &str, time: &str, zone: &TimeZone) -> Result<Timestamp, NoSuchTime> {
    let date: Date = date.trim().parse().map_err(|_| NoSuchTime::Unreadable)?;
    let time: Time = time.trim().parse().map_err(|_| NoSuchTime::Unreadable)?;
    if !(1..=9998).contains(&date.year()) {
        return Err(NoSuchTime::Unreadable);
    }
    let local = DateTime::from_parts(date, time);
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let found = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible(),
        AmbiguousOffset::Fold { .. } => ambiguous.later(),
        AmbiguousOffset::Gap { before, after } => {
            let written = |offset: jiff::tz::Offset| {
                let found = offset.to_timestamp(local).ok()?;
                Some(found.to_zoned(zone.clone()).strftime("%H:%M").to_string())
            };
            let (earlier, later) = (written(after), written(before));
            return Err(NoSuchTime::Skipped {
                before: earlier.unwrap_or_default(),
                after: later.unwrap_or_default(),
            });
        }
    };
    let found = found.map_err(|_| NoSuchTime::Unreadable)?;
    Ok(Timestamp::from_micros(found.as_microsecond()))
}

/// Returns date and time of day for the fields of a form.
pub fn written(at: Timestamp, zone: &TimeZone) -> (String, String) {
    let Ok(time) = jiff::Timestamp::from_microsecond(at.micros()) else {
        return (String::new(), String::new());
    };
    let time = time.to_zoned(zone.clone());
    let clock = if time.second() == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    (
        time.strftime("%Y-%m-%d").to_string(),
        time.strftime(clock).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(date: &str, time: &str, zone: &str) -> String {
        match parse(date, time, &TimeZone::get(zone).unwrap()) {
            Ok(at) => at.to_rfc3339()[..16].to_owned(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn a_time_is_that_of_the_zone() {
        assert_eq!(
            utc("2027-02-01", "23:59", "Europe/Berlin"),
            "2027-02-01T22:59"
        );
        assert_eq!(
            utc("2027-07-01", "23:59", "Europe/Berlin"),
            "2027-07-01T21:59"
        );
        assert_eq!(
            utc("2027-02-01", "23:59", "Pacific/Chatham"),
            "2027-02-01T10:14"
        );
        assert_eq!(utc("2027-02-01", "23:59", "UTC"), "2027-02-01T23:59");
    }

    #[test]
    fn a_time_that_comes_twice_is_the_later_one() {
        assert_eq!(
            utc("2026-10-25", "02:30", "Europe/Berlin"),
            "2026-10-25T01:30"
        );
        assert_eq!(
            utc("2027-04-04", "01:45", "Australia/Lord_Howe"),
            "2027-04-03T15:15"
        );
    }

    #[test]
    fn a_time_that_does_not_exist_is_refused_with_its_neighbours() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let Err(NoSuchTime::Skipped { before, after }) = parse("2027-03-28", "02:30", &zone) else {
            panic!("it exists");
        };
        assert_eq!((before.as_str(), after.as_str()), ("01:30", "03:30"));
    }

    #[test]
    fn other_texts_are_no_times() {
        for (date, time) in [
            ("", ""),
            ("2027-02-30", "10:00"),
            ("2027-02-01", "24:00"),
            ("x", "10:00"),
            ("2027-02-01", "25:61"),
            ("9999-12-31", "23:59"),
        ] {
            assert_eq!(utc(date, time, "UTC"), "Unreadable", "{date} {time}");
        }
    }

    #[test]
    fn a_form_shows_what_it_would_send() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = parse("2027-02-01", "23:59", &zone).unwrap();
        assert_eq!(written(at, &zone), ("2027-02-01".into(), "23:59".into()));
    }
}
