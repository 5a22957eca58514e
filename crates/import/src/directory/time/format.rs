//! Times in a given format of Python's `strftime`.

use super::zone::{self, Zone};
use chrono::format::{Parsed, StrftimeItems, parse_and_remainder};
use chrono::{Datelike as _, Timelike as _};
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Parses a text by the given format. The text may end with a zone that the format does not contain.
pub(super) fn parse(format: &str, text: &str) -> Option<(DateTime, Zone)> {
    // Python's `%f` has six digits.
    let format = format.replace("%f", "%6f");
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
        match zone::parse(&rest[..end])? {
            Zone::Offset(found) if offset.is_none() || found != Offset::UTC => {
                offset = Some(found);
            }
            Zone::Named(found) => name = Some(found),
            _ => {}
        }
        rest = &rest[end..];
    }
    let at = parsed.to_naive_datetime_with_offset(0).ok()?;
    let at_end = zone::parse(rest)?;
    let found = match (offset, name) {
        (Some(offset), _) => Zone::Offset(offset),
        (None, Some(name)) => Zone::Named(name),
        (None, None) if at_end != Zone::Missing => return Some((from_chrono(at)?, at_end)),
        (None, None) if format.contains("%s") => Zone::Epoch,
        (None, None) => Zone::Missing,
    };
    (at_end == Zone::Missing).then_some((from_chrono(at)?, found))
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
