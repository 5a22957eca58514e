//! Submissions. They are written once and never change, and the reply comes only when they are durable.

use super::audit::{self, About, Action};
use super::parcel::Parcel;
use super::policy::Standing;
use super::quota::Account;
use super::receipts::Receipt;
use super::roster::PORTION;
use super::trees::{self, ListedFile};
use super::{Error, Exchange, Policy, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, IdempotencyKey, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::receipts::Submission;
use nbcourier_storage::trees::Saved;
use nbcourier_storage::{self as store, Connection};
use std::sync::Arc;

pub use nbcourier_storage::submissions::Line;

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
pub struct Work {
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
pub struct HandedIn {
    /// The receipt of the submission.
    pub receipt: Receipt,
    /// Whether the submission is new. Otherwise an earlier attempt with the same key made it.
    pub is_new: bool,
}

/// Whether the caller may submit. These checks need no files. Returns the receipt of an earlier attempt, if there was
/// one.
pub async fn may_submit(
    exchange: &Exchange,
    caller: &Caller,
    work: &Work,
) -> Result<Option<Receipt>> {
    let (policy, caller, work) = (exchange.policy, caller.clone(), work.clone());
    let quota = exchange.quota.clone();
    exchange
        .store
        .read(move |conn| {
            let standing = work.enter(policy, conn, &caller)?;
            let earlier = work.earlier_attempt(conn, standing, &caller)?;
            if earlier.is_none() {
                let student = work.student(&caller);
                let open = standing.open_for(conn, &work.assignment, student, Timestamp::now())?;
                quota.check_number(conn, (open.id, &work.assignment), student)?;
            }
            Ok(earlier)
        })
        .await
}

/// Submits the files. It returns once bytes and row are durable. A second attempt gets the receipt of the first.
pub async fn submit(
    exchange: &Exchange,
    caller: &Caller,
    work: Work,
    parcel: Parcel,
) -> Result<HandedIn> {
    let account = work.account(caller);
    let mut parcel = parcel.settle(exchange, caller, &account).await?;
    let (policy, caller, blobs) = (exchange.policy, caller.clone(), exchange.blobs.clone());
    let (quota, tally) = (exchange.quota.clone(), Arc::clone(&exchange.tally));
    let change = move |conn: &mut Connection| {
        let standing = work.enter(policy, conn, &caller)?;
        // This comes before all checks that could fail by now, because the submission was already accepted.
        if let Some(receipt) = work.earlier_attempt(conn, standing, &caller)? {
            let handed_in = HandedIn {
                receipt,
                is_new: false,
            };
            return Ok((handed_in, parcel));
        }
        let (student, now) = (work.student(&caller), Timestamp::now());
        let assignment = standing.open_for(conn, &work.assignment, student, now)?.id;
        quota.check_number(conn, (assignment, &work.assignment), student)?;
        let tree = parcel.save(conn, &blobs, &standing.reach(&caller), now)?;
        parcel.take(conn, &quota, standing.course, &account)?;
        let receipt = work.record(conn, &caller, assignment, tree, now)?;
        let handed_in = HandedIn {
            receipt,
            is_new: true,
        };
        Ok::<_, Error>((handed_in, parcel))
    };
    let committed = move |(handed_in, parcel): &mut (HandedIn, Parcel)| {
        if handed_in.is_new {
            parcel.committed();
            tally.submissions.once();
        }
    };
    let (handed_in, _parcel) = exchange.store.write_then(change, committed).await?;
    Ok(handed_in)
}

impl Work {
    /// Returns the student, if that is not the caller.
    fn somebody_else(&self, caller: &Caller) -> Option<&UserName> {
        let student = self.student.as_ref();
        student.filter(|student| *student != caller.name())
    }

    /// Returns the account that the files count against.
    pub fn account(&self, caller: &Caller) -> Account {
        Account::work(&self.course, self.student(caller))
    }

    fn student<'a>(&'a self, caller: &'a Caller) -> &'a UserName {
        self.somebody_else(caller).unwrap_or(caller.name())
    }

    /// Checks course and member, in this order. For another person it checks course, instructor and student.
    fn enter(&self, policy: Policy, conn: &mut Connection, caller: &Caller) -> Result<Standing> {
        let standing = policy.enter(conn, caller, &self.course)?;
        let Some(student) = self.somebody_else(caller) else {
            return standing.require_member();
        };
        let standing = standing.require_instructor()?;
        if student.is_given_by_exchange() {
            return Err(Error::ReservedName(student.clone()));
        }
        require_known(policy, conn, standing, &self.course, student)?;
        Ok(standing)
    }

    fn earlier_attempt(
        &self,
        conn: &mut Connection,
        standing: Standing,
        caller: &Caller,
    ) -> Result<Option<Receipt>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let (course, student) = (standing.course, self.student(caller));
        let earlier = store::receipts::by_key(conn, course, &self.assignment, student, key)?;
        Ok(earlier.map(Receipt::from))
    }

    fn record(
        &self,
        conn: &mut Connection,
        caller: &Caller,
        assignment: i64,
        tree: Saved,
        now: Timestamp,
    ) -> Result<Receipt> {
        let student = self.student(caller);
        let by = self.somebody_else(caller).map(|_| caller.name());
        let (id, submitted_at) =
            store::submissions::add(conn, assignment, student, by, tree.id, now)?;
        if let Some(key) = &self.key {
            store::receipts::remember(conn, assignment, student, key, id)?;
        }
        let about = About {
            course: Some(&self.course),
            assignment: Some(&self.assignment),
            subject: self.somebody_else(caller),
            submission: Some(id),
        };
        audit::note(conn, caller, Action::Submitted, about, None)?;
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

/// Returns a portion of all submissions to an assignment after a line, oldest first, and whether there are more.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<Line>,
) -> Result<(Vec<Line>, bool)> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let released = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .released(conn, &assignment)?;
            let after = after.as_ref();
            Ok(store::submissions::list(conn, released.id, after, PORTION)?)
        })
        .await
}

/// Returns a portion of one student's submissions to an assignment after a line, oldest first, and whether there are
/// more.
pub async fn list_of(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    after: Option<Line>,
) -> Result<(Vec<Line>, bool)> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let assignment = find_assignment(policy, conn, &caller, &target)?;
            let (student, after) = (&target.student, after.as_ref());
            Ok(store::submissions::list_of(
                conn, assignment, student, after, PORTION,
            )?)
        })
        .await
}

/// Returns the time and files of one submission: the latest, or the one of exactly the given time.
pub async fn files(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
    time: Option<Timestamp>,
) -> Result<(Timestamp, Arc<[ListedFile]>)> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let assignment = find_assignment(policy, conn, &caller, &target)?;
            let found = match time {
                Some(time) => store::submissions::at(conn, assignment, &target.student, time)?,
                None => store::submissions::latest(conn, assignment, &target.student)?,
            };
            let submission = found.ok_or(Error::NotFound(Thing::Submission))?;
            Ok((
                submission.submitted_at,
                store::trees::files(conn, submission.tree_id)?,
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
) -> Result<trees::Found> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            let submission = by_number(conn, standing, &caller, id)?;
            standing.released(conn, &submission.assignment)?;
            Ok(trees::Found {
                digest: submission.digest,
                time: submission.submitted_at,
                files: store::trees::files(conn, submission.tree_id)?,
            })
        })
        .await
}

/// Checks that the target exists. If the request also has other errors, this one is reported first.
pub async fn check_target(exchange: &Exchange, caller: &Caller, target: &Target) -> Result<()> {
    let (policy, caller, target) = (exchange.policy, caller.clone(), target.clone());
    exchange
        .store
        .read(move |conn| find_assignment(policy, conn, &caller, &target).map(drop))
        .await
}

/// Checks course, self or instructor, assignment and student, in this order. A caller who is not a member must have
/// submitted in the course to learn about its assignments, and learns only of those they submitted to.
pub(super) fn find_assignment(
    policy: Policy,
    conn: &mut Connection,
    caller: &Caller,
    target: &Target,
) -> Result<i64> {
    let standing = policy
        .enter(conn, caller, &target.course)?
        .require_self_or_instructor(caller, &target.student)?;
    if !standing.is_member() {
        require_known(policy, conn, standing, &target.course, &target.student)?;
    }
    let assignment = assignment_of(conn, standing, caller, &target.assignment)?;
    require_known(policy, conn, standing, &target.course, &target.student)?;
    Ok(assignment)
}

/// Returns the row of a released assignment that the caller can see. A caller who is not a member any more must have
/// submitted to it.
pub(super) fn assignment_of(
    conn: &mut Connection,
    standing: Standing,
    caller: &Caller,
    assignment: &AssignmentId,
) -> Result<i64> {
    let id = standing.released(conn, assignment)?.id;
    if standing.is_member() || store::submissions::any_to(conn, id, caller.name())? {
        return Ok(id);
    }
    Err(Error::NotFound(Thing::Assignment))
}

/// Returns the submission with that number, for its student and for instructors. Nobody else learns whether it exists.
/// `None` is a number that could not be parsed and matches nothing.
pub(super) fn by_number(
    conn: &mut Connection,
    standing: Standing,
    caller: &Caller,
    id: Option<i64>,
) -> Result<Submission> {
    let found = match id {
        Some(id) => store::receipts::find(conn, standing.course, id)?,
        None => None,
    };
    match found {
        Some(own) if own.student == *caller.name() => Ok(own),
        other => {
            standing.require_instructor()?;
            other.ok_or(Error::NotFound(Thing::Submission))
        }
    }
}

/// Requires that the person is in the course or has submitted there.
pub(super) fn require_known(
    policy: Policy,
    conn: &mut Connection,
    standing: Standing,
    course: &CourseId,
    student: &UserName,
) -> Result<()> {
    if policy.role_of(conn, course, student)?.is_some()
        || store::submissions::any_in_course(conn, standing.course, student)?
    {
        return Ok(());
    }
    Err(Error::NotFound(Thing::Student))
}
