//! Assignments and their releases.

use super::backend::prelude::*;
use super::dates::{
    DATES, DatesRow, OwnRow, dates, dates_of, own_columns, own_time, with_own_time,
};
use super::schema::{assignments, releases, submissions, trees};
use super::{Portion, Result};
use diesel::dsl::count;
use nbcourier_domain::{AssignmentId, Dates, OwnTime, Sha256Sum, Timestamp, UserName};
use nbcourier_work::Bug;

/// An assignment that is currently released.
#[derive(Debug, Clone, Copy)]
pub struct ReleasedAssignment {
    /// The ID of the row.
    pub id: i64,
    /// The row of the release.
    pub release_id: i64,
    /// The row of the tree that students fetch.
    pub tree_id: i64,
    /// The dates of the assignment.
    pub dates: Dates,
}

/// Returns the assignment of that name, if it is released.
pub fn find_released(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
) -> Result<Option<ReleasedAssignment>> {
    let row = assignments::table
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((assignments::id, releases::id, releases::tree_id, DATES))
        .get_result::<(i64, i64, i64, DatesRow)>(conn)
        .optional()?;
    Ok(
        row.map(|(id, release_id, tree_id, row)| ReleasedAssignment {
            id,
            release_id,
            tree_id,
            dates: dates(row),
        }),
    )
}

/// Returns the assignment of that name, if it is released, with its dates for this student.
pub fn find_released_for(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
    student: &UserName,
) -> Result<Option<ReleasedAssignment>> {
    let found = assignments::table
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())));
    let row = with_own_time!(found, student.as_str().to_owned())
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((
            (assignments::id, releases::id, releases::tree_id),
            DATES,
            own_columns(),
        ))
        .get_result::<((i64, i64, i64), DatesRow, OwnRow)>(conn)
        .optional()?;
    Ok(row.map(|(ids, of_all, of_student)| {
        let (id, release_id, tree_id) = ids;
        ReleasedAssignment {
            id,
            release_id,
            tree_id,
            dates: dates_of(of_all, of_student),
        }
    }))
}

/// The current version of an assignment.
#[derive(Debug, Clone)]
pub struct CurrentRelease {
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
    /// The dates of the assignment.
    pub dates: Dates,
    /// The time of their own that the student in [`ReleaseFilter`] has.
    pub own: OwnTime,
}

/// A filter for current releases.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseFilter<'a> {
    /// Only releases after the one with this row.
    pub after: i64,
    /// Only assignments that are open to students at this time.
    pub open_at: Option<Timestamp>,
    /// The student whose own time is included.
    pub student: &'a UserName,
}

/// Returns a portion of the current releases of a course, in order of release, and whether there are more.
pub fn current_releases(
    conn: &mut Connection,
    course: i64,
    wanted: ReleaseFilter<'_>,
    portion: Portion,
) -> Result<(Vec<CurrentRelease>, bool)> {
    type Columns = (
        i64,
        String,
        (i64, i64),
        (i64, Vec<u8>, i64, i64),
        DatesRow,
        OwnRow,
    );
    let opens_at = assignments::opens_at;
    let is_open = wanted
        .open_at
        .map(|time| opens_at.is_null().or(opens_at.le(time.micros())));
    let found = assignments::table
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .inner_join(trees::table.on(trees::id.eq(releases::tree_id)));
    let rows = with_own_time!(found, wanted.student.as_str().to_owned())
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::deleted_at.is_null())
                .and(releases::id.gt(wanted.after)),
        )
        .filter(maybe(is_open))
        .order(releases::id)
        .select((
            releases::id,
            assignments::name,
            (releases::version, releases::released_at),
            (releases::tree_id, trees::digest, trees::files, trees::bytes),
            DATES,
            own_columns(),
        ))
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    let parse = |row: Columns| {
        let (id, assignment, (version, released_at), tree, of_all, of_student) = row;
        let (tree_id, digest, files, bytes) = tree;
        Ok(CurrentRelease {
            id,
            assignment,
            version,
            released_at: Timestamp::from_micros(released_at),
            tree_id,
            digest: super::blobs::parse_sha256(&digest)?,
            files,
            bytes,
            dates: dates(of_all),
            own: own_time(of_student),
        })
    };
    portion.take(rows, parse, |release| release.assignment.len())
}

/// Returns the current release of one assignment with the row of the assignment, and with the time that the student has
/// of their own.
pub fn current_release_of(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
    student: &UserName,
) -> Result<Option<(i64, CurrentRelease)>> {
    type Columns = (
        (i64, i64, i64, i64),
        (i64, Vec<u8>, i64, i64),
        DatesRow,
        OwnRow,
    );
    let found = assignments::table
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .inner_join(trees::table.on(trees::id.eq(releases::tree_id)));
    let row = with_own_time!(found, student.as_str().to_owned())
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((
            (
                assignments::id,
                releases::id,
                releases::version,
                releases::released_at,
            ),
            (releases::tree_id, trees::digest, trees::files, trees::bytes),
            DATES,
            own_columns(),
        ))
        .get_result::<Columns>(conn)
        .optional()?;
    row.map(
        |((row, id, version, released_at), tree, of_all, of_student)| {
            let (tree_id, digest, files, bytes) = tree;
            let release = CurrentRelease {
                id,
                assignment: assignment.to_string(),
                version,
                released_at: Timestamp::from_micros(released_at),
                tree_id,
                digest: super::blobs::parse_sha256(&digest)?,
                files,
                bytes,
                dates: dates(of_all),
                own: own_time(of_student),
            };
            Ok((row, release))
        },
    )
    .transpose()
}

/// Returns the row of the assignment of that name, released or not, and the number of people who have submitted to it.
pub fn find_with_submitters(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
) -> Result<Option<(i64, i64)>> {
    let people = submissions::table
        .filter(submissions::assignment_id.eq(assignments::id))
        .filter(submissions::deleted_at.is_null())
        .select(count(submissions::student).aggregate_distinct());
    let row = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((assignments::id, people.single_value()))
        .get_result::<(i64, Option<i64>)>(conn)
        .optional()?;
    Ok(row.map(|(id, people)| (id, people.unwrap_or(0))))
}

/// Returns the row of the assignment of that name, released or not.
pub fn find(conn: &mut Connection, course: i64, assignment: &AssignmentId) -> Result<Option<i64>> {
    let row = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select(assignments::id)
        .get_result(conn)
        .optional()?;
    Ok(row)
}

/// A version of an assignment.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    /// The ID of the row.
    pub id: i64,
    /// The number of the version, starting at 1.
    pub number: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// Whether this is the current version.
    pub is_current: bool,
}

/// Returns the version with that number; without a number, the current version.
pub fn version(
    conn: &mut Connection,
    assignment: i64,
    number: Option<i64>,
) -> Result<Option<Version>> {
    type Columns = (i64, i64, i64, i64, Option<i64>, Vec<u8>);
    let wanted = match number {
        Some(number) => Either::This(releases::version.eq(number)),
        None => Either::That(assignments::current_release.eq(releases::id.nullable())),
    };
    let row = releases::table
        .inner_join(trees::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(
            releases::assignment_id
                .eq(assignment)
                .and(assignments::deleted_at.is_null()),
        )
        .filter(wanted)
        .select((
            releases::id,
            releases::version,
            releases::released_at,
            releases::tree_id,
            assignments::current_release,
            trees::digest,
        ))
        .get_result::<Columns>(conn)
        .optional()?;
    row.map(|(id, number, released_at, tree_id, current, digest)| {
        Ok(Version {
            id,
            number,
            released_at: Timestamp::from_micros(released_at),
            tree_id,
            digest: super::blobs::parse_sha256(&digest)?,
            is_current: current == Some(id),
        })
    })
    .transpose()
}

/// Returns a portion of the released assignments after a release, in order of release, and whether there are more.
/// Each item has the row of the release and the name of the assignment. With a time, only assignments that are open
/// to students then are included.
pub fn list_released(
    conn: &mut Connection,
    course: i64,
    (after, time): (i64, Option<Timestamp>),
    portion: Portion,
) -> Result<(Vec<(i64, String)>, bool)> {
    let opens_at = assignments::opens_at;
    // Without a time, the condition holds for every row. The statement is the same then, and diesel need not build its
    // text to find it among the prepared ones.
    let time = time.map_or(i64::MAX, Timestamp::micros);
    let is_open = opens_at.is_null().or(opens_at.le(time));
    let rows = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::current_release.gt(after))
                .and(assignments::deleted_at.is_null()),
        )
        .filter(is_open)
        .order(assignments::current_release)
        .select((
            assignments::current_release.assume_not_null(),
            assignments::name,
        ))
        .at_most(portion.limit())
        .load_iter(conn)?;
    portion.take(rows, Ok, |(_, name): &(i64, String)| name.len())
}

/// Returns the row of the assignment of that name. Creates it if necessary.
pub fn obtain(conn: &mut Connection, course: i64, assignment: &AssignmentId) -> Result<i64> {
    if let Some(id) = find(conn, course, assignment)? {
        return Ok(id);
    }
    let inserted = diesel::insert_into(assignments::table)
        .values((
            assignments::course_id.eq(course),
            assignments::name.eq(assignment.as_str()),
        ))
        .on_conflict_do_nothing()
        .returning(assignments::id)
        .get_result(conn)
        .optional()?;
    match inserted {
        Some(id) => Ok(id),
        // Another writer was quicker.
        None => find(conn, course, assignment)?.ok_or_else(|| {
            Bug::new("an assignment that cannot be inserted and is not there").into()
        }),
    }
}

/// Makes `tree` the next and current version of the assignment. Returns the number of the version.
pub fn release(
    conn: &mut Connection,
    assignment: i64,
    tree: i64,
    by: &UserName,
    now: Timestamp,
) -> Result<i64> {
    let last: Option<i64> = releases::table
        .filter(releases::assignment_id.eq(assignment))
        .select(diesel::dsl::max(releases::version))
        .get_result(conn)?;
    let version = last.unwrap_or(0) + 1;
    let release = add_release(conn, assignment, (version, tree), (by, now))?;
    diesel::update(assignments::table.find(assignment))
        .set(assignments::current_release.eq(release))
        .execute(conn)?;
    Ok(version)
}

/// Adds the row of a release without making it current. Returns its ID.
pub(super) fn add_release(
    conn: &mut Connection,
    assignment: i64,
    (version, tree): (i64, i64),
    (by, at): (&UserName, Timestamp),
) -> Result<i64> {
    let release = diesel::insert_into(releases::table)
        .values((
            releases::assignment_id.eq(assignment),
            releases::version.eq(version),
            releases::tree_id.eq(tree),
            releases::released_by.eq(by.as_str()),
            releases::released_at.eq(at.micros()),
        ))
        .returning(releases::id)
        .get_result(conn)?;
    Ok(release)
}

/// Makes an earlier version the current one again.
pub fn show(conn: &mut Connection, assignment: i64, version: i64) -> Result<()> {
    let release: i64 = releases::table
        .filter(releases::assignment_id.eq(assignment))
        .filter(releases::version.eq(version))
        .select(releases::id)
        .get_result(conn)?;
    diesel::update(assignments::table.find(assignment))
        .set(assignments::current_release.eq(release))
        .execute(conn)?;
    Ok(())
}

/// Removes the assignment from every listing. Its versions, submissions and feedback remain.
pub fn unrelease(conn: &mut Connection, assignment: i64) -> Result<()> {
    diesel::update(assignments::table.find(assignment))
        .set(assignments::current_release.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}
