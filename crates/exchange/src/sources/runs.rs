//! Runs: looks at repositories. The server takes one after the other, and of several servers one takes each.

use super::SourceSettings;
use crate::policy::DirectoryAddress;
use crate::{Exchange, Result};
use nbcourier_domain::{ObjectName, Timestamp};
use nbcourier_storage::Connection;
use nbcourier_storage::directories::sources::{self as rows, Ended, Looked};
use std::fmt::Write as _;
use std::time::Duration;

/// The pause after a first failure. It doubles with each further one.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// Number of due sources that are looked up at a time.
const PAGE: usize = 20;
/// Maximum length of a report in bytes.
const LONGEST_REPORT: usize = 8 * 1024;

/// A run, as it is shown.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The number.
    pub id: i64,
    /// The time at which it began, or was asked for.
    pub began_at: Timestamp,
    /// The time at which it ended.
    pub ended_at: Option<Timestamp>,
    /// The cause: `schedule`, `asked`, `hook` or `set`.
    pub cause: String,
    /// The outcome: `updated`, `unchanged`, `refused` or `failed`. A run that waits or is in progress has none.
    pub outcome: Option<String>,
    /// The commit that was found.
    pub commit: Option<String>,
    /// The version that was made.
    pub version: Option<i64>,
    /// Sentences about it.
    pub report: Option<String>,
}

impl RunView {
    pub(super) fn new(row: rows::Run) -> Self {
        Self {
            id: row.id,
            began_at: row.began_at,
            ended_at: row.ended_at,
            cause: row.cause,
            outcome: row.outcome,
            commit: row.commit,
            version: row.version,
            report: row.report,
        }
    }
}

/// A run that this process has taken.
#[derive(Debug, Clone)]
pub struct Job {
    /// The number of the directory.
    pub directory: i64,
    /// Its address when the run was taken.
    pub address: DirectoryAddress,
    /// The number of the run.
    pub run: i64,
    /// The settings of the source.
    pub settings: SourceSettings,
    /// The sealed token.
    pub token: Option<Vec<u8>>,
    /// The commit whose files the directory has.
    pub commit: Option<ObjectName>,
    /// The number of failures before this run.
    pub failures: i64,
}

/// The part of a job that its ends need.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    pub(super) directory: i64,
    pub(super) run: i64,
    failures: i64,
    every: Duration,
}

impl Job {
    /// Returns the part that its ends need.
    pub fn looking(&self) -> Looking {
        Looking {
            directory: self.directory,
            run: self.run,
            failures: self.failures,
            every: self.settings.every,
        }
    }
}

impl Looking {
    /// Returns the facts about the source after a look that did not fail. The next one is somewhat later for each source,
    /// so that not all happen at once.
    pub(super) fn looked(self, commit: Option<ObjectName>) -> Looked {
        let now = Timestamp::now();
        let spread = u32::try_from(self.directory.rem_euclid(64)).unwrap_or(0);
        Looked {
            at: now,
            next_at: now.after(self.every + self.every / 1280 * spread),
            failures: 0,
            commit,
        }
    }

    fn failed(self) -> Looked {
        let now = Timestamp::now();
        let doubled = u32::try_from(self.failures).unwrap_or(0).min(20);
        let pause = AFTER_FAILURE.saturating_mul(1 << doubled).min(self.every);
        Looked {
            at: now,
            next_at: now.after(pause),
            failures: self.failures.saturating_add(1),
            commit: None,
        }
    }
}

/// Frees the sources whose runs ended with an earlier process, if no other process can have them.
pub async fn free(exchange: &Exchange) -> Result<()> {
    if exchange.rows.is_shared() {
        return Ok(());
    }
    let free = |conn: &mut Connection| Ok(rows::free_all(conn, Timestamp::now())?);
    exchange.without_policy().write(free).await
}

/// Returns the time until the next look is due.
pub async fn due_in(exchange: &Exchange) -> Result<Option<Duration>> {
    let look = |conn: &mut Connection| Ok(rows::next_time(conn, Timestamp::now())?);
    let next = exchange.without_policy().read(look).await?;
    Ok(next.map(|next| {
        let rest = next.micros().saturating_sub(Timestamp::now().micros());
        Duration::from_micros(u64::try_from(rest).unwrap_or(0))
    }))
}

/// Takes a run whose time has come, or `None`. If this process is lost, another one has the source after `at_most`.
pub async fn take(exchange: &Exchange, at_most: Duration) -> Result<Option<Job>> {
    let look = |conn: &mut Connection| Ok(rows::due(conn, Timestamp::now(), PAGE)?);
    for directory in exchange.without_policy().read(look).await? {
        let take = move |conn: &mut Connection| {
            let now = Timestamp::now();
            let Some((owned, source, run)) = rows::take(conn, directory, now, now.after(at_most))?
            else {
                return Ok(None);
            };
            Ok(Some(Job {
                directory,
                address: DirectoryAddress {
                    owner: owned.owner,
                    name: owned.name,
                },
                run,
                settings: SourceSettings::of_row(&source.settings)?,
                token: source.token,
                commit: source.commit,
                failures: source.failures,
            }))
        };
        if let Some(job) = exchange.without_policy().write(take).await? {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

/// Notes that a run found the files that the directory has already.
pub async fn unchanged(exchange: &Exchange, looking: Looking, commit: ObjectName) -> Result<()> {
    let ended = Ended {
        outcome: "unchanged",
        commit: Some(commit.clone()),
        version: None,
        report: String::new(),
    };
    let looked = looking.looked(Some(commit));
    end(exchange, looking, looked, ended).await
}

/// Notes that a run failed, or that its repository was refused. The directory keeps its files.
pub async fn fail(
    exchange: &Exchange,
    looking: Looking,
    is_refused: bool,
    commit: Option<ObjectName>,
    report: &str,
) -> Result<()> {
    let ended = Ended {
        outcome: if is_refused { "refused" } else { "failed" },
        commit,
        version: None,
        report: bounded(report),
    };
    end(exchange, looking, looking.failed(), ended).await
}

async fn end(exchange: &Exchange, looking: Looking, looked: Looked, ended: Ended) -> Result<()> {
    let end = move |conn: &mut Connection| {
        if rows::has(conn, looking.directory, looking.run)? {
            rows::settle(conn, looking.directory, &looked)?;
            rows::end(conn, looking.run, looked.at, &ended)?;
        }
        Ok(())
    };
    exchange.without_policy().write(end).await
}

/// Returns the report, cut off at the end of a line if it is too long.
pub(super) fn bounded(report: &str) -> String {
    if report.len() <= LONGEST_REPORT {
        return report.to_owned();
    }
    let mut short = String::new();
    let mut rest = 0;
    for line in report.lines() {
        if rest == 0 && short.len() + line.len() < LONGEST_REPORT - 100 {
            short.push_str(line);
            short.push('\n');
        } else {
            rest += 1;
        }
    }
    let _ = write!(short, "… and {rest} more lines");
    short
}

/// Returns the number of sources whose last three or more looks failed.
pub(crate) async fn failing(exchange: &Exchange) -> Result<u64> {
    let read = |conn: &mut Connection| Ok(rows::number(conn, rows::MANY_FAILURES)?);
    let number = exchange.without_policy().read(read).await?;
    Ok(u64::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looking(failures: i64, every: Duration) -> Looking {
        Looking {
            directory: 7,
            run: 1,
            failures,
            every,
        }
    }

    #[test]
    fn the_pause_doubles_with_each_failure_up_to_the_interval() {
        let hour = Duration::from_hours(1);
        let pause = |failures| {
            let looked = looking(failures, hour).failed();
            assert_eq!(looked.failures, failures + 1);
            (looked.next_at.micros() - looked.at.micros()) / 60_000_000
        };
        let pauses: Vec<i64> = [0, 1, 2, 3, 4, 70].into_iter().map(pause).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        let looked = looking(9, hour).looked(None);
        assert_eq!(looked.failures, 0);
        let minutes = (looked.next_at.micros() - looked.at.micros()) / 60_000_000;
        assert!((60..=63).contains(&minutes), "{minutes}");
    }

    #[test]
    fn a_report_is_cut_off_at_a_line() {
        assert_eq!(bounded("short"), "short");
        let report = bounded(&"a line of the report\n".repeat(1000));
        assert!(report.len() <= LONGEST_REPORT);
        assert!(report.ends_with("more lines"), "{report}");
        let one = bounded(&"a".repeat(100_000));
        assert_eq!(one, "… and 1 more lines");
    }
}
