//! Times as nbgrader writes them: in the format `Exchange.timestamp_format` and the zone `Exchange.timezone`.

mod civil;
mod format;
mod zone;

pub use zone::UnclearTime;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use nbcourier_domain::Timestamp;
use zone::{Zone, Zones, in_zone, offset};

/// The rules for reading times.
#[derive(Debug, Default)]
pub struct Times {
    /// `Exchange.timestamp_format`, if times in that format are not recognised without it.
    format: Option<String>,
    zone: Option<(String, TimeZone)>,
    zones: Zones,
}

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    at: DateTime,
    zone: Zone,
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
            zones: Zones::default(),
        })
    }

    /// Parses a text that consists of a time.
    pub fn read(&self, text: &str) -> Option<Written> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let by_format = || format::parse(self.format.as_deref()?, text);
        let by_custom = || {
            let (at, rest) = civil::parse(text)?;
            Some((at, zone::parse(rest)?))
        };
        let (at, zone) = by_format()
            .or_else(by_custom)
            .filter(|(at, _)| at.year() >= 1970)?;
        Some(Written { at, zone })
    }

    /// Returns the instant, and a note on its zone if that had to be inferred.
    pub fn resolve(&self, written: &Written) -> Result<(Timestamp, Option<String>), UnclearTime> {
        let (offset, found) = match &written.zone {
            Zone::Offset(offset) => (*offset, None),
            Zone::Epoch if self.zone.is_none() => (
                Offset::UTC,
                Some("that count seconds were read as those of UTC".to_owned()),
            ),
            Zone::Missing | Zone::Epoch => {
                let (name, zone) = self.zone.as_ref().ok_or(UnclearTime::NoZone)?;
                let offsets = in_zone(zone, written.at);
                let offset = offsets.first().copied();
                let offset = offset.ok_or_else(|| UnclearTime::Skipped(name.clone()))?;
                let mut found = format!("without a zone were read as those of {name}");
                if offsets.len() > 1 {
                    found.push_str(
                        ", and in the hour that occurred twice as those of its first occurrence",
                    );
                }
                (offset, Some(found))
            }
            Zone::Named(name) => {
                let offset = self.zones.offset_of(
                    name,
                    written.at,
                    self.zone.as_ref().map(|(_, zone)| zone),
                )?;
                (
                    offset,
                    Some(format!("in {name} were read as those of UTC{offset}")),
                )
            }
        };
        let micros = offset
            .to_timestamp(written.at)
            .map_err(|_| UnclearTime::NoZone)?
            .as_microsecond();
        Ok((Timestamp::from_micros(micros), found))
    }
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
            let message = resolved(&Times::default(), written).unwrap_err();
            assert!(message.contains("stands for several zones"), "{message}");
            means(Some(zone), written, utc);
        }
        // Some people write the abbreviation of winter all year round. In July, it is that of Manila only.
        means(
            Some("America/Los_Angeles"),
            "2026-07-30 12:00:00 PST",
            "2026-07-30 20:00:00.000000",
        );
        means(
            Some("Asia/Manila"),
            "2026-07-30 12:00:00 PST",
            "2026-07-30 04:00:00.000000",
        );
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
        let message = resolved(&Times::default(), "2026-01-30 12:00:00 BRT").unwrap_err();
        assert!(
            message.contains("\"BRT\"") && message.contains("--timezone"),
            "{message}"
        );
        let london = Times::new(None, Some("Europe/London")).unwrap();
        let message = resolved(&london, "2026-01-30 12:00:00 IST").unwrap_err();
        assert!(
            message.contains("UTC+01, UTC+02, UTC+05:30") || message.contains("UTC+02"),
            "{message}"
        );
    }

    #[test]
    fn a_time_without_a_zone_needs_one() {
        let text = "2026-11-28 13:21:10";
        let message = resolved(&Times::default(), text).unwrap_err();
        assert!(
            message.contains("without a zone") && message.contains("--timezone"),
            "{message}"
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
            let message = resolved(&times, text);
            assert_eq!(
                message.as_deref(),
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
            let message = resolved(&times, text);
            assert_eq!(
                message.as_deref(),
                Ok("2026-07-28 15:21:07.000000"),
                "{format}"
            );
        }
        let format = Some("%Z %Y-%m-%d %H:%M:%S".to_owned());
        let times = Times::new(format, None).unwrap();
        let message = resolved(&times, "CST 2026-07-28 17:21:07").unwrap_err();
        assert!(message.contains("several zones"), "{message}");
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
        let message = resolved(
            &Times::default(),
            "2026-07-30 12:00:00 W. Europe Standard Time",
        );
        assert!(message.unwrap_err().contains("--timezone"));
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
