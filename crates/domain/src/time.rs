//! Points in time, to the microsecond, in UTC.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use std::fmt;

/// The text is not a time in an accepted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Time format incorrect")]
pub struct IllegalTime;

/// Microseconds since 1970-01-01 00:00:00 UTC.
///
/// It prints as the ngshare protocol prints times, in naive UTC with six decimals. Clients name directories by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The years of all times, in UTC. Python's `datetime` knows no others, and RFC 3339 has four digits for them.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// The end of the text for a time outside the calendar.
const NUMBER: &str = " microseconds since 1970";

impl Timestamp {
    /// The maximum, later than every other time.
    pub const MAX: Self = Self(i64::MAX);

    /// The last time of the calendar, 9999-12-31T23:59:59.999999Z. Clients know no later one.
    const LAST: Self = Self(253_402_300_799_999_999);

    /// Returns the time that much later, but no time after the end of the calendar.
    #[must_use]
    pub fn after(self, duration: std::time::Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let end = self.max(Self::LAST);
        Self::from_micros(self.micros().saturating_add(micros)).min(end)
    }

    /// Returns the time that much earlier.
    #[must_use]
    pub fn before(self, duration: std::time::Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.micros().saturating_sub(micros))
    }

    /// Returns the time between this time and another one, earlier or later.
    pub const fn distance(self, other: Self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.abs_diff(other.0))
    }

    /// Returns the time of the system's clock.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// Creates a time from stored microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 1970, for storage.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the smallest later time.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Parses `2020-01-30 10:30:47.524219`, with or without ` UTC` and with fewer decimals or none, and RFC 3339 with
    /// any offset. Blanks around it are ignored. Digits below a microsecond are cut off.
    pub fn parse(text: &str) -> Result<Self, IllegalTime> {
        let text = text.trim();
        let naive = text.strip_suffix("UTC").map_or(text, str::trim_end);
        if !is_written_in_full(text) {
            return Err(IllegalTime);
        }
        let time = match NaiveDateTime::parse_from_str(naive, "%Y-%m-%d %H:%M:%S%.f") {
            Ok(time) => time.and_utc(),
            Err(_) => DateTime::parse_from_rfc3339(text)
                .map_err(|_| IllegalTime)?
                .to_utc(),
        };
        // An offset can move a year of four digits to one that no client could read.
        if !YEARS.contains(&time.year()) {
            return Err(IllegalTime);
        }
        Ok(Self(time.timestamp_micros()))
    }

    /// Returns RFC 3339 in UTC with six decimals and `Z`.
    pub fn to_rfc3339(self) -> String {
        self.utc().map_or_else(
            || self.number(),
            |time| time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        )
    }

    /// Returns the calendar time, with a year of four digits as all of these forms have it.
    fn utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0).filter(|time| YEARS.contains(&time.year()))
    }

    /// The text for a time outside the calendar, which only a damaged database holds. It must not look like another
    /// time.
    fn number(self) -> String {
        format!("{}{NUMBER}", self.0)
    }
}

// chrono also accepts years with a sign, single digits, any blanks between, and a typographic minus. Nobody means
// those, and times that are distinguished by their text would become equal.
fn is_written_in_full(text: &str) -> bool {
    let shape = b"0000-00-00 00:00:00";
    text.len() >= shape.len()
        && text.is_ascii()
        && text.bytes().zip(shape).all(|(byte, place)| match place {
            b'0' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T' | b't'),
            _ => byte == *place,
        })
}

/// The length of `2020-01-30 10:30:47.524219`.
const TEXT_LEN: usize = 26;

impl Timestamp {
    /// Returns the printed time. Listings hold thousands of them, and this is several times faster than a format
    /// string.
    fn text(self) -> Option<[u8; TEXT_LEN]> {
        let time = self.utc()?.naive_utc();
        let year = u32::try_from(time.year()).ok()?;
        let mut text = *b"0000-00-00 00:00:00.000000";
        let fields = [
            (0..4, year),
            (5..7, time.month()),
            (8..10, time.day()),
            (11..13, time.hour()),
            (14..16, time.minute()),
            (17..19, time.second()),
            (20..26, time.nanosecond() / 1000),
        ];
        for (place, mut number) in fields {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        Some(text)
    }
}

fn ascii(text: &[u8; TEXT_LEN]) -> &str {
    std::str::from_utf8(text).expect("a time is written in digits and punctuation")
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(ascii(&text)),
            None => f.write_str(&self.number()),
        }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            Some(text) => serializer.serialize_str(ascii(&text)),
            None => serializer.serialize_str(&self.number()),
        }
    }
}

/// A time that is RFC 3339 in JSON, as everywhere in the API below `v1/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rfc3339(pub Timestamp);

impl serde::Serialize for Rfc3339 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

impl<'de> serde::Deserialize<'de> for Rfc3339 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = match text.strip_suffix(NUMBER) {
            Some(micros) => micros.parse().map(Timestamp).map_err(|_| IllegalTime),
            None => Timestamp::parse(&text),
        };
        time.map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "json")]
impl schemars::JsonSchema for Rfc3339 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_time_stays_within_the_calendar() {
        let day = std::time::Duration::from_hours(24);
        let last = Timestamp::parse("9999-12-31T23:00:00Z").unwrap();
        assert_eq!(last.after(day), Timestamp::LAST);
        assert_eq!(last.after(std::time::Duration::MAX), Timestamp::LAST);
        assert_eq!(Timestamp::MAX.after(day), Timestamp::MAX);
        let first = Timestamp::parse("9999-12-30T23:00:00Z").unwrap();
        assert_eq!(first.after(day), last);
    }

    #[test]
    fn every_spelling_of_one_moment_is_that_moment() {
        let moment = Timestamp::parse("2020-01-30 10:30:47.520000").unwrap();
        for text in [
            "2020-01-30 10:30:47.520000 UTC",
            "2020-01-30 10:30:47.52",
            "2020-01-30 10:30:47.520000 ",
            "2020-01-30 10:30:47.520000 UTC ",
            "2020-01-30T10:30:47.52Z",
            "2020-01-30T12:30:47.520000+02:00",
        ] {
            assert_eq!(Timestamp::parse(text), Ok(moment), "{text}");
        }
        assert_eq!(moment.to_string(), "2020-01-30 10:30:47.520000");
        assert_eq!(moment.to_rfc3339(), "2020-01-30T10:30:47.520000Z");
    }

    #[test]
    fn it_prints_as_the_format_string_would() {
        for micros in [
            0,
            1,
            -1,
            1_577_836_799_999_999,
            1_580_380_247_524_219,
            253_402_300_799_999_999,
        ] {
            let time = Timestamp::from_micros(micros);
            assert_eq!(
                time.to_string(),
                time.utc()
                    .unwrap()
                    .format("%Y-%m-%d %H:%M:%S%.6f")
                    .to_string()
            );
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "UTC",
            "now",
            "2020-01-30",
            "2020-13-30 10:30:47.5",
            "1580380247",
            "+12020-01-30 10:30:47.5",
            "é-01",
            "2020-1-30 10:30:47",
            "2020-01-3010:30:47",
            "2020-01-30  10:30:47",
            "2020-01-30 10 :30:47",
            "0000-12-31 23:59:59",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-05:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(IllegalTime), "{text}");
        }
    }

    fn read(text: &str) -> serde_json::Result<Timestamp> {
        serde_json::from_value::<Rfc3339>(text.into()).map(|time| time.0)
    }

    #[test]
    fn a_time_in_json_is_read_as_it_was_written() {
        let moment = Timestamp::parse("2020-01-30 10:30:47.520000").unwrap();
        assert_eq!(read(&moment.to_rfc3339()).unwrap(), moment);
        for text in ["", "yesterday", " microseconds since 1970"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_of_no_calendar_looks_like_no_other_time() {
        for micros in [
            i64::MAX,
            i64::MIN,
            -62_200_000_000_000_000,
            253_402_300_800_000_000,
        ] {
            let time = Timestamp::from_micros(micros);
            let number = format!("{micros} microseconds since 1970");
            assert_eq!(time.to_string(), number);
            assert_eq!(time.to_rfc3339(), number);
            assert_eq!(serde_json::to_value(time).unwrap(), number);
            assert_eq!(read(&time.to_rfc3339()).unwrap(), time);
        }
        let last = Timestamp::from_micros(253_402_300_799_999_999);
        assert_eq!(last.to_string(), "9999-12-31 23:59:59.999999");
    }
}
