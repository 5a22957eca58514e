//! The files that a round has replaced or removed. They are kept for a while.

use super::place::{Root, kind, parts};
use super::removal::{entries, remove_all};
use nbcourier_domain::{RelativePath, Timestamp};
use rustix::fs::{Dir, FileType};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;

/// The name of the folder.
const NAME: &str = "kept";
/// The number of days for which files are kept.
const DAYS: usize = 30;
/// The number of bytes that are kept beyond those of the newest two days.
const MAX_BYTES: u64 = 1 << 30;

/// The kept files of a folder.
#[derive(Debug)]
pub struct Kept {
    root: Root,
    day: String,
    /// The folders in which names were given away that may not be durable yet.
    unflushed: RefCell<BTreeSet<String>>,
}

impl Kept {
    /// Opens the folder of kept files.
    pub fn open(own: &Root, day: &str) -> io::Result<Self> {
        Ok(Self {
            root: own.make_folder(NAME)?,
            day: day.to_owned(),
            unflushed: RefCell::default(),
        })
    }

    /// Returns a folder and a free name in it for a file that goes.
    pub fn slot(&self, path: &RelativePath) -> io::Result<(Root, String)> {
        let (above, name) = parts(path.as_str());
        // What was a file may be a folder in another version of the same day.
        for day in 1..1000 {
            let day = numbered(&self.day, day);
            let below = format!("{day}/{above}");
            let below = below.trim_end_matches('/');
            let Ok(folder) = self.root.make_folder(below) else {
                continue;
            };
            if folder.stat(name)?.is_none() {
                self.unflushed.borrow_mut().insert(below.to_owned());
                return Ok((folder, name.to_owned()));
            }
        }
        Err(io::Error::other("it was replaced a thousand times today"))
    }

    /// Makes the names of the files durable that have come here.
    pub fn flush(&self) -> io::Result<()> {
        let mut unflushed = self.unflushed.take().into_iter();
        unflushed.try_for_each(|below| self.root.folder(&below)?.flush())
    }

    /// Returns the path of a kept file below the folder, for messages.
    pub fn shown(slot: &(Root, String)) -> String {
        slot.0.path().join(&slot.1).display().to_string()
    }

    /// Removes what is older than a month, and the oldest days of more than a gigabyte. The newest two days stay.
    pub fn clear(&self) -> io::Result<()> {
        let mut days: Vec<String> = Dir::read_from(self.root.fd())?
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str().ok()?.to_owned()))
            .filter(|name| name.len() >= 10 && name.as_bytes()[4] == b'-')
            .collect();
        days.sort();
        days.reverse();
        let oldest = day_before(&self.day, DAYS);
        let yesterday = day_before(&self.day, 1);
        let mut bytes = 0;
        for day in days {
            let size = size(&self.root, &day);
            bytes += size;
            let is_new = day[..10] >= *yesterday;
            if !is_new && (day[..10] < *oldest || bytes > MAX_BYTES) {
                remove_all(&self.root, &day)?;
                bytes -= size;
            }
        }
        Ok(())
    }
}

fn numbered(day: &str, number: u32) -> String {
    if number == 1 {
        day.to_owned()
    } else {
        format!("{day}-{number}")
    }
}

/// Returns the day so many days before. The day of an unreadable date is the date itself.
fn day_before(day: &str, days: usize) -> String {
    let Ok(noon) = Timestamp::parse(&format!("{day}T12:00:00Z")) else {
        return day.to_owned();
    };
    let micros = i64::try_from(days).unwrap_or(0) * 24 * 3_600_000_000;
    let before = Timestamp::from_micros(noon.micros() - micros);
    before.to_rfc3339().chars().take(10).collect()
}

fn size(root: &Root, name: &str) -> u64 {
    match root.stat(name) {
        Ok(Some(found)) if kind(&found) == FileType::Directory => {
            let mut sum = 0;
            entries(root, name, |folder, name| sum += size(folder, name));
            sum
        }
        Ok(Some(found)) => u64::try_from(found.st_size).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn kept(at: &Path, day: &str) -> Kept {
        Kept::open(&Root::open(at).unwrap(), day).unwrap()
    }

    fn days(at: &Path) -> Vec<String> {
        let found = fs::read_dir(at.join(NAME)).unwrap();
        let mut days: Vec<_> = found
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        days.sort();
        days
    }

    #[test]
    fn a_month_is_kept_and_a_gigabyte_but_always_the_newest_day() {
        let place = tempfile::tempdir().unwrap();
        let at = |day: &str| place.path().join(NAME).join(day);
        for day in [
            "2026-12-31",
            "2027-01-03",
            "2027-01-20",
            "2027-01-31",
            "2027-02-01",
        ] {
            fs::create_dir_all(at(day)).unwrap();
        }
        // Files with holes take no space.
        for (day, size) in [("2027-02-01", 2_u64 << 30), ("2027-01-20", 1)] {
            let file = fs::File::create(at(day).join("a")).unwrap();
            file.set_len(size).unwrap();
        }
        kept(place.path(), "2027-02-01").clear().unwrap();
        assert_eq!(days(place.path()), ["2027-01-31", "2027-02-01"]);
        kept(place.path(), "2027-02-02").clear().unwrap();
        assert_eq!(days(place.path()), ["2027-02-01"]);
        kept(place.path(), "2027-02-03").clear().unwrap();
        assert!(days(place.path()).is_empty());
    }

    #[test]
    fn a_path_is_kept_twice_a_day_and_as_file_and_folder() {
        let place = tempfile::tempdir().unwrap();
        let kept = kept(place.path(), "2027-02-01");
        for path in ["a/b", "a/b", "a", "a/b/c"] {
            let path = RelativePath::parse(path).unwrap();
            let (folder, name) = kept.slot(&path).unwrap();
            folder.create(&name).unwrap();
        }
        let root = place.path().join(NAME);
        for path in ["2027-02-01/a/b", "2027-02-01-2/a/b", "2027-02-01-3/a"] {
            assert!(root.join(path).is_file(), "{path}");
        }
    }
}
