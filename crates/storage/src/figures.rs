//! Figures of a class: what its students have submitted, and when. The database adds up, so that no row of a submission
//! leaves it.

use super::Result;
use super::backend::prelude::*;
use super::dates::{HOUR, own_due};
use super::members::{MemberFilter, group, students};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use std::fmt::Write as _;

/// A day in microseconds.
const DAY: i64 = 24 * HOUR;

/// The local time of a place: how far its clocks are ahead of UTC, and since when. All times are in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// The time since which the clocks are ahead by how much, the newest first.
    pub changes: Vec<(i64, i64)>,
    /// How far the clocks were ahead before.
    pub before: i64,
}

impl Clock {
    /// Returns the SQL of the local time for that of a time in UTC.
    fn local(&self, time: &str) -> String {
        let before = self.before;
        if self.changes.is_empty() {
            return format!("({time} + {before})");
        }
        let mut sql = format!("({time} + CASE");
        for (since, ahead) in &self.changes {
            // Writing to a string cannot fail.
            let _ = write!(sql, " WHEN {time} >= {since} THEN {ahead}");
        }
        sql + &format!(" ELSE {before} END)")
    }
}

/// The students of a course. Its values are those of [`students`].
fn class() -> String {
    let students = students();
    format!("WITH class AS MATERIALIZED ({students})")
}

/// Runs a query whose first two values are those of [`class`].
macro_rules! of_class {
    ($sql:expr, $students:expr) => {
        diesel::sql_query($sql)
            .bind::<Text, _>(group($students))
            .bind::<BigInt, _>($students.course)
    };
}

/// An assignment, and what the students have submitted to it. The last submission of a student decides, and their own due
/// time.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct AssignmentSums {
    /// The number of students of the course.
    #[diesel(sql_type = BigInt)]
    pub students: i64,
    /// The row of the assignment. A course without assignments has one line, without an assignment.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub id: Option<i64>,
    /// The name of the assignment.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// Whether it is released.
    #[diesel(sql_type = Bool)]
    pub released: bool,
    /// Students who have submitted.
    #[diesel(sql_type = BigInt)]
    pub submitted: i64,
    /// Students whose last submission is late.
    #[diesel(sql_type = BigInt)]
    pub late: i64,
    /// Students who submitted in the last hour before the due time.
    #[diesel(sql_type = BigInt)]
    pub last_hour: i64,
    /// Students who submitted from one to six hours before.
    #[diesel(sql_type = BigInt)]
    pub hours_1: i64,
    /// Students who submitted from six to 24 hours before.
    #[diesel(sql_type = BigInt)]
    pub hours_6: i64,
    /// Students who submitted from one to three days before.
    #[diesel(sql_type = BigInt)]
    pub days_1: i64,
    /// Students who submitted earlier than that.
    #[diesel(sql_type = BigInt)]
    pub days_3: i64,
    /// Students who submitted once.
    #[diesel(sql_type = BigInt)]
    pub once: i64,
    /// Students who submitted two or three times.
    #[diesel(sql_type = BigInt)]
    pub times_2: i64,
    /// Students who submitted from four to nine times.
    #[diesel(sql_type = BigInt)]
    pub times_4: i64,
    /// Students who submitted more often.
    #[diesel(sql_type = BigInt)]
    pub times_10: i64,
    /// Students with feedback.
    #[diesel(sql_type = BigInt)]
    pub feedback: i64,
    /// The time in microseconds from the due time until the first half of them had feedback, if there is a due time. A
    /// student's first feedback counts, from their own due time.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub wait: Option<i64>,
}

/// Returns the assignments of a course, the last one first.
pub fn assignments(
    conn: &mut Connection,
    students: MemberFilter<'_>,
) -> Result<Vec<AssignmentSums>> {
    let class = class();
    let ahead = "lines.due - lines.at";
    let between = |from: i64, to: i64| {
        format!("count(CASE WHEN {ahead} >= {from} AND {ahead} < {to} THEN 1 END)")
    };
    let times = |from: i64, to: i64| {
        format!("count(CASE WHEN lines.times >= {from} AND lines.times < {to} THEN 1 END)")
    };
    // A join of the assignments with what was submitted to them would compare each with all in SQLite.
    let own_due = own_due();
    let sql = format!(
        "{class},
        size AS (SELECT count(*) AS students FROM class),
        work AS (
            SELECT s.assignment_id, s.student, max(s.submitted_at) AS at, count(*) AS times
                FROM assignments a JOIN submissions s ON s.assignment_id = a.id
                WHERE a.course_id = $2 AND a.deleted_at IS NULL AND s.deleted_at IS NULL
                GROUP BY s.assignment_id, s.student),
        lines AS (
            SELECT a.id, a.name, a.current_release, NULL AS at, NULL AS times, NULL AS due
                FROM assignments a WHERE a.course_id = $2 AND a.deleted_at IS NULL
            UNION ALL
            SELECT work.assignment_id, NULL, NULL, work.at, work.times, {own_due}
                FROM work JOIN class ON class.student = work.student JOIN assignments a ON a.id = work.assignment_id
                LEFT JOIN extensions x ON x.assignment_id = work.assignment_id AND x.student = work.student
                LEFT JOIN allowances w ON w.course_id = a.course_id AND w.student = work.student),
        sums AS (
            SELECT size.students, lines.id, max(lines.name) AS name, max(lines.current_release) IS NOT NULL AS released,
                count(lines.at) AS submitted, count(CASE WHEN lines.at > lines.due THEN 1 END) AS late,
                {} AS last_hour, {} AS hours_1, {} AS hours_6, {} AS days_1, {} AS days_3,
                {} AS once, {} AS times_2, {} AS times_4, {} AS times_10
                FROM size LEFT JOIN lines ON TRUE GROUP BY size.students, lines.id),
        given AS (
            SELECT s.assignment_id, s.student, min(f.returned_at) AS at
                FROM assignments a JOIN submissions s ON s.assignment_id = a.id JOIN feedback f ON f.submission_id = s.id
                WHERE a.course_id = $2 AND a.deleted_at IS NULL AND s.deleted_at IS NULL AND f.deleted_at IS NULL
                GROUP BY s.assignment_id, s.student),
        waited AS (
            SELECT given.assignment_id, given.at - {own_due} AS wait
                FROM given JOIN class ON class.student = given.student JOIN assignments a ON a.id = given.assignment_id
                LEFT JOIN extensions x ON x.assignment_id = given.assignment_id AND x.student = given.student
                LEFT JOIN allowances w ON w.course_id = a.course_id AND w.student = given.student),
        ranked AS (
            SELECT assignment_id, wait,
                row_number() OVER (PARTITION BY assignment_id ORDER BY wait NULLS LAST) AS place,
                count(*) OVER (PARTITION BY assignment_id) AS number,
                count(wait) OVER (PARTITION BY assignment_id) AS timed
                FROM waited)
        SELECT sums.*, coalesce(ranked.number, 0) AS feedback, ranked.wait
            FROM sums LEFT JOIN ranked ON ranked.assignment_id = sums.id
                AND ranked.place = CASE WHEN ranked.timed = 0 THEN 1 ELSE (ranked.timed + 1) / 2 END
            ORDER BY sums.id DESC",
        between(0, HOUR),
        between(HOUR, 6 * HOUR),
        between(6 * HOUR, DAY),
        between(DAY, 3 * DAY),
        between(3 * DAY, i64::MAX),
        times(1, 2),
        times(2, 4),
        times(4, 10),
        times(10, i64::MAX),
    );
    Ok(of_class!(sql, students).load(conn)?)
}

/// The students who were seen in a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct WeekSums {
    /// The number of the week. The week from Monday 1969-12-29 has the number 0.
    #[diesel(sql_type = BigInt)]
    pub week: i64,
    /// Students who were seen.
    #[diesel(sql_type = BigInt)]
    pub seen: i64,
    /// Students who were seen for the first time.
    #[diesel(sql_type = BigInt)]
    pub first_seen: i64,
}

/// Returns the weeks in which students were seen, the first one first. The traces are those of `last_seen`: submissions, and
/// the first and last fetch of a version and reading of feedback. What is in the trash counts, too.
pub fn weeks(
    conn: &mut Connection,
    students: MemberFilter<'_>,
    clock: &Clock,
) -> Result<Vec<WeekSums>> {
    let class = class();
    let local = clock.local("traces.at");
    // 1970 began on a Thursday.
    let (monday, week) = (3 * DAY, 7 * DAY);
    let fetched = "FROM assignments a JOIN releases r ON r.assignment_id = a.id JOIN fetches f ON f.release_id = r.id \
        WHERE a.course_id = $2";
    let read = "FROM assignments a JOIN submissions s ON s.assignment_id = a.id JOIN feedback f ON f.submission_id = s.id \
        JOIN feedback_readings r ON r.feedback_id = f.id WHERE a.course_id = $2";
    let sql = format!(
        "{class},
        traces AS (
            SELECT s.student, s.submitted_at AS at FROM assignments a JOIN submissions s ON s.assignment_id = a.id
                WHERE a.course_id = $2
            UNION ALL SELECT f.student, f.first_at {fetched} UNION ALL SELECT f.student, f.last_at {fetched}
            UNION ALL SELECT s.student, r.first_at {read} UNION ALL SELECT s.student, r.last_at {read}),
        visits AS (SELECT DISTINCT traces.student, ({local} + {monday}) / {week} AS week FROM traces),
        known AS (
            SELECT visits.week, min(visits.week) OVER (PARTITION BY visits.student) AS first
                FROM visits JOIN class ON class.student = visits.student)
        SELECT known.week, count(*) AS seen, count(CASE WHEN known.week = known.first THEN 1 END) AS first_seen
            FROM known GROUP BY known.week ORDER BY known.week"
    );
    Ok(of_class!(sql, students).load(conn)?)
}

/// The submissions in an hour of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct HourSums {
    /// The hour of the week. That from Monday 00:00 has the number 0.
    #[diesel(sql_type = BigInt)]
    pub hour: i64,
    /// The number of submissions.
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
}

/// Returns the hours of the week in which at least so many students have submitted. Other hours never leave the database.
pub fn hours(
    conn: &mut Connection,
    students: MemberFilter<'_>,
    clock: &Clock,
    at_least: i64,
) -> Result<Vec<HourSums>> {
    let class = class();
    let local = clock.local("s.submitted_at");
    // 1970 began on a Thursday. A remainder below zero becomes one above.
    let hour = format!("(({local} / {HOUR}) % 168 + 240) % 168");
    let sql = format!(
        "{class},
        work AS (
            SELECT s.student, {hour} AS hour, count(*) AS times
                FROM assignments a JOIN submissions s ON s.assignment_id = a.id
                WHERE a.course_id = $2 AND a.deleted_at IS NULL AND s.deleted_at IS NULL
                GROUP BY 1, 2)
        SELECT work.hour, CAST(sum(work.times) AS BIGINT) AS submissions
            FROM work JOIN class ON class.student = work.student
            GROUP BY work.hour HAVING count(*) >= $3 ORDER BY work.hour"
    );
    Ok(of_class!(sql, students)
        .bind::<BigInt, _>(at_least)
        .load(conn)?)
}
