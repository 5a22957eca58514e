//! Times as nbgrader writes them: in the format `Exchange.timestamp_format` and the zone `Exchange.timezone`.
//!
//! Python's `%Z` prints tzdata's abbreviation of a zone at that time, or an offset. Several zones may share an
//! abbreviation. The bundled tzdata says which zones have an abbreviation at a given time.

use chrono::format::{Parsed, StrftimeItems, parse_and_remainder};
use chrono::{Datelike as _, Timelike as _};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use nbcourier_domain::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Abbreviations that tzdata had until 2024, with their offsets in hours. Since then, the zone `MET` is an alias of
/// Brussels.
const FORMER: [(&str, i8); 2] = [("MET", 1), ("MEST", 2)];

/// The rules for reading times.
#[derive(Debug, Default)]
pub struct Times {
    /// `Exchange.timestamp_format`, if times in that format are not recognised without it.
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
    /// A number of seconds since 1970.
    Epoch,
    Offset(Offset),
    Named(String),
}

/// The reason why a time is ambiguous or unknown. Its message continues a sentence about a submission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// The text has no zone.
    #[error(
        "has a time without a zone; it is left behind. Name the zone with --timezone: Exchange.timezone in \
         nbgrader_config.py, or UTC if that is not set"
    )]
    NoZone,
    /// tzdata does not have the abbreviation.
    #[error(
        "has a time in an unknown zone, {0:?}; it is left behind. Name the zone, for example with --timezone \
         Europe/Berlin"
    )]
    Unknown(String),
    /// Several zones share the abbreviation.
    #[error(
        "has a time in {zone}, which stands for several zones ({offsets}); it is left behind. Name the zone with \
         --timezone"
    )]
    Ambiguous {
        /// The abbreviation.
        zone: String,
        /// The offsets that it may stand for, in ascending order.
        offsets: String,
    },
    /// Clocks were put forward over this local time.
    #[error(
        "has a time that did not exist in {0}; it is left behind. Name the right zone with --timezone"
    )]
    Skipped(String),
}

impl Times {
    /// Returns the rules. `zone`, a name in tzdata or an offset, applies to times without a zone or with an ambiguous
    /// one.
    pub fn new(format: Option<String>, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map(|name| {
            let zone = offset(name)
                .map(TimeZone::fixed)
                .or_else(|| TimeZoneDatabase::bundled().get(name).ok())
                .ok_or_else(|| {
                    format!(
                        "{name:?} is not a time zone. Name one of tzdata, for example Asia/Tokyo, or an offset from \
                         UTC, for example +09:00"
                    )
                })?;
            Ok::<_, String>((name.to_owned(), zone))
        });
        if let Some(format) = &format
            && !format.contains('%')
        {
            return Err(format!(
                "{format:?} is not a time format. Use the value of Exchange.timestamp_format"
            ));
        }
        Ok(Self {
            format,
            zone: zone.transpose()?,
            all: OnceCell::new(),
        })
    }

    /// Parses a text that consists of a time.
    pub fn read(&self, text: &str) -> Option<Written> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let civil = || {
            let (at, rest) = civil(text)?;
            Some((at, zone(rest)?))
        };
        let (at, zone) = self
            .by_format(text)
            .or_else(civil)
            .filter(|(at, _)| at.year() >= 1970)?;
        Some(Written { at, zone })
    }

    /// Returns the instant, and a note on its zone if that had to be inferred.
    pub fn resolve(&self, written: &Written) -> Result<(Timestamp, Option<String>), Unclear> {
        let (offset, found) = match &written.zone {
            Zone::Offset(offset) => (*offset, None),
            Zone::Epoch if self.zone.is_none() => (
                Offset::UTC,
                Some("that count seconds were read as those of UTC".to_owned()),
            ),
            Zone::Missing | Zone::Epoch => {
                let (name, zone) = self.zone.as_ref().ok_or(Unclear::NoZone)?;
                let offsets = in_zone(zone, written.at);
                let offset = offsets.first().copied();
                let offset = offset.ok_or_else(|| Unclear::Skipped(name.clone()))?;
                let mut found = format!("without a zone were read as those of {name}");
                if offsets.len() > 1 {
                    found.push_str(
                        ", and in the hour that occurred twice as those of its first occurrence",
                    );
                }
                (offset, Some(found))
            }
            Zone::Named(name) => {
                let offset = self.of_name(name, written.at)?;
                (
                    offset,
                    Some(format!("in {name} were read as those of UTC{offset}")),
                )
            }
        };
        let micros = offset
            .to_timestamp(written.at)
            .map_err(|_| Unclear::NoZone)?
            .as_microsecond();
        Ok((Timestamp::from_micros(micros), found))
    }

    /// Returns the offset that an abbreviation stands for at a local time.
    fn of_name(&self, name: &str, at: DateTime) -> Result<Offset, Unclear> {
        let named = |zone: &TimeZone, at: DateTime| {
            let offsets = in_zone(zone, at).into_iter();
            offsets
                .filter(|offset| is_called(zone, *offset, at, name))
                .collect::<Vec<_>>()
        };
        let full = TimeZoneDatabase::bundled().get(name).ok();
        if let Some(zone) = full.filter(|_| name.contains('/') || name.contains(char::is_numeric)) {
            let offset = in_zone(&zone, at).into_iter().next();
            return offset.ok_or_else(|| Unclear::Skipped(name.to_owned()));
        }
        let preferred = self.zone.as_ref().map(|(_, zone)| zone);
        if let Some(offset) = preferred.and_then(|zone| named(zone, at).into_iter().next()) {
            return Ok(offset);
        }
        let all = self.all.get_or_init(|| {
            let database = TimeZoneDatabase::bundled();
            let available = database.available();
            available
                .filter_map(|name| database.get(name.as_str()).ok())
                .collect()
        });
        let at_a_time = |at| all.iter().flat_map(move |zone| named(zone, at));
        let offsets: BTreeSet<Offset> = at_a_time(at).collect();
        if let (true, Some((_, hours))) = (
            offsets.is_empty(),
            FORMER.iter().find(|(known, _)| *known == name),
        ) {
            return Ok(Offset::constant(*hours));
        }
        match (offsets.len(), offsets.first(), preferred) {
            (1, Some(offset), _) => Ok(*offset),
            // Older versions of tzdata had more abbreviations than the current one.
            (0, _, Some(zone)) => in_zone(zone, at)
                .into_iter()
                .next()
                .ok_or_else(|| Unclear::Skipped(name.to_owned())),
            (0, ..) => Err(Unclear::Unknown(name.to_owned())),
            _ => {
                // The offsets of the whole year are listed, so that the reason is the same for every submission of
                // that year.
                let seasons = [1, 7]
                    .into_iter()
                    .map(|month| DateTime::constant(at.year(), month, 15, 12, 0, 0, 0));
                let offsets: BTreeSet<Offset> = offsets
                    .into_iter()
                    .chain(seasons.flat_map(at_a_time))
                    .collect();
                let offsets: Vec<_> = offsets
                    .iter()
                    .map(|offset| format!("UTC{offset}"))
                    .collect();
                Err(Unclear::Ambiguous {
                    zone: name.to_owned(),
                    offsets: offsets.join(", "),
                })
            }
        }
    }

    /// Parses a text by the given format. The text may end with a zone that the format does not contain.
    fn by_format(&self, text: &str) -> Option<(DateTime, Zone)> {
        // Python's `%f` has six digits.
        let format = self.format.as_deref()?.replace("%f", "%6f");
        let (mut parsed, mut rest) = (Parsed::new(), text);
        let (mut offset, mut name) = (None, None);
        let mut parts = zones_apart(format.trim()).into_iter().peekable();
        while let Some(part) = parts.next() {
            let FormatPart::Zone = part else {
                let FormatPart::Text(items) = part else {
                    continue;
                };
                rest = parse_and_remainder(&mut parsed, rest, StrftimeItems::new(items)).ok()?;
                continue;
            };
            let end = match parts.peek() {
                None => rest.len(),
                // `%Z%z`: the name ends at the first character that is not a letter.
                Some(FormatPart::Zone) => rest.find(|c: char| !c.is_alphabetic())?,
                Some(FormatPart::Text(_)) => {
                    let is_of_name = |c: char| c.is_alphanumeric() || "+-:/_".contains(c);
                    rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len())
                }
            };
            match zone(&rest[..end])? {
                Zone::Offset(found) if offset.is_none() || found != Offset::UTC => {
                    offset = Some(found);
                }
                Zone::Named(found) => name = Some(found),
                _ => {}
            }
            rest = &rest[end..];
        }
        let at = parsed.to_naive_datetime_with_offset(0).ok()?;
        let at_end = zone(rest)?;
        let found = match (offset, name) {
            (Some(offset), _) => Zone::Offset(offset),
            (None, Some(name)) => Zone::Named(name),
            (None, None) if at_end != Zone::Missing => return Some((from_chrono(at)?, at_end)),
            (None, None) if format.contains("%s") => Zone::Epoch,
            (None, None) => Zone::Missing,
        };
        (at_end == Zone::Missing).then_some((from_chrono(at)?, found))
    }
}

/// A part of a time format.
enum FormatPart<'a> {
    /// `%Z` or `%z`.
    Zone,
    Text(&'a str),
}

/// Splits a format at its zones.
fn zones_apart(format: &str) -> Vec<FormatPart<'_>> {
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(place) = format[at..].find('%').map(|place| at + place) {
        at = place + 1 + format[place + 1..].chars().next().map_or(0, char::len_utf8);
        if matches!(&format[place..at], "%Z" | "%z") {
            if begin < place {
                parts.push(FormatPart::Text(&format[begin..place]));
            }
            parts.push(FormatPart::Zone);
            begin = at;
        }
    }
    if begin < format.len() {
        parts.push(FormatPart::Text(&format[begin..]));
    }
    parts
}

/// Parses the text of a zone. An empty text is a missing zone.
fn zone(text: &str) -> Option<Zone> {
    let text = text.trim();
    let bare = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let text = bare.unwrap_or(text);
    let is = |name: &&str| text.eq_ignore_ascii_case(name);
    if text.is_empty() {
        return Some(Zone::Missing);
    }
    if ["UTC", "GMT", "UCT", "Z", "Coordinated Universal Time"]
        .iter()
        .any(is)
    {
        return Some(Zone::Offset(Offset::UTC));
    }
    if let Some(offset) = offset(text) {
        return Some(Zone::Offset(offset));
    }
    is_name(text).then(|| Zone::Named(text.to_owned()))
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

/// Returns the possible offsets of a local time in a zone, the earlier instant first. Returns none if clocks were put
/// forward over that time.
fn in_zone(zone: &TimeZone, at: DateTime) -> Vec<Offset> {
    match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => vec![offset],
        AmbiguousOffset::Fold { before, after } => vec![before, after],
        AmbiguousOffset::Gap { .. } => Vec::new(),
    }
}

fn is_called(zone: &TimeZone, offset: Offset, at: DateTime, name: &str) -> bool {
    offset.to_timestamp(at).is_ok_and(|time| {
        zone.to_offset_info(time)
            .abbreviation()
            .eq_ignore_ascii_case(name)
    })
}

/// Parses a date and a time of day, largest unit first, with or without separators. Also returns the rest of the
/// text.
fn civil(text: &str) -> Option<(DateTime, &str)> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let between = separator(&mut rest, "-._");
    let month = number(&mut rest, 2)?;
    if separator(&mut rest, "-._") != between {
        return None;
    }
    let day = number(&mut rest, 2)?;
    if separator(&mut rest, " T_-").is_none() && between.is_some() {
        return None;
    }
    let hour = number(&mut rest, 2)?;
    let between = separator(&mut rest, ":-._");
    let minute = number(&mut rest, 2)?;
    let mut second = 0;
    let mut behind = rest;
    if separator(&mut behind, ":-._") == between
        && let Some(number) = number(&mut behind, 2)
    {
        (second, rest) = (number, behind);
    }
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
    let hour = half_day(hour, &mut rest)?;
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|part| i8::try_from(part).ok());
    let at = DateTime::new(year, month?, day?, hour?, minute?, second?, nanoseconds).ok()?;
    Some((at, rest))
}

/// Returns the hour of the day, adjusted for `AM` or `PM` after the time. Returns `None` if these contradict the
/// hour.
fn half_day(hour: i16, rest: &mut &str) -> Option<i16> {
    let text = rest.trim_start();
    let Some((half, behind)) = text.split_at_checked(2) else {
        return Some(hour);
    };
    let later = match half.to_ascii_uppercase().as_str() {
        "AM" => 0,
        "PM" => 12,
        _ => return Some(hour),
    };
    // A zone such as AMT may begin with the same letters.
    if behind.starts_with(|c: char| c.is_alphanumeric()) {
        return Some(hour);
    }
    *rest = behind;
    (1..=12).contains(&hour).then_some(hour % 12 + later)
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

/// Parses `+01`, `-0330` and `+05:30`, with or without seconds, and with an optional UTC or GMT before them.
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
        // An hour may have one digit if it stands alone or before a colon.
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

/// Whether the text could name a zone: an abbreviation, a name in tzdata, or a name in Windows such as `W. Europe
/// Standard Time`.
fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if !text.starts_with(char::is_alphabetic) || letters < 3 || text.len() > 64 {
        return false;
    }
    if text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return letters <= 6;
    }
    let lower = text.to_lowercase();
    let is_long = ["time", "zeit", "heure", "hora"]
        .iter()
        .any(|word| lower.contains(word));
    let is_of_tzdata = TimeZoneDatabase::bundled().get(text).is_ok();
    is_of_tzdata
        || is_long
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || " .()-'".contains(c))
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
            "UTC",
            "GMT",
            "Z",
            "UCT",
            "+00",
            "-00",
            "+0000",
            "+00:00",
            "UTC+00:00",
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
        for zone in [
            "+",
            "+1x",
            "+2600",
            "+01:60",
            "+010203040",
            "UTC+",
            "+-1",
            "+1 ",
        ] {
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
            ("2026-01-30 12:00:00 MET", "2026-01-30 11:00:00.000000"),
            ("2026-07-30 12:00:00 MEST", "2026-07-30 10:00:00.000000"),
            // In the hour that occurs twice, the abbreviation selects the occurrence.
            ("2026-10-25 02:30:00 CEST", "2026-10-25 00:30:00.000000"),
            ("2026-10-25 02:30:00 CET", "2026-10-25 01:30:00.000000"),
        ] {
            means(None, text, utc);
        }
    }

    #[test]
    fn an_ambiguous_zone_is_reported_unless_the_zone_is_named() {
        for (zone, written, utc) in [
            (
                "Asia/Kolkata",
                "2026-07-30 12:00:00 IST",
                "2026-07-30 06:30:00.000000",
            ),
            (
                "Europe/Dublin",
                "2026-07-30 12:00:00 IST",
                "2026-07-30 11:00:00.000000",
            ),
            (
                "Asia/Jerusalem",
                "2026-01-30 12:00:00 IST",
                "2026-01-30 10:00:00.000000",
            ),
            (
                "Asia/Shanghai",
                "2026-01-30 12:00:00 CST",
                "2026-01-30 04:00:00.000000",
            ),
            (
                "America/Chicago",
                "2026-01-30 12:00:00 CST",
                "2026-01-30 18:00:00.000000",
            ),
            (
                "America/Havana",
                "2026-01-30 12:00:00 CST",
                "2026-01-30 17:00:00.000000",
            ),
            (
                "America/Los_Angeles",
                "2026-01-30 12:00:00 PST",
                "2026-01-30 20:00:00.000000",
            ),
        ] {
            let told = resolved(&Times::default(), written).unwrap_err();
            assert!(told.contains("stands for several zones"), "{told}");
            means(Some(zone), written, utc);
        }
        // The given zone does not overrule a clear abbreviation. It resolves one that tzdata no longer has.
        means(
            Some("Asia/Tokyo"),
            "2026-01-30 12:00:00 CET",
            "2026-01-30 11:00:00.000000",
        );
        means(
            Some("Asia/Tokyo"),
            "2026-01-30 12:00:00 UTC",
            "2026-01-30 12:00:00.000000",
        );
        means(
            Some("America/Sao_Paulo"),
            "2026-01-30 12:00:00 BRT",
            "2026-01-30 15:00:00.000000",
        );
        let told = resolved(&Times::default(), "2026-01-30 12:00:00 BRT").unwrap_err();
        assert!(
            told.contains("\"BRT\"") && told.contains("--timezone"),
            "{told}"
        );
        let london = Times::new(None, Some("Europe/London")).unwrap();
        let told = resolved(&london, "2026-01-30 12:00:00 IST").unwrap_err();
        assert!(
            told.contains("UTC+01, UTC+02, UTC+05:30") || told.contains("UTC+02"),
            "{told}"
        );
    }

    #[test]
    fn a_time_without_a_zone_needs_one() {
        let text = "2026-11-28 13:21:10";
        let told = resolved(&Times::default(), text).unwrap_err();
        assert!(
            told.contains("without a zone") && told.contains("--timezone"),
            "{told}"
        );
        means(Some("Asia/Tokyo"), text, "2026-11-28 04:21:10.000000");
        means(Some("+09:00"), text, "2026-11-28 04:21:10.000000");
        means(Some("UTC"), text, "2026-11-28 13:21:10.000000");
        // The first occurrence counts for the hour that occurs twice. A skipped local time is reported.
        means(
            Some("Europe/Berlin"),
            "2026-10-25 02:30:00",
            "2026-10-25 00:30:00.000000",
        );
        let berlin = Times::new(None, Some("Europe/Berlin")).unwrap();
        assert!(
            resolved(&berlin, "2026-03-29 02:30:00")
                .unwrap_err()
                .contains("did not exist")
        );
        assert!(
            Times::new(None, Some("Mars/Olympus"))
                .unwrap_err()
                .contains("Asia/Tokyo")
        );
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
            (
                "%d %b %Y, %H.%M.%S.%f %z",
                "30 Jan 2026, 12.00.00.000000 +0000",
            ),
            ("%Y-%m-%d %H:%M:%S.%f %Z", "2026-01-30 12:00:00.000000 UTC"),
            ("%m-%d-%y %I:%M:%S %p", "01-30-26 12:00:00 PM"),
        ] {
            let times = Times::new(Some(format.to_owned()), Some("UTC")).unwrap();
            let told = resolved(&times, text);
            assert_eq!(
                told.as_deref(),
                Ok("2026-01-30 12:00:00.000000"),
                "{format}"
            );
        }
        for text in [
            "",
            "yesterday",
            "2026-01-30",
            "2026-13-30 12:00:00 UTC",
            "2026-01-30 25:00:00 UTC",
            "2026-01-30 12:00:00 U",
            "2026-01-30 12:00:00 no zone",
            "0026-01-30 12:00:00 UTC",
            "2026-01.30 12:00:00 UTC",
            "a é",
        ] {
            assert_eq!(Times::default().read(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_counts_wherever_it_stands_in_the_format() {
        for (format, text) in [
            ("%Z %Y-%m-%d %H:%M:%S", "CEST 2026-07-28 17:21:07"),
            ("%Y-%m-%d %z %H:%M:%S", "2026-07-28 +0200 17:21:07"),
            ("%Y-%m-%d %H:%M:%S %Z%z", "2026-07-28 17:21:07 CEST+0200"),
            ("%H:%M:%S (%Z) %d.%m.%Y", "17:21:07 (CEST) 28.07.2026"),
            ("%d.%m.%Y %H:%M:%S (%Z)", "28.07.2026 17:21:07 (CEST)"),
            ("%d/%m/%y %I:%M:%S %p %Z", "28/07/26 05:21:07 PM UTC+02:00"),
            ("%%%Z%% %c", "%CEST% Tue Jul 28 17:21:07 2026"),
        ] {
            let times = Times::new(Some(format.to_owned()), Some("Asia/Tokyo")).unwrap();
            let told = resolved(&times, text);
            assert_eq!(
                told.as_deref(),
                Ok("2026-07-28 15:21:07.000000"),
                "{format}"
            );
        }
        let format = Some("%Z %Y-%m-%d %H:%M:%S".to_owned());
        let times = Times::new(format, None).unwrap();
        let told = resolved(&times, "CST 2026-07-28 17:21:07").unwrap_err();
        assert!(told.contains("several zones"), "{told}");
    }

    #[test]
    fn seconds_since_1970_are_those_of_utc_unless_a_zone_is_named() {
        for (zone, utc) in [
            (None, "2026-07-28 17:21:07.000000"),
            (Some("+02:00"), "2026-07-28 15:21:07.000000"),
        ] {
            let times = Times::new(Some("%s".to_owned()), zone).unwrap();
            assert_eq!(resolved(&times, "1785259267").as_deref(), Ok(utc));
        }
    }

    #[test]
    fn more_ways_to_write_a_time_are_understood() {
        for text in [
            "20260130120000 UTC",
            "202601301200 UTC",
            "2026-01-30 12:00 UTC",
            "2026-01-30 12:00:00 PM UTC",
            "2026-01-30 12:00 pm (UTC)",
            "2026-01-30 12:00:00 utc",
            "2026-01-30 12:00:00 Coordinated Universal Time",
            "2026-01-30 12:00:00 Etc/UTC",
            "2026-01-30 13:00:00 Europe/Berlin",
            "2026-01-30 13:00:00 cet",
            "2026-01-30 07:00:00 EST5EDT",
        ] {
            means(None, text, "2026-01-30 12:00:00.000000");
        }
        let told = resolved(
            &Times::default(),
            "2026-07-30 12:00:00 W. Europe Standard Time",
        );
        assert!(told.unwrap_err().contains("--timezone"));
        means(
            Some("Europe/Berlin"),
            "2026-07-30 14:00:00 Mitteleuropäische Sommerzeit",
            "2026-07-30 12:00:00.000000",
        );
        for text in [
            "2026-01-30 13:00:00 PM UTC",
            "2026-01-30 0:00 UTC",
            "2026-01-30 é",
        ] {
            assert_eq!(Times::default().read(text), None, "{text}");
        }
    }

    #[test]
    fn a_repeated_hour_is_reported() {
        let berlin = Times::new(None, Some("Europe/Berlin")).unwrap();
        let said = |text: &str| {
            let written = berlin.read(text).unwrap();
            berlin.resolve(&written).unwrap().1.unwrap()
        };
        assert!(said("2026-10-25 02:30:00").contains("occurred twice"));
        assert!(!said("2026-10-25 03:30:00").contains("occurred twice"));
    }
}
