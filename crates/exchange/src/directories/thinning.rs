//! Thins the history of directories, so that many saves do not fill the disk.

use crate::op::lock_directory;
use crate::policy::DirectoryAddress;
use crate::{Exchange, Result};
use nbcourier_domain::Timestamp;
use nbcourier_storage::Connection;
use nbcourier_storage::directories as rows;
use nbcourier_storage::directories::versions::{self, Dated};
use std::collections::HashSet;
use std::time::Duration;

/// Number of directories that are looked up at a time.
const PAGE: usize = 200;
/// Number of versions made from commits that are kept whatever their age.
const LAST_FROM_SOURCE: usize = 10;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The part of the history that was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thinned {
    /// Number of versions.
    pub versions: usize,
    /// Number of files and folders that only these versions had.
    pub entries: usize,
}

/// Returns the versions that need not be kept. These are kept: the current one, those with a label, the last ten of those
/// from commits, all of the last ten minutes, and the last one of ten minutes in the last hour, of an hour in the last
/// day, and of a day in the retention time.
fn superfluous(all: &[Dated], now: Timestamp, retention: Duration) -> Vec<i64> {
    let mut last_in_slot: HashSet<(u8, i64)> = HashSet::new();
    let mut from_source = 0;
    let mut superfluous = Vec::new();
    // From the newest to the oldest, so that the first one in a slot is its last.
    for (place, version) in all.iter().rev().enumerate() {
        let made_at = version.made_at.micros();
        let age = now.micros().saturating_sub(made_at);
        let age = Duration::from_micros(u64::try_from(age).unwrap_or(0));
        let slot = |kind: u8, length: Duration| {
            let length = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
            Some((kind, made_at.div_euclid(length)))
        };
        let slot = match age {
            age if age >= retention => None,
            _ if version.is_from_source => slot(3, DAY),
            age if age < HOUR => slot(0, 10 * MINUTE),
            age if age < DAY => slot(1, HOUR),
            _ => slot(2, DAY),
        };
        let is_last = slot.is_some_and(|slot| last_in_slot.insert(slot));
        from_source += usize::from(version.is_from_source);
        let is_recent_commit = version.is_from_source && from_source <= LAST_FROM_SOURCE;
        // Their clients may be about to read them.
        let is_in_use = place == 0 || age < 10 * MINUTE;
        if !(is_in_use || version.is_labelled || is_last || is_recent_commit) {
            superfluous.push(version.number);
        }
    }
    superfluous
}

/// Thins the history of all directories, each in a transaction of its own.
pub(crate) async fn thin(exchange: &Exchange, retention: Duration) -> Result<Thinned> {
    let mut thinned = Thinned::default();
    let mut after = 0;
    loop {
        let look = move |conn: &mut Connection| Ok(versions::with_history(conn, after, PAGE)?);
        let page = exchange.without_policy().read(look).await?;
        let Some(last) = page.last() else {
            return Ok(thinned);
        };
        after = *last;
        for directory in page {
            let look = move |conn: &mut Connection| {
                let all = versions::dated(conn, directory)?;
                Ok(superfluous(&all, Timestamp::now(), retention))
            };
            if exchange.without_policy().read(look).await?.is_empty() {
                continue;
            }
            let remove = move |conn: &mut Connection| {
                if lock(conn, directory)? {
                    thin_one(conn, directory, retention)
                } else {
                    Ok(Thinned::default())
                }
            };
            let removed = exchange.without_policy().write(remove).await?;
            thinned.versions += removed.versions;
            thinned.entries += removed.entries;
        }
    }
}

/// Makes changes of a directory wait: one that restores a version must find all of its entries. Returns false if the
/// directory got another name meanwhile. The next clean-up thins it then.
fn lock(conn: &mut Connection, directory: i64) -> Result<bool> {
    let Some(row) = rows::by_id(conn, directory)? else {
        // Nobody changes a deleted directory.
        return Ok(true);
    };
    let before = DirectoryAddress {
        owner: row.owner,
        name: row.name,
    };
    lock_directory(conn, &before)?;
    let after = rows::by_id(conn, directory)?;
    Ok(after.is_some_and(|row| row.owner == before.owner && row.name == before.name))
}

fn thin_one(conn: &mut Connection, directory: i64, retention: Duration) -> Result<Thinned> {
    let all = versions::dated(conn, directory)?;
    let superfluous = superfluous(&all, Timestamp::now(), retention);
    Ok(Thinned {
        versions: superfluous.len(),
        entries: versions::remove(conn, directory, &superfluous)?,
    })
}

/// Thins all histories within one transaction.
pub(crate) fn rehearse(conn: &mut Connection, retention: Duration) -> Result<Thinned> {
    let mut thinned = Thinned::default();
    let mut after = 0;
    loop {
        let page = versions::with_history(conn, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(thinned);
        };
        after = *last;
        for directory in page {
            let removed = thin_one(conn, directory, retention)?;
            thinned.versions += removed.versions;
            thinned.entries += removed.entries;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        // At the beginning of a day.
        let day = 20_000 * 24 * 60;
        Timestamp::from_micros((day + minutes) * 60_000_000)
    }

    fn dated(number: i64, minutes: i64) -> Dated {
        Dated {
            number,
            made_at: at(minutes),
            is_labelled: false,
            is_from_source: false,
        }
    }

    fn kept(all: &[Dated], now: Timestamp) -> Vec<i64> {
        let superfluous = superfluous(all, now, 30 * DAY);
        let kept = all.iter().map(|version| version.number);
        kept.filter(|number| !superfluous.contains(number))
            .collect()
    }

    #[test]
    fn saves_every_two_minutes_cost_about_sixty_versions_a_month() {
        let days = 40;
        let all: Vec<Dated> = (0..days * 24 * 30)
            .map(|save| dated(save, 2 * save))
            .collect();
        let now = at(days * 24 * 60);
        let kept = kept(&all, now);
        // One of each day, each hour and each ten minutes, and the five of the last ten minutes.
        assert!((50..=66).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last(), all.last().map(|last| &last.number));
        assert!(kept[0] >= (days - 31) * 24 * 30);
    }

    #[test]
    fn the_last_of_a_slot_the_current_and_labelled_versions_stay() {
        let mut all: Vec<Dated> = (0..8).map(|number| dated(number, number)).collect();
        assert_eq!(kept(&all, at(20)), [7]);
        assert_eq!(kept(&all, at(12)), [3, 4, 5, 6, 7]);
        all[3].is_labelled = true;
        assert_eq!(kept(&all, at(20)), [3, 7]);
        assert_eq!(kept(&all, at(20 + 100 * 24 * 60)), [3, 7]);
        assert_eq!(kept(&[], at(0)), [0; 0]);
        // A clock that was set back.
        assert_eq!(kept(&all, at(-1000)).len(), 8);
    }

    #[test]
    fn ten_versions_from_commits_stay_whatever_their_age() {
        let mut all: Vec<Dated> = (0..30).map(|number| dated(number, number)).collect();
        for version in &mut all {
            version.is_from_source = true;
        }
        let kept = kept(&all, at(100 * 24 * 60));
        assert_eq!(kept, (20..30).collect::<Vec<_>>());
    }
}
