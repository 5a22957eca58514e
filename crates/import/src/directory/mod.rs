//! Imports nbgrader's own exchange, a directory that all users share. Below `COURSE`, `outbound/ASSIGNMENT` holds the
//! releases, `inbound/USER+ASSIGNMENT+TIME` the submissions, and `feedback` the feedback pages. It has no roster.

mod feedback;
mod name;
mod time;
mod tree;

use super::kinds::{kind_of, what_a_file_is};
use super::names::{LookAlikeReport, Names, report_look_alikes, report_service};
use super::source::{SourceSubmission, SourceTree};
use super::source_path::{Kind, Root, SourcePath};
use super::{Error, Mover, Result};
use name::InboundName;
use nbcourier_domain::{AssignmentId, CourseId, Md5Sum, Person, Role, Timestamp, UserName};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Read as _};
use std::path::Path;
pub use time::Times;
use tree::{Owned, entries};

/// The file that nbgrader adds to a submission with its time.
const TIMESTAMP: &str = "timestamp.txt";
/// The file that nbgrader adds to a submission with the secret that names its feedback.
const SECRET: &str = "submission_secret.txt";
/// A limit on the size of either file, in bytes. Both are smaller.
const SMALL: u64 = 4096;

/// A shared directory. It is never written to.
pub struct Directory {
    root: SourcePath,
    courses: Vec<CourseId>,
    /// Links among the courses.
    links: Vec<String>,
}

/// A submission.
struct Inbound {
    name: InboundName,
    /// The name of the student at the hub.
    student: UserName,
    at: Timestamp,
    place: SourcePath,
    /// Whether `timestamp.txt` holds a different time.
    is_doubtful: bool,
}

impl Directory {
    /// Finds the courses in the directory. Courses named in `only` must exist.
    pub fn open(root: &Path, only: &[CourseId]) -> Result<Self> {
        if root.is_file() {
            let what = what_a_file_is(root).unwrap_or("a file");
            return Err(Error::Source(format!(
                "{} is {what}, not a directory. If it contains an exchange, unpack it and name the directory with \
                 the courses",
                root.display()
            )));
        }
        let root = Root::open(root)
            .map_err(|error| Error::Unreadable(root.to_owned(), error))?
            .place();
        let (mut courses, mut links) = (Vec::new(), Vec::new());
        for (name, shown, kind) in entries(&root)? {
            if kind == Kind::Link {
                links.push(shown);
                continue;
            }
            let Some(name) = name else { continue };
            let place = root.join(&name);
            let is_course = ["inbound", "outbound"]
                .iter()
                .any(|part| place.join(part).is_directory());
            if let Ok(course) = CourseId::parse(name)
                && is_course
            {
                courses.push(course);
            }
        }
        if courses.is_empty() {
            let place = root.path();
            let place = place.display();
            return Err(Error::Source(match kind_of(&root) {
                Some(what) => format!("There is no course in {place}. It is {what}"),
                None => format!(
                    "There is no course in {place}: no directory in it contains outbound or inbound. Name the \
                     directory of nbgrader's Exchange.root"
                ),
            }));
        }
        if let Some(missing) = only.iter().find(|course| !courses.contains(course)) {
            let all: Vec<_> = courses.iter().map(CourseId::as_str).collect();
            return Err(Error::Source(format!(
                "There is no course {missing} in {}. The courses are: {}",
                root.path().display(),
                all.join(", ")
            )));
        }
        if !only.is_empty() {
            courses.retain(|course| only.contains(course));
            links.clear();
        }
        Ok(Self {
            root,
            courses,
            links,
        })
    }

    /// Returns the number of files to examine, without the feedback.
    pub fn count_files(&self) -> u64 {
        let mut count = 0;
        for course in &self.courses {
            for part in ["outbound", "inbound"] {
                let directory = self.root.join(course.as_str()).join(part);
                if directory.is_directory() {
                    let tree = tree::below(&directory, &[], Owned::ByAnybody);
                    count += tree.files.len() as u64;
                }
            }
        }
        count
    }

    /// Passes everything to the mover. The named instructors teach every course.
    pub async fn bring(
        &self,
        mover: &mut Mover<'_>,
        instructors: &[UserName],
        (names, times): (&Names, &Times),
    ) -> Result<()> {
        for link in &self.links {
            let says = "is a link, which is not followed. If it stands for a course, import the directory that the \
                        link leads to";
            mover.report().problem(link, says);
        }
        for course in &self.courses {
            self.bring_course(mover, course, instructors, (names, times))
                .await?;
        }
        let courses = self.courses.iter().map(CourseId::as_str);
        report_look_alikes(
            mover.report(),
            "",
            courses,
            &BTreeSet::new(),
            &LookAlikeReport::OF_THINGS,
        );
        let here = mover.everybody().await?;
        names.note_in(mover.report(), &here);
        Ok(())
    }

    async fn bring_course(
        &self,
        mover: &mut Mover<'_>,
        course: &CourseId,
        instructors: &[UserName],
        (names, times): (&Names, &Times),
    ) -> Result<()> {
        let directory = self.root.join(course.as_str());
        mover.course(course).await?;
        let outbound = outbound(mover, course, &directory.join("outbound"))?;
        let released: BTreeSet<_> = outbound.keys().cloned().collect();
        let inbound = Handed {
            course,
            released: &released,
            names,
            times,
        }
        .in_directory(mover, &directory.join("inbound"))?;

        for name in instructors {
            report_service(mover.report(), course.as_str(), name);
        }
        let students: BTreeSet<&UserName> = inbound.iter().map(|each| &each.student).collect();
        let people = instructors.iter().map(|name| (Role::Instructor, name));
        let others = students
            .into_iter()
            .filter(|name| !instructors.contains(name));
        let people = people.chain(others.map(|name| (Role::Student, name)));
        let people = people.map(|(role, name)| (role, Person::named(name.clone())));
        mover.people(course, people.collect()).await?;
        if instructors.is_empty() {
            let says = "a shared directory has no roster: the students are those who submitted something, and there \
                        are no instructors. Add instructors with --instructor, with `nbcourier roster add`, or by \
                        groups of the hub";
            mover.report().note(course.to_string(), says);
        }

        let handed_in = inbound.iter().map(|each| each.name.assignment.as_str());
        let assignments: BTreeSet<&str> = released
            .iter()
            .map(AssignmentId::as_str)
            .chain(handed_in)
            .collect();
        let inside = format!("{course} / ");
        let assignments = assignments.into_iter();
        report_look_alikes(
            mover.report(),
            &inside,
            assignments,
            &BTreeSet::new(),
            &LookAlikeReport::OF_THINGS,
        );
        let mut notebooks: BTreeMap<AssignmentId, BTreeSet<String>> = BTreeMap::new();
        for (assignment, place) in outbound {
            let tree = tree::below(&place, &[], Owned::ByAnybody);
            notebooks.insert(assignment.clone(), notebook_ids(&tree));
            mover.assignment(course, assignment, tree, None).await?;
        }
        let pages = Pages::in_directory(&directory.join("feedback"))?;
        let mut claimed = HashSet::new();
        for each in inbound {
            let work = tree::below(&each.place, &[TIMESTAMP, SECRET], Owned::ByOne);
            let mut ids = notebook_ids(&work);
            ids.extend(
                notebooks
                    .get(&each.name.assignment)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            let feedback = pages.of(course, &each, &ids, &mut claimed);
            let feedback = feedback.unwrap_or_else(|error| {
                let about = format!("{course} / {} / {}", each.name.assignment, each.student);
                let says = format!("the secret of a submission cannot be read ({error}), so its feedback is not found");
                mover.report().problem(about, says);
                SourceTree::default()
            });
            let submission = SourceSubmission {
                assignment: each.name.assignment,
                student: each.student,
                at: each.at,
                work,
                feedback: (!feedback.is_empty()).then_some(feedback),
            };
            mover.submission(course, submission).await?;
        }
        let unclaimed = pages.sums.len() - claimed.len();
        if unclaimed > 0 {
            let says = format!(
                "{unclaimed} pages of feedback belong to no existing submission, so their students are unknown; they \
                 are left behind"
            );
            mover.report().problem(course.to_string(), says);
        }
        Ok(())
    }
}

/// Returns the directories of the released assignments.
fn outbound(
    mover: &mut Mover<'_>,
    course: &CourseId,
    outbound: &SourcePath,
) -> Result<BTreeMap<AssignmentId, SourcePath>> {
    let mut releases = BTreeMap::new();
    if !outbound.is_directory() {
        return Ok(releases);
    }
    for (name, shown, kind) in entries(outbound)? {
        match name.and_then(|name| AssignmentId::parse(name).ok()) {
            Some(assignment) if kind == Kind::Directory => {
                let place = outbound.join(assignment.as_str());
                releases.insert(assignment, place);
            }
            _ => {
                let about = format!("{course} / outbound / {shown}");
                let says = "is not a directory with a legal assignment name; it is left behind";
                mover.report().problem(about, says);
            }
        }
    }
    Ok(releases)
}

/// The context that is needed to understand the submissions of a course.
struct Handed<'a> {
    course: &'a CourseId,
    released: &'a BTreeSet<AssignmentId>,
    names: &'a Names,
    times: &'a Times,
}

impl Handed<'_> {
    /// Returns all submissions, oldest first.
    fn in_directory(&self, mover: &mut Mover<'_>, inbound: &SourcePath) -> Result<Vec<Inbound>> {
        let course = self.course;
        let mut found: Vec<Inbound> = Vec::new();
        if !inbound.is_directory() {
            return Ok(found);
        }
        let mut zones: BTreeMap<String, u64> = BTreeMap::new();
        for (name, shown, kind) in entries(inbound)? {
            let about = format!("{course} / inbound / {shown}");
            let place = inbound.join(name.as_deref().unwrap_or_default());
            let name = name.filter(|_| kind == Kind::Directory);
            let inside = match name {
                Some(_) => read_small(&place.join(TIMESTAMP)),
                None => Ok(None),
            };
            let inside = inside.unwrap_or_else(|error| {
                let says =
                    format!("timestamp.txt cannot be read ({error}); the time of the name counts");
                mover.report().note(about.clone(), says);
                None
            });
            let inside = inside.unwrap_or_default();
            match name.map(|name| self.understand(&name, place, &inside)) {
                Some(Ok((each, zone))) => {
                    if each.is_doubtful {
                        let says = "timestamp.txt has another time; the time in the name counts";
                        mover.report().note(about, says);
                    }
                    if let Some(zone) = zone {
                        *zones.entry(zone).or_default() += 1;
                    }
                    found.push(each);
                }
                Some(Err(says)) => mover.report().problem(about, says),
                None => mover.report().problem(about, NO_NAME),
            }
        }
        for (zone, count) in zones {
            let about = format!("{course} / inbound, {count} submissions");
            mover.report().note(about, format!("times {zone}"));
        }
        self.tell_owners(mover, &found);
        let unreleased: BTreeSet<_> = found
            .iter()
            .map(|each| &each.name.assignment)
            .filter(|name| !self.released.contains(name))
            .collect();
        for assignment in unreleased {
            let about = format!("{course} / {assignment}");
            let says = "is not released; its submissions are imported, and visible when it is released here";
            mover.report().note(about, says);
        }
        found.sort_by_key(|each| each.at);
        Ok(found)
    }

    /// Returns the submission in a directory, whose timestamp.txt has the text `inside`, and a note on its time zone if
    /// that had to be inferred. The error says why the directory is left behind.
    fn understand(
        &self,
        name: &str,
        place: SourcePath,
        inside: &str,
    ) -> std::result::Result<(Inbound, Option<String>), String> {
        let in_file = self.times.read(inside);
        let in_file = in_file.and_then(|written| self.times.resolve(&written).ok());
        let (name, written) = InboundName::parse(name, self.released, self.times)
            .or_else(|| InboundName::with_time(name, self.released, inside, self.times))
            .ok_or_else(|| NO_NAME.to_owned())?;
        // The file may name the zone if the directory's name does not.
        let (at, zone) = match self.times.resolve(&written) {
            Ok(resolved) => resolved,
            Err(unclear) => in_file.clone().ok_or_else(|| unclear.to_string())?,
        };
        let student = self.names.of(&name.student)?;
        let inbound = Inbound {
            is_doubtful: in_file.is_some_and(|(inside, _)| inside != at),
            name,
            student,
            at,
            place,
        };
        Ok((inbound, zone))
    }

    fn tell_owners(&self, mover: &mut Mover<'_>, found: &[Inbound]) {
        let mut owners: BTreeMap<&UserName, BTreeSet<u32>> = BTreeMap::new();
        for each in found {
            if let Ok(owner) = each.place.hold().and_then(|held| held.owner()) {
                owners.entry(&each.student).or_default().insert(owner);
            }
        }
        for (student, owners) in owners.iter().filter(|(_, owners)| owners.len() > 1) {
            let about = format!("{} / {student}, by the accounts {owners:?}", self.course);
            let says = "the submissions belong to different accounts of this machine; one of them may have used the \
                        other's name";
            mover.report().note(about, says);
        }
    }
}

/// The sentence about an entry of `inbound` whose name cannot be parsed.
const NO_NAME: &str = "is not a directory named USER+ASSIGNMENT+TIME with a readable time, and has no timestamp.txt \
                       with one; it is left behind. If nbgrader_config.py sets Exchange.timestamp_format, pass it \
                       with --timestamp-format";

/// The feedback pages of a course.
struct Pages {
    directory: SourcePath,
    sums: HashSet<Md5Sum>,
}

impl Pages {
    fn in_directory(directory: &SourcePath) -> Result<Self> {
        let mut sums = HashSet::new();
        if directory.is_directory() {
            let names = entries(directory)?
                .into_iter()
                .filter_map(|(name, ..)| name);
            sums.extend(names.filter_map(|name| Md5Sum::parse(name.strip_suffix(".html")?)));
        }
        Ok(Self {
            directory: directory.clone(),
            sums,
        })
    }

    /// Returns the feedback on a submission with these notebooks.
    fn of(
        &self,
        course: &CourseId,
        inbound: &Inbound,
        notebooks: &BTreeSet<String>,
        claimed: &mut HashSet<Md5Sum>,
    ) -> io::Result<SourceTree> {
        let mut tree = SourceTree::default();
        let secret = read_small(&inbound.place.join(SECRET))?;
        for id in notebooks {
            let names = if let Some(secret) = &secret {
                vec![feedback::name_by_secret(secret.as_bytes(), id)]
            } else {
                let key = [
                    course.as_str(),
                    inbound.name.assignment.as_str(),
                    id,
                    inbound.name.student.as_str(),
                    &inbound.name.time,
                ];
                let notebook = inbound.place.join(format!("{id}.ipynb"));
                // The submission itself reports a notebook that cannot be read.
                feedback::names_by_content(&notebook, key).map_or_else(|_| Vec::new(), Vec::from)
            };
            if let Some(name) = names.into_iter().find(|name| self.sums.contains(name)) {
                claimed.insert(name);
                let place = self.directory.join(format!("{name}.html"));
                tree.add(&format!("{id}.html"), place, None, None);
            }
        }
        Ok(tree)
    }
}

/// Returns the names, without suffix, of the notebooks at the top of a tree. nbgrader grades these.
fn notebook_ids(tree: &SourceTree) -> BTreeSet<String> {
    let paths = tree.files.iter().map(|file| file.path.as_str());
    let ids = paths.filter(|path| !path.contains('/') && !path.starts_with('.'));
    ids.filter_map(|path| path.strip_suffix(".ipynb"))
        .map(str::to_owned)
        .collect()
}

/// Returns the text of a small file, or `None` if there is none.
fn read_small(place: &SourcePath) -> io::Result<Option<String>> {
    let file = match place.open_file() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(SMALL).read_to_string(&mut text)?;
    Ok(Some(text))
}
