//! The dates of assignments and the extensions of students.

use super::audit::{About, Action};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::submissions::Target;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Extension, OwnTime, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use serde_json::{Value, json};

/// Dates that the caller may set, as far as can be checked without them.
pub struct Ready {
    entry: Entry,
    assignment: AssignmentId,
}

/// Checks that the caller may set the dates of the assignment.
pub async fn ready(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<Ready> {
    let entry = exchange.enter(caller, course, Need::May(Right::SetDates))?;
    entry.read(|_| Ok(())).await?;
    Ok(Ready { entry, assignment })
}

impl Ready {
    /// Sets all dates of the assignment. If it does not exist, it is created without a release.
    pub async fn set(self, dates: Dates) -> Result<()> {
        let Self { entry, assignment } = self;
        let set = entry.write(move |op| {
            op.lock_assignment(&assignment)?;
            set_in(op, &assignment, dates)
        });
        set.await
    }
}

/// Sets all dates of the assignment, within an operation of a caller who may and that holds the lock of the assignment.
pub(super) fn set_in(op: &mut CourseOp<'_>, assignment: &AssignmentId, dates: Dates) -> Result<()> {
    if !dates.are_in_order() {
        return Err(Error::DatesOutOfOrder);
    }
    let course = op.standing.course;
    let before = match store::assignments::find(op.conn, course, assignment)? {
        Some(row) => store::dates::of_assignment(op.conn, row)?,
        None => Dates::default(),
    };
    store::dates::set(op.conn, course, assignment, dates)?;
    let mut detail = written_dates(dates);
    detail["before"] = written_dates(before);
    op.note(
        Action::DatesSet,
        About::assignment(assignment),
        Some(&detail),
    )
}

/// Returns the dates in the detail of an event.
pub(super) fn read_dates(detail: &Value) -> Result<Dates> {
    Ok(Dates {
        opens_at: read_time(&detail["opens_at"])?,
        due_at: read_time(&detail["due_at"])?,
        cutoff_at: read_time(&detail["cutoff_at"])?,
    })
}

/// Returns the extension in the detail of an event.
pub(super) fn read_extension(detail: &Value) -> Result<NotedExtension> {
    Ok(NotedExtension {
        extension: Extension {
            due_at: read_time(&detail["due_at"])?,
            cutoff_at: read_time(&detail["cutoff_at"])?,
        },
        note: detail["note"].as_str().map(str::to_owned),
    })
}

fn read_time(value: &Value) -> Result<Option<Timestamp>> {
    let time = value.as_str().map(Timestamp::parse);
    let time = time.transpose();
    Ok(time.map_err(|_| store::Error::Damaged("an event with an unreadable time"))?)
}

fn written_dates(dates: Dates) -> Value {
    json!({
        "opens_at": written(dates.opens_at),
        "due_at": written(dates.due_at),
        "cutoff_at": written(dates.cutoff_at),
    })
}

fn written_extension(noted: &NotedExtension) -> Value {
    json!({
        "due_at": written(noted.extension.due_at),
        "cutoff_at": written(noted.extension.cutoff_at),
        "note": noted.note,
    })
}

fn written(time: Option<Timestamp>) -> Value {
    time.map(Timestamp::to_rfc3339).into()
}

/// An extension with the note of its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotedExtension {
    /// The dates.
    pub extension: Extension,
    /// The note. The student does not see it.
    pub note: Option<String>,
}

impl NotedExtension {
    pub(super) fn new(row: store::dates::NotedExtension) -> Self {
        Self {
            extension: row.extension,
            note: row.note,
        }
    }

    fn row(&self) -> store::dates::NotedExtension {
        store::dates::NotedExtension {
            extension: self.extension,
            note: self.note.clone(),
        }
    }
}

/// A page of the students who have extensions.
#[derive(Debug, Clone)]
pub struct Extensions {
    /// The extensions, sorted by student.
    pub extensions: Vec<(String, NotedExtension)>,
    /// The student after whom the next page begins, if there is one.
    pub next: Option<String>,
}

/// Returns at most `at_most` extensions of the students after that name.
pub async fn extensions(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<String>,
    at_most: usize,
) -> Result<Extensions> {
    exchange
        .read_in(caller, course, Need::May(Right::GiveTime), move |op| {
            let id = op.assignment(&assignment)?;
            let after = after.as_deref().unwrap_or_default();
            let portion = Portion::of(at_most);
            let (extensions, is_more) = store::dates::extensions(op.conn, id, after, portion)?;
            let extensions: Vec<_> = extensions
                .into_iter()
                .map(|(student, noted)| (student, NotedExtension::new(noted)))
                .collect();
            let next = extensions.last().filter(|_| is_more);
            let next = next.map(|(student, _)| student.clone());
            Ok(Extensions { extensions, next })
        })
        .await
}

/// An extension that the caller may give to a student.
pub struct ReadyToExtend {
    entry: Entry,
    target: Target,
}

/// Checks assignment and student. The assignment need not be released.
pub async fn ready_to_extend(
    exchange: &Exchange,
    caller: &Caller,
    target: Target,
) -> Result<ReadyToExtend> {
    let entry = exchange.enter(caller, target.course.clone(), Need::May(Right::GiveTime))?;
    let asked = target.clone();
    entry
        .read(move |op| assignment_to_extend(op, &asked).map(drop))
        .await?;
    Ok(ReadyToExtend { entry, target })
}

impl ReadyToExtend {
    /// Gives the student the extension.
    pub async fn extend(self, noted: NotedExtension) -> Result<()> {
        let Self { entry, target } = self;
        let extend =
            entry.write(move |op| extend_in(op, &target.assignment, &target.student, &noted));
        extend.await
    }
}

/// Gives the student the extension, within an operation of a caller who may.
pub(super) fn extend_in(
    op: &mut CourseOp<'_>,
    assignment: &AssignmentId,
    student: &UserName,
    noted: &NotedExtension,
) -> Result<()> {
    let row = op.assignment(assignment)?;
    op.require_known(student)?;
    let extension = noted.extension;
    let alone = OwnTime {
        extension: Some(extension),
        allowance: None,
    };
    if Dates::default().of_student(alone).cutoff_at != extension.cutoff_at {
        return Err(Error::DatesOutOfOrder);
    }
    op.lock_assignment(assignment)?;
    let before = extension_before(op, row, student)?;
    store::dates::set_extension(op.conn, row, student, &noted.row())?;
    let mut detail = written_extension(noted);
    detail["before"] = before.as_ref().map_or(Value::Null, written_extension);
    let about = About::student(assignment, student);
    op.note(Action::ExtensionSet, about, Some(&detail))
}

/// Removes a student's extension.
pub async fn remove_extension(exchange: &Exchange, caller: &Caller, target: Target) -> Result<()> {
    let entry = exchange.enter(caller, target.course.clone(), Need::May(Right::GiveTime))?;
    let remove =
        entry.write(move |op| remove_extension_in(op, &target.assignment, &target.student));
    remove.await
}

/// Removes a student's extension, within an operation of a caller who may.
pub(super) fn remove_extension_in(
    op: &mut CourseOp<'_>,
    assignment: &AssignmentId,
    student: &UserName,
) -> Result<()> {
    let row = op.assignment(assignment)?;
    op.require_known(student)?;
    op.lock_assignment(assignment)?;
    let before = extension_before(op, row, student)?;
    let before = before.ok_or(Error::NotFound(Thing::Extension))?;
    store::dates::remove_extension(op.conn, row, student)?;
    let detail = json!({ "before": written_extension(&before) });
    let about = About::student(assignment, student);
    op.note(Action::ExtensionRemoved, about, Some(&detail))
}

fn extension_before(
    op: &mut CourseOp<'_>,
    assignment: i64,
    student: &UserName,
) -> Result<Option<NotedExtension>> {
    let before = store::dates::extension_of(op.conn, assignment, student)?;
    Ok(before.map(NotedExtension::new))
}

fn assignment_to_extend(op: &mut CourseOp<'_>, target: &Target) -> Result<i64> {
    let assignment = op.assignment(&target.assignment)?;
    op.require_known(&target.student)?;
    Ok(assignment)
}
