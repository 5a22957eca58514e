//! Times as nbgrader writes them: by `Exchange.timestamp_format`, in `Exchange.timezone`.
//!
//! Python's `%Z` prints the abbreviation that tzdata has for a zone at that time, which several zones may share, or an
//! offset. Which zones have an abbreviation at a given time is asked of tzdata itself.

use crate::domain::Timestamp;
use chrono::{Datelike as _, Timelike as _};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// How times are to be understood.
#[derive(Debug, Default)]
pub struct Times {
    /// `Exchange.timestamp_format`, where it is one that is not understood by itself.
    format: Option<String>,
    zone: Option<(String, TimeZone)>,
    all: OnceCell<Vec<TimeZone>>,
}

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    at: DateTime,
    zone: Zone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Zone {
    Missing,
    Offset(Offset),
    Named(String),
}

/// Why it is not clear which time is meant; it reads as the rest of a sentence about a submission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// There is only a local time.
    #[error(
        "has a time without a zone; it is left behind. Say by --timezone which one it was: Exchange.timezone in \
         nbgrader_config.py, and UTC where that is not set"
    )]
    NoZone,
    /// tzdata has no such abbreviation.
    #[error(
        "has a time in a zone that is not known, {0:?}; it is left behind. Say by --timezone which one is meant, for instance \
         --timezone Europe/Berlin"
    )]
    Unknown(String),
    /// Several zones have it.
    #[error(
        "has a time in {zone}, which stands for several zones ({offsets}); it is left behind. Say by --timezone which one is \
         meant"
    )]
    Ambiguous {
        /// The abbreviation.
        zone: String,
        /// What it may stand for, in order.
        offsets: String,
    },
    /// Clocks were put forward over it.
    #[error("has a time that there was not in {0}; it is left behind. Say by --timezone which zone it was")]
    Skipped(String),
}

impl Times {
    /// Times without a zone, or with one that stands for several, are those of `zone`: a name of tzdata or an offset.
    pub fn new(format: Option<String>, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map(|name| {
            let zone = offset(name)
                .map(TimeZone::fixed)
                .or_else(|| TimeZoneDatabase::bundled().get(name).ok())
                .ok_or_else(|| {
                    format!(
                        "{name:?} is no time zone. Name one as tzdata does, for instance Asia/Tokyo, or an offset from UTC, \
                         for instance +09:00"
                    )
                })?;
            Ok::<_, String>((name.to_owned(), zone))
        });
        if let Some(format) = &format
            && !format.contains('%')
        {
            return Err(format!(
                "{format:?} is no format of times. Name it as it stands in Exchange.timestamp_format"
            ));
        }
        Ok(Self {
            format,
            zone: zone.transpose()?,
            all: OnceCell::new(),
        })
    }

    /// Understands a text that is a time and nothing else.
    pub fn read(&self, text: &str) -> Option<Written> {
        let text = text.trim();
        let (at, rest) = self
            .by_format(text)
            .or_else(|| civil(text))
            .filter(|(at, _)| at.year() >= 1970)?;
        let zone = match rest.trim() {
            "" => Zone::Missing,
            "UTC" | "GMT" | "UCT" | "Z" | "z" => Zone::Offset(Offset::UTC),
            name => match offset(name) {
                Some(offset) => Zone::Offset(offset),
                None if is_abbreviation(name) => Zone::Named(name.to_owned()),
                None => return None,
            },
        };
        Some(Written { at, zone })
    }

    /// The time that is meant, with the zone that had to be found out.
    pub fn resolve(&self, written: &Written) -> Result<(Timestamp, Option<String>), Unclear> {
        let (offset, found) = match &written.zone {
            Zone::Offset(offset) => (*offset, None),
            Zone::Missing => {
                let (name, zone) = self.zone.as_ref().ok_or(Unclear::NoZone)?;
                let offset = in_zone(zone, written.at).into_iter().next();
                let offset = offset.ok_or_else(|| Unclear::Skipped(name.clone()))?;
                (offset, Some(format!("without a zone were read as those of {name}")))
            }
            Zone::Named(name) => {
                let offset = self.of_name(name, written.at)?;
                (offset, Some(format!("in {name} were read as those of UTC{offset}")))
            }
        };
        let micros = offset
            .to_timestamp(written.at)
            .map_err(|_| Unclear::NoZone)?
            .as_microsecond();
        Ok((Timestamp::from_micros(micros), found))
    }

    /// The offset that an abbreviation stands for at a time.
    fn of_name(&self, name: &str, at: DateTime) -> Result<Offset, Unclear> {
        let named = |zone: &TimeZone| {
            let offsets = in_zone(zone, at).into_iter();
            offsets
                .filter(|offset| is_called(zone, *offset, at, name))
                .collect::<Vec<_>>()
        };
        let preferred = self.zone.as_ref().map(|(_, zone)| zone);
        if let Some(offset) = preferred.and_then(|zone| named(zone).into_iter().next()) {
            return Ok(offset);
        }
        let all = self.all.get_or_init(|| {
            let database = TimeZoneDatabase::bundled();
            let names = database.available();
            names
                .filter_map(|name| database.get(name.as_str()).ok())
                .collect()
        });
        let offsets: BTreeSet<Offset> = all.iter().flat_map(named).collect();
        match (offsets.len(), offsets.first(), preferred) {
            (1, Some(offset), _) => Ok(*offset),
            // An older tzdata had more abbreviations than that of today.
            (0, _, Some(zone)) => in_zone(zone, at)
                .into_iter()
                .next()
                .ok_or_else(|| Unclear::Skipped(name.to_owned())),
            (0, ..) => Err(Unclear::Unknown(name.to_owned())),
            _ => {
                let offsets: Vec<_> = offsets.iter().map(|offset| format!("UTC{offset}")).collect();
                Err(Unclear::Ambiguous {
                    zone: name.to_owned(),
                    offsets: offsets.join(", "),
                })
            }
        }
    }

    fn by_format<'a>(&self, text: &'a str) -> Option<(DateTime, &'a str)> {
        // Python's %f has six digits, and the zone comes last, if at all.
        let format = self.format.as_deref()?.trim_end();
        let format = format.trim_end_matches("%Z").trim_end_matches("%z");
        let format = format.replace("%f", "%6f");
        let (at, rest) = chrono::NaiveDateTime::parse_and_remainder(text, format.trim_end()).ok()?;
        Some((from_chrono(at)?, rest))
    }
}

fn from_chrono(at: chrono::NaiveDateTime) -> Option<DateTime> {
    let small = |part: u32| i8::try_from(part).ok();
    let nanosecond = i32::try_from(at.nanosecond()).ok()?;
    DateTime::new(
        i16::try_from(at.year()).ok()?,
        small(at.month())?,
        small(at.day())?,
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
        nanosecond,
    )
    .ok()
}

/// The offsets that a local time may have in a zone, the earlier moment first; none where clocks were put forward over it.
fn in_zone(zone: &TimeZone, at: DateTime) -> Vec<Offset> {
    match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => vec![offset],
        AmbiguousOffset::Fold { before, after } => vec![before, after],
        AmbiguousOffset::Gap { .. } => Vec::new(),
    }
}

fn is_called(zone: &TimeZone, offset: Offset, at: DateTime, name: &str) -> bool {
    offset
        .to_timestamp(at)
        .is_ok_and(|time| zone.to_offset_info(time).abbreviation() == name)
}

/// Understands a date and a time of day, largest part first, with or without separators; what comes after them.
fn civil(text: &str) -> Option<(DateTime, &str)> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let between = separator(&mut rest, "-._");
    let month = number(&mut rest, 2)?;
    if separator(&mut rest, "-._") != between {
        return None;
    }
    let day = number(&mut rest, 2)?;
    separator(&mut rest, " T_-")?;
    let hour = number(&mut rest, 2)?;
    let between = separator(&mut rest, ":-._");
    let minute = number(&mut rest, 2)?;
    if separator(&mut rest, ":-._") != between {
        return None;
    }
    let second = number(&mut rest, 2)?;
    let mut nanoseconds = 0;
    let begins_fraction = |rest: &str| rest.starts_with(['.', ',']);
    if begins_fraction(rest) && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        rest = &rest[1..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = rest[..end.min(6)].to_owned();
        nanoseconds = format!("{digits:0<9}").parse().ok()?;
        rest = &rest[end..];
    }
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|part| i8::try_from(part).ok());
    let at = DateTime::new(year, month?, day?, hour?, minute?, second?, nanoseconds).ok()?;
    Some((at, rest))
}

fn number(rest: &mut &str, digits: usize) -> Option<i16> {
    let (number, after) = rest.split_at_checked(digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    *rest = after;
    number.parse().ok().filter(|_| is_number)
}

fn separator(rest: &mut &str, of: &str) -> Option<char> {
    let found = rest.chars().next().filter(|c| of.contains(*c))?;
    *rest = &rest[1..];
    Some(found)
}

/// Understands `+01`, `-0330`, `+05:30`, with seconds or without, and with UTC or GMT in front.
fn offset(text: &str) -> Option<Offset> {
    let text = text.strip_prefix("UTC").unwrap_or(text);
    let text = text.strip_prefix("GMT").unwrap_or(text);
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", text) => (1, text),
        ("-", text) => (-1, text),
        _ => return None,
    };
    let has_colons = text.contains(':');
    let parts: Vec<&str> = if has_colons {
        text.split(':').collect()
    } else {
        (0..text.len())
            .step_by(2)
            .map(|at| text.get(at..(at + 2).min(text.len())).unwrap_or_default())
            .collect()
    };
    if !(1..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0;
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        // Before a colon, or alone, an hour may have one digit.
        let is_written = part.len() == 2 || unit == 3600 && part.len() == 1;
        let number: i32 = part.parse().ok()?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_written || !is_number || number > if unit == 3600 { 25 } else { 59 } {
            return None;
        }
        seconds += number * unit;
    }
    Offset::from_seconds(sign * seconds).ok()
}

/// Whether tzdata could call a zone so: letters, three to six of them.
fn is_abbreviation(text: &str) -> bool {
    (3..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn resolved(times: &Times, text: &str) -> Result<String, String> {
        let written = times.read(text).ok_or("no time")?;
        let (at, _) = times.resolve(&written).map_err(|why| why.to_string())?;
        Ok(at.to_string())
    }

    #[track_caller]
    fn means(zone: Option<&str>, text: &str, utc: &str) {
        let times = Times::new(None, zone).unwrap();
        assert_eq!(resolved(&times, text).as_deref(), Ok(utc), "{text}");
    }

    #[test]
    fn offsets_of_every_form_are_understood() {
        for zone in [
            "UTC", "GMT", "Z", "UCT", "+00", "-00", "+0000", "+00:00", "UTC+00:00",
        ] {
            let text = format!("2026-01-30 12:00:00.500000 {zone}");
            means(None, &text, "2026-01-30 12:00:00.500000");
        }
        for (zone, utc) in [
            ("+01", "11:00:00"),
            ("-05", "17:00:00"),
            ("+0530", "06:30:00"),
            ("-0330", "15:30:00"),
            ("+05:45", "06:15:00"),
            ("-12:00", "00:00:00"),
            ("+13:45", "22:15:00"),
            ("UTC+01:00", "11:00:00"),
            ("GMT-3", "15:00:00"),
            ("+00:19:32", "11:40:28"),
            ("+001932", "11:40:28"),
        ] {
            let day = if zone == "+13:45" { 29 } else { 30 };
            let day = if zone == "-12:00" { day + 1 } else { day };
            let utc = format!("2026-01-{day} {utc}.500000");
            means(None, &format!("2026-01-30 12:00:00.500000 {zone}"), &utc);
            means(None, &format!("2026-01-30 12:00:00.500000{zone}"), &utc);
        }
        for zone in ["+", "+1x", "+2600", "+01:60", "+010203040", "UTC+", "+-1", "+1 "] {
            let times = Times::default();
            let text = format!("2026-01-30 12:00:00.500000 {zone}x");
            assert_eq!(times.read(&text), None, "{zone}");
        }
    }

    #[test]
    fn abbreviations_mean_what_tzdata_says_of_that_time() {
        for (text, utc) in [
            ("2026-01-30 12:00:00 CET", "2026-01-30 11:00:00.000000"),
            ("2026-07-30 12:00:00 CEST", "2026-07-30 10:00:00.000000"),
            ("2026-07-30 12:00:00 BST", "2026-07-30 11:00:00.000000"),
            ("2026-01-30 12:00:00 JST", "2026-01-30 03:00:00.000000"),
            ("2026-01-30 12:00:00 EST", "2026-01-30 17:00:00.000000"),
            ("2026-07-30 12:00:00 EDT", "2026-07-30 16:00:00.000000"),
            ("2026-01-30 12:00:00 AEDT", "2026-01-30 01:00:00.000000"),
            ("2026-01-30 12:00:00 ACDT", "2026-01-30 01:30:00.000000"),
            ("2026-01-30 12:00:00 MSK", "2026-01-30 09:00:00.000000"),
            ("2013-01-30 12:00:00 MSK", "2013-01-30 08:00:00.000000"),
            ("2026-01-30 12:00:00 HKT", "2026-01-30 04:00:00.000000"),
            ("2026-01-30 12:00:00 WIB", "2026-01-30 05:00:00.000000"),
            ("2026-01-30 12:00:00 SAST", "2026-01-30 10:00:00.000000"),
            ("2026-01-30 12:00:00 NST", "2026-01-30 15:30:00.000000"),
            ("2026-01-30 12:00:00 ChST", "2026-01-30 02:00:00.000000"),
            // In the hour that comes twice the abbreviation tells which one it is.
            ("2026-10-25 02:30:00 CEST", "2026-10-25 00:30:00.000000"),
            ("2026-10-25 02:30:00 CET", "2026-10-25 01:30:00.000000"),
        ] {
            means(None, text, utc);
        }
    }

    #[test]
    fn what_stands_for_several_zones_is_said_unless_the_zone_is_named() {
        for (zone, written, utc) in [
            ("Asia/Kolkata", "2026-07-30 12:00:00 IST", "2026-07-30 06:30:00.000000"),
            ("Europe/Dublin", "2026-07-30 12:00:00 IST", "2026-07-30 11:00:00.000000"),
            ("Asia/Jerusalem", "2026-01-30 12:00:00 IST", "2026-01-30 10:00:00.000000"),
            ("Asia/Shanghai", "2026-01-30 12:00:00 CST", "2026-01-30 04:00:00.000000"),
            ("America/Chicago", "2026-01-30 12:00:00 CST", "2026-01-30 18:00:00.000000"),
            ("America/Havana", "2026-01-30 12:00:00 CST", "2026-01-30 17:00:00.000000"),
            ("America/Los_Angeles", "2026-01-30 12:00:00 PST", "2026-01-30 20:00:00.000000"),
        ] {
            let told = resolved(&Times::default(), written).unwrap_err();
            assert!(told.contains("stands for several zones"), "{told}");
            means(Some(zone), written, utc);
        }
        // One that is clear is not overruled; one that tzdata no longer has is that of the zone.
        means(Some("Asia/Tokyo"), "2026-01-30 12:00:00 CET", "2026-01-30 11:00:00.000000");
        means(Some("Asia/Tokyo"), "2026-01-30 12:00:00 UTC", "2026-01-30 12:00:00.000000");
        means(Some("America/Sao_Paulo"), "2026-01-30 12:00:00 BRT", "2026-01-30 15:00:00.000000");
        let told = resolved(&Times::default(), "2026-01-30 12:00:00 BRT").unwrap_err();
        assert!(told.contains("\"BRT\"") && told.contains("--timezone"), "{told}");
        let london = Times::new(None, Some("Europe/London")).unwrap();
        let told = resolved(&london, "2026-01-30 12:00:00 IST").unwrap_err();
        assert!(told.contains("UTC+01, UTC+02, UTC+05:30") || told.contains("UTC+02"), "{told}");
    }

    #[test]
    fn a_time_without_a_zone_needs_one() {
        let text = "2026-11-28 13:21:10";
        let told = resolved(&Times::default(), text).unwrap_err();
        assert!(told.contains("without a zone") && told.contains("--timezone"), "{told}");
        means(Some("Asia/Tokyo"), text, "2026-11-28 04:21:10.000000");
        means(Some("+09:00"), text, "2026-11-28 04:21:10.000000");
        means(Some("UTC"), text, "2026-11-28 13:21:10.000000");
        // Of the hour that comes twice the first; the one that there was not is said.
        means(Some("Europe/Berlin"), "2026-10-25 02:30:00", "2026-10-25 00:30:00.000000");
        let berlin = Times::new(None, Some("Europe/Berlin")).unwrap();
        assert!(resolved(&berlin, "2026-03-29 02:30:00").unwrap_err().contains("was not"));
        assert!(Times::new(None, Some("Mars/Olympus")).unwrap_err().contains("Asia/Tokyo"));
    }

    #[test]
    fn other_formats_are_understood_and_all_others_by_their_format() {
        for text in [
            "2026-01-30 12:00:00 UTC",
            "20260130 12:00:00 UTC",
            "2026-01-30T12:00:00Z",
            "20260130T120000Z",
            "2026-01-30T13:00:00+01:00",
            "2026-01-30_12-00-00 UTC",
            "2026.01.30 12.00.00 UTC",
            "2026-01-30-12-00-00 UTC",
            "2026-01-30 12:00:00,000 UTC",
        ] {
            means(None, text, "2026-01-30 12:00:00.000000");
        }
        for (format, text) in [
            ("%d-%m-%Y %H:%M:%S %Z", "30-01-2026 13:00:00 CET"),
            ("%d %b %Y, %H.%M.%S.%f %z", "30 Jan 2026, 12.00.00.000000 +0000"),
            ("%Y-%m-%d %H:%M:%S.%f %Z", "2026-01-30 12:00:00.000000 UTC"),
            ("%m-%d-%y %I:%M:%S %p", "01-30-26 12:00:00 PM"),
        ] {
            let times = Times::new(Some(format.to_owned()), Some("UTC")).unwrap();
            let told = resolved(&times, text);
            assert_eq!(told.as_deref(), Ok("2026-01-30 12:00:00.000000"), "{format}");
        }
        for text in [
            "", "yesterday", "2026-01-30", "2026-13-30 12:00:00 UTC", "2026-01-30 25:00:00 UTC",
            "2026-01-30 12:00:00 U", "2026-01-30 12:00:00 no zone", "0026-01-30 12:00:00 UTC",
            "2026-01.30 12:00:00 UTC", "a é",
        ] {
            assert_eq!(Times::default().read(text), None, "{text}");
        }
    }
}
