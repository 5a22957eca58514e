//! Maps the names of people in the source to their names at the hub.

use super::report::Report;
use super::table;
use nbcourier_domain::{LookAlikes, Person, UserName, oddity};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// The prefix that The Littlest JupyterHub adds to the names of its users to form account names
/// (`tljh/normalize.py`).
const OF_TLJH: &str = "jupyter-";
/// The length at which The Littlest JupyterHub cuts account names, in bytes. A dash and five characters of a checksum
/// follow.
const CUT_AT: usize = 26;
const SUM: usize = 5;

/// The mapping from names in the source to names at the hub.
#[derive(Debug, Default)]
pub struct Names {
    map: HashMap<String, UserName>,
    prefix: Option<String>,
    services: BTreeSet<String>,
    used: RefCell<BTreeSet<String>>,
    /// The mapped name of every name so far.
    seen: RefCell<BTreeMap<String, UserName>>,
}

impl Names {
    /// Returns a mapping that removes a prefix, and treats the names in `services` as those of services.
    pub fn new(prefix: Option<String>, services: impl IntoIterator<Item = String>) -> Self {
        Self {
            prefix,
            services: services.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Reads a table with two columns: the name in the source and the name at the hub. The error is a sentence about
    /// a mistake in the table.
    pub fn with_map(mut self, file: &Path) -> Result<Self, String> {
        for line in table::read(file)? {
            let wrong = |why: &str| format!("{}: line {}: {why}", file.display(), line.number);
            let (old, new) = (line.old, line.new.trim());
            let name = UserName::parse(new)
                .map_err(|_| wrong(&format!("{new:?} cannot be the name of a user")))?;
            if name.is_reserved() && !name.is_service() {
                return Err(wrong(&format!(
                    "{new:?} cannot be the name of a user or service of the hub"
                )));
            }
            if old.trim().is_empty() {
                return Err(wrong("the name in the source is empty"));
            }
            if self.map.contains_key(&old) {
                return Err(wrong(&format!("{old:?} is in the table twice")));
            }
            self.map.insert(old, name);
        }
        Ok(self)
    }

    /// Returns a person's name at the hub. The error continues a sentence about the person.
    pub fn of(&self, name: &UserName) -> Result<UserName, &'static str> {
        let known = self.found(name)?;
        if known.is_given_by_exchange() {
            return Err(
                "has a name that is reserved for operators, former users and services, or looks so. It is left behind. Add the \
                 person's name at the hub to the file of --user-map",
            );
        }
        let mut seen = self.seen.borrow_mut();
        seen.insert(name.to_string(), known.clone());
        Ok(known)
    }

    fn found(&self, name: &UserName) -> Result<UserName, &'static str> {
        let text = name.as_str();
        // A blank may be part of the name in the source, or surround it in the table.
        let is_same = |old: &&String| old.trim() == text;
        let exact = self.map.get_key_value(text);
        let mapped = exact.or_else(|| {
            let old = self.map.keys().find(is_same)?;
            self.map.get_key_value(old)
        });
        if let Some((old, mapped)) = mapped {
            self.used.borrow_mut().insert(old.clone());
            return Ok(mapped.clone());
        }
        if self.services.contains(text) {
            self.used.borrow_mut().insert(text.to_owned());
            return UserName::of_service(text).map_err(|_| ILLEGAL);
        }
        let Some(rest) = self
            .prefix
            .as_deref()
            .and_then(|prefix| text.strip_prefix(prefix))
        else {
            return Ok(name.clone());
        };
        if self.prefix.as_deref() == Some(OF_TLJH) && is_cut(text) {
            return Err(
                "has a name that The Littlest JupyterHub shortened, so the name at the hub is unknown; it is left \
                 behind. Add the name at the hub to the file of --user-map",
            );
        }
        UserName::parse(rest).map_err(|_| ILLEGAL)
    }

    /// Reports suspicious names: accounts of The Littlest JupyterHub, several names for one person, names that resemble
    /// each other or those that are `here`, and entries of the mapping that no name in the source uses.
    pub fn note_in(&self, report: &mut Report, here: &BTreeSet<String>) {
        let seen = self.seen.borrow();
        let is_same = |(old, new): &(&String, &UserName)| old.as_str() == new.as_str();
        for (old, _) in seen.iter().filter(is_same) {
            if old.starts_with(OF_TLJH) {
                let says = "looks like an account that The Littlest JupyterHub makes. The names at the hub do not \
                            begin with jupyter-: import with --strip-prefix jupyter-";
                report.note(old, says);
            }
        }
        let mut by_target: BTreeMap<&UserName, Vec<&str>> = BTreeMap::new();
        for (old, new) in seen.iter() {
            by_target.entry(new).or_default().push(old);
        }
        for (new, olds) in by_target.iter().filter(|(_, olds)| olds.len() > 1) {
            let about = format!("{} ({new})", olds.join(", "));
            report.note(about, "are taken for the same person");
        }
        let names = by_target.keys().map(|name| name.as_str());
        report_look_alikes(report, "", names, here, &LookAlikeReport::OF_PEOPLE);
        let used = self.used.borrow();
        let given = self.map.keys().chain(&self.services);
        let unused: BTreeSet<_> = given.filter(|name| !used.contains(*name)).collect();
        for name in unused {
            report.note(
                name,
                "is renamed by --user-map or --service, but nobody in the source has this name",
            );
        }
    }
}

/// The sentences about names that are easily confused.
pub struct LookAlikeReport {
    by_case: &'static str,
    alike: &'static str,
    advice: &'static str,
}

impl LookAlikeReport {
    /// The sentences about people.
    pub const OF_PEOPLE: Self = Self {
        by_case: "differ only in case and are imported as different people. If they are one person, map the names \
                  with --user-map",
        alike: "look alike, consist of different characters, and are imported as different people. If they are one \
                person, map the names with --user-map",
        advice: "no account of the hub may have this name; if it stands for another name, map it with --user-map",
    };
    /// The sentences about courses and assignments.
    pub const OF_THINGS: Self = Self {
        by_case: "differ only in case and are imported as different ones",
        alike: "look alike, consist of different characters, and are imported as different ones",
        advice: "it is imported as it is, and has to be typed like that",
    };
}

/// Reports names that resemble each other or existing names, and names with invisible characters.
pub fn report_look_alikes<'a>(
    report: &mut Report,
    inside: &str,
    names: impl Iterator<Item = &'a str>,
    here: &BTreeSet<String>,
    looks: &LookAlikeReport,
) {
    let names: BTreeSet<&str> = names.collect();
    let mut alike = LookAlikes::of(names.iter().copied());
    for name in here {
        alike.compare(name);
    }
    for alike in alike.found() {
        let says = if alike.by_case {
            looks.by_case
        } else {
            looks.alike
        };
        report.note(format!("{inside}{alike}"), says);
    }
    for name in names {
        if let Some(oddity) = oddity(name) {
            let says = format!("the name {oddity}; {}", looks.advice);
            report.note(format!("{inside}{name:?}"), says);
        }
    }
}

const ILLEGAL: &str =
    "has no legal name at the hub; it is left behind. Add a legal name to the file of --user-map";

/// Reports an instructor whose name looks like a service of the hub. Returns whether it does.
pub fn report_service(report: &mut Report, course: &str, name: &UserName) -> bool {
    let text = name.as_str();
    let looks_so = !name.is_service()
        && (text == course
            || ["grader", "formgrad", "service"]
                .iter()
                .any(|word| text.contains(word))
            || text
                .strip_suffix(course)
                .is_some_and(|rest| rest.ends_with(['-', '_'])));
    if looks_so {
        let says = "looks like a service of the hub, as the formgrader of a course often is. If it is one, import it \
                    with --service and its name: a service is called service:NAME here, and a user of that name is \
                    somebody else";
        report.note(format!("{course} / {name}"), says);
    }
    looks_so
}

/// Finds instructors who may be services of the hub, whatever their names are. The source does not say it: a service has
/// no details there, is nobody's student, and hands nothing in, but this is true of people as well.
#[derive(Default)]
pub struct PossibleServices {
    /// Courses and their instructors without details.
    instructors: Vec<(String, UserName)>,
    /// Courses with an instructor that is known to be a service, or was reported as a possible one.
    settled: BTreeSet<String>,
    /// The names that are certainly those of people.
    people: HashSet<UserName>,
}

impl PossibleServices {
    /// Adds an instructor. `is_reported`: whether the name looks like that of a service.
    pub fn instructor(&mut self, course: &str, person: &Person, is_reported: bool) {
        let details = [&person.first_name, &person.last_name, &person.email];
        let has_details = details
            .into_iter()
            .flatten()
            .any(|text| !text.trim().is_empty());
        if is_reported || person.username.is_service() {
            self.settled.insert(course.to_owned());
        } else if has_details {
            self.people.insert(person.username.clone());
        } else {
            self.instructors
                .push((course.to_owned(), person.username.clone()));
        }
    }

    /// Adds the name of a student.
    pub fn student(&mut self, name: &UserName) {
        self.people.insert(name.clone());
    }

    /// Reports the instructors who may be services, in courses where none is known.
    pub fn note_in(self, report: &mut Report) {
        let says = "comes over as a person. The source does not say which instructors are services of the hub. If the \
                    formgrader of the course runs as a service of this name, bring it over with --service and the name: \
                    otherwise it is not in its course";
        for (course, name) in self.instructors {
            if !self.settled.contains(&course) && !self.people.contains(&name) {
                report.note(format!("{course} / {name}"), says);
            }
        }
    }
}

/// Whether The Littlest JupyterHub cut the name of the account because it was too long.
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

    fn mapped(text: impl AsRef<[u8]>) -> Result<Names, String> {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("names.csv");
        std::fs::write(&file, text).unwrap();
        Names::new(Some("jupyter-".to_owned()), ["grader".to_owned()]).with_map(&file)
    }

    #[test]
    fn people_get_the_names_that_the_hub_knows_them_by() {
        let names =
            mapped("\u{feff}old,new\nbob, robert\n\"x, y\",xy\ncourse101,service:course101\n")
                .unwrap();
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
        assert!(cut.unwrap_err().contains("shortened"));
        assert!(names.of(&name("jupyter-")).is_err());
        let mut report = Report::default();
        names.note_in(&mut report, &BTreeSet::new());
        assert_eq!(report.notes, []);
    }

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        let utf16 = |text: &str| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        };
        let tables: [Vec<u8>; 8] = [
            "old;new\r\nbob;zo\u{eb}\r\n;\r\n".into(),
            "Old_Name\tNew Name\nbob\tzo\u{eb}\n".into(),
            utf16("from\tto\r\nbob\tzo\u{eb}\r\n"),
            "sep=;\nbob;zo\u{eb}\n".into(),
            "new,old\nzo\u{eb},bob\n".into(),
            "\n\nbob,zo\u{eb},,\n".into(),
            "\u{feff}bob;zo\u{eb}".into(),
            "\"bob\";\"zo\u{eb}\"\r\n\"x;, y\";\"z\"\r\n".into(),
        ];
        for table in tables {
            let told = String::from_utf8_lossy(&table).into_owned();
            let names = mapped(table).unwrap();
            assert_eq!(
                names.of(&name("bob")).unwrap().as_str(),
                "zo\u{eb}",
                "{told}"
            );
            assert_eq!(names.of(&name("old")).unwrap().as_str(), "old", "{told}");
        }
        for odd in [
            &b"bob,zo\xeb\n"[..],
            b"b\0o\0b\0,\0x\0\n\0",
            b"\xff\xfeb\0o",
        ] {
            let message = mapped(odd).unwrap_err();
            assert!(message.contains("neither UTF-8 nor UTF-16"), "{message}");
        }
        let message = mapped("sep=;\nold;new\nbob;a/b\n").unwrap_err();
        assert!(message.contains("line 3"), "{message}");
    }

    #[test]
    fn a_blank_in_the_table_is_part_of_a_name_or_stands_beside_it() {
        let names = mapped("\"kim \",kim\nbob , robert\n,\n").unwrap();
        for (old, new) in [("kim ", "kim"), ("bob", "robert"), ("bob ", "robert")] {
            assert_eq!(names.of(&name(old)).unwrap().as_str(), new);
        }
    }

    #[test]
    fn names_that_are_easily_taken_for_others_are_said() {
        let names = Names::default();
        for old in ["zoë", "zoe\u{308}", "\u{430}nna", "kim ", "x\u{200b}y"] {
            names.of(&name(old)).unwrap();
        }
        let mut report = Report::default();
        names.note_in(
            &mut report,
            &BTreeSet::from(["anna".to_owned(), "KIM".to_owned()]),
        );
        let notes: Vec<_> = report.notes.iter().map(ToString::to_string).collect();
        for words in [
            [
                "\"anna\" and",
                "(U+0430)",
                "consist of different characters",
            ],
            ["\"KIM\" and \"kim \"", "look alike", "--user-map"],
            ["U+0308", "U+00EB", "look alike"],
            ["\"kim \"", "begins or ends with a blank", "--user-map"],
            ["\"x\\u{200b}y\"", "U+200B", "--user-map"],
        ] {
            let is_noted = |line: &String| words.iter().all(|word| line.contains(word));
            assert!(notes.iter().any(is_noted), "{words:?}: {notes:#?}");
        }
        assert_eq!(notes.len(), 5, "{notes:#?}");
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused_with_its_line() {
        for (text, words) in [
            ("bob\n", "line 1"),
            ("a,b\nbob,x,y\n", "line 2"),
            ("bob,a/b\n", "cannot be the name of a user"),
            ("bob,former:x\n", "cannot be the name of a user or service"),
            ("bob,x\nbob,y\n", "twice"),
            (",x\n", "empty"),
        ] {
            let message = mapped(text).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn names_that_look_alike_are_reported() {
        let names = Names::new(None, ["nobody".to_owned()]);
        for old in ["jupyter-ada", "jupyter-bob", "Eve", "eve"] {
            names.of(&name(old)).unwrap();
        }
        let mut report = Report::default();
        names.note_in(&mut report, &BTreeSet::new());
        let notes: Vec<_> = report.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(notes[0].contains("jupyter-ada") && notes[0].contains("--strip-prefix"));
        assert!(notes[2].contains("\"Eve\" and \"eve\"") && notes[2].contains("case"));
        assert!(notes[3].contains("nobody"));
        for (course, instructor, looks_so) in [
            ("course101", "course101", true),
            ("course101", "grader-course101", true),
            ("course101", "formgrader", true),
            ("course101", "ira", false),
        ] {
            let mut report = Report::default();
            report_service(&mut report, course, &name(instructor));
            assert_eq!(!report.notes.is_empty(), looks_so, "{instructor}");
        }
    }

    #[test]
    fn instructors_who_may_be_services_are_reported_unless_one_is_known() {
        let instructor = |text, first_name: Option<&str>| Person {
            first_name: first_name.map(str::to_owned),
            ..Person::named(name(text))
        };
        let mut possible_services = PossibleServices::default();
        for (course, text, first_name, is_reported) in [
            ("algebra", "maths", None, false),
            ("algebra", "blank", Some(" "), false),
            ("algebra", "ira", Some("Ira"), false),
            ("algebra", "tutor", None, false),
            ("geometry", "kim", None, false),
            ("geometry", "grader", None, true),
            ("logic", "kim", None, false),
            ("logic", "service:logic", None, false),
        ] {
            possible_services.instructor(course, &instructor(text, first_name), is_reported);
        }
        possible_services.student(&name("tutor"));
        let mut report = Report::default();
        possible_services.note_in(&mut report);
        let about: Vec<_> = report
            .notes
            .iter()
            .map(|note| note.about.as_str())
            .collect();
        assert_eq!(about, ["algebra / maths", "algebra / blank"]);
        assert!(report.notes[0].says.contains("--service"));
    }
}
