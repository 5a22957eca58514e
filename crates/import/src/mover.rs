//! Moves the contents of a source into the exchange.

use super::source::{Finding, SourceFile, SourceSubmission, SourceTree};
use super::source_path;
use super::{Report, Result};
use futures_util::future::join_all;
use md5::{Digest, Md5};
use nbcourier_domain::{
    AssignmentId, BlobRef, CourseId, Dates, Md5Sum, Person, RelativePath, Role, Timestamp,
};
use nbcourier_exchange::files::intake::{Intake, SMALL};
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_exchange::files::trees::TreeFiles;
use nbcourier_exchange::imports::{
    self, ImportedSubmission, Importer, Outcome, Submission, Version,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// The number of bytes read at a time.
const CHUNK: usize = 128 * 1024;
/// The maximum number of submissions that share one flush of the disk.
const TOGETHER: usize = 32;
/// The maximum number of bytes that waiting submissions may hold in memory.
const HELD: u64 = 8 * 1024 * 1024;

/// The options of an import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Whether to import the remaining files of a damaged tree. Otherwise trees with lost or changed files are left
    /// behind.
    pub damaged: bool,
}

/// Moves the contents of a source into an exchange. In a dry run it has no importer and only checks whether they
/// could be moved.
pub struct Mover<'a> {
    importer: Option<Importer>,
    rules: Rules,
    progress: &'a dyn Fn(u64),
    report: Report,
    waiting: Vec<Waiting>,
    held: u64,
}

/// A submission that was read but is not in the exchange yet.
struct Waiting {
    course: CourseId,
    about: String,
    submission: Submission,
}

/// A tree that was read.
struct ReadTree {
    /// `None` in a dry run.
    parcel: Option<Parcel>,
    /// The time of its newest file.
    newest: Option<Timestamp>,
    /// The number of its bytes that are held in memory.
    held: u64,
}

impl<'a> Mover<'a> {
    /// Returns a mover into the exchange of `importer`; without one, a dry run. `progress` is called with numbers of
    /// examined files.
    pub fn new(importer: Option<Importer>, rules: Rules, progress: &'a dyn Fn(u64)) -> Self {
        Self {
            importer,
            rules,
            progress,
            report: Report::default(),
            waiting: Vec::new(),
            held: 0,
        }
    }

    /// Returns the report, to add to it.
    pub fn report(&mut self) -> &mut Report {
        &mut self.report
    }

    /// Returns the names on all rosters of the exchange; none in a dry run.
    pub async fn everybody(&self) -> Result<BTreeSet<String>> {
        match &self.importer {
            Some(importer) => Ok(importer.everybody().await?),
            None => Ok(BTreeSet::new()),
        }
    }

    /// Imports a course.
    pub async fn course(&mut self, course: &CourseId) -> Result<()> {
        let outcome = match &self.importer {
            Some(importer) => importer.course(course.clone(), Timestamp::now()).await?,
            None => Outcome::Added,
        };
        self.report.count(outcome, |counts| &mut counts.courses);
        Ok(())
    }

    /// Imports the roster of a course.
    pub async fn people(&mut self, course: &CourseId, people: Vec<(Role, Person)>) -> Result<()> {
        let outcomes = match &self.importer {
            Some(importer) => importer.people(course.clone(), people.clone()).await?,
            None => vec![Outcome::Added; people.len()],
        };
        for ((_, person), outcome) in people.iter().zip(outcomes) {
            self.report.count(outcome, |counts| &mut counts.people);
            if outcome == Outcome::Different {
                let about = format!("{course} / {}", person.username);
                let says =
                    "is on the roster with another role or other details, which stay as they are";
                self.report.problem(about, says);
            }
        }
        Ok(())
    }

    /// Imports an assignment as released.
    pub async fn assignment(
        &mut self,
        course: &CourseId,
        name: AssignmentId,
        tree: SourceTree,
        due_at: Option<Timestamp>,
    ) -> Result<()> {
        let about = format!("{course} / {name}");
        if let Some(importer) = &self.importer {
            let there = importer
                .stored_versions(course.clone(), name.clone())
                .await?;
            if there.iter().any(|files| is_same(&tree, files)) {
                (self.progress)(tree.files.len() as u64);
                self.report
                    .count(Outcome::Known, |counts| &mut counts.assignments);
                return Ok(());
            }
        }
        let Some(taken) = self.take(&about, &tree).await? else {
            let says =
                "its submissions are imported, and visible when the assignment is released here";
            self.report.note(about, says);
            return Ok(());
        };
        let outcome = match (&self.importer, taken.parcel) {
            (Some(importer), Some(parcel)) => {
                let version = Version {
                    parcel,
                    at: taken.newest.unwrap_or_else(Timestamp::now),
                    by: None,
                };
                let assignment = imports::Assignment {
                    name,
                    versions: vec![version],
                    shown: Some(0),
                    dates: due_at.map(|due_at| Dates {
                        due_at: Some(due_at),
                        ..Dates::default()
                    }),
                    extensions: Vec::new(),
                };
                importer.assignment(course.clone(), assignment).await?
            }
            _ => Outcome::Added,
        };
        self.report.count(outcome, |counts| &mut counts.assignments);
        if outcome == Outcome::Different {
            let says = "exists here with other files, which stay; its submissions are imported";
            self.report.problem(about, says);
        }
        Ok(())
    }

    /// Imports a submission with its feedback. It may wait for others; [`Self::finish`] waits for all.
    pub async fn submission(&mut self, course: &CourseId, source: SourceSubmission) -> Result<()> {
        let about = format!(
            "{course} / {} / {} at {}",
            source.assignment, source.student, source.at
        );
        if self.is_known(course, &source).await? {
            return Ok(());
        }
        let Some(work) = self.take(&about, &source.work).await? else {
            if let Some(feedback) = &source.feedback {
                (self.progress)(feedback.files.len() as u64);
                self.report
                    .problem(about, "so its feedback is left behind too");
            }
            return Ok(());
        };
        let mut held = work.held;
        let mut feedback = Vec::new();
        if let Some(tree) = &source.feedback {
            let of_feedback = format!("{about}, feedback");
            if let Some(taken) = self.take(&of_feedback, tree).await? {
                held += taken.held;
                if self.importer.is_none() {
                    self.report
                        .count(Outcome::Added, |counts| &mut counts.feedback);
                }
                feedback.extend(taken.parcel.map(|parcel| Version {
                    parcel,
                    at: taken.newest.unwrap_or(source.at),
                    by: None,
                }));
            }
        }
        let Some(work) = work.parcel else {
            self.report
                .count(Outcome::Added, |counts| &mut counts.submissions);
            return Ok(());
        };
        self.held += held;
        self.waiting.push(Waiting {
            course: course.clone(),
            about,
            submission: Submission {
                assignment: source.assignment,
                student: source.student,
                at: source.at,
                by: None,
                work,
                feedback,
            },
        });
        if self.waiting.len() >= TOGETHER || self.held >= HELD {
            self.flush().await?;
        }
        Ok(())
    }

    /// Whether the exchange already has the submission with all its feedback. Counts it if so.
    async fn is_known(&mut self, course: &CourseId, source: &SourceSubmission) -> Result<bool> {
        let Some(importer) = &self.importer else {
            return Ok(false);
        };
        let there = importer
            .stored_submission(
                course.clone(),
                source.assignment.clone(),
                source.student.clone(),
                source.at,
            )
            .await?;
        let is_same_as = |tree: &SourceTree, files: &Option<TreeFiles>| {
            files.as_ref().is_some_and(|files| is_same(tree, files))
        };
        let is_feedback_same = source
            .feedback
            .as_ref()
            .is_none_or(|feedback| is_same_as(feedback, &there.feedback));
        if !is_same_as(&source.work, &there.work) || !is_feedback_same {
            return Ok(false);
        }
        let feedback = source.feedback.as_ref();
        let files = source.work.files.len() + feedback.map_or(0, |tree| tree.files.len());
        (self.progress)(files as u64);
        self.report
            .count(Outcome::Known, |counts| &mut counts.submissions);
        if feedback.is_some() {
            self.report
                .count(Outcome::Known, |counts| &mut counts.feedback);
        }
        Ok(true)
    }

    /// Adds the waiting submissions in one commit.
    async fn flush(&mut self) -> Result<()> {
        let Some(importer) = &self.importer else {
            return Ok(());
        };
        self.held = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let (abouts, adding): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|each| {
                (
                    each.about,
                    importer.submission(each.course, each.submission),
                )
            })
            .unzip();
        for (about, outcome) in abouts.into_iter().zip(join_all(adding).await) {
            self.note(&about, outcome?);
        }
        Ok(())
    }

    fn note(&mut self, about: &str, submitted: ImportedSubmission) {
        self.report
            .count(submitted.work, |counts| &mut counts.submissions);
        if let Some(feedback) = submitted.feedback {
            self.report.count(feedback, |counts| &mut counts.feedback);
        }
        if submitted.work == Outcome::Different {
            let says = match submitted.id {
                Some(_) => "another submission of that time exists here and stays",
                None => "a submission of that time is in the trash here and stays there",
            };
            self.report.problem(about, says);
        } else if submitted.feedback == Some(Outcome::Different) {
            let says = "other feedback exists here and stays";
            self.report.problem(about, says);
        }
    }

    /// Reads a tree. Returns `None` if the tree is damaged and left behind; the report then says so.
    async fn take(&mut self, about: &str, tree: &SourceTree) -> Result<Option<ReadTree>> {
        let mut intake = self
            .importer
            .as_ref()
            .map(|importer| Intake::new(importer.exchange()));
        let (mut damage, mut left_out) = (tree.damage.clone(), tree.left_out.clone());
        let (mut newest, mut held) = (None, 0);
        for file in &tree.files {
            match read(file, intake.as_mut())? {
                Ok(read) => {
                    self.report.files += 1;
                    self.report.bytes += read.size;
                    newest = newest.max(read.modified);
                    held += read.size.min(SMALL as u64);
                    damage.extend(read.damage);
                }
                Err(UnreadFile::Lost(finding)) => damage.push(finding),
                Err(UnreadFile::Odd(finding)) => left_out.push(finding),
            }
            (self.progress)(1);
            if let Some(intake) = &mut intake
                && let Some(overflow) = intake.take_overflow()
            {
                overflow.store().await?;
            }
        }
        let part = |finding: &Finding| format!("{about} / {}", finding.what);
        for note in &tree.notes {
            self.report.note(part(note), &note.says);
        }
        let is_left = !damage.is_empty() && !self.rules.damaged;
        for finding in left_out.iter().chain(&damage) {
            self.report.problem(part(finding), &finding.says);
        }
        if is_left {
            let says = "is left behind as a whole; use --damaged to import the rest of it";
            self.report.problem(about, says);
            return Ok(None);
        }
        Ok(Some(ReadTree {
            parcel: intake.map(Intake::finish).transpose()?,
            newest,
            held,
        }))
    }

    /// Adds all submissions that still wait. Returns the report.
    pub async fn finish(mut self) -> Result<Report> {
        self.flush().await?;
        Ok(self.report)
    }
}

/// The result of reading a file.
struct ReadFile {
    size: u64,
    modified: Option<Timestamp>,
    /// The damage of the bytes, if any.
    damage: Option<Finding>,
}

/// The reason why a file was not read.
enum UnreadFile {
    /// The bytes are lost or inaccessible. Somebody may bring them back.
    Lost(Finding),
    /// The file cannot be imported at all. The rest of its tree can.
    Odd(Finding),
}

/// Reads a file into the intake, if there is one. The outer error is a failure on our own side.
fn read(
    file: &SourceFile,
    mut intake: Option<&mut Intake>,
) -> Result<std::result::Result<ReadFile, UnreadFile>> {
    let lost = |error: &io::Error| {
        let path = file.path.as_str();
        let place = file.place.path();
        let kind = error.kind();
        if kind == ErrorKind::NotFound {
            let what = format!("{path:?} at {}", place.display());
            return UnreadFile::Lost(Finding::new(what, "is lost: the file does not exist"));
        }
        let finding = Finding::new(format!("{path:?}"), format!("cannot be read: {error}"));
        // A link replaced the file or a directory above it, or the path is too long to be opened.
        let is_odd = matches!(kind, ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
            || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        if is_odd {
            UnreadFile::Odd(finding)
        } else {
            UnreadFile::Lost(finding)
        }
    };
    let mut source = match file.place.open_file() {
        Ok(source) => source,
        Err(error) => return Ok(Err(lost(&error))),
    };
    if let Some(owner) = file.owner
        && source_path::owner(&source).is_ok_and(|found| found != owner)
    {
        let says = "belongs to another account than the submission and may be somebody else's file; it is left out, \
                    and the rest is imported";
        let what = format!("{:?}", file.path.as_str());
        return Ok(Err(UnreadFile::Odd(Finding::new(what, says))));
    }
    if let Some(intake) = &mut intake {
        intake.begin()?;
    }
    let (mut size, mut md5, mut buffer) = (0, Md5::new(), vec![0; CHUNK]);
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                size += count as u64;
                if let Some(intake) = &mut intake {
                    intake.write(&buffer[..count])?;
                }
                if file.md5.is_some() {
                    md5.update(&buffer[..count]);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(lost(&error))),
        }
    }
    let md5 = Md5Sum(md5.finalize().into());
    if let Some(intake) = intake {
        if file.md5.is_some() {
            intake.note_md5(md5);
        }
        intake.end(file.path.clone())?;
    }
    let modified = source.metadata().and_then(|known| known.modified()).ok();
    Ok(Ok(ReadFile {
        size,
        modified: modified.and_then(timestamp),
        damage: damage(file, size, md5),
    }))
}

fn damage(file: &SourceFile, size: u64, md5: Md5Sum) -> Option<Finding> {
    let what = format!("{:?}", file.path.as_str());
    if let Some(expected) = file.size.filter(|expected| *expected != size) {
        let says = format!("has {size} bytes instead of {expected}");
        return Some(Finding::new(what, says));
    }
    let changed = file.md5.is_some_and(|expected| expected != md5);
    changed.then(|| Finding::new(what, "does not match its checksum"))
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(
        i64::try_from(since.as_micros()).ok()?,
    ))
}

/// Whether the tree is certainly the stored one, by its paths and checksums. Then it need not be read.
fn is_same(tree: &SourceTree, there: &TreeFiles) -> bool {
    let there: BTreeMap<&RelativePath, &BlobRef> =
        there.iter().map(|file| (file.path, file.blob)).collect();
    let is_there = |file: &SourceFile| {
        there.get(&file.path).is_some_and(|blob| {
            let is_same_sum = file.md5.is_some() && file.md5 == blob.md5;
            is_same_sum && file.size.is_none_or(|size| size == blob.size)
        })
    };
    tree.damage.is_empty()
        && tree.left_out.is_empty()
        && tree.files.len() == there.len()
        && tree.files.iter().all(is_there)
}
