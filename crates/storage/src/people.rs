//! People beyond their courses: the times when their accounts were created, and the places that hold their names.

use super::backend::prelude::*;
use super::courses::role;
use super::schema::people;
use super::{Error, Result};
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};
use diesel::upsert::excluded;
use nbcourier_domain::{Role, Timestamp, UserName};

/// Returns the creation time of the account with that name, as last recorded.
pub fn account(conn: &mut Connection, person: &UserName) -> Result<Option<Timestamp>> {
    let made_at = people::table
        .filter(people::username.eq(person.as_str()))
        .select(people::account_made_at)
        .get_result(conn)
        .optional()?;
    Ok(made_at.map(Timestamp::from_micros))
}

/// Records the creation time of an account, in place of an earlier record.
pub fn record_account(conn: &mut Connection, person: &UserName, made_at: Timestamp) -> Result<()> {
    diesel::insert_into(people::table)
        .values((
            people::username.eq(person.as_str()),
            people::account_made_at.eq(made_at.micros()),
        ))
        .on_conflict(people::username)
        .do_update()
        .set(people::account_made_at.eq(excluded(people::account_made_at)))
        .execute(conn)?;
    Ok(())
}

/// Removes the record. Existing data then belongs to the next account of that name.
pub fn forget_account(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(people::table.filter(people::username.eq(person.as_str()))).execute(conn)?;
    Ok(())
}

/// Returns a number that was never returned before.
pub fn number(conn: &mut Connection) -> Result<i64> {
    let id = diesel::insert_into(people::table)
        .values((people::username.eq(""), people::account_made_at.eq(0)))
        .returning(people::id)
        .get_result(conn)?;
    diesel::delete(people::table.find(id)).execute(conn)?;
    Ok(id)
}

/// The rows of a course that hold a person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InCourse {
    /// The row of the course.
    pub id: i64,
    /// The name of the course.
    pub course: String,
    /// Whether the course is in the trash.
    pub is_deleted: bool,
    /// The role on the manual roster.
    pub role: Option<Role>,
    /// The first name on the manual roster.
    pub first_name: Option<String>,
    /// The last name on the manual roster.
    pub last_name: Option<String>,
    /// The e-mail address on the manual roster.
    pub email: Option<String>,
    /// The role in which the person was last seen in the hub's groups.
    pub by_group: Option<Role>,
    /// The number of their submissions, including the trash.
    pub submissions: i64,
    /// The number of feedback rows on these submissions.
    pub feedback: i64,
    /// The number of their extensions.
    pub extensions: i64,
    /// The number of their allowances, which is 0 or 1.
    pub allowances: i64,
    /// The number of versions that they have fetched.
    pub fetched: i64,
    /// The number of starts of their servers that were reported.
    pub starts: i64,
    /// The number of daily sums of their work on notebooks.
    pub activity: i64,
    /// The number of versions that they released.
    pub released: i64,
    /// The number of submissions that they made for somebody else.
    pub handed_in: i64,
    /// The number of times that they gave feedback to somebody else.
    pub feedback_given: i64,
    /// The number of events that name them.
    pub events: i64,
}

impl InCourse {
    fn is_anything(&self) -> bool {
        let counts = [
            self.submissions,
            self.feedback,
            self.extensions,
            self.allowances,
            self.fetched,
            self.starts,
            self.activity,
            self.released,
            self.handed_in,
            self.feedback_given,
            self.events,
        ];
        self.role.is_some() || self.by_group.is_some() || counts.iter().any(|count| *count > 0)
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_deleted: bool,
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    by_group: Option<i16>,
    #[diesel(sql_type = BigInt)]
    submissions: i64,
    #[diesel(sql_type = BigInt)]
    feedback: i64,
    #[diesel(sql_type = BigInt)]
    extensions: i64,
    #[diesel(sql_type = BigInt)]
    allowances: i64,
    #[diesel(sql_type = BigInt)]
    fetched: i64,
    #[diesel(sql_type = BigInt)]
    starts: i64,
    #[diesel(sql_type = BigInt)]
    activity: i64,
    #[diesel(sql_type = BigInt)]
    released: i64,
    #[diesel(sql_type = BigInt)]
    handed_in: i64,
    #[diesel(sql_type = BigInt)]
    feedback_given: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

/// The events that name a person, as a part of a statement. A name that was given up (`formerly`) does not count. `$1` is
/// the name.
const NAMING: &str = "named AS (
        SELECT id FROM events WHERE actor = $1
        UNION SELECT id FROM events WHERE subject = $1
        UNION SELECT event_id AS id FROM event_people WHERE person = $1)";

// `$1` is the name. Rows that may be in any course are counted once for all courses, behind an index by the name.
const IN_COURSES: &str = "
    releasing AS (SELECT a.course_id, count(*) AS number FROM releases r JOIN assignments a ON a.id = r.assignment_id
        WHERE r.released_by = $1 GROUP BY a.course_id),
    submitting AS (SELECT a.course_id, count(*) AS number FROM submissions s JOIN assignments a ON a.id = s.assignment_id
        WHERE s.submitted_by = $1 GROUP BY a.course_id),
    giving AS (SELECT a.course_id, count(*) AS number FROM feedback f JOIN submissions s ON s.id = f.submission_id
        JOIN assignments a ON a.id = s.assignment_id
        WHERE f.returned_by = $1 AND s.student <> $1 GROUP BY a.course_id),
    noted AS (SELECT v.course_id, count(*) AS number FROM named n JOIN events v ON v.id = n.id GROUP BY v.course_id)
    SELECT c.id, c.name, c.deleted_at IS NOT NULL AS is_deleted,
        m.role, m.first_name, m.last_name, m.email, h.role AS by_group,
        (SELECT count(*) FROM assignments a JOIN submissions s ON s.assignment_id = a.id
            WHERE a.course_id = c.id AND s.student = $1) AS submissions,
        (SELECT count(*) FROM assignments a JOIN submissions s ON s.assignment_id = a.id
            JOIN feedback f ON f.submission_id = s.id WHERE a.course_id = c.id AND s.student = $1) AS feedback,
        (SELECT count(*) FROM assignments a JOIN extensions e ON e.assignment_id = a.id
            WHERE a.course_id = c.id AND e.student = $1) AS extensions,
        (SELECT count(*) FROM allowances l WHERE l.course_id = c.id AND l.student = $1) AS allowances,
        (SELECT count(*) FROM assignments a JOIN releases r ON r.assignment_id = a.id
            JOIN fetches g ON g.release_id = r.id WHERE a.course_id = c.id AND g.student = $1) AS fetched,
        (SELECT count(*) FROM starts t WHERE t.course_id = c.id AND t.person = $1) AS starts,
        (SELECT count(*) FROM activity y WHERE y.course_id = c.id AND y.person = $1) AS activity,
        coalesce(releasing.number, 0) AS released, coalesce(submitting.number, 0) AS handed_in,
        coalesce(giving.number, 0) AS feedback_given, coalesce(noted.number, 0) AS events
    FROM courses c
        LEFT JOIN releasing ON releasing.course_id = c.id
        LEFT JOIN submitting ON submitting.course_id = c.id
        LEFT JOIN giving ON giving.course_id = c.id
        LEFT JOIN noted ON noted.course_id = c.id
        LEFT JOIN members m ON m.course_id = c.id AND m.username = $1
        LEFT JOIN hub_members h ON h.course = c.name AND c.deleted_at IS NULL AND h.username = $1
    ORDER BY c.name, c.id";

/// Returns the courses that hold the name anywhere, including the trash, by name.
pub fn in_courses(conn: &mut Connection, person: &UserName) -> Result<Vec<InCourse>> {
    let rows = diesel::sql_query(format!("WITH {NAMING}, {IN_COURSES}"))
        .bind::<Text, _>(person.as_str())
        .load::<Row>(conn)?;
    let all = rows.into_iter().map(in_course);
    let all = all.collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(InCourse::is_anything).collect())
}

fn in_course(row: Row) -> Result<InCourse> {
    Ok(InCourse {
        id: row.id,
        course: row.name,
        is_deleted: row.is_deleted,
        role: row.role.map(role).transpose()?,
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        by_group: row.by_group.map(role).transpose()?,
        submissions: row.submissions,
        feedback: row.feedback,
        extensions: row.extensions,
        allowances: row.allowances,
        fetched: row.fetched,
        starts: row.starts,
        activity: row.activity,
        released: row.released,
        handed_in: row.handed_in,
        feedback_given: row.feedback_given,
        events: row.events,
    })
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Returns the number of rows that name a person and belong to no course: events, groups of the hub for courses that do
/// not exist, and the rows of directories and of shared pages.
pub fn elsewhere(conn: &mut Connection, person: &UserName) -> Result<i64> {
    let rows = diesel::sql_query(format!(
        "WITH {NAMING}
        SELECT (SELECT count(*) FROM hub_members h WHERE h.username = $1 AND NOT EXISTS
                (SELECT 1 FROM courses c WHERE c.name = h.course AND c.deleted_at IS NULL))
            + (SELECT count(*) FROM named n JOIN events v ON v.id = n.id
                WHERE NOT EXISTS (SELECT 1 FROM courses c WHERE c.id = v.course_id))
            + (SELECT count(*) FROM directories d WHERE d.owner = $1)
            + (SELECT count(*) FROM directories d WHERE d.created_by = $1 AND d.owner IS NULL)
            + (SELECT count(*) FROM directory_versions w WHERE w.made_by = $1)
            + (SELECT count(*) FROM directory_grants g WHERE g.person = $1 OR g.granted_by = $1)
            + (SELECT count(*) FROM shares s WHERE s.made_by = $1 OR s.revoked_by = $1) AS count",
    ))
    .bind::<Text, _>(person.as_str())
    .load::<Count>(conn)?;
    Ok(rows.first().map_or(0, |row| row.count))
}

/// All columns that hold names of people, except the JSON of events and [`people`] itself.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("members", "username"),
    ("hub_members", "username"),
    ("extensions", "student"),
    ("allowances", "student"),
    ("fetches", "student"),
    ("submissions", "student"),
    ("submissions", "submitted_by"),
    ("submission_keys", "student"),
    ("releases", "released_by"),
    ("feedback", "returned_by"),
    ("directories", "owner"),
    ("directories", "created_by"),
    ("directory_versions", "made_by"),
    ("directory_grants", "person"),
    ("directory_grants", "granted_by"),
    ("starts", "person"),
    ("shares", "made_by"),
    ("shares", "revoked_by"),
    ("activity", "person"),
    ("events", "actor"),
    ("events", "subject"),
    ("event_people", "person"),
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the names `former:PERSON:…` with submissions or a place on a roster, sorted. Unlike [`former`], it reads
/// only these rows.
pub fn former_with_work(conn: &mut Connection, person: &UserName) -> Result<Vec<UserName>> {
    let names = diesel::sql_query(
        "SELECT s.student AS name FROM assignments a
                JOIN submissions s ON s.assignment_id = a.id AND s.student > $1 || ':' AND s.student < $1 || ';'
            UNION
            SELECT m.username AS name FROM courses c
                JOIN members m ON m.course_id = c.id AND m.username > $1 || ':' AND m.username < $1 || ';'
            ORDER BY name",
    )
    .bind::<Text, _>(format!("{}{person}", UserName::FORMER_PREFIX))
    .load::<Name>(conn)?;
    names
        .into_iter()
        .map(|row| UserName::parse(row.name).map_err(|_| Error::Damaged("an illegal user name")))
        .collect()
}

/// Returns the names of former users with this prefix, sorted.
pub fn former(conn: &mut Connection, beginning: &str) -> Result<Vec<UserName>> {
    let parts: Vec<String> = COLUMNS
        .iter()
        // A key belongs to a submission of the same student, and no index begins with its student.
        .filter(|(table, _)| *table != "submission_keys")
        .map(|(table, column)| {
            format!("SELECT {column} AS name FROM {table} WHERE {column} >= $1 AND {column} < $2")
        })
        .collect();
    let names = diesel::sql_query(parts.join(" UNION ") + " ORDER BY name")
        .bind::<Text, _>(beginning)
        // No name continues with this character, and it is behind all others.
        .bind::<Text, _>(format!("{beginning}{}", char::MAX))
        .load::<Name>(conn)?;
    let parsed = names.into_iter().map(|row| UserName::parse(row.name));
    parsed
        .map(|name| name.map_err(|_| Error::Damaged("an illegal user name")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{self, EventFilter};
    use crate::{Opening, Portion, migrate, renaming};
    use diesel::connection::InstrumentationEvent;
    use std::sync::{Arc, Mutex};

    /// The tables that grow with the work of all courses, and their short names in statements.
    const LARGE: &[&str] = &[
        "activity",
        "y",
        "directories",
        "d",
        "directory_grants",
        "g",
        "directory_versions",
        "w",
        "event_people",
        "events",
        "v",
        "own",
        "about",
        "extensions",
        "e",
        "feedback",
        "f",
        "fetches",
        "hub_members",
        "h",
        "members",
        "m",
        "other",
        "releases",
        "r",
        "shares",
        "starts",
        "t",
        "submission_keys",
        "submissions",
        "s",
        "one",
    ];

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn what_names_a_person_is_found_without_reading_what_names_others() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        let conn = &mut conn;
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&sent);
        let note = move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                seen.lock().unwrap().push(query.to_string());
            }
        };
        conn.set_instrumentation(note);
        let [ann, ben] = ["ann", "ben"].map(|name| UserName::parse(name).unwrap());
        let detail =
            serde_json::json!({ "students": ["ann", "ben"], "before": [{ "username": "cleo" }] });
        let event = events::Event {
            action: "roster changed",
            actor: "kim",
            detail: Some(detail.to_string()),
            ..events::Event::default()
        };
        events::record(conn, &event).unwrap();
        let named = |conn: &mut Connection, person: &UserName| {
            let naming = EventFilter {
                person: Some(person),
                ..EventFilter::default()
            };
            let (found, _) = events::page(conn, naming, Portion::of(10)).unwrap();
            assert_eq!(
                elsewhere(conn, person).unwrap(),
                i64::try_from(found.len()).unwrap()
            );
            found.len()
        };
        for name in ["kim", "ann", "ben", "cleo"] {
            let person = UserName::parse(name).unwrap();
            assert_eq!(named(conn, &person), 1, "{name}");
        }
        // This text is in the details, but it names nobody.
        assert_eq!(named(conn, &UserName::parse("students").unwrap()), 0);
        renaming::carry_over(conn, &ann, &ben).unwrap();
        assert_eq!([&ann, &ben].map(|person| named(conn, person)), [0, 1]);
        in_courses(conn, &ben).unwrap();
        former(conn, UserName::FORMER_PREFIX).unwrap();
        former_with_work(conn, &ben).unwrap();
        events::forget_details(conn, &ben).unwrap();
        events::strip(conn, &ben, &["roster changed"]).unwrap();
        renaming::remove(conn, &ben).unwrap();
        let sent = std::mem::take(&mut *sent.lock().unwrap());
        assert!(sent.len() > 50, "{sent:#?}");
        for statement in sent {
            let (text, _) = statement
                .split_once(" -- binds")
                .unwrap_or((&statement, ""));
            let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load::<Step>(conn);
            for step in plan.unwrap() {
                let scanned = step.detail.strip_prefix("SCAN ");
                let table = scanned.and_then(|scanned| scanned.split(' ').next());
                assert!(
                    table.is_none_or(|table| !LARGE.contains(&table)),
                    "{} for {text}",
                    step.detail
                );
            }
        }
    }
}
