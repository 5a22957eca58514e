//! Submissions. They are written once and never change, and the reply comes only when they are durable.

use super::audit::{About, Action};
use super::files::objects;
use super::files::parcel::Parcel;
use super::files::quota::{Account, Taken};
use super::files::trees::{FoundTree, TreeFiles};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::receipts::Receipt;
use super::seen::Seen;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, IdempotencyKey, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::trees::Saved;
use nbcourier_storage::{self as store, Lock};
use std::sync::Arc;

/// A student's submissions to an assignment.
#[derive(Debug, Clone)]
pub struct Target {
    /// The course.
    pub course: CourseId,
    /// The assignment, which must be released.
    pub assignment: AssignmentId,
    /// The student.
    pub student: UserName,
}

/// The description of a new submission.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    /// The course.
    pub course: CourseId,
    /// The assignment.
    pub assignment: AssignmentId,
    /// The student, if that is not the caller.
    pub student: Option<UserName>,
    /// The key by which a second attempt is recognised.
    pub key: Option<IdempotencyKey>,
}

/// The result of submitting.
#[derive(Debug, Clone)]
pub struct SubmissionResult {
    /// The receipt of the submission.
    pub receipt: Receipt,
    /// Whether the submission is new. Otherwise an earlier attempt with the same key made it.
    pub is_new: bool,
}

/// A submission that the caller may make, as far as can be checked without its files.
pub struct Ready {
    entry: Entry,
    new: NewSubmission,
    /// The receipt of an earlier attempt with the same key, if there was one. No files are needed then.
    pub earlier: Option<Receipt>,
}

/// Checks that the caller may make the submission.
pub async fn ready(exchange: &Exchange, caller: &Caller, new: NewSubmission) -> Result<Ready> {
    let need = match new.somebody_else(caller) {
        Some(_) => Need::May(Right::HandInForOthers),
        None => Need::May(Right::TakePart),
    };
    let entry = exchange.enter(caller, new.course.clone(), need)?;
    let asked = new.clone();
    let earlier = entry.read(move |op| {
        asked.check_student(op)?;
        let earlier = asked.earlier_attempt(op)?;
        if earlier.is_none() {
            asked.find_assignment(op, Timestamp::now())?;
        }
        Ok(earlier)
    });
    let earlier = earlier.await?;
    Ok(Ready {
        entry,
        new,
        earlier,
    })
}

impl Ready {
    /// Returns the account that the files count against.
    pub fn account(&self) -> Account {
        let Self { entry, new, .. } = self;
        Account::work(entry.course(), new.student(entry.caller()))
    }

    /// Submits the files. It returns once bytes and row are durable. A second attempt gets the receipt of the first.
    pub async fn submit(self, parcel: Parcel) -> Result<SubmissionResult> {
        let account = self.account();
        let Self { entry, new, .. } = self;
        let (exchange, caller) = (entry.exchange(), entry.caller());
        let parcel = Arc::new(parcel.settle(exchange, caller, &account).await?);
        let (sent, named) = (Arc::clone(&parcel), Arc::clone(&parcel));
        let metrics = Arc::clone(&exchange.metrics);
        let change = move |op: &mut CourseOp<'_>| {
            new.lock(op)?;
            new.check_student(op)?;
            // This comes before all checks that could fail by now, because the submission was already accepted.
            if let Some(receipt) = new.earlier_attempt(op)? {
                let handed_in = SubmissionResult {
                    receipt,
                    is_new: false,
                };
                return Ok((handed_in, None));
            }
            let now = Timestamp::now();
            let assignment = new.find_assignment(op, now)?;
            let tree = parcel.save_in(op, now)?;
            let taken = parcel.take(op, &account)?;
            let handed_in = SubmissionResult {
                receipt: new.record(op, assignment, tree, now)?,
                is_new: true,
            };
            Ok((handed_in, taken))
        };
        let committed = move |(handed_in, taken): &mut (SubmissionResult, Option<Taken>)| {
            if handed_in.is_new {
                sent.committed(taken.take());
                metrics.submissions.inc();
            }
        };
        let (handed_in, _) = objects::name(&entry, &*named, change, committed).await?;
        Ok(handed_in)
    }
}

impl NewSubmission {
    /// Returns the student, if that is not the caller.
    pub(super) fn somebody_else(&self, caller: &Caller) -> Option<&UserName> {
        let student = self.student.as_ref();
        student.filter(|student| *student != caller.name())
    }

    fn student<'a>(&'a self, caller: &'a Caller) -> &'a UserName {
        self.somebody_else(caller).unwrap_or(caller.name())
    }

    /// Makes other changes wait that decide by the student's submissions, or that move them to another name.
    fn lock(&self, op: &mut CourseOp<'_>) -> Result<()> {
        let student = self.student(op.caller);
        let person = if op.exchange.quota.counts_persons() {
            Lock::Person(student)
        } else {
            Lock::PersonShared(student)
        };
        let course = op.standing.course;
        Ok(op.conn.lock([person, Lock::Student(course, student)])?)
    }

    /// Checks the student for whom an instructor submits.
    fn check_student(&self, op: &mut CourseOp<'_>) -> Result<()> {
        let Some(student) = self.somebody_else(op.caller) else {
            return Ok(());
        };
        if student.is_given_by_exchange() {
            return Err(Error::ReservedName(student.clone()));
        }
        op.require_known(student)
    }

    fn earlier_attempt(&self, op: &mut CourseOp<'_>) -> Result<Option<Receipt>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let (course, student) = (op.standing.course, self.student(op.caller));
        let earlier = store::receipts::by_key(op.conn, course, &self.assignment, student, key)?;
        Ok(earlier.map(Receipt::from))
    }

    /// Returns the row of the assignment, which must accept a further submission of the student.
    fn find_assignment(&self, op: &mut CourseOp<'_>, now: Timestamp) -> Result<i64> {
        let student = self.student(op.caller);
        let id = op.open_for(&self.assignment, student, now)?.id;
        let quota = &op.exchange.quota;
        quota.check_number(op.conn, (id, &self.assignment), student)?;
        Ok(id)
    }

    fn record(
        &self,
        op: &mut CourseOp<'_>,
        assignment: i64,
        tree: Saved,
        now: Timestamp,
    ) -> Result<Receipt> {
        let student = self.student(op.caller);
        let by = self.somebody_else(op.caller).map(|_| op.caller.name());
        let (id, submitted_at) =
            store::submissions::add(op.conn, assignment, student, by, tree.id, now)?;
        if let Some(key) = &self.key {
            store::receipts::remember(op.conn, assignment, student, key, id)?;
        }
        let about = About {
            assignment: Some(&self.assignment),
            subject: self.somebody_else(op.caller),
            submission: Some(id),
            ..About::default()
        };
        op.note(Action::Submitted, about, None)?;
        Ok(Receipt {
            id,
            course: self.course.to_string(),
            assignment: self.assignment.to_string(),
            student: student.to_string(),
            submitted_at,
            tree: tree.digest,
            files: tree.files,
            bytes: tree.bytes,
            submitted_by: by.map(UserName::to_string),
        })
    }
}

/// Returns the time and files of one submission: the latest, or the one of exactly the given time.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Option<Timestamp>,
) -> Result<(Timestamp, TreeFiles)> {
    let entry = target.enter(exchange, caller)?;
    entry
        .read(move |op| {
            let assignment = target.find(op)?;
            let found = match time {
                Some(time) => store::submissions::at(op.conn, assignment, &target.student, time)?,
                None => store::submissions::latest(op.conn, assignment, &target.student)?,
            };
            let submission = found.ok_or(Error::NotFound(Thing::Submission))?;
            Ok((
                submission.submitted_at,
                TreeFiles::new(store::trees::files(op.conn, submission.tree_id)?),
            ))
        })
        .await
}

/// Returns the tree of the submission with that number, for its student and for instructors.
pub async fn tree(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<FoundTree> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            let submission = op.submission(id)?;
            op.require_shown(&submission)?;
            let files = store::trees::files_of(op.conn, submission.tree_id, submission.digest)?;
            Ok(FoundTree {
                digest: submission.digest,
                time: submission.submitted_at,
                files: TreeFiles::new(files),
                seen: Seen::nothing(),
            })
        })
        .await
}

/// Checks that the target exists. If the request also has other errors, this one is reported first.
pub async fn check_target(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let entry = target.enter(exchange, caller)?;
    let target = target.clone();
    entry.read(move |op| target.find(op).map(drop)).await
}

impl Target {
    /// Returns the way of the student and of instructors into the course.
    pub(super) fn enter(&self, exchange: &Exchange, caller: &Caller) -> Result<Entry> {
        let need = Need::SelfOr(self.student.clone(), Right::ReadWork);
        exchange.enter(caller, self.course.clone(), need)
    }

    /// Returns the row of the assignment.
    pub(super) fn find(&self, op: &mut CourseOp<'_>) -> Result<i64> {
        op.assignment_of(&self.assignment, &self.student)
    }
}
