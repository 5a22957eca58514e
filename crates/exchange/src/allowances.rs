//! The allowances of students: the hours that they always have more in a course, for every assignment.

use super::audit::{About, Action};
use super::op::{CourseOp, Entry, Mode, Need};
use super::policy::Right;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{Allowance, CourseId, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use serde_json::{Value, json};
use std::collections::HashMap;

/// An allowance with the note of its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedAllowance {
    /// The allowance.
    pub allowance: Allowance,
    /// The note. The student does not see it.
    pub note: Option<String>,
}

impl NotedAllowance {
    pub(super) fn new(row: store::allowances::NotedAllowance) -> Self {
        Self {
            allowance: row.allowance,
            note: row.note,
        }
    }

    pub(super) fn row(&self) -> store::allowances::NotedAllowance {
        store::allowances::NotedAllowance {
            allowance: self.allowance,
            note: self.note.clone(),
        }
    }
}

/// A page of the students who have allowances.
#[derive(Debug, Clone)]
pub struct AllowancePage {
    /// The allowances, sorted by student.
    pub allowances: Vec<(String, NotedAllowance)>,
    /// The student after whom the next page begins, if there is one.
    pub next: Option<String>,
}

/// Returns at most `at_most` allowances of the students after that name.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<String>,
    at_most: usize,
) -> Result<AllowancePage> {
    exchange
        .read_in(caller, course, Need::May(Right::GiveTime), move |op| {
            let after = after.as_deref().unwrap_or_default();
            let portion = Portion::of(at_most);
            let course = op.standing.course;
            let (rows, is_more) = store::allowances::page(op.conn, course, after, portion)?;
            let next = rows.last().filter(|_| is_more);
            let next = next.map(|(student, _)| student.clone());
            let rows = rows.into_iter();
            Ok(AllowancePage {
                allowances: rows
                    .map(|(student, noted)| (student, NotedAllowance::new(noted)))
                    .collect(),
                next,
            })
        })
        .await
}

/// Allowances that the caller may give to students of a course.
pub struct Ready {
    entry: Entry,
}

/// Checks that the caller may give allowances to these students, who are known in the course.
pub async fn ready(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    students: Vec<UserName>,
) -> Result<Ready> {
    let entry = exchange.enter(caller, course, Need::May(Right::GiveTime))?;
    let known = entry.read(move |op| {
        students
            .iter()
            .try_for_each(|student| op.require_known(student))
    });
    known.await?;
    Ok(Ready { entry })
}

/// Numbers of latest submissions that a change of allowances concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Submissions that were late, and are in time after the change.
    pub in_time: usize,
    /// Submissions that were in time, and are late after the change.
    pub late: usize,
    /// Students who had another allowance before.
    pub replaced: usize,
}

impl Ready {
    /// Gives each student their allowance, to all of them or to none.
    pub async fn give(self, given: Vec<(UserName, NotedAllowance)>) -> Result<()> {
        self.try_out(Mode::Apply, given).await.map(drop)
    }

    /// Returns what giving these allowances would change, and changes nothing.
    pub async fn rehearse(self, given: Vec<(UserName, NotedAllowance)>) -> Result<Consequences> {
        self.try_out(Mode::DryRun, given).await
    }

    async fn try_out(
        self,
        mode: Mode,
        given: Vec<(UserName, NotedAllowance)>,
    ) -> Result<Consequences> {
        let give = self.entry.try_out(mode, move |op| {
            op.lock_course()?;
            let mut all = Consequences::default();
            for (student, noted) in &given {
                let of_student = set_in(op, student, noted)?;
                all.in_time += of_student.in_time;
                all.late += of_student.late;
                all.replaced += of_student.replaced;
            }
            Ok(all)
        });
        give.await
    }
}

/// Removes a student's allowance.
pub async fn remove(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    student: UserName,
) -> Result<()> {
    let entry = exchange.enter(caller, course, Need::May(Right::GiveTime))?;
    let remove = entry.write(move |op| {
        op.lock_course()?;
        remove_in(op, &student).map(drop)
    });
    remove.await
}

/// Sets a student's allowance, within an operation of a caller who may and that holds the lock of the course.
pub(super) fn set_in(
    op: &mut CourseOp<'_>,
    student: &UserName,
    noted: &NotedAllowance,
) -> Result<Consequences> {
    op.require_known(student)?;
    let before = before(op, student)?;
    let course = op.standing.course;
    let mut detail = written(noted);
    detail["before"] = before.as_ref().map_or(Value::Null, written);
    let change = |op: &mut CourseOp<'_>| {
        Ok(store::allowances::set(
            op.conn,
            course,
            student,
            &noted.row(),
        )?)
    };
    let replaced = before.is_some_and(|before| before.allowance != noted.allowance);
    Ok(Consequences {
        replaced: usize::from(replaced),
        ..note_change(op, student, Action::AllowanceSet, detail, change)?
    })
}

/// Removes a student's allowance, within an operation of a caller who may and that holds the lock of the course. The student
/// may have left the course.
pub(super) fn remove_in(op: &mut CourseOp<'_>, student: &UserName) -> Result<Consequences> {
    let Some(before) = before(op, student)? else {
        op.require_known(student)?;
        return Err(Error::NotFound(Thing::Allowance));
    };
    let course = op.standing.course;
    let detail = json!({ "before": written(&before) });
    let change = |op: &mut CourseOp<'_>| Ok(store::allowances::remove(op.conn, course, student)?);
    note_change(op, student, Action::AllowanceRemoved, detail, change)
}

/// Makes the change, and records it with the numbers of the student's latest submissions that are in time by it, or late.
fn note_change(
    op: &mut CourseOp<'_>,
    student: &UserName,
    action: Action,
    mut detail: Value,
    change: impl FnOnce(&mut CourseOp<'_>) -> Result<()>,
) -> Result<Consequences> {
    let was = lateness(op, student)?;
    change(op)?;
    let is = lateness(op, student)?;
    let count = |late: bool| {
        let changed = is.iter().filter(|(assignment, is_late)| {
            **is_late == late && was.get(*assignment) == Some(&!late)
        });
        changed.count()
    };
    let consequences = Consequences {
        in_time: count(false),
        late: count(true),
        replaced: 0,
    };
    detail["in_time"] = consequences.in_time.into();
    detail["late"] = consequences.late.into();
    let about = About {
        subject: Some(student),
        ..About::default()
    };
    op.note(action, about, Some(&detail))?;
    Ok(consequences)
}

/// Returns whether the student's latest submission to each assignment is late.
fn lateness(op: &mut CourseOp<'_>, student: &UserName) -> Result<HashMap<String, bool>> {
    let all = store::overview::of_student(op.conn, op.standing.course, student)?;
    let all = all.into_iter();
    Ok(all
        .map(|(assignment, work, _)| (assignment, work.late))
        .collect())
}

fn before(op: &mut CourseOp<'_>, student: &UserName) -> Result<Option<NotedAllowance>> {
    let course = op.standing.course;
    let before = store::allowances::of_student(op.conn, course, student)?;
    Ok(before.map(NotedAllowance::new))
}

fn written(noted: &NotedAllowance) -> Value {
    json!({ "hours": noted.allowance.hours(), "note": noted.note })
}

/// Returns the allowance in the detail of an event.
pub(super) fn read_detail(detail: &Value) -> Result<NotedAllowance> {
    let hours = detail["hours"].as_i64().and_then(Allowance::of_hours);
    let damaged = store::Error::Damaged("an event with an impossible allowance");
    Ok(NotedAllowance {
        allowance: hours.ok_or(damaged)?,
        note: detail["note"].as_str().map(str::to_owned),
    })
}
