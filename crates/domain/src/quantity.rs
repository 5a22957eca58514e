//! Sizes and durations as people write and read them.

#[cfg(feature = "json")]
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `1048576`, `500 MB`, `1GiB`. Its `Display` is exact and parses to the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

/// A length of time: `90` (seconds), `90s`, `15m`, `12h`, `30d`. Its `Display` is exact to the second and parses to the
/// same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

fn split(text: &str) -> Option<(u64, String)> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some((
        text[..digits].parse().ok()?,
        text[digits..].trim().to_ascii_lowercase(),
    ))
}

impl ByteSize {
    /// Returns the size for people: to a tenth of the largest unit that is not above it, never rounded up.
    pub fn rounded(self) -> String {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        let largest = UNITS
            .iter()
            .zip(1_u32..)
            .take_while(|(_, power)| self.0 >> (10 * power) > 0)
            .last();
        match largest {
            None => format!("{} bytes", self.0),
            Some((unit, power)) => {
                let tenths = (u128::from(self.0) * 10) >> (10 * power);
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
    }

    /// Returns the smallest number of whole MiB that is enough for the size, as a flag takes it: `64MiB`.
    pub fn enough(self) -> String {
        format!("{}MiB", self.0.div_ceil(1 << 20))
    }
}

impl Span {
    /// Returns the duration for people: in the largest unit of which there are two or exactly one, never rounded up. Less
    /// than a second is in milliseconds.
    pub fn rounded(self) -> String {
        let seconds = self.0.as_secs();
        if seconds == 0 && self.0.subsec_millis() > 0 {
            return format!("{} ms", self.0.as_millis());
        }
        let units = [(86400, "day"), (3600, "hour"), (60, "minute")];
        let fits = |(unit, _): &&(u64, &str)| seconds == *unit || seconds >= 2 * unit;
        let (unit, name) = units.iter().find(fits).unwrap_or(&(1, "second"));
        match seconds / unit {
            1 => format!("1 {name}"),
            number => format!("{number} {name}s"),
        }
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = split(text)?;
            let factor = match unit.as_str() {
                "" | "b" => 1,
                "k" | "kb" => 1000,
                "kib" => 1 << 10,
                "m" | "mb" => 1_000_000,
                "mib" => 1 << 20,
                "g" | "gb" => 1_000_000_000,
                "gib" => 1 << 30,
                "t" | "tb" => 1_000_000_000_000,
                "tib" => 1 << 40,
                _ => return None,
            };
            number.checked_mul(factor).map(Self)
        };
        parse().ok_or_else(|| {
            format!(
                "{text:?} is not a size. Write a number of bytes, or a number with kB, MiB, GB, …"
            )
        })
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = split(text)?;
            let factor = match unit.as_str() {
                "" | "s" => 1,
                "m" | "min" => 60,
                "h" => 3600,
                "d" => 86400,
                _ => return None,
            };
            number
                .checked_mul(factor)
                .map(|seconds| Self(Duration::from_secs(seconds)))
        };
        parse().ok_or_else(|| {
            format!("{text:?} is not a duration. Write a number of seconds, or a number with s, m, h or d")
        })
    }
}

/// Writes the number with the largest unit that divides it.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (1 << 40, "TiB"),
            (1 << 30, "GiB"),
            (1 << 20, "MiB"),
            (1_000_000_000, "GB"),
            (1_000_000, "MB"),
            (1 << 10, "KiB"),
        ];
        let fits = |(unit, _): &&(u64, &str)| self.0 > 0 && self.0.is_multiple_of(*unit);
        match units.iter().find(fits) {
            Some((unit, name)) => write!(f, "{} {name}", self.0 / unit),
            None => write!(f, "{} B", self.0),
        }
    }
}

/// Writes the number with the largest unit that divides it.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86400, "d"), (3600, "h"), (60, "m")];
        let fits = |(unit, _): &&(u64, &str)| seconds > 0 && seconds.is_multiple_of(*unit);
        match units.iter().find(fits) {
            Some((unit, name)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(feature = "json")]
macro_rules! from_file {
    ($type:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Written {
                    Number(u64),
                    Text(String),
                }
                let text = match Written::deserialize(deserializer)? {
                    Written::Number(number) => number.to_string(),
                    Written::Text(text) => text,
                };
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

#[cfg(feature = "json")]
from_file!(ByteSize);
#[cfg(feature = "json")]
from_file!(Span);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("1024", 1024),
            ("1 GiB", 1 << 30),
            ("500MB", 500_000_000),
            ("3k", 3000),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in [
            "",
            "GiB",
            "1.5 GiB",
            "-1",
            "99999999999999999999",
            "99999999 TiB",
            "1 parsec",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn printed_quantities_parse_to_the_same_value() {
        for bytes in [0, 1, 1000, 1024, 1 << 20, 500_000_000, 1 << 30, 3 << 39] {
            let printed = ByteSize(bytes).to_string();
            assert_eq!(printed.parse(), Ok(ByteSize(bytes)), "{printed}");
        }
        for seconds in [0, 1, 60, 90, 3600, 86400, 63_072_000] {
            let span = Span(Duration::from_secs(seconds));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn people_read_a_size_to_a_tenth_of_its_unit() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (100_000, "97.6 KiB"),
            ((1 << 20) - 1, "1023.9 KiB"),
            (3 << 29, "1.5 GiB"),
            (5 << 40, "5.0 TiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(ByteSize(bytes).rounded(), text);
        }
        for (bytes, flag) in [(1, "1MiB"), (1 << 20, "1MiB"), ((1 << 20) + 1, "2MiB")] {
            assert_eq!(ByteSize(bytes).enough(), flag);
        }
    }

    #[test]
    fn people_read_a_duration_in_its_largest_unit() {
        for (milliseconds, text) in [
            (0, "0 seconds"),
            (350, "350 ms"),
            (1000, "1 second"),
            (2900, "2 seconds"),
            (60_000, "1 minute"),
            (90_000, "90 seconds"),
            (3_600_000, "1 hour"),
            (3_601_000, "60 minutes"),
            (47 * 3_600_000, "47 hours"),
            (61 * 3_600_000, "2 days"),
        ] {
            assert_eq!(Span(Duration::from_millis(milliseconds)).rounded(), text);
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("60", 60), ("90s", 90), ("2 h", 7200), ("30d", 2_592_000)] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_secs(seconds))),
                "{text}"
            );
        }
        assert!("a week".parse::<Span>().is_err());
    }
}
