//! Imports from other exchanges, with their own times and authors. New items are added, known items are recognised, and
//! nothing replaces a different item.

use super::audit::{About, Action};
use super::files::parcel::Parcel;
use super::files::trees::TreeFiles;
use super::op::{CourseOp, Entry, Need};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{
    AssignmentId, CourseId, Dates, Extension, Person, Role, Sha256Sum, Timestamp, UserName,
};
use nbcourier_identity::Caller;
use nbcourier_storage::dates::NotedExtension;
use nbcourier_storage::{self as store, Connection, Lock, Portion};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The result of importing an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was new and was added.
    Added,
    /// The same item existed already.
    Known,
    /// A different item has its place and was kept.
    Different,
}

/// An assignment to import.
#[derive(Debug)]
pub struct Assignment {
    /// Its name.
    pub name: AssignmentId,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
    /// The index of the released version, from 0, or `None` if it is not released.
    pub shown: Option<usize>,
    /// Its dates, or `None` if none are known.
    pub dates: Option<Dates>,
    /// The extensions of students.
    pub extensions: Vec<(UserName, Extension)>,
}

/// The tree of a release or of feedback.
#[derive(Debug)]
pub struct Version {
    /// Its files.
    pub parcel: Parcel,
    /// The time of the release or feedback.
    pub at: Timestamp,
    /// Its author, if known.
    pub by: Option<UserName>,
}

/// A submission to import.
#[derive(Debug)]
pub struct Submission {
    /// Its assignment. If there is none of that name, it is created without a release.
    pub assignment: AssignmentId,
    /// Its student.
    pub student: UserName,
    /// Its time.
    pub at: Timestamp,
    /// The person who submitted it, if that was not the student.
    pub by: Option<UserName>,
    /// Its files.
    pub work: Parcel,
    /// The feedback on it, oldest first.
    pub feedback: Vec<Version>,
}

/// The result of importing a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedSubmission {
    /// Its row, or `None` if a submission of that time is in the trash.
    pub id: Option<i64>,
    /// The result for the submission itself.
    pub work: Outcome,
    /// The result for the feedback on it, or `None` if there is none.
    pub feedback: Option<Outcome>,
}

/// The stored files of a submission.
#[derive(Debug, Default)]
pub struct StoredSubmission {
    /// The files of the submission, or `None` if it does not exist.
    pub work: Option<TreeFiles>,
    /// The files of the current feedback, if there is any.
    pub feedback: Option<TreeFiles>,
}

/// Imports items into an exchange for an administrator. Each item is one transaction, which records an event.
#[derive(Clone)]
pub struct Importer {
    exchange: Exchange,
    caller: Caller,
    from: &'static str,
}

impl Importer {
    /// Creates an importer. `from` names the source in a word. The caller must be an administrator.
    pub fn new(exchange: &Exchange, caller: &Caller, from: &'static str) -> Result<Self> {
        exchange.policy.require_admin(caller)?;
        Ok(Self {
            exchange: exchange.clone(),
            caller: caller.clone(),
            from,
        })
    }

    /// Returns the exchange that receives the items.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Returns the names on all rosters of this exchange.
    pub async fn everybody(&self) -> Result<BTreeSet<String>> {
        let read = self
            .exchange
            .read_as_admin(&self.caller, |op| Ok(store::members::everybody(op.conn)?));
        read.await
    }

    /// Creates the course. An existing course of that name counts as the same.
    pub async fn course(&self, course: CourseId, created_at: Timestamp) -> Result<Outcome> {
        let from = self.from;
        let create = self.exchange.write_as_admin(&self.caller, move |op| {
            op.conn.lock([Lock::Import])?;
            if store::courses::create(op.conn, &course, created_at)?.is_none() {
                return Ok(Outcome::Known);
            }
            let detail = json!({ "what": "course", "from": from });
            op.note(Action::Imported, About::course(&course), Some(&detail))?;
            Ok(Outcome::Added)
        });
        create.await
    }

    /// Adds people to the roster and returns the result for each. A person with another role or other details stays
    /// unchanged. Details that the import does not have count as the same.
    pub async fn people(
        &self,
        course: CourseId,
        people: Vec<(Role, Person)>,
    ) -> Result<Vec<Outcome>> {
        let this = self.clone();
        self.enter(course)?
            .write(move |op| {
                op.conn.lock([Lock::Import, Lock::Course(op.course)])?;
                let id = op.standing.course;
                let mut outcomes = Vec::with_capacity(people.len());
                let mut added: BTreeMap<Role, Vec<&str>> = BTreeMap::new();
                for (role, person) in &people {
                    let there = store::members::find(op.conn, id, &person.username)?;
                    outcomes.push(match there {
                        None => {
                            store::members::put(op.conn, id, *role, std::slice::from_ref(person))?;
                            added
                                .entry(*role)
                                .or_default()
                                .push(person.username.as_str());
                            Outcome::Added
                        }
                        Some((there, known)) if is_covered(*role, person, there, &known) => {
                            Outcome::Known
                        }
                        Some(_) => Outcome::Different,
                    });
                }
                if !added.is_empty() {
                    let mut of = |role| added.remove(&role).unwrap_or_default();
                    let detail = json!({
                        "what": "roster",
                        "instructors": of(Role::Instructor),
                        "assistants": of(Role::Assistant),
                        "students": of(Role::Student),
                    });
                    this.note(op, About::default(), detail)?;
                }
                Ok(outcomes)
            })
            .await
    }

    /// Adds the assignment with its versions and dates. If it has versions already, they must include all of the
    /// imported ones. Otherwise the result is `Different`.
    pub async fn assignment(
        &self,
        course: CourseId,
        mut assignment: Assignment,
    ) -> Result<Outcome> {
        assignment.versions = settle(assignment.versions).await?;
        let this = self.clone();
        self.enter(course)?
            .write(move |op| {
                let id = op.standing.course;
                let name = &assignment.name;
                op.conn.lock([Lock::Import, Lock::Assignment(id, name)])?;
                let there = store::assignments::find(op.conn, id, name)?;
                if let Some(there) = there {
                    let (old, _) = store::history::releases(op.conn, there, 0, Portion::ALL)?;
                    let old: Vec<_> = old.iter().map(|version| version.digest).collect();
                    if let Some(outcome) = compare(&old, &assignment.versions) {
                        return Ok(outcome);
                    }
                }
                let row = store::assignments::obtain(op.conn, id, name)?;
                let mut versions = Vec::new();
                for version in &assignment.versions {
                    let tree = save(op, &version.parcel)?;
                    let by = author(version, op.caller);
                    let number = store::assignments::release(op.conn, row, tree, by, version.at)?;
                    versions.push(number);
                }
                let shown = assignment.shown.and_then(|place| versions.get(place));
                match shown {
                    Some(number) => store::assignments::show(op.conn, row, *number)?,
                    None => store::assignments::unrelease(op.conn, row)?,
                }
                if there.is_none() {
                    if let Some(dates) = assignment.dates {
                        store::dates::set(op.conn, id, name, dates)?;
                    }
                    for (student, extension) in &assignment.extensions {
                        let noted = NotedExtension {
                            extension: *extension,
                            note: None,
                        };
                        store::dates::set_extension(op.conn, row, student, &noted)?;
                    }
                }
                let detail = json!({ "what": "assignment", "versions": versions });
                this.note(op, About::assignment(name), detail)?;
                Ok(Outcome::Added)
            })
            .await
    }

    /// Adds the submission with the feedback on it.
    pub async fn submission(
        &self,
        course: CourseId,
        mut submission: Submission,
    ) -> Result<ImportedSubmission> {
        submission.work = submission.work.settle_unchecked().await?;
        submission.feedback = settle(submission.feedback).await?;
        let this = self.clone();
        self.enter(course)?
            .write(move |op| {
                let id = op.standing.course;
                let student = &submission.student;
                op.conn.lock([
                    Lock::Import,
                    Lock::Assignment(id, &submission.assignment),
                    Lock::PersonShared(student),
                    Lock::Student(id, student),
                ])?;
                let row = store::assignments::obtain(op.conn, id, &submission.assignment)?;
                let (number, work) = put_work(op, row, &submission)?;
                let feedback = match number {
                    Some(number) if work != Outcome::Different => {
                        put_feedback(op, number, &submission.feedback)?
                    }
                    _ => (!submission.feedback.is_empty()).then_some(Outcome::Different),
                };
                let added = [(Some(work), "submission"), (feedback, "feedback")]
                    .into_iter()
                    .filter(|(outcome, _)| *outcome == Some(Outcome::Added))
                    .map(|(_, what)| what);
                let added: Vec<_> = added.collect();
                if !added.is_empty() {
                    let about = About {
                        assignment: Some(&submission.assignment),
                        subject: Some(&submission.student),
                        submission: number,
                        ..About::default()
                    };
                    this.note(op, about, json!({ "what": added }))?;
                }
                Ok(ImportedSubmission {
                    id: number,
                    work,
                    feedback,
                })
            })
            .await
    }

    /// Returns the files of each stored version of the assignment. Callers compare them without sending the bytes
    /// again.
    pub async fn stored_versions(
        &self,
        course: CourseId,
        assignment: AssignmentId,
    ) -> Result<Vec<TreeFiles>> {
        self.read_if_there(course, move |op| {
            let course = op.standing.course;
            let Some(id) = store::assignments::find(op.conn, course, &assignment)? else {
                return Ok(Vec::new());
            };
            let (trees, _) = store::history::releases(op.conn, id, 0, Portion::ALL)?;
            let files = |digest| files_of(op.conn, digest);
            trees
                .iter()
                .map(|version| version.digest)
                .map(files)
                .collect()
        })
        .await
    }

    /// Returns the files of the stored submission and of the feedback on it.
    pub async fn stored_submission(
        &self,
        course: CourseId,
        assignment: AssignmentId,
        student: UserName,
        at: Timestamp,
    ) -> Result<StoredSubmission> {
        self.read_if_there(course, move |op| {
            let (conn, course) = (&mut *op.conn, op.standing.course);
            let Some(id) = store::assignments::find(conn, course, &assignment)? else {
                return Ok(StoredSubmission::default());
            };
            let Some(found) = store::submissions::at(conn, id, &student, at)? else {
                return Ok(StoredSubmission::default());
            };
            let shown = store::feedback::current(conn, found.id)?;
            Ok(StoredSubmission {
                work: Some(TreeFiles::new(store::trees::files(conn, found.tree_id)?)),
                feedback: shown
                    .map(|(_, tree)| store::trees::files(conn, tree).map(TreeFiles::new))
                    .transpose()?,
            })
        })
        .await
    }

    fn enter(&self, course: CourseId) -> Result<Entry> {
        self.exchange.enter(&self.caller, course, Need::Admin)
    }

    /// Runs a query in the course. Returns an empty result if there is no such course.
    async fn read_if_there<T: Default + Send + 'static>(
        &self,
        course: CourseId,
        query: impl FnOnce(&mut CourseOp<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self.enter(course)?.read(query).await {
            Err(Error::NotFound(Thing::Course)) => Ok(T::default()),
            other => other,
        }
    }

    fn note(&self, op: &mut CourseOp<'_>, about: About<'_>, mut detail: Value) -> Result<()> {
        detail["from"] = self.from.into();
        op.note(Action::Imported, about, Some(&detail))
    }
}

fn put_work(
    op: &mut CourseOp<'_>,
    assignment: i64,
    submission: &Submission,
) -> Result<(Option<i64>, Outcome)> {
    let (student, at) = (&submission.student, submission.at);
    if let Some(there) = store::submissions::at(op.conn, assignment, student, at)? {
        let same = store::trees::find(op.conn, submission.work.digest())?;
        let outcome = if same.is_some_and(|same| same.id == there.tree_id) {
            Outcome::Known
        } else {
            Outcome::Different
        };
        return Ok((Some(there.id), outcome));
    }
    // A submission in the trash keeps its time, because it may be restored.
    if store::submissions::is_taken(op.conn, assignment, student, at)? {
        return Ok((None, Outcome::Different));
    }
    let tree = save(op, &submission.work)?;
    let by = submission.by.as_ref();
    let id = store::submissions::insert(op.conn, assignment, student, by, tree, at)?;
    Ok((Some(id), Outcome::Added))
}

fn put_feedback(
    op: &mut CourseOp<'_>,
    submission: i64,
    feedback: &[Version],
) -> Result<Option<Outcome>> {
    if feedback.is_empty() {
        return Ok(None);
    }
    let (old, _) = store::history::feedback(op.conn, submission, 0, Portion::ALL)?;
    let old: Vec<_> = old.iter().map(|each| each.digest).collect();
    if let Some(outcome) = compare(&old, feedback) {
        return Ok(Some(outcome));
    }
    for version in feedback {
        let tree = save(op, &version.parcel)?;
        let by = author(version, op.caller);
        store::feedback::replace(op.conn, submission, tree, by, version.at)?;
    }
    Ok(Some(Outcome::Added))
}

/// Sends the large files of these trees to the bucket, if there is one.
async fn settle(versions: Vec<Version>) -> Result<Vec<Version>> {
    let mut settled = Vec::with_capacity(versions.len());
    for version in versions {
        settled.push(Version {
            parcel: version.parcel.settle_unchecked().await?,
            ..version
        });
    }
    Ok(settled)
}

fn save(op: &mut CourseOp<'_>, parcel: &Parcel) -> Result<i64> {
    Ok(parcel.save_in(op, Timestamp::now())?.id)
}

/// Returns the version's author, or the importing caller if the author is unknown.
fn author<'a>(version: &'a Version, caller: &'a Caller) -> &'a UserName {
    version.by.as_ref().unwrap_or(caller.name())
}

/// Whether the stored role and details of a person cover those of the import. Unknown details count as covered.
fn is_covered(role: Role, person: &Person, there: Role, known: &Person) -> bool {
    let details = [
        (&person.first_name, &known.first_name),
        (&person.last_name, &known.last_name),
        (&person.email, &known.email),
    ];
    let nothing_new = details.iter().all(|(new, old)| new.is_none() || new == old);
    let only_a_name = details.iter().all(|(new, _)| new.is_none());
    nothing_new && (role == there || (only_a_name && role < there))
}

/// Compares stored with imported versions. Returns `None` if they can be added because none are stored.
fn compare(there: &[Sha256Sum], versions: &[Version]) -> Option<Outcome> {
    let is_there = |version: &Version| there.contains(&version.parcel.digest());
    if versions.iter().all(is_there) {
        Some(Outcome::Known)
    } else {
        (!there.is_empty()).then_some(Outcome::Different)
    }
}

fn files_of(conn: &mut Connection, digest: Sha256Sum) -> Result<TreeFiles> {
    let tree = store::trees::find(conn, digest)?.ok_or(Error::NotFound(Thing::Version))?;
    Ok(TreeFiles::new(store::trees::files(conn, tree.id)?))
}
