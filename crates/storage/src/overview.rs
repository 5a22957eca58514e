//! The overview of a course: one row for each student and assignment, for any number of submissions.

use super::backend::prelude::*;
use super::courses::number;
use super::dates::{DATES, DatesRow, OwnRow, dates, dates_of, own_columns, with_own_time};
use super::members::{MemberFilter, group, students};
use super::schema::{assignments, feedback, hub_members, members, submissions};
use super::{Error, Result};
use diesel::dsl::{exists, sql};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use nbcourier_domain::{CourseId, Dates, Role, Timestamp, UserName};

/// An assignment of a course.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub name: String,
    /// The dates of the assignment.
    pub dates: Dates,
    /// Whether it is released.
    pub released: bool,
}

/// A row with the number of students, and an assignment. A course without assignments has one row without any.
#[derive(QueryableByName)]
struct AssignmentRow {
    #[diesel(sql_type = BigInt)]
    students: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    opens_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    due_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cutoff_at: Option<i64>,
    #[diesel(sql_type = Bool)]
    released: bool,
}

/// Returns the assignments of a course, released or not, in the order of their creation, and the number of students.
pub fn assignments(
    conn: &mut Connection,
    of_course: MemberFilter<'_>,
) -> Result<(Vec<Assignment>, usize)> {
    let students = students();
    let sql = format!(
        "SELECT (SELECT count(*) FROM ({students}) AS class) AS students, a.id, a.name, a.opens_at, a.due_at, a.cutoff_at,
                a.current_release IS NOT NULL AS released
            FROM courses c LEFT JOIN assignments a ON a.course_id = c.id AND a.deleted_at IS NULL
            WHERE c.id = $2 ORDER BY a.id"
    );
    let rows = diesel::sql_query(sql)
        .bind::<Text, _>(group(of_course))
        .bind::<BigInt, _>(of_course.course)
        .load::<AssignmentRow>(conn)?;
    let students = rows.first().map_or(0, |row| row.students);
    let students = usize::try_from(students);
    let assignments = rows.into_iter().filter_map(|row| {
        Some(Assignment {
            id: row.id?,
            name: row.name?,
            dates: dates((row.opens_at, row.due_at, row.cutoff_at)),
            released: row.released,
        })
    });
    Ok((
        assignments.collect(),
        students.map_err(|_| Error::Damaged("a negative number of people"))?,
    ))
}

/// The state of the feedback on a student's submissions to an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// There is no feedback.
    None,
    /// The latest submission has feedback.
    Returned,
    /// Only an earlier submission has feedback.
    Outdated,
}

/// A student's submissions to an assignment.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionSummary {
    /// The time of the latest submission.
    pub submitted_at: Timestamp,
    /// Whether the latest submission is late, with regard to extensions.
    pub late: bool,
    /// The number of submissions.
    pub submissions: usize,
    /// The feedback on the submissions.
    pub feedback: Feedback,
}

impl SubmissionSummary {
    /// Returns the same with one more submission, which becomes the latest.
    fn after(before: Option<Self>, submitted_at: Timestamp, dates: Dates, returned: bool) -> Self {
        let feedback = match before.map(|work| work.feedback) {
            _ if returned => Feedback::Returned,
            None | Some(Feedback::None) => Feedback::None,
            Some(Feedback::Returned | Feedback::Outdated) => Feedback::Outdated,
        };
        Self {
            submitted_at,
            late: dates.is_late(submitted_at),
            submissions: before.map_or(0, |work| work.submissions) + 1,
            feedback,
        }
    }
}

/// A student with submissions, and their state in the course.
#[derive(Debug, Clone)]
pub struct Submitter {
    /// The name at the hub.
    pub username: String,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// Whether the person is enrolled as a student.
    pub enrolled: bool,
}

/// Calls `take` once for each pair of student and assignment with submissions, with the row of the assignment. Only
/// one student's submissions are in memory at a time.
pub fn work(
    conn: &mut Connection,
    course: i64,
    group: Option<&CourseId>,
    mut take: impl FnMut(i64, Submitter, SubmissionSummary),
) -> Result<()> {
    type Columns = (
        (i64, String, i64, bool),
        (DatesRow, OwnRow),
        (Option<i16>, Option<String>, Option<String>),
        Option<i16>,
    );
    let shown = feedback::table.filter(
        feedback::submission_id
            .eq(submissions::id)
            .and(feedback::deleted_at.is_null()),
    );
    // No course has the empty name.
    let group = group.map_or("", CourseId::as_str);
    let found = submissions::table.inner_join(assignments::table);
    let rows = with_own_time!(found, submissions::student)
        .left_join(
            members::table.on(members::course_id
                .eq(course)
                .and(members::username.eq(submissions::student))),
        )
        .left_join(
            hub_members::table.on(hub_members::course
                .eq(group)
                .and(hub_members::username.eq(submissions::student))),
        )
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null()),
        )
        .order((
            submissions::assignment_id,
            submissions::student,
            submissions::submitted_at,
        ))
        .select((
            (
                submissions::assignment_id,
                submissions::student,
                submissions::submitted_at,
                exists(shown),
            ),
            (DATES, own_columns()),
            (
                members::role.nullable(),
                members::first_name.nullable(),
                members::last_name.nullable(),
            ),
            hub_members::role.nullable(),
        ))
        .load_iter::<Columns>(conn)?;
    let mut open: Option<(i64, Submitter, SubmissionSummary)> = None;
    for row in rows {
        let ((assignment, student, submitted_at, has_feedback), times, by_hand, by_hub) = row?;
        let before = match open.take() {
            Some((of, submitter, work)) if of == assignment && submitter.username == student => {
                Some(work)
            }
            Some((of, submitter, work)) => {
                take(of, submitter, work);
                None
            }
            None => None,
        };
        let submitted_at = Timestamp::from_micros(submitted_at);
        let dates = dates_of(times.0, times.1);
        let work = SubmissionSummary::after(before, submitted_at, dates, has_feedback);
        // A row that is kept for a former owner of the name belongs to nobody.
        let is_former = student.starts_with(UserName::FORMER_PREFIX);
        let (role, first_name, last_name) = if is_former {
            (None, None, None)
        } else {
            by_hand
        };
        let submitter = Submitter {
            username: student,
            first_name,
            last_name,
            // An instructor or assistant, by manual roster or by group, is not enrolled.
            enrolled: role.max(by_hub) == Some(number(Role::Student)),
        };
        open = Some((assignment, submitter, work));
    }
    if let Some((assignment, submitter, work)) = open {
        take(assignment, submitter, work);
    }
    Ok(())
}

/// A student's submissions to the assignment of that name, and when they first read the feedback on the latest one.
pub type OwnSummary = (String, SubmissionSummary, Option<Timestamp>);

/// The time at which the current feedback on a submission was first read, if it was.
const READ_AT: &str = "(SELECT r.first_at FROM feedback AS f LEFT JOIN feedback_readings AS r ON r.feedback_id = f.id \
    WHERE f.submission_id = submissions.id AND f.deleted_at IS NULL ORDER BY f.id DESC LIMIT 1)";

/// Returns one student's submissions to each assignment of a course that has some. The assignment need not be released.
pub fn of_student(
    conn: &mut Connection,
    course: i64,
    student: &UserName,
) -> Result<Vec<OwnSummary>> {
    type Columns = ((String, i64), (bool, Option<i64>), (DatesRow, OwnRow));
    let shown = feedback::table.filter(
        feedback::submission_id
            .eq(submissions::id)
            .and(feedback::deleted_at.is_null()),
    );
    let found = submissions::table.inner_join(assignments::table);
    let rows = with_own_time!(found, submissions::student)
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(submissions::deleted_at.is_null())
                .and(submissions::student.eq(student.as_str())),
        )
        .order((submissions::assignment_id, submissions::submitted_at))
        .select((
            (assignments::name, submissions::submitted_at),
            (exists(shown), sql::<Nullable<BigInt>>(READ_AT)),
            (DATES, own_columns()),
        ))
        .load_iter::<Columns>(conn)?;
    let mut all: Vec<OwnSummary> = Vec::new();
    for row in rows {
        let ((assignment, submitted_at), (has_feedback, read_at), (of_all, of_student)) = row?;
        let before = all.pop_if(|(name, ..)| *name == assignment);
        let dates = dates_of(of_all, of_student);
        let submitted_at = Timestamp::from_micros(submitted_at);
        let before = before.map(|(_, summary, _)| summary);
        let summary = SubmissionSummary::after(before, submitted_at, dates, has_feedback);
        all.push((assignment, summary, read_at.map(Timestamp::from_micros)));
    }
    Ok(all)
}
