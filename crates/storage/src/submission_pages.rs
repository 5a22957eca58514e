//! Lists the submissions of a course, a page at a time.

use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::dates::{DATES, DatesRow, OwnRow, dates_of, own_columns, with_own_time};
use super::schema::{assignments, feedback, submissions, trees};
use super::{Portion, Result};
use diesel::backend::Backend;
use diesel::dsl::exists;
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Text};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};

/// A filter for the submissions of a course. Only submissions to released assignments are listed.
#[derive(Debug, Clone, Default)]
pub struct SubmissionFilter {
    /// Only submissions to the assignment with this row.
    pub assignment: Option<i64>,
    /// Only submissions of this student.
    pub student: Option<UserName>,
    /// Only submissions to assignments that are open to students at this time.
    pub open_at: Option<Timestamp>,
    /// Only submissions after this place, which also determines the order.
    pub after: Option<After>,
    /// Only the latest submission of each student until this time.
    pub latest: Option<Timestamp>,
    /// Only submissions with feedback.
    pub with_feedback: bool,
}

/// The place after which a portion begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// After a submission, oldest first.
    Submission(SubmissionPosition),
    /// After a student, by student.
    Student(String),
    /// At the beginning, newest first.
    Newest,
}

/// The place of a submission among all: by its time, then by its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionPosition {
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The ID of the row.
    pub id: i64,
}

/// A submission in a listing.
#[derive(Debug, Clone)]
pub struct SubmissionRow {
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The student.
    pub student: String,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// Whether it is late, with regard to the student's extension.
    pub late: bool,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

impl SubmissionRow {
    /// Returns the place of the submission.
    pub fn place(&self) -> SubmissionPosition {
        SubmissionPosition {
            submitted_at: self.submitted_at,
            id: self.id,
        }
    }
}

/// Returns a portion of the wanted submissions of a course, and whether there are more. The order is oldest first, by
/// student after [`After::Student`], and newest first with [`After::Newest`].
pub fn page(
    conn: &mut Connection,
    course: i64,
    wanted: &SubmissionFilter,
    portion: Portion,
) -> Result<(Vec<SubmissionRow>, bool)> {
    let opens_at = assignments::opens_at;
    let is_open = wanted
        .open_at
        .map(|time| opens_at.is_null().or(opens_at.le(time.micros())));
    let student = wanted.student.as_ref().map(UserName::as_str);
    let (after, order) = match &wanted.after {
        Some(After::Student(after)) => (
            Some(Either::That(submissions::student.gt(after.as_str()))),
            Either::That(Either::This((submissions::student, submissions::id))),
        ),
        Some(After::Newest) => (
            None,
            Either::That(Either::That((
                submissions::submitted_at.desc(),
                submissions::id.desc(),
            ))),
        ),
        other => (
            place(other.as_ref()).map(|SubmissionPosition { submitted_at, id }| {
                let time = submitted_at.micros();
                Either::This(
                    submissions::submitted_at.ge(time).and(
                        submissions::submitted_at
                            .gt(time)
                            .or(submissions::id.gt(id)),
                    ),
                )
            }),
            Either::This((submissions::submitted_at, submissions::id)),
        ),
    };
    let latest = wanted.latest.map(|time| IsLatest {
        assignment: wanted.assignment,
        student,
        time: time.micros(),
    });
    let with_feedback = wanted.with_feedback.then(|| {
        let shown = feedback::table.filter(
            feedback::submission_id
                .eq(submissions::id)
                .and(feedback::deleted_at.is_null()),
        );
        exists(shown)
    });
    let found = submissions::table.inner_join(assignments::table);
    let rows = with_own_time!(found, submissions::student)
        .inner_join(trees::table)
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::current_release.is_not_null())
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null()),
        )
        .filter(maybe(
            wanted
                .assignment
                .map(|id| submissions::assignment_id.eq(id)),
        ))
        .filter(maybe(student.map(|name| submissions::student.eq(name))))
        .filter(maybe(is_open))
        .filter(maybe(after))
        .filter(maybe(latest))
        .filter(maybe(with_feedback))
        .order(order)
        .select((
            submissions::id,
            assignments::name,
            (submissions::student, submissions::submitted_by),
            submissions::submitted_at,
            (
                submissions::tree_id,
                trees::digest,
                trees::files,
                trees::bytes,
            ),
            DATES,
            own_columns(),
        ))
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    portion.take(rows, entry, size_of_names)
}

/// Returns the submission after which a portion begins, if it is one.
fn place(after: Option<&After>) -> Option<SubmissionPosition> {
    match after {
        Some(After::Submission(place)) => Some(*place),
        Some(After::Student(_) | After::Newest) | None => None,
    }
}

/// The condition that a submission is the latest of its student to its assignment until a time. The assignment and the
/// student are those of the whole query.
///
/// This passes over the submissions once. A subquery for each submission would pass over all others.
#[derive(Debug, Clone)]
struct IsLatest<'a> {
    assignment: Option<i64>,
    student: Option<&'a str>,
    time: i64,
}

impl QueryId for IsLatest<'_> {
    type QueryId = ();
    // The text depends on the values.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for IsLatest<'_> {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for IsLatest<'_> {}

impl<T> SelectableExpression<T> for IsLatest<'_> {}

impl<G> ValidGrouping<G> for IsLatest<'_> {
    type IsAggregate = is_aggregate::No;
}

impl<D> QueryFragment<D> for IsLatest<'_>
where
    D: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, D>,
    str: ToSql<Text, D>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        out.push_sql(
            "(submissions.assignment_id, submissions.student, submissions.submitted_at) IN \
             (SELECT assignment_id, student, max(submitted_at) FROM submissions \
             WHERE deleted_at IS NULL AND submitted_at <= ",
        );
        out.push_bind_param::<BigInt, _>(&self.time)?;
        if let Some(assignment) = &self.assignment {
            out.push_sql(" AND assignment_id = ");
            out.push_bind_param::<BigInt, _>(assignment)?;
        }
        if let Some(student) = self.student {
            // The condition on the tree holds for every row. Without it, SQLite searches one student's submissions
            // through everybody's, in the index by time.
            out.push_sql(" AND tree_id >= 0 AND student = ");
            out.push_bind_param::<Text, _>(student)?;
        }
        out.push_sql(" GROUP BY assignment_id, student)");
        Ok(())
    }
}

/// Returns the bytes of the names in an entry.
fn size_of_names(entry: &SubmissionRow) -> usize {
    let by = entry.submitted_by.as_ref().map_or(0, String::len);
    entry.assignment.len() + entry.student.len() + by
}

type Columns = (
    i64,
    String,
    (String, Option<String>),
    i64,
    (i64, Vec<u8>, i64, i64),
    DatesRow,
    OwnRow,
);

fn entry(row: Columns) -> Result<SubmissionRow> {
    let (id, assignment, people, submitted_at, tree, of_all, of_student) = row;
    let (tree_id, digest, files, bytes) = tree;
    let (student, submitted_by) = people;
    let submitted_at = Timestamp::from_micros(submitted_at);
    let dates = dates_of(of_all, of_student);
    Ok(SubmissionRow {
        id,
        assignment,
        student,
        submitted_by,
        submitted_at,
        late: dates.is_late(submitted_at),
        tree_id,
        digest: parse_sha256(&digest)?,
        files,
        bytes,
    })
}
