//! Zones of times: their texts, and the offsets that these stand for.
//!
//! Python's `%Z` prints tzdata's abbreviation of a zone at that time, or an offset. Several zones may share an
//! abbreviation. The bundled tzdata says which zones have an abbreviation at a given time.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Abbreviations that tzdata had until 2024, with their offsets in hours. Since then, the zone `MET` is an alias of
/// Brussels.
const FORMER: [(&str, i8); 2] = [("MET", 1), ("MEST", 2)];

/// The zone of a time, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// There is none.
    Missing,
    /// A number of seconds since 1970.
    Epoch,
    /// An offset from UTC.
    Offset(Offset),
    /// A name or an abbreviation.
    Named(String),
}

/// The reason why a time is ambiguous or unknown. Its message continues a sentence about a submission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnclearTime {
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

/// All zones of tzdata, which are loaded when they are needed first.
#[derive(Debug, Default)]
pub(super) struct Zones(OnceCell<Vec<TimeZone>>);

impl Zones {
    /// Returns the offset that an abbreviation stands for at a local time. The preferred zone decides if it has that
    /// abbreviation in that year.
    pub fn offset_of(
        &self,
        name: &str,
        at: DateTime,
        preferred: Option<&TimeZone>,
    ) -> Result<Offset, UnclearTime> {
        let named = |zone: &TimeZone, at: DateTime| {
            let offsets = in_zone(zone, at).into_iter();
            offsets
                .filter(|offset| is_called(zone, *offset, at, name))
                .collect::<Vec<_>>()
        };
        let full = TimeZoneDatabase::bundled().get(name).ok();
        if let Some(zone) = full.filter(|_| name.contains('/') || name.contains(char::is_numeric)) {
            let offset = in_zone(&zone, at).into_iter().next();
            return offset.ok_or_else(|| UnclearTime::Skipped(name.to_owned()));
        }
        let seasons = [1, 7].map(|month| DateTime::constant(at.year(), month, 15, 12, 0, 0, 0));
        // Some people write the abbreviation of winter all year round.
        let mut times = std::iter::once(at).chain(seasons);
        if let Some(zone) = preferred
            && let Some(offset) = times.find_map(|at| named(zone, at).into_iter().next())
        {
            return Ok(offset);
        }
        let all = self.0.get_or_init(|| {
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
                .ok_or_else(|| UnclearTime::Skipped(name.to_owned())),
            (0, ..) => Err(UnclearTime::Unknown(name.to_owned())),
            _ => {
                // The offsets of the whole year are listed, so that the reason is the same for every submission of
                // that year.
                let offsets: BTreeSet<Offset> = offsets
                    .into_iter()
                    .chain(seasons.into_iter().flat_map(at_a_time))
                    .collect();
                let offsets: Vec<_> = offsets
                    .iter()
                    .map(|offset| format!("UTC{offset}"))
                    .collect();
                Err(UnclearTime::Ambiguous {
                    zone: name.to_owned(),
                    offsets: offsets.join(", "),
                })
            }
        }
    }
}

/// Parses the text of a zone. An empty text is a missing zone.
pub(super) fn parse(text: &str) -> Option<Zone> {
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

/// Returns the possible offsets of a local time in a zone, the earlier instant first. Returns none if clocks were put
/// forward over that time.
pub(super) fn in_zone(zone: &TimeZone, at: DateTime) -> Vec<Offset> {
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

/// Parses `+01`, `-0330` and `+05:30`, with or without seconds, and with an optional UTC or GMT before them.
pub(super) fn offset(text: &str) -> Option<Offset> {
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
