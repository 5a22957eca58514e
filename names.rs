//! Who people are at the hub, where the source calls them otherwise.

use super::report::Report;
use crate::domain::UserName;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// What The Littlest JupyterHub puts before the names of its users, to make accounts of the machine of them
/// (`tljh/normalize.py`),
const OF_TLJH: &str = "jupyter-";
/// and where it cuts them: 26 bytes, a dash, and five of a checksum.
const CUT_AT: usize = 26;
const SUM: usize = 5;

/// From the names of a source to those of the hub.
#[derive(Debug, Default)]
pub struct Names {
    map: HashMap<String, UserName>,
    prefix: Option<String>,
    services: BTreeSet<String>,
    used: RefCell<BTreeSet<String>>,
    /// What came of every name.
    seen: RefCell<BTreeMap<String, UserName>>,
}

impl Names {
    /// Takes a prefix away, and takes the names given as those of services.
    pub fn new(prefix: Option<String>, services: impl IntoIterator<Item = String>) -> Self {
        Self {
            prefix,
            services: services.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Reads a table of two columns, the name in the source and the one at the hub; what is wrong with it, as a sentence.
    pub fn with_map(mut self, file: &Path) -> Result<Self, String> {
        let told = |why: String| format!("{}: {why}", file.display());
        let bytes = std::fs::read(file).map_err(|error| told(format!("cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| told("is not UTF-8".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut lines = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        for (number, line) in lines.records().enumerate() {
            let line = line.map_err(|error| told(error.to_string()))?;
            let place = line.position().map_or(number as u64 + 1, csv::Position::line);
            let wrong = |why: &str| told(format!("line {place}: {why}"));
            let (Some(old), Some(new), 2) = (line.get(0), line.get(1), line.len()) else {
                return Err(wrong("is not OLD,NEW: the name in the source and the name at the hub"));
            };
            if number == 0 && old == "old" && new == "new" {
                continue;
            }
            let name = UserName::parse(new)
                .map_err(|_| wrong(&format!("{new:?} is no name that a user can have")))?;
            if name.is_reserved() && !name.is_service() {
                return Err(wrong(&format!("{new:?} is no name of a user or service of the hub")));
            }
            if old.is_empty() {
                return Err(wrong("the name in the source is empty"));
            }
            if self.map.insert(old.to_owned(), name).is_some() {
                return Err(wrong(&format!("{old:?} is in the table twice")));
            }
        }
        Ok(self)
    }

    /// Who somebody is at the hub; or why that cannot be told, as the rest of a sentence.
    pub fn of(&self, name: &UserName) -> Result<UserName, &'static str> {
        let known = self.found(name)?;
        let mut seen = self.seen.borrow_mut();
        seen.insert(name.to_string(), known.clone());
        Ok(known)
    }

    fn found(&self, name: &UserName) -> Result<UserName, &'static str> {
        let text = name.as_str();
        if let Some(mapped) = self.map.get(text) {
            self.used.borrow_mut().insert(text.to_owned());
            return Ok(mapped.clone());
        }
        if self.services.contains(text) {
            self.used.borrow_mut().insert(text.to_owned());
            return UserName::of_service(text).map_err(|_| ILLEGAL);
        }
        let Some(rest) = self.prefix.as_deref().and_then(|prefix| text.strip_prefix(prefix)) else {
            return Ok(name.clone());
        };
        if self.prefix.as_deref() == Some(OF_TLJH) && is_cut(text) {
            return Err(
                "has a name that The Littlest JupyterHub cut short, so that the name at the hub cannot be told; it is left \
                 behind. Name it in the file of --user-map",
            );
        }
        UserName::parse(rest).map_err(|_| ILLEGAL)
    }

    /// Says what looks as if people were somebody else at the hub.
    pub fn tell(&self, report: &mut Report) {
        let seen = self.seen.borrow();
        let is_same = |(old, new): &(&String, &UserName)| old.as_str() == new.as_str();
        for (old, _) in seen.iter().filter(is_same) {
            if old.starts_with(OF_TLJH) {
                let says = "is a name as The Littlest JupyterHub makes accounts of the machine. At the hub people are called \
                            without jupyter-: bring them over with --strip-prefix jupyter-";
                report.note(old, says);
            }
        }
        let mut by_target: BTreeMap<&UserName, Vec<&str>> = BTreeMap::new();
        let mut by_case: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (old, new) in seen.iter() {
            by_target.entry(new).or_default().push(old);
            by_case
                .entry(new.as_str().to_lowercase())
                .or_default()
                .insert(new.as_str());
        }
        for (new, olds) in by_target.iter().filter(|(_, olds)| olds.len() > 1) {
            let about = format!("{} ({new})", olds.join(", "));
            report.note(about, "are taken for the same person");
        }
        for names in by_case.values().filter(|names| names.len() > 1) {
            let names: Vec<&str> = names.iter().copied().collect();
            let says = "differ only in case and are brought over as different people. If they are one, say so by --user-map";
            report.note(names.join(", "), says);
        }
        let used = self.used.borrow();
        let given = self.map.keys().chain(&self.services);
        let unused: BTreeSet<_> = given.filter(|name| !used.contains(*name)).collect();
        for name in unused {
            report.note(name, "is renamed by --user-map or --service, and nobody in the source is called so");
        }
    }
}

const ILLEGAL: &str = "has no legal name at the hub; it is left behind. Name one in the file of --user-map";

/// Says of an instructor that they look like a service of the hub.
pub fn tell_service(report: &mut Report, course: &str, name: &UserName) {
    let text = name.as_str();
    let looks_so = !name.is_service()
        && (text == course
            || ["grader", "formgrad", "service"].iter().any(|word| text.contains(word))
            || text.strip_suffix(course).is_some_and(|rest| rest.ends_with(['-', '_'])));
    if looks_so {
        let says = "looks like a service of the hub. If it is one, which formgrader of a course often is, bring it over with \
                    --service and its name: here a service is service:NAME, and a user of that name is somebody else";
        report.note(format!("{course} / {name}"), says);
    }
}

/// Whether the name of an account is one that was too long for TLJH.
fn is_cut(name: &str) -> bool {
    let Some((_, end)) = name.split_at_checked(CUT_AT) else {
        return false;
    };
    end.len() == SUM + 1
        && end.starts_with('-')
        && end[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn mapped(text: &str) -> Result<Names, String> {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("names.csv");
        std::fs::write(&file, text).unwrap();
        Names::new(Some("jupyter-".to_owned()), ["grader".to_owned()]).with_map(&file)
    }

    #[test]
    fn people_get_the_names_that_the_hub_knows_them_by() {
        let names = mapped("\u{feff}old,new\nbob, robert\n\"x, y\",xy\ncourse101,service:course101\n").unwrap();
        for (old, new) in [
            ("bob", "robert"),
            ("x, y", "xy"),
            ("course101", "service:course101"),
            ("grader", "service:grader"),
            ("jupyter-ada", "ada"),
            ("eve", "eve"),
        ] {
            assert_eq!(names.of(&name(old)).unwrap().as_str(), new);
        }
        let cut = names.of(&name("jupyter-a.very.long.addres-1a2b3"));
        assert!(cut.unwrap_err().contains("cut short"));
        assert!(names.of(&name("jupyter-")).is_err());
        let mut report = Report::default();
        names.tell(&mut report);
        assert_eq!(report.notes, []);
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused_with_its_line() {
        for (text, words) in [
            ("bob\n", "line 1"),
            ("a,b\nbob,x,y\n", "line 2"),
            ("bob,a/b\n", "no name that a user can have"),
            ("bob,former:x\n", "no name of a user or service"),
            ("bob,x\nbob,y\n", "twice"),
            (",x\n", "empty"),
        ] {
            let told = mapped(text).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn what_looks_like_somebody_else_is_said() {
        let names = Names::new(None, ["nobody".to_owned()]);
        for old in ["jupyter-ada", "jupyter-bob", "Eve", "eve"] {
            names.of(&name(old)).unwrap();
        }
        let mut report = Report::default();
        names.tell(&mut report);
        let told: Vec<_> = report.notes.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("jupyter-ada") && told[0].contains("--strip-prefix"));
        assert!(told[2].contains("Eve, eve") && told[2].contains("case"));
        assert!(told[3].contains("nobody"));
        for (course, instructor, looks_so) in [
            ("course101", "course101", true),
            ("course101", "grader-course101", true),
            ("course101", "formgrader", true),
            ("course101", "ira", false),
        ] {
            let mut report = Report::default();
            tell_service(&mut report, course, &name(instructor));
            assert_eq!(!report.notes.is_empty(), looks_so, "{instructor}");
        }
    }
}
