//! Imports ngshare 0.5 and 0.6: an SQLite database, and a directory with the bytes of all files.

mod database;
mod rows;

use super::names::{LookAlikeReport, Names, PossibleServices, report_look_alikes, report_service};
use super::source::{Finding, SourceSubmission, SourceTree};
use super::source_path::{Root, SourcePath};
use super::{Error, Mover, Result};
use database::Database;
use nbcourier_domain::{AssignmentId, CourseId, Md5Sum, Person, Role, Timestamp, UserName};
use rows::Owner;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// The number of files to look for before the directory is accepted as the right one.
const SAMPLE: usize = 1000;

/// An installation of ngshare. It is never written to.
pub struct Ngshare {
    database: Database,
    storage: SourcePath,
    possible_services: PossibleServices,
}

impl Ngshare {
    /// Opens the database, and checks that the directory has its files.
    pub fn open(database: &Path, storage: &Path) -> Result<Self> {
        if database.is_dir() {
            return Err(Error::Source(format!(
                "{} is a directory. Name the file of ngshare's --database, often ngshare.db in that directory",
                database.display()
            )));
        }
        let mut database = Database::open(database)?;
        let storage = Root::open(storage)
            .map_err(|error| Error::Unreadable(storage.to_owned(), error))?
            .place();
        let names = database.stored_names()?;
        let mut sample = names.iter().take(SAMPLE);
        if !names.is_empty()
            && !sample.any(|name| place_of(&storage, name).is_some_and(|place| place.is_file()))
        {
            return Err(Error::Source(format!(
                "The files of the database are not in {}. Name the directory of ngshare's --storage",
                storage.path().display()
            )));
        }
        Ok(Self {
            database,
            storage,
            possible_services: PossibleServices::default(),
        })
    }

    /// Returns the number of files to examine.
    pub fn count_files(&mut self) -> Result<u64> {
        self.database.count_files()
    }

    /// Passes everything to the mover: all courses, or only the named ones.
    pub async fn bring(
        &mut self,
        mover: &mut Mover<'_>,
        only: &[CourseId],
        names: &Names,
    ) -> Result<()> {
        let mut missing: BTreeSet<&CourseId> = only.iter().collect();
        let mut courses: Vec<CourseId> = Vec::new();
        for row in self.database.courses()? {
            let name = row.name.unwrap_or_default();
            let Ok(course) = CourseId::parse(name.clone()) else {
                let says = "the name of the course is illegal; the course is left behind";
                mover.report().problem(format!("{name:?}"), says);
                continue;
            };
            if only.is_empty() || missing.remove(&course) {
                self.bring_course(mover, &course, row.number, names).await?;
                courses.push(course);
            }
        }
        for course in missing {
            let says = "there is no such course in ngshare";
            mover.report().problem(course.to_string(), says);
        }
        if only.is_empty() {
            self.tell_leftovers(mover)?;
        }
        let courses = courses.iter().map(CourseId::as_str);
        report_look_alikes(
            mover.report(),
            "",
            courses,
            &BTreeSet::new(),
            &LookAlikeReport::OF_THINGS,
        );
        std::mem::take(&mut self.possible_services).note_in(mover.report());
        let here = mover.everybody().await?;
        names.note_in(mover.report(), &here);
        Ok(())
    }

    async fn bring_course(
        &mut self,
        mover: &mut Mover<'_>,
        course: &CourseId,
        number: i64,
        names: &Names,
    ) -> Result<()> {
        mover.course(course).await?;
        let people = self.people(mover, course, names)?;
        mover.people(course, people).await?;
        let mut seen = BTreeSet::new();
        for row in self.database.assignments(number)? {
            let name = row.name.unwrap_or_default();
            let Ok(assignment) = AssignmentId::parse(name.clone()) else {
                let about = format!("{course} / {name:?}");
                let says = "the name of the assignment is illegal; it is left behind with all its submissions";
                mover.report().problem(about, says);
                continue;
            };
            if !seen.insert(assignment.clone()) {
                let about = format!("{course} / {assignment}");
                let says = "occurs more than once in ngshare; the submissions are merged";
                mover.report().note(about, says);
            }
            let tree = self.tree(Owner::Assignment, row.number)?;
            let due = row.due.as_deref().map(Timestamp::parse).transpose();
            let due = due.unwrap_or_else(|_| {
                let says = "has an invalid due time; it is imported without one";
                mover
                    .report()
                    .problem(format!("{course} / {assignment}"), says);
                None
            });
            mover
                .assignment(course, assignment.clone(), tree, due)
                .await?;
            self.bring_submissions(mover, (course, &assignment), row.number, names)
                .await?;
        }
        let inside = format!("{course} / ");
        let assignments = seen.iter().map(AssignmentId::as_str);
        report_look_alikes(
            mover.report(),
            &inside,
            assignments,
            &BTreeSet::new(),
            &LookAlikeReport::OF_THINGS,
        );
        Ok(())
    }

    fn people(
        &mut self,
        mover: &mut Mover<'_>,
        course: &CourseId,
        names: &Names,
    ) -> Result<Vec<(Role, Person)>> {
        let mut people = Vec::new();
        let mut seen = HashSet::new();
        for role in [Role::Instructor, Role::Student] {
            let members = self
                .database
                .members(course.as_str(), role == Role::Instructor)?;
            for row in members {
                let about = format!("{course} / {:?}", row.username);
                let Ok(username) = UserName::parse(row.username) else {
                    let says = "the user name is illegal; this line of the roster is left behind";
                    mover.report().problem(about, says);
                    continue;
                };
                let username = match names.of(&username) {
                    Ok(username) => username,
                    Err(says) => {
                        mover.report().problem(about, says);
                        continue;
                    }
                };
                if !seen.insert(username.clone()) {
                    let says =
                        "is both instructor and student in ngshare; becomes an instructor here";
                    mover.report().note(about, says);
                    continue;
                }
                if username.as_str().contains('+') {
                    let says = "has a + in the user name: ngshare_exchange cannot fetch this person's feedback, \
                                nbcourier's own client can";
                    mover.report().note(about, says);
                }
                let person = Person {
                    username,
                    first_name: row.first_name,
                    last_name: row.last_name,
                    email: row.email,
                };
                if role == Role::Instructor {
                    let looks_so =
                        report_service(mover.report(), course.as_str(), &person.username);
                    self.possible_services
                        .instructor(course.as_str(), &person, looks_so);
                } else {
                    self.possible_services.student(&person.username);
                }
                people.push((role, person));
            }
        }
        Ok(people)
    }

    async fn bring_submissions(
        &mut self,
        mover: &mut Mover<'_>,
        (course, assignment): (&CourseId, &AssignmentId),
        number: i64,
        names: &Names,
    ) -> Result<()> {
        for row in self.database.submissions(number)? {
            let student = row.student.unwrap_or_default();
            let time = row.timestamp.unwrap_or_default();
            let about = format!("{course} / {assignment} / {student:?} at {time:?}");
            let (Ok(student), Ok(at)) = (UserName::parse(student), Timestamp::parse(&time)) else {
                let says = "the submission has an illegal user name or time; it is left behind";
                mover.report().problem(about, says);
                continue;
            };
            let student = match names.of(&student) {
                Ok(student) => student,
                Err(says) => {
                    mover.report().problem(about, says);
                    continue;
                }
            };
            self.possible_services.student(&student);
            let work = self.tree(Owner::Submission, row.number)?;
            let feedback = self.tree(Owner::Feedback, row.number)?;
            let submission = SourceSubmission {
                assignment: assignment.clone(),
                student,
                at,
                work,
                feedback: (!feedback.is_empty()).then_some(feedback),
            };
            mover.submission(course, submission).await?;
        }
        Ok(())
    }

    fn tree(&mut self, owner: Owner, number: i64) -> Result<SourceTree> {
        let mut tree = SourceTree::default();
        for row in self.database.files(owner, number)? {
            let path = row.path.unwrap_or_default();
            let stored_as = row.stored_as.unwrap_or_default();
            let Some(place) = place_of(&self.storage, &stored_as).filter(|_| row.is_there) else {
                tree.damage.push(if row.is_there {
                    let what = format!("{path:?}, stored as {stored_as:?}");
                    Finding::new(what, "is stored under an illegal name")
                } else {
                    Finding::new("the list of files", "the row of a file is lost")
                });
                continue;
            };
            let size = row.size.and_then(|size| u64::try_from(size).ok());
            let md5 = row.checksum.as_deref().and_then(Md5Sum::parse);
            tree.add(&path, place, size, md5);
        }
        tree.leave_last_of_each_path();
        Ok(tree)
    }

    /// Reports rows that belong to nothing, and files that no row names.
    fn tell_leftovers(&mut self, mover: &mut Mover<'_>) -> Result<()> {
        for row in self.database.lost_assignments()? {
            let about = format!(
                "assignment {:?}, row {}",
                row.name.unwrap_or_default(),
                row.number
            );
            let says = "its course does not exist; it is left behind, since ngshare does not show it either";
            mover.report().problem(about, says);
        }
        for row in self.database.lost_submissions()? {
            let about = format!(
                "a submission by {:?} at {:?}, row {}",
                row.student.unwrap_or_default(),
                row.timestamp.unwrap_or_default(),
                row.number
            );
            let says = "its assignment does not exist; it is left behind, since ngshare does not show it either";
            mover.report().problem(about, says);
        }
        let rows = self.database.count_leftovers()?;
        if rows > 0 {
            let says = format!("{rows} rows belong to nothing that ngshare shows");
            mover.report().note("the database", says);
        }
        let known: HashSet<String> = self.database.stored_names()?.into_iter().collect();
        let unnamed = self.count_unnamed(&known)?;
        if unnamed > 0 {
            let says =
                format!("{unnamed} files belong to no row: ngshare keeps files of deleted things");
            mover.report().note("the storage directory", says);
        }
        Ok(())
    }

    fn count_unnamed(&self, known: &HashSet<String>) -> Result<u64> {
        let entries = self
            .storage
            .entries()
            .map_err(|error| Error::Unreadable(self.storage.path(), error))?;
        let names = entries.iter().map(|entry| entry.name.to_str());
        let unnamed = names.filter(|name| name.is_none_or(|name| !known.contains(name)));
        Ok(unnamed.count() as u64)
    }
}

/// Returns the place of a stored file. It must be directly in the directory.
fn place_of(storage: &SourcePath, stored_as: &str) -> Option<SourcePath> {
    let is_name = !matches!(stored_as, "" | "." | "..") && !stored_as.contains(['/', '\0']);
    is_name.then(|| storage.join(stored_as))
}
