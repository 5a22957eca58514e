//! One assignment with everybody's submissions to it, for the page of those who read all work.

use super::backend::prelude::*;
use super::dates::{DATES, DatesRow, dates, own_time};
use super::members::MemberFilter;
use super::schema::{assignments, events, feedback, releases, submissions};
use super::{Portion, Result};
use diesel::dsl::{exists, max};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use nbcourier_domain::{AssignmentId, CourseId, Dates, OwnTime, Timestamp, UserName};

/// An assignment, released or not.
#[derive(Debug, Clone)]
pub struct BoardAssignment {
    /// The ID of the row.
    pub id: i64,
    /// The dates for everybody.
    pub dates: Dates,
    /// The current version and the time of its release, if it is released.
    pub release: Option<(i64, Timestamp)>,
    /// The number of the last event of the course, as [`last_event`] returns it.
    pub last_event: i64,
}

/// Returns the assignment of that name.
pub fn assignment(
    conn: &mut Connection,
    course: i64,
    name: &AssignmentId,
) -> Result<Option<BoardAssignment>> {
    type Columns = (i64, DatesRow, (Option<i64>, Option<i64>), Option<i64>);
    let last = events::table
        .filter(events::course_id.eq(course))
        .select(max(events::id));
    let found = assignments::table
        .left_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(name.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((
            assignments::id,
            DATES,
            (
                releases::version.nullable(),
                releases::released_at.nullable(),
            ),
            last.single_value(),
        ))
        .get_result::<Columns>(conn)
        .optional()?;
    Ok(found.map(
        |(id, of_all, (version, released_at), last)| BoardAssignment {
            id,
            dates: dates(of_all),
            release: version.zip(released_at.map(Timestamp::from_micros)),
            last_event: last.unwrap_or(0),
        },
    ))
}

/// A person of a class, without what they have submitted.
#[derive(Debug, Clone)]
pub struct BoardPerson {
    /// The user name.
    pub username: String,
    /// First name, as on the manual roster.
    pub first_name: Option<String>,
    /// Last name, as on the manual roster.
    pub last_name: Option<String>,
    /// Whether they are a student of the course.
    pub enrolled: bool,
    /// The time that they have of their own.
    pub own: OwnTime,
    /// The newest version that they have fetched.
    pub fetched: Option<i64>,
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Bool)]
    enrolled: bool,
    #[diesel(sql_type = Nullable<Text>)]
    extended: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    due_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cutoff_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    hours: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    fetched: Option<i64>,
}

/// Returns at most a portion of the people of a class: the students, by manual roster and group together, as `members`
/// counts them, and others who have submitted.
pub fn people(
    conn: &mut Connection,
    students: MemberFilter<'_>,
    assignment: i64,
    portion: Portion,
) -> Result<Vec<BoardPerson>> {
    let prefix = UserName::FORMER_PREFIX;
    let is_former = |name: &str| format!("substr({name}, 1, {}) = '{prefix}'", prefix.len());
    let (former, former_person) = (is_former("m.username"), is_former("s.student"));
    let role = "CASE WHEN h.role > m.role OR m.role IS NULL THEN h.role ELSE m.role END";
    let limit = portion.limit();
    let sql = format!(
        "WITH class AS MATERIALIZED (
            SELECT m.username, m.first_name, m.last_name, TRUE AS enrolled FROM members m
                LEFT JOIN hub_members h ON h.course = $1 AND h.username = m.username
                WHERE m.course_id = $2 AND NOT {former} AND {role} = 1
            UNION ALL
            SELECT h.username, NULL, NULL, TRUE FROM hub_members h
                WHERE h.course = $1 AND h.role = 1
                    AND NOT EXISTS (SELECT 1 FROM members m WHERE m.course_id = $2 AND m.username = h.username)
            UNION ALL
            SELECT DISTINCT s.student, NULL, NULL, FALSE FROM submissions s
                LEFT JOIN members m ON m.course_id = $2 AND m.username = s.student
                LEFT JOIN hub_members h ON h.course = $1 AND h.username = s.student
                WHERE s.assignment_id = $3 AND s.deleted_at IS NULL AND ({former_person} OR coalesce({role}, 0) <> 1)),
        seen AS MATERIALIZED (
            SELECT f.student, max(r.version) AS version FROM releases r JOIN fetches f ON f.release_id = r.id
                WHERE r.assignment_id = $3 GROUP BY f.student)
        SELECT class.username, class.first_name, class.last_name, class.enrolled,
            x.student AS extended, x.due_at, x.cutoff_at, w.hours, seen.version AS fetched
            FROM class
            LEFT JOIN seen ON seen.student = class.username
            LEFT JOIN extensions x ON x.assignment_id = $3 AND x.student = class.username
            LEFT JOIN allowances w ON w.course_id = $2 AND w.student = class.username
            LIMIT {limit}"
    );
    let rows = diesel::sql_query(sql)
        .bind::<Text, _>(students.group.map_or("", CourseId::as_str))
        .bind::<BigInt, _>(students.course)
        .bind::<BigInt, _>(assignment)
        .load_iter::<PersonRow>(conn)?;
    let parse = |row: PersonRow| {
        Ok(BoardPerson {
            own: own_time((row.extended, row.due_at, row.cutoff_at, row.hours)),
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            enrolled: row.enrolled,
            fetched: row.fetched,
        })
    };
    let size = |person: &BoardPerson| {
        let details = [&person.first_name, &person.last_name];
        let details = details.into_iter().flatten().map(String::len);
        person.username.len() + details.sum::<usize>()
    };
    let (people, _) = portion.take(rows, parse, size)?;
    Ok(people)
}

/// Passes on the submissions to an assignment, by student and time: student, time, and whether there is feedback.
pub fn each_submission(
    conn: &mut Connection,
    assignment: i64,
    mut take: impl FnMut(String, Timestamp, bool),
) -> Result<()> {
    let shown = feedback::table.filter(
        feedback::submission_id
            .eq(submissions::id)
            .and(feedback::deleted_at.is_null()),
    );
    let rows = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::deleted_at.is_null()),
        )
        .order((submissions::student, submissions::submitted_at))
        .select((
            submissions::student,
            submissions::submitted_at,
            exists(shown),
        ))
        .load_iter::<(String, i64, bool)>(conn)?;
    for row in rows {
        let (student, at, has_feedback) = row?;
        take(student, Timestamp::from_micros(at), has_feedback);
    }
    Ok(())
}

/// Returns the number of the last event of a course. Every change of the course has a larger one.
pub fn last_event(conn: &mut Connection, course: i64) -> Result<i64> {
    let last: Option<i64> = events::table
        .filter(events::course_id.eq(course))
        .select(max(events::id))
        .get_result(conn)?;
    Ok(last.unwrap_or(0))
}
