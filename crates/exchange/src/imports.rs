//! What comes in from elsewhere, with times and authors of its own: added where it is new, recognised where it is there
//! already, and never put in the place of something else.

use super::audit::{self, About, Action};
use super::parcel::Parcel;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{
    AssignmentId, CourseId, Dates, Extension, Person, Role, Sha256Sum, Timestamp, UserName,
};
use nbcourier_identity::Caller;
use nbcourier_storage::reach::Reach;
use nbcourier_storage::{self as store, Connection, Portion};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub use nbcourier_storage::trees::File;

/// What became of something that was to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there, and is now.
    Added,
    /// The same was there already.
    Known,
    /// Something else is in its place, and stays there.
    Different,
}

/// An assignment that is to come in.
#[derive(Debug)]
pub struct Assignment {
    /// Its name.
    pub name: AssignmentId,
    /// Its versions, the first one first.
    pub versions: Vec<Version>,
    /// Which of them, counted from 0, is shown; none while it is not released.
    pub shown: Option<usize>,
    /// Its dates; `None` where nothing is known of any.
    pub dates: Option<Dates>,
    /// Who has dates of their own.
    pub extensions: Vec<(UserName, Extension)>,
}

/// A tree that was released or given back once.
#[derive(Debug)]
pub struct Version {
    /// Its files.
    pub parcel: Parcel,
    /// When that was,
    pub at: Timestamp,
    /// and who did it, as far as that is known.
    pub by: Option<UserName>,
}

/// A submission that is to come in.
#[derive(Debug)]
pub struct Submission {
    /// To which assignment, which is made, unreleased, where there is none of that name.
    pub assignment: AssignmentId,
    /// Whose.
    pub student: UserName,
    /// Its time.
    pub at: Timestamp,
    /// Who handed it in, where that was not the student.
    pub by: Option<UserName>,
    /// What was handed in.
    pub work: Parcel,
    /// What was given back on it, the first one first.
    pub feedback: Vec<Version>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Its row; none where another submission of that time is in the trash.
    pub id: Option<i64>,
    /// Of the work.
    pub work: Outcome,
    /// Of the feedback on it; none where there is none.
    pub feedback: Option<Outcome>,
}

/// What is there of a submission.
#[derive(Debug, Default)]
pub struct Stored {
    /// The files of the work; none where there is no such submission.
    pub work: Option<Vec<File>>,
    /// The files of the feedback that is shown.
    pub feedback: Option<Vec<File>>,
}

/// Brings things into an exchange, for an admin. Each is one transaction, which notes itself.
#[derive(Clone)]
pub struct Importer {
    exchange: Exchange,
    caller: Caller,
    from: &'static str,
}

impl Importer {
    /// For things that come from there, in a word; the caller must be an admin.
    pub fn new(exchange: &Exchange, caller: &Caller, from: &'static str) -> Result<Self> {
        exchange.policy.require_admin(caller)?;
        Ok(Self {
            exchange: exchange.clone(),
            caller: caller.clone(),
            from,
        })
    }

    /// The exchange that things come into.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The names on all rosters that are here.
    pub async fn everybody(&self) -> Result<BTreeSet<String>> {
        let store = &self.exchange.store;
        store
            .read(|conn| Ok(store::members::everybody(conn)?))
            .await
    }

    /// Makes the course; one of that name that is there already is taken for the same.
    pub async fn course(&self, course: CourseId, created_at: Timestamp) -> Result<Outcome> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .write(move |conn| {
                if store::courses::create(conn, &course, created_at)?.is_none() {
                    return Ok(Outcome::Known);
                }
                this.note(conn, About::course(&course), json!({ "what": "course" }))?;
                Ok(Outcome::Added)
            })
            .await
    }

    /// Adds people to the roster; what became of each. Who is there with another role or other details stays so; details
    /// that are not known here count as the same.
    pub async fn people(
        &self,
        course: CourseId,
        people: Vec<(Role, Person)>,
    ) -> Result<Vec<Outcome>> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .write(move |conn| {
                let id = this.enter(conn, &course)?;
                let mut outcomes = Vec::with_capacity(people.len());
                let mut added: [Vec<&str>; 2] = [Vec::new(), Vec::new()];
                for (role, person) in &people {
                    let there = store::members::find(conn, id, &person.username)?;
                    outcomes.push(match there {
                        None => {
                            store::members::put(conn, id, *role, std::slice::from_ref(person))?;
                            added[usize::from(*role == Role::Instructor)]
                                .push(person.username.as_str());
                            Outcome::Added
                        }
                        Some((there, known)) if is_covered(*role, person, there, &known) => {
                            Outcome::Known
                        }
                        Some(_) => Outcome::Different,
                    });
                }
                let [students, instructors] = added;
                if !students.is_empty() || !instructors.is_empty() {
                    let detail =
                        json!({ "what": "roster", "instructors": instructors, "students": students });
                    this.note(conn, About::course(&course), detail)?;
                }
                Ok(outcomes)
            })
            .await
    }

    /// Adds the assignment with its versions and dates. One that has versions already must have all of these among
    /// them, else it is different.
    pub async fn assignment(&self, course: CourseId, assignment: Assignment) -> Result<Outcome> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .write(move |conn| {
                let id = this.enter(conn, &course)?;
                let name = &assignment.name;
                let there = store::assignments::find(conn, id, name)?;
                if let Some(there) = there {
                    let (old, _) = store::history::releases(conn, there, 0, Portion::ALL)?;
                    let old: Vec<_> = old.iter().map(|version| version.digest).collect();
                    if let Some(outcome) = compare(&old, &assignment.versions) {
                        return Ok(outcome);
                    }
                }
                let row = store::assignments::obtain(conn, id, name)?;
                let mut versions = Vec::new();
                for version in &assignment.versions {
                    let tree = this.save(conn, &version.parcel)?;
                    let by = this.author(version);
                    let number = store::assignments::release(conn, row, tree, by, version.at)?;
                    versions.push(number);
                }
                let shown = assignment.shown.and_then(|place| versions.get(place));
                match shown {
                    Some(number) => store::assignments::show(conn, row, *number)?,
                    None => store::assignments::unrelease(conn, row)?,
                }
                if there.is_none() {
                    if let Some(dates) = assignment.dates {
                        store::dates::set(conn, id, name, dates)?;
                    }
                    for (student, extension) in &assignment.extensions {
                        store::dates::set_extension(conn, row, student, *extension)?;
                    }
                }
                let about = About {
                    assignment: Some(name),
                    ..About::course(&course)
                };
                this.note(
                    conn,
                    about,
                    json!({ "what": "assignment", "versions": versions }),
                )?;
                Ok(Outcome::Added)
            })
            .await
    }

    /// Adds the submission with the feedback on it.
    pub async fn submission(&self, course: CourseId, submission: Submission) -> Result<Submitted> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .write(move |conn| {
                let id = this.enter(conn, &course)?;
                let row = store::assignments::obtain(conn, id, &submission.assignment)?;
                let (number, work) = this.put_work(conn, row, &submission)?;
                let feedback = match number {
                    Some(number) if work != Outcome::Different => {
                        this.put_feedback(conn, number, &submission.feedback)?
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
                        ..About::course(&course)
                    };
                    this.note(conn, about, json!({ "what": added }))?;
                }
                Ok(Submitted {
                    id: number,
                    work,
                    feedback,
                })
            })
            .await
    }

    fn put_work(
        &self,
        conn: &mut Connection,
        assignment: i64,
        submission: &Submission,
    ) -> Result<(Option<i64>, Outcome)> {
        let (student, at) = (&submission.student, submission.at);
        if let Some(there) = store::submissions::at(conn, assignment, student, at)? {
            let same = store::trees::find(conn, submission.work.digest())?;
            let outcome = if same.is_some_and(|same| same.id == there.tree_id) {
                Outcome::Known
            } else {
                Outcome::Different
            };
            return Ok((Some(there.id), outcome));
        }
        // One in the trash keeps its time, since it may come back.
        if store::submissions::is_taken(conn, assignment, student, at)? {
            return Ok((None, Outcome::Different));
        }
        let tree = self.save(conn, &submission.work)?;
        let by = submission.by.as_ref();
        let id = store::submissions::insert(conn, assignment, student, by, tree, at)?;
        Ok((Some(id), Outcome::Added))
    }

    fn put_feedback(
        &self,
        conn: &mut Connection,
        submission: i64,
        feedback: &[Version],
    ) -> Result<Option<Outcome>> {
        if feedback.is_empty() {
            return Ok(None);
        }
        let (old, _) = store::history::feedback(conn, submission, 0, Portion::ALL)?;
        let old: Vec<_> = old.iter().map(|each| each.digest).collect();
        if let Some(outcome) = compare(&old, feedback) {
            return Ok(Some(outcome));
        }
        for version in feedback {
            let tree = self.save(conn, &version.parcel)?;
            let by = self.author(version);
            store::feedback::replace(conn, submission, tree, by, version.at)?;
        }
        Ok(Some(Outcome::Added))
    }

    /// The files of each version of the assignment that is there, so that its bytes need not come again to be compared.
    pub async fn stored_versions(
        &self,
        course: CourseId,
        assignment: AssignmentId,
    ) -> Result<Vec<Vec<File>>> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .read(move |conn| {
                let Some(course) = this.find(conn, &course)? else {
                    return Ok(Vec::new());
                };
                let Some(id) = store::assignments::find(conn, course, &assignment)? else {
                    return Ok(Vec::new());
                };
                let (trees, _) = store::history::releases(conn, id, 0, Portion::ALL)?;
                let files = |digest| files_of(conn, digest);
                trees
                    .iter()
                    .map(|version| version.digest)
                    .map(files)
                    .collect()
            })
            .await
    }

    /// The files of the submission that is there, and of the feedback on it.
    pub async fn stored_submission(
        &self,
        course: CourseId,
        assignment: AssignmentId,
        student: UserName,
        at: Timestamp,
    ) -> Result<Stored> {
        let this = self.clone();
        let store = &self.exchange.store;
        store
            .read(move |conn| {
                let Some(course) = this.find(conn, &course)? else {
                    return Ok(Stored::default());
                };
                let Some(id) = store::assignments::find(conn, course, &assignment)? else {
                    return Ok(Stored::default());
                };
                let Some(found) = store::submissions::at(conn, id, &student, at)? else {
                    return Ok(Stored::default());
                };
                let shown = store::feedback::current(conn, found.id)?;
                Ok(Stored {
                    work: Some(store::trees::files(conn, found.tree_id)?.to_vec()),
                    feedback: shown
                        .map(|tree| store::trees::files(conn, tree).map(|files| files.to_vec()))
                        .transpose()?,
                })
            })
            .await
    }

    fn enter(&self, conn: &mut Connection, course: &CourseId) -> Result<i64> {
        let standing = self.exchange.policy.enter(conn, &self.caller, course)?;
        Ok(standing.course)
    }

    fn find(&self, conn: &mut Connection, course: &CourseId) -> Result<Option<i64>> {
        match self.enter(conn, course) {
            Err(Error::NotFound(Thing::Course)) => Ok(None),
            other => other.map(Some),
        }
    }

    fn save(&self, conn: &mut Connection, parcel: &Parcel) -> Result<i64> {
        let now = Timestamp::now();
        let saved = parcel.save(conn, &self.exchange.blobs, &Reach::Nothing, now)?;
        Ok(saved.id)
    }

    /// Who did it; where that is not known, whoever brings it in stands for them.
    fn author<'a>(&'a self, version: &'a Version) -> &'a UserName {
        version.by.as_ref().unwrap_or(self.caller.name())
    }

    fn note(&self, conn: &mut Connection, about: About<'_>, mut detail: Value) -> Result<()> {
        detail["from"] = self.from.into();
        audit::note(conn, &self.caller, Action::Imported, about, Some(&detail))
    }
}

/// Whether what is there of a person says all that comes in: the role, and those details that are known.
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

/// What to say of versions where these are there already; none where there are none, so that they can be added.
fn compare(there: &[Sha256Sum], versions: &[Version]) -> Option<Outcome> {
    let is_there = |version: &Version| there.contains(&version.parcel.digest());
    if versions.iter().all(is_there) {
        Some(Outcome::Known)
    } else {
        (!there.is_empty()).then_some(Outcome::Different)
    }
}

fn files_of(conn: &mut Connection, digest: Sha256Sum) -> Result<Vec<File>> {
    let tree = store::trees::find(conn, digest)?.ok_or(Error::NotFound(Thing::Version))?;
    Ok(store::trees::files(conn, tree.id)?.to_vec())
}
