//! Pages that people share by links.

use super::backend::prelude::*;
use super::blobs::{self, Row};
use super::schema::{allowances, assignments, courses, extensions, releases, shares, tree_files};
use super::{Error, Portion, Result};
use diesel::dsl::{auto_type, exists, not, sql};
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::{AssignmentId, Audience, CourseId, Sha256Sum, Sharing, Timestamp, UserName};

/// Number of links of a person that have ended and are still listed.
const KEPT_ENDED: usize = 100;

/// A page to be shared.
#[derive(Debug, Clone, Copy)]
pub struct NewShare<'a> {
    /// The SHA-256 of the secret in the link.
    pub token: Sha256Sum,
    /// The person who shares it.
    pub by: &'a UserName,
    /// The row of the course.
    pub course: i64,
    /// The title.
    pub title: &'a str,
    /// The people who may see it.
    pub audience: Audience,
    /// The row of the page.
    pub page: i64,
    /// The row of the notebook.
    pub source: Option<i64>,
    /// The time.
    pub now: Timestamp,
    /// The time at which the link expires.
    pub expires_at: Timestamp,
}

/// A shared page.
#[derive(Debug, Clone)]
pub struct Share {
    /// The ID of the row.
    pub id: i64,
    /// The name of its course.
    pub course: CourseId,
    /// Whether the course is deleted.
    pub is_deleted: bool,
    /// The person who shares it.
    pub made_by: UserName,
    /// The title.
    pub title: String,
    /// The people who may see it.
    pub audience: Audience,
    /// The widest audience that the course allows now.
    pub sharing: Sharing,
    /// The row of the page, unless the link has ended.
    pub page: Option<i64>,
    /// The row of the notebook.
    pub source: Option<i64>,
    /// The time at which it was shared.
    pub made_at: Timestamp,
    /// The time at which the link expires.
    pub expires_at: Timestamp,
    /// The time at which the link was revoked, and the person who revoked it.
    pub revoked: Option<(Timestamp, String)>,
}

impl Share {
    /// Returns the number of bytes of its text.
    fn text(&self) -> usize {
        let own = self.course.as_str().len() + self.made_by.as_str().len() + self.title.len();
        own + self.revoked.as_ref().map_or(0, |(_, by)| by.len())
    }
}

type Columns = (
    (i64, String, String, String, (String, String, Option<i64>)),
    (Option<i64>, Option<i64>),
    (i64, i64, Option<i64>, Option<String>),
);

/// The columns of a shared page.
#[auto_type]
fn columns() -> _ {
    (
        (
            shares::id,
            courses::name,
            shares::made_by,
            shares::title,
            (shares::audience, courses::sharing, courses::deleted_at),
        ),
        (shares::page_blob, shares::source_blob),
        (
            shares::made_at,
            shares::expires_at,
            shares::revoked_at,
            shares::revoked_by,
        ),
    )
}

/// The shared pages of courses that are not deleted.
#[auto_type]
fn of_courses() -> _ {
    shares::table
        .inner_join(courses::table)
        .filter(courses::deleted_at.is_null())
}

fn parse(columns: Columns) -> Result<Share> {
    let ((id, course, made_by, title, facts), (page, source), times) = columns;
    let (audience, sharing, deleted_at) = facts;
    let (made_at, expires_at, revoked_at, revoked_by) = times;
    let revoked = match (revoked_at, revoked_by) {
        (None, None) => None,
        (Some(at), Some(by)) => Some((Timestamp::from_micros(at), by)),
        _ => {
            return Err(Error::Damaged(
                "a shared page that nobody has revoked is revoked",
            ));
        }
    };
    Ok(Share {
        id,
        course: CourseId::parse(course).map_err(|_| Error::Damaged("an illegal course id"))?,
        is_deleted: deleted_at.is_some(),
        made_by: UserName::parse(made_by).map_err(|_| Error::Damaged("an illegal user name"))?,
        title,
        audience: Audience::of_word(&audience)
            .ok_or(Error::Damaged("an unknown audience of a shared page"))?,
        // A later program may have stored another word.
        sharing: Sharing::of_word(&sharing).unwrap_or_default(),
        page,
        source,
        made_at: Timestamp::from_micros(made_at),
        expires_at: Timestamp::from_micros(expires_at),
        revoked,
    })
}

/// Shares a page. Returns its number.
pub fn create(conn: &mut Connection, new: &NewShare<'_>) -> Result<i64> {
    let id = diesel::insert_into(shares::table)
        .values((
            shares::token.eq(new.token.0.as_slice()),
            shares::made_by.eq(new.by.as_str()),
            shares::course_id.eq(new.course),
            shares::title.eq(new.title),
            shares::audience.eq(new.audience.word()),
            shares::page_blob.eq(new.page),
            shares::source_blob.eq(new.source),
            shares::made_at.eq(new.now.micros()),
            shares::expires_at.eq(new.expires_at.micros()),
        ))
        .returning(shares::id)
        .get_result(conn)?;
    Ok(id)
}

/// The condition that a link has not expired and was not revoked.
#[auto_type]
fn is_live(now: i64) -> _ {
    shares::revoked_at.is_null().and(shares::expires_at.gt(now))
}

/// Returns the number of a person's links that have not ended. Those of deleted courses do not count, since nobody can revoke
/// them.
pub fn live_of(conn: &mut Connection, person: &UserName, now: Timestamp) -> Result<i64> {
    let count = of_courses()
        .filter(shares::made_by.eq(person.as_str()))
        .filter(is_live(now.micros()))
        .count()
        .get_result(conn)?;
    Ok(count)
}

/// Removes the links of a person that have ended, except the newest hundred.
pub fn forget_ended(conn: &mut Connection, person: &UserName, now: Timestamp) -> Result<()> {
    let ended: Vec<i64> = shares::table
        .filter(shares::made_by.eq(person.as_str()))
        .filter(not(is_live(now.micros())))
        .order(shares::id.desc())
        .select(shares::id)
        .load(conn)?;
    if let Some(superfluous) = ended.get(KEPT_ENDED..)
        && !superfluous.is_empty()
    {
        let superfluous = among(shares::id, superfluous.iter().copied());
        diesel::delete(shares::table.filter(superfluous)).execute(conn)?;
    }
    Ok(())
}

/// Returns the shared page whose link has the secret with that SHA-256.
pub fn by_token(conn: &mut Connection, token: Sha256Sum) -> Result<Option<Share>> {
    let row = of_courses()
        .filter(shares::token.eq(token.0.as_slice()))
        .select(columns())
        .get_result::<Columns>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the shared page with that number.
pub fn by_id(conn: &mut Connection, id: i64) -> Result<Option<Share>> {
    let row = of_courses()
        .filter(shares::id.eq(id))
        .select(columns())
        .get_result::<Columns>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// The owner of listed links.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// The person who shares.
    Person(&'a UserName),
    /// The course with that row.
    Course(i64),
}

/// Returns a portion of the links with a number below `below`, the newest first, and whether there are more.
pub fn list(
    conn: &mut Connection,
    whose: Whose<'_>,
    below: i64,
    portion: Portion,
) -> Result<(Vec<Share>, bool)> {
    let of_owner = match whose {
        Whose::Person(person) => Either::This(shares::made_by.eq(person.as_str().to_owned())),
        Whose::Course(course) => Either::That(shares::course_id.eq(course)),
    };
    let rows = of_courses()
        .filter(of_owner)
        .filter(shares::id.lt(below))
        .order(shares::id.desc())
        .select(columns())
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    portion.take(rows, parse, Share::text)
}

/// Returns all links of a person, also those of deleted courses, the newest first.
pub fn all_of(conn: &mut Connection, person: &UserName) -> Result<Vec<Share>> {
    let rows = shares::table
        .inner_join(courses::table)
        .filter(shares::made_by.eq(person.as_str()))
        .order(shares::id.desc())
        .select(columns())
        .load::<Columns>(conn)?;
    rows.into_iter().map(parse).collect()
}

/// Ends a link, and removes its contents from it.
pub fn revoke(conn: &mut Connection, id: i64, by: &UserName, now: Timestamp) -> Result<()> {
    diesel::update(shares::table.find(id))
        .set((
            shares::revoked_at.eq(now.micros()),
            shares::revoked_by.eq(by.as_str()),
            shares::page_blob.eq(None::<i64>),
            shares::source_blob.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes the contents of links that have expired, and forgets links that ended before `forgotten_before`.
pub fn clear(conn: &mut Connection, now: Timestamp, forgotten_before: Timestamp) -> Result<()> {
    let over = shares::table
        .filter(shares::expires_at.le(now.micros()))
        .filter(shares::page_blob.is_not_null());
    diesel::update(over)
        .set((
            shares::page_blob.eq(None::<i64>),
            shares::source_blob.eq(None::<i64>),
        ))
        .execute(conn)?;
    let forgotten = shares::table.filter(
        shares::expires_at
            .lt(forgotten_before.micros())
            .or(shares::revoked_at.is_not_null().and(
                shares::revoked_at
                    .assume_not_null()
                    .lt(forgotten_before.micros()),
            )),
    );
    diesel::delete(forgotten).execute(conn)?;
    Ok(())
}

/// Returns the row of a content.
pub fn content(conn: &mut Connection, blob: i64) -> Result<Option<Row>> {
    Ok(blobs::by_id(conn, &[blob])?.remove(&blob))
}

/// The condition that a student with an allowance can submit at a time, which follows. Due time and cut-off are in order.
const LATEST_ALLOWED: &str = "assignments.cutoff_at + allowances.hours * 3600000000 >= ";

/// Returns an assignment that students work on now and whose current release has a notebook with one of these names,
/// which are in lower case. Students work on it until the cut-off has passed for all of them.
pub fn open_assignment_with(
    conn: &mut Connection,
    course: i64,
    names: &[String],
    now: Timestamp,
) -> Result<Option<AssignmentId>> {
    let now = now.micros();
    let is_open = assignments::opens_at
        .is_null()
        .or(assignments::opens_at.assume_not_null().le(now));
    let has_more_time = extensions::table
        .filter(extensions::assignment_id.eq(assignments::id))
        .filter(
            extensions::due_at
                .assume_not_null()
                .ge(now)
                .or(extensions::cutoff_at.assume_not_null().ge(now)),
        );
    let is_allowed_more = allowances::table
        .filter(allowances::course_id.eq(assignments::course_id))
        .filter(sql::<Bool>(LATEST_ALLOWED).bind::<BigInt, _>(now));
    let is_worked_on = assignments::cutoff_at
        .is_null()
        .or(assignments::cutoff_at.assume_not_null().ge(now))
        .or(exists(has_more_time))
        .or(exists(is_allowed_more));
    for name in names {
        let is_named = sql::<Bool>("instr('/' || lower(tree_files.path) || '/', ")
            .bind::<Text, _>(format!("/{name}/"))
            .sql(") > 0");
        let found: Option<String> = assignments::table
            .inner_join(
                releases::table.on(assignments::current_release.eq(releases::id.nullable())),
            )
            .inner_join(tree_files::table.on(tree_files::tree_id.eq(releases::tree_id)))
            .filter(assignments::course_id.eq(course))
            .filter(assignments::deleted_at.is_null())
            .filter(is_open)
            .filter(is_worked_on.clone())
            .filter(is_named)
            .order(assignments::id)
            .select(assignments::name)
            .at_most(1)
            .get_result(conn)
            .optional()?;
        if let Some(found) = found {
            let parsed = AssignmentId::parse(found);
            return Ok(Some(
                parsed.map_err(|_| Error::Damaged("an illegal assignment id"))?,
            ));
        }
    }
    Ok(None)
}
