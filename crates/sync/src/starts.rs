//! Which deliveries at the start of a server are reported to the exchange, and what the reports say.
//!
//! A start with nothing new is one request. So a delivery is reported if something was done or failed, if the exchange does
//! not know yet which version the folder has, and once a month.

use super::deliver::{keep, read_kept};
use super::report::{Outcome, Report, Second};
use nbcourier_api::{NewStart, SecondFile, StartReport};
use nbcourier_domain::{CourseId, StartOutcome, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The reports of earlier starts, in the folder of the state in the home.
const REPORTED: &str = "reported.json";
/// The time after which the same is reported again, since the exchange forgets reports.
const AGAIN: Duration = Duration::from_hours(30 * 24);
/// The maximum length of the details in bytes. The exchange takes 16 KiB with the rest of the report.
const LONGEST: usize = 14 * 1024;
/// The maximum number of files or sentences of one kind.
const MOST: usize = 50;
/// The maximum length of a sentence, and of the output of a script, in bytes.
const LONGEST_TEXT: usize = 4096;

/// The last reports, by directory.
#[derive(Default, Serialize, Deserialize)]
pub struct Reported(BTreeMap<String, Last>);

#[derive(Serialize, Deserialize)]
struct Last {
    version: Option<i64>,
    /// In microseconds since 1970.
    at: i64,
}

impl Reported {
    /// Reads the last reports. Without them, everything is reported.
    pub fn read(home: &Path) -> Self {
        read_kept(home, REPORTED).unwrap_or_default()
    }

    /// Whether the exchange is to know of a delivery.
    pub fn is_due(&self, report: &Report, now: Timestamp) -> bool {
        match report.outcome {
            // The program that looks after the folder reports what it does.
            Outcome::Busy | Outcome::Planned => false,
            Outcome::Updated | Outcome::Incomplete | Outcome::Failed => true,
            // The script failed.
            Outcome::Current if !report.failures.is_empty() => true,
            Outcome::Current => self.0.get(&report.directory).is_none_or(|last| {
                let at = Timestamp::from_micros(last.at);
                last.version != report.version || at > now || at.after(AGAIN) < now
            }),
        }
    }

    /// Notes that the exchange knows of a delivery, or does not want to.
    pub fn note(&mut self, report: &Report, now: Timestamp) {
        let last = Last {
            version: report.version,
            at: now.micros(),
        };
        self.0.insert(report.directory.clone(), last);
    }

    /// Keeps what was noted of these directories. A home in which that fails has more reports at the next start.
    pub fn write(mut self, home: &Path, reports: &[Report]) {
        let is_known = |directory: &str| reports.iter().any(|one| one.directory == directory);
        self.0.retain(|directory, _| is_known(directory));
        keep(home, REPORTED, &self);
    }
}

/// Returns what the exchange is told of a delivery, and the course that delivers it.
pub fn told(report: &Report, took: Duration) -> Option<(CourseId, NewStart)> {
    let outcome = match report.outcome {
        Outcome::Current => StartOutcome::Unchanged,
        Outcome::Updated => StartOutcome::Updated,
        Outcome::Incomplete => StartOutcome::Partly,
        Outcome::Failed => StartOutcome::Failed,
        Outcome::Busy | Outcome::Planned => return None,
    };
    let course = CourseId::parse(report.course.as_deref()?).ok()?;
    let name = report.directory.rsplit_once('/').map(|(_, name)| name);
    let new = NewStart {
        outcome,
        millis: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
        version: report.version,
        directory: name.map(str::to_owned),
        report: Some(details(report)),
    };
    Some((course, new))
}

/// Returns the details, of which as much is left out as they are too long.
fn details(report: &Report) -> serde_json::Map<String, serde_json::Value> {
    let mut most = MOST;
    loop {
        let details = serde_json::to_value(cut(report, most)).unwrap_or_default();
        if let serde_json::Value::Object(details) = details
            && (most == 0 || is_short(&details))
        {
            return details;
        }
        most /= 2;
    }
}

fn is_short(details: &serde_json::Map<String, serde_json::Value>) -> bool {
    serde_json::to_string(details).is_ok_and(|text| text.len() <= LONGEST)
}

/// Returns the details with at most so many files and sentences of each kind.
fn cut(report: &Report, most: usize) -> StartReport {
    let length = LONGEST_TEXT * most / MOST;
    let paths = |all: &[String]| -> Vec<String> { all.iter().take(most).cloned().collect() };
    let seconds = |all: &[Second]| -> Vec<SecondFile> {
        let first = all.iter().take(most);
        first
            .map(|second| SecondFile {
                path: second.path.clone(),
                beside: second.beside.clone(),
            })
            .collect()
    };
    let lists = [
        report.kept.len(),
        report.beside.len(),
        report.mine.len(),
        report.left.len(),
        report.blocked.len(),
        report.failures.len(),
    ];
    let failures = report.failures.iter().take(most);
    StartReport {
        folder: short(&report.folder, length.max(255)),
        received: report.received as u64,
        removed: report.removed as u64,
        kept: paths(&report.kept),
        beside: seconds(&report.beside),
        mine: seconds(&report.mine),
        left: paths(&report.left),
        blocked: paths(&report.blocked),
        failures: failures.map(|sentence| short(sentence, length)).collect(),
        log: report.log.as_deref().map(|log| short(log, length)),
        cut: most < MOST || lists.iter().any(|number| *number > most),
    }
}

fn short(text: &str, length: usize) -> String {
    text[..text.floor_char_boundary(length)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome, version: Option<i64>) -> Report {
        let mut report = Report::new(
            "course:algebra/materials".into(),
            Some("algebra".into()),
            "algebra".into(),
        );
        (report.outcome, report.version) = (outcome, version);
        report
    }

    #[test]
    fn what_was_done_or_failed_is_reported_and_the_same_once_a_month() {
        let now = Timestamp::now();
        let mut reported = Reported::default();
        let current = report(Outcome::Current, Some(3));
        assert!(reported.is_due(&current, now), "nothing is known yet");
        reported.note(&current, now);
        assert!(!reported.is_due(&current, now));
        assert!(!reported.is_due(&current, now.after(AGAIN)));
        assert!(reported.is_due(&current, now.after(AGAIN + Duration::from_secs(1))));
        let other = report(Outcome::Current, Some(4));
        assert!(reported.is_due(&other, now), "another program updated it");
        for outcome in [Outcome::Updated, Outcome::Incomplete, Outcome::Failed] {
            assert!(reported.is_due(&report(outcome, Some(3)), now));
        }
        for outcome in [Outcome::Busy, Outcome::Planned] {
            assert!(!reported.is_due(&report(outcome, None), now));
            assert!(told(&report(outcome, None), Duration::ZERO).is_none());
        }
        // A clock that was set back.
        reported.note(&current, now.after(AGAIN));
        assert!(reported.is_due(&current, now));
    }

    #[test]
    fn after_a_failure_the_next_good_start_is_reported() {
        let now = Timestamp::now();
        let mut reported = Reported::default();
        reported.note(&report(Outcome::Failed, None), now);
        assert!(reported.is_due(&report(Outcome::Current, Some(3)), now));
    }

    #[test]
    fn a_long_report_is_cut_and_says_so() {
        let mut long = report(Outcome::Incomplete, None);
        let (course, new) = told(&long, Duration::from_millis(7)).unwrap();
        assert_eq!((course.as_str(), new.millis), ("algebra", 7));
        assert_eq!(new.directory.as_deref(), Some("materials"));
        assert_eq!(new.report.unwrap()["cut"], false);
        for number in 0..10_000 {
            long.kept.push(format!("{number}{}", "é".repeat(2000)));
            long.failures.push("\u{1}".repeat(9000));
            long.beside.push(Second {
                path: "p".repeat(4000),
                beside: "b".repeat(4000),
            });
        }
        let (_, new) = told(&long, Duration::ZERO).unwrap();
        let text = serde_json::to_string(&new).unwrap();
        assert!(text.len() <= 16 * 1024, "{}", text.len());
        assert_eq!(new.report.unwrap()["cut"], true);
    }
}
