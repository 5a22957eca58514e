//! The deliveries at the starts of servers, as the programs of members report them.

use super::backend::prelude::*;
use super::schema::{courses, starts};
use super::{Portion, Result};
use diesel::sql_types::{BigInt, Nullable, Text};
use nbcourier_domain::{Timestamp, UserName};

/// A start to note.
#[derive(Debug, Clone)]
pub struct NewStart<'a> {
    /// The row of the course.
    pub course: i64,
    /// The person whose server started.
    pub person: &'a UserName,
    /// The name of the directory, if the report has one.
    pub directory: Option<&'a str>,
    /// The time of the report.
    pub at: Timestamp,
    /// The outcome, in a word.
    pub outcome: &'a str,
    /// The duration in milliseconds.
    pub millis: i64,
    /// The version that the folder has.
    pub version: Option<i64>,
    /// Further details, as JSON.
    pub report: Option<&'a str>,
}

/// Notes a start. Of the starts of a person in a course, only the last ones are kept.
pub fn add(conn: &mut Connection, new: &NewStart<'_>, kept: usize) -> Result<()> {
    diesel::insert_into(starts::table)
        .values((
            starts::course_id.eq(new.course),
            starts::person.eq(new.person.as_str()),
            starts::directory.eq(new.directory),
            starts::at.eq(new.at.micros()),
            starts::outcome.eq(new.outcome),
            starts::millis.eq(new.millis),
            starts::version.eq(new.version),
            starts::report.eq(new.report),
        ))
        .execute(conn)?;
    let own = || {
        starts::table
            .filter(starts::course_id.eq(new.course))
            .filter(starts::person.eq(new.person.as_str()))
    };
    let last: Vec<i64> = own()
        .order(starts::id.desc())
        .select(starts::id)
        .at_most(kept)
        .load(conn)?;
    if let Some(oldest) = last.last().filter(|_| last.len() == kept) {
        diesel::delete(own().filter(starts::id.lt(*oldest))).execute(conn)?;
    }
    Ok(())
}

/// A start that was noted.
#[derive(Debug, Clone, Queryable)]
pub struct Start {
    /// The number of the row. Later starts have larger ones.
    pub id: i64,
    /// The person whose server started.
    pub person: String,
    /// The name of the directory, if the report had one.
    pub directory: Option<String>,
    /// The time, in microseconds since 1970.
    pub at: i64,
    /// The outcome, in a word.
    pub outcome: String,
    /// The duration in milliseconds.
    pub millis: i64,
    /// The version that the folder had.
    pub version: Option<i64>,
    /// Further details, as JSON.
    pub report: Option<String>,
}

impl Start {
    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        let optional = [&self.directory, &self.report].into_iter().flatten();
        self.person.len() + optional.map(String::len).sum::<usize>()
    }
}

/// The columns of [`Start`].
const COLUMNS: (
    starts::id,
    starts::person,
    starts::directory,
    starts::at,
    starts::outcome,
    starts::millis,
    starts::version,
    starts::report,
) = (
    starts::id,
    starts::person,
    starts::directory,
    starts::at,
    starts::outcome,
    starts::millis,
    starts::version,
    starts::report,
);

/// A filter for the starts of a course.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartFilter<'a> {
    /// Only those of this person.
    pub person: Option<&'a str>,
    /// Only those with this outcome.
    pub outcome: Option<&'a str>,
    /// Only those before the one with this number.
    pub before: Option<i64>,
}

/// Returns a portion of the starts in a course, the newest first, and whether there are more.
pub fn page(
    conn: &mut Connection,
    course: i64,
    wanted: StartFilter<'_>,
    portion: Portion,
) -> Result<(Vec<Start>, bool)> {
    let rows = starts::table
        .filter(starts::course_id.eq(course))
        .filter(starts::id.lt(wanted.before.unwrap_or(i64::MAX)))
        .filter(maybe(wanted.person.map(|person| starts::person.eq(person))))
        .filter(maybe(
            wanted.outcome.map(|outcome| starts::outcome.eq(outcome)),
        ))
        .order(starts::id.desc())
        .select(COLUMNS)
        .at_most(portion.limit())
        .load_iter::<Start>(conn)?;
    portion.take(rows, Ok, Start::text)
}

/// The members of a course whose last starts were alike.
#[derive(Debug, Clone, QueryableByName)]
pub struct Alike {
    /// The directory.
    #[diesel(sql_type = Nullable<Text>)]
    pub directory: Option<String>,
    /// The outcome. Folders that have a whole version have the outcome `unchanged`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// The version of such folders.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub version: Option<i64>,
    /// The number of people.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// The report of the newest of these starts, as JSON, if they failed or were done in part.
    #[diesel(sql_type = Nullable<Text>)]
    pub report: Option<String>,
}

// The condition that a start is that of a member, and that its directory is delivered at starts.
const OF_MEMBERS: &str = "
        (EXISTS (SELECT 1 FROM members m WHERE m.course_id = c.id AND m.username = st.person)
            OR EXISTS (SELECT 1 FROM hub_members h WHERE h.username = st.person AND h.course = c.name))
        AND (st.directory IS NULL OR EXISTS (SELECT 1 FROM directories d WHERE d.course_id = c.id
            AND d.name = st.directory AND d.deleted_at IS NULL AND d.deliver_at_start))";

// `$1` is the row of the course, `$2` the number of rows.
const ALIKE: &str = "
    SELECT st.directory,
            CASE WHEN st.outcome = 'updated' THEN 'unchanged' ELSE st.outcome END AS outcome,
            CASE WHEN st.outcome IN ('updated', 'unchanged') THEN st.version ELSE NULL END AS version,
            count(*) AS people, max(st.id) AS newest
        FROM starts st JOIN courses c ON c.id = st.course_id
        WHERE st.id IN (SELECT max(n.id) FROM starts n WHERE n.course_id = $1 GROUP BY n.person, n.directory)
            AND";

/// Returns how the last starts of the members of a course went, for each directory that is delivered at starts. The groups
/// with the most people come first.
pub fn alike(conn: &mut Connection, course: i64, at_most: usize) -> Result<Vec<Alike>> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let groups = "GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5 DESC LIMIT $2";
    let sql = format!(
        "SELECT alike.directory, alike.outcome, alike.version, alike.people, newest.report
            FROM ({ALIKE} {OF_MEMBERS} {groups}) AS alike
            LEFT JOIN starts AS newest ON newest.id = alike.newest AND alike.outcome IN ('partly', 'failed')
            ORDER BY alike.people DESC, alike.newest DESC"
    );
    let rows = diesel::sql_query(sql)
        .bind::<BigInt, _>(course)
        .bind::<BigInt, _>(at_most)
        .load::<Alike>(conn)?;
    Ok(rows)
}

/// A directory that some members of its course did not receive whole at their last starts.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Undelivered {
    /// The course.
    #[diesel(sql_type = Text)]
    pub course: String,
    /// The name of the directory, if the reports have one.
    #[diesel(sql_type = Nullable<Text>)]
    pub directory: Option<String>,
    /// The number of these members.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// The report of the newest of these starts, as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    pub report: Option<String>,
}

// `$1` is the number of rows.
const UNDELIVERED: &str = "
    SELECT bad.course, bad.directory, bad.people, newest.report
        FROM (SELECT c.name AS course, st.directory, count(*) AS people, max(st.id) AS newest
            FROM courses c JOIN starts st ON st.course_id = c.id
            WHERE c.deleted_at IS NULL AND st.outcome IN ('partly', 'failed')
                AND NOT EXISTS (SELECT 1 FROM starts later WHERE later.course_id = st.course_id AND later.person = st.person
                    AND later.id > st.id AND coalesce(later.directory, '') = coalesce(st.directory, ''))
                AND";

/// Returns the directories that members of their courses did not receive whole at their last starts. Those that the most
/// people lack come first.
pub fn undelivered(conn: &mut Connection, at_most: usize) -> Result<Vec<Undelivered>> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let groups = "GROUP BY c.id, c.name, st.directory) AS bad JOIN starts AS newest ON newest.id = bad.newest \
                  ORDER BY bad.people DESC, bad.newest DESC LIMIT $1";
    let rows = diesel::sql_query(format!("{UNDELIVERED} {OF_MEMBERS} {groups}"))
        .bind::<BigInt, _>(at_most)
        .load::<Undelivered>(conn)?;
    Ok(rows)
}

/// Returns all starts of a person with the names of the courses, the oldest first.
pub fn of_person(conn: &mut Connection, person: &UserName) -> Result<Vec<(String, Start)>> {
    let rows = starts::table
        .inner_join(courses::table)
        .filter(starts::person.eq(person.as_str()))
        .order(starts::id)
        .select((courses::name, COLUMNS))
        .load::<(String, Start)>(conn)?;
    Ok(rows)
}

/// Removes the starts before that time.
pub fn purge_before(conn: &mut Connection, limit: Timestamp) -> Result<()> {
    diesel::delete(starts::table.filter(starts::at.lt(limit.micros()))).execute(conn)?;
    Ok(())
}
