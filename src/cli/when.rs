//! Times as people write and read them: in the time zone of their computer, which is always shown.

use chrono::{DateTime, Local, LocalResult, NaiveDateTime, TimeZone};
use nbcourier_domain::{Rfc3339, Timestamp};
use std::str::FromStr;

/// The forms of a time without a zone. They are read in the zone of the computer.
const FORMS: [&str; 4] = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
];

/// A given time, or `None` to remove one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(pub Option<Timestamp>);

impl When {
    /// Returns the time as the API has it.
    pub fn time(self) -> Option<Rfc3339> {
        self.0.map(Rfc3339)
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "none" {
            return Ok(Self(None));
        }
        let naive = FORMS
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok());
        let Some(naive) = naive else {
            return Timestamp::parse(text).map(|time| Self(Some(time))).map_err(|_| {
                "write a time as \"2026-12-01 23:59\" (in your time zone) or 2026-12-01T23:59:00+01:00, or \"none\" to remove it"
                    .to_owned()
            });
        };
        match Local.from_local_datetime(&naive) {
            // When clocks are set back, an hour occurs twice. The later time is taken.
            LocalResult::Single(time) | LocalResult::Ambiguous(_, time) => {
                Ok(Self(Some(Timestamp::from_micros(time.timestamp_micros()))))
            }
            LocalResult::None => Err("on that day the clocks skip this time".to_owned()),
        }
    }
}

/// Formats a time of the exchange in the zone of the computer, with its offset. A missing time is a dash.
pub fn shown(time: Option<Rfc3339>) -> String {
    let Some(Rfc3339(time)) = time else {
        return "-".to_owned();
    };
    let text = time.to_rfc3339();
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => time
            .with_timezone(&Local)
            .format("%Y-%m-%d %H:%M:%S %:z")
            .to_string(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_one_of_this_computer() {
        let spelt = ["2026-12-01 23:59", "2026-12-01T23:59:00"];
        for text in spelt {
            let When(time) = text.parse().unwrap();
            let time = shown(time.map(Rfc3339));
            assert!(time.starts_with("2026-12-01 23:59:00 "), "{time}");
        }
    }

    #[test]
    fn a_time_with_a_zone_is_that_time() {
        for text in ["2026-12-01T23:59:00+01:00", "2026-12-01 22:59:00 UTC"] {
            let When(time) = text.parse().unwrap();
            assert_eq!(time.unwrap().to_rfc3339(), "2026-12-01T22:59:00.000000Z");
        }
        assert_eq!("none".parse(), Ok(When(None)));
        for nonsense in ["", "tomorrow", "2026-12-01", "23:59", "2026-13-01 00:00"] {
            let error = nonsense.parse::<When>().unwrap_err();
            assert!(error.contains("write a time as"), "{nonsense}: {error}");
        }
    }
}
