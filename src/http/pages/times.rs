//! Times as people read them: in a time zone that is named beside each, and in the words of their language.

use super::words::{ToValue, Words};
use askama::FastWritable;
use jiff::Zoned;
use jiff::tz::TimeZone;
use nbcourier_domain::Timestamp;
use std::fmt;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How the times of a page are written.
pub struct Times {
    words: &'static Words,
    zone: TimeZone,
    /// The zone of the reader's browser, if it is known.
    own_zone: Option<TimeZone>,
    now: Timestamp,
}

/// A time on a page. It is an HTML element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    iso: String,
    text: String,
}

impl Times {
    /// Returns the form of times in this language and zone.
    pub fn new(
        words: &'static Words,
        zone: TimeZone,
        own_zone: Option<TimeZone>,
        now: Timestamp,
    ) -> Self {
        Self {
            words,
            zone,
            own_zone,
            now,
        }
    }

    /// Returns the same in another zone.
    #[must_use]
    pub fn in_zone(&self, zone: TimeZone) -> Self {
        Self {
            words: self.words,
            zone,
            own_zone: self.own_zone.clone(),
            now: self.now,
        }
    }

    /// Returns the time of the reply.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the name of the zone.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// Returns the zone.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns a time to the minute, and the reader's own time if that differs.
    pub fn minute(&self, at: Timestamp) -> Moment {
        self.moment(at, false)
    }

    /// Returns a time to the minute without the reader's own, for tables whose zone is named beside them.
    pub fn short(&self, at: Timestamp) -> Moment {
        let iso = at.to_rfc3339();
        let text = zoned(at, &self.zone).map_or_else(
            || iso.clone(),
            |time| format!("{} {}", self.date(&time), clock(&time, false)),
        );
        Moment { iso, text }
    }

    /// Returns a time to the second, for receipts and records.
    pub fn second(&self, at: Timestamp) -> Moment {
        self.moment(at, true)
    }

    /// Returns a day without the time of day.
    pub fn day(&self, at: Timestamp) -> Moment {
        let text = zoned(at, &self.zone).map_or_else(|| at.to_rfc3339(), |time| self.date(&time));
        Moment {
            iso: at.to_rfc3339(),
            text,
        }
    }

    fn moment(&self, at: Timestamp, to_the_second: bool) -> Moment {
        let iso = at.to_rfc3339();
        let Some(time) = zoned(at, &self.zone) else {
            return Moment {
                text: iso.clone(),
                iso,
            };
        };
        let clock = clock(&time, to_the_second);
        let mut text = format!("{} {clock} {}", self.date(&time), zone_of(&time));
        if let Some(own) = self.own_time(at, &time, to_the_second) {
            let own = self.words.say_with("time-own", "time", &own);
            text = format!("{text} ({})", without_isolation(&own));
        }
        Moment { iso, text }
    }

    /// Returns the reader's own time, if their clock shows another one.
    fn own_time(&self, at: Timestamp, time: &Zoned, to_the_second: bool) -> Option<String> {
        let own = zoned(at, self.own_zone.as_ref()?)?;
        if own.offset() == time.offset() {
            return None;
        }
        let own_clock = clock(&own, to_the_second);
        if own.date() == time.date() {
            return Some(own_clock);
        }
        let weekday = self.weekday(&own);
        Some(format!("{weekday} {own_clock}"))
    }

    fn date(&self, time: &Zoned) -> String {
        let now = zoned(self.now, &self.zone);
        let is_near = now.is_some_and(|now| {
            let months = i32::from(time.year() - now.year()) * 12 + i32::from(time.month())
                - i32::from(now.month());
            (-6..=6).contains(&months)
        });
        let weekday = self.weekday(time);
        let month = self.words.say(&format!("month-{}", time.month()));
        let day = time.day().to_string();
        let year = time.year().to_string();
        let key = if is_near { "date" } else { "date-with-year" };
        let said = self.words.say_all(
            key,
            &[
                ("weekday", weekday.to_value()),
                ("day", day.to_value()),
                ("month", month.to_value()),
                ("year", year.to_value()),
            ],
        );
        without_isolation(&said)
    }

    fn weekday(&self, time: &Zoned) -> String {
        let number = time.weekday().to_monday_one_offset();
        without_isolation(&self.words.say(&format!("weekday-{number}")))
    }

    /// Returns how far a time is from now, in words.
    pub fn distance(&self, at: Timestamp) -> String {
        let seconds = (at.micros() - self.now.micros()) / 1_000_000;
        let (unit, number) = match seconds.abs() {
            0..MINUTE => {
                return self.words.say(if seconds < 0 {
                    "just-now"
                } else {
                    "in-a-moment"
                });
            }
            length @ MINUTE..7200 => ("minutes", length / MINUTE),
            length @ 7200..172_800 => ("hours", length / HOUR),
            length => ("days", length / DAY),
        };
        let key = match (unit, seconds < 0) {
            ("minutes", false) => "in-minutes",
            ("minutes", true) => "minutes-ago",
            ("hours", false) => "in-hours",
            ("hours", true) => "hours-ago",
            (_, false) => "in-days",
            (_, true) => "days-ago",
        };
        self.words.say_with(key, "n", number)
    }
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let time = jiff::Timestamp::from_microsecond(at.micros()).ok()?;
    Some(time.to_zoned(zone.clone()))
}

fn clock(time: &Zoned, to_the_second: bool) -> String {
    if to_the_second {
        format!(
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    } else {
        format!("{:02}:{:02}", time.hour(), time.minute())
    }
}

/// Returns the zone's abbreviation; for a zone without one, the distance from UTC.
fn zone_of(time: &Zoned) -> String {
    let information = time.time_zone().to_offset_info(time.timestamp());
    let name = information.abbreviation();
    if name.starts_with(['+', '-']) || name.is_empty() {
        let minutes = time.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    } else {
        name.to_owned()
    }
}

/// Removes the marks that isolate values, which dates need not have: their parts are of the same language.
pub fn without_isolation(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (iso, text) = (super::escape(&self.iso), super::escape(&self.text));
        write!(f, "<time datetime=\"{iso}\">{text}</time>")
    }
}

impl FastWritable for Moment {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(dest, "{self}")?)
    }
}

/// Its text is escaped above.
impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    /// Returns the text alone.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Language;
    use super::*;

    fn times(language: Language, zone: &str, own: Option<&str>, now: &str) -> Times {
        let find = |name: &str| TimeZone::get(name).unwrap();
        let now = Timestamp::parse(now).unwrap();
        Times::new(Words::of(language), find(zone), own.map(find), now)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_time_names_its_zone_in_every_language() {
        let due = at("2027-02-01 22:59:00");
        let text = |language| {
            let times = times(language, "Europe/Berlin", None, "2027-01-28 12:00:00");
            times.minute(due).text().to_owned()
        };
        assert_eq!(text(Language::English), "Mon 1 Feb 23:59 CET");
        assert_eq!(text(Language::German), "Mo 1. Feb 23:59 CET");
        assert_eq!(text(Language::French), "lun. 1 févr. 23:59 CET");
    }

    #[test]
    fn a_distant_time_has_its_year_and_a_record_its_seconds() {
        let times = times(Language::English, "UTC", None, "2027-01-28 12:00:00");
        let minute = |text| times.minute(at(text)).text().to_owned();
        assert_eq!(minute("2026-12-31 23:59:59"), "Thu 31 Dec 23:59 UTC");
        assert_eq!(minute("2026-05-01 08:00:00"), "Fri 1 May 2026 08:00 UTC");
        let second = times.second(at("2027-01-28 12:00:07.9"));
        assert_eq!(second.text(), "Thu 28 Jan 12:00:07 UTC");
        assert!(
            second
                .to_string()
                .starts_with("<time datetime=\"2027-01-28T12:00:07.900000Z\">")
        );
    }

    #[test]
    fn unusual_zones_are_written_by_their_distance_from_utc() {
        let text = |zone, time| {
            let times = times(Language::English, zone, None, time);
            times.minute(at(time)).text().to_owned()
        };
        let noon = "2027-01-10 12:00:00";
        assert_eq!(text("Pacific/Chatham", noon), "Mon 11 Jan 01:45 UTC+13:45");
        // Lord Howe changes its clocks by half an hour.
        assert_eq!(
            text("Australia/Lord_Howe", noon),
            "Sun 10 Jan 23:00 UTC+11:00"
        );
        let july = "2027-07-10 12:00:00";
        assert_eq!(
            text("Australia/Lord_Howe", july),
            "Sat 10 Jul 22:30 UTC+10:30"
        );
        // The night in which Berlin's clocks go back has 02:30 twice.
        assert_eq!(
            text("Europe/Berlin", "2026-10-25 00:30:00"),
            "Sun 25 Oct 02:30 CEST"
        );
        assert_eq!(
            text("Europe/Berlin", "2026-10-25 01:30:00"),
            "Sun 25 Oct 02:30 CET"
        );
    }

    #[test]
    fn a_reader_elsewhere_sees_their_own_time_too() {
        let due = at("2027-02-01 22:59:00");
        let text = |own| {
            let times = times(
                Language::English,
                "Europe/Berlin",
                Some(own),
                "2027-01-28 12:00:00",
            );
            times.minute(due).text().to_owned()
        };
        assert_eq!(text("Europe/London"), "Mon 1 Feb 23:59 CET (22:59 for you)");
        assert_eq!(
            text("Asia/Tokyo"),
            "Mon 1 Feb 23:59 CET (Tue 07:59 for you)"
        );
        assert_eq!(text("Europe/Paris"), "Mon 1 Feb 23:59 CET");
    }

    #[test]
    fn a_distance_is_in_the_unit_that_people_use() {
        let times = times(Language::English, "UTC", None, "2027-01-28 12:00:00");
        let said = |text| without_isolation(&times.distance(at(text)));
        assert_eq!(said("2027-01-28 12:04:00"), "in 4 minutes");
        assert_eq!(said("2027-01-28 12:01:00"), "in 1 minute");
        assert_eq!(said("2027-01-28 12:00:30"), "in a moment");
        assert_eq!(said("2027-01-28 11:59:30"), "just now");
        assert_eq!(said("2027-01-28 11:40:00"), "20 minutes ago");
        assert_eq!(said("2027-01-28 15:30:00"), "in 3 hours");
        assert_eq!(said("2027-02-01 12:00:00"), "in 4 days");
    }

    #[test]
    fn a_time_outside_the_calendar_breaks_no_page() {
        let times = times(Language::English, "UTC", None, "2027-01-28 12:00:00");
        let text = times
            .minute(Timestamp::from_micros(i64::MAX))
            .text()
            .to_owned();
        assert!(text.contains("microseconds"), "{text}");
    }
}
