//! Renames the rows of a person, or removes them. Names are in many tables, which `people::COLUMNS` lists.

use super::backend::prelude::*;
use super::schema::{
    activity, allowances, directories, directory_grants, extensions, fetches, hub_members, members,
    shares, starts, submissions,
};
use super::{Result, events};
use diesel::sql_types::{BigInt, Text};
use nbcourier_domain::UserName;
use std::collections::HashSet;

/// The maximum length of the name of a directory in bytes.
const LONGEST_NAME: usize = 255;

/// Gives all rows of the name `from` to the name `to`, which may have rows of its own. Of two roles, the greater counts.
/// Missing details are filled in. Of two dates, the later counts, and of two allowances the longer. Fetches and activity
/// are summed up. Of two keys for one attempt, the one of `to` counts. A directory whose name `to` has already becomes
/// `NAME-of-FROM`.
pub fn carry_over(conn: &mut Connection, from: &UserName, to: &UserName) -> Result<()> {
    part_times(conn, from, to)?;
    part_directories(conn, from, to)?;
    // `$1` is the new name, `$2` the old one. SQLite numbers such values by where they occur first.
    for statement in [
        "UPDATE members SET
                role = CASE WHEN other.role > members.role THEN other.role ELSE members.role END,
                first_name = coalesce(nullif(members.first_name, ''), other.first_name, members.first_name),
                last_name = coalesce(nullif(members.last_name, ''), other.last_name, members.last_name),
                email = coalesce(nullif(members.email, ''), other.email, members.email)
            FROM members AS other
            WHERE members.username = $1 AND other.username = $2 AND other.course_id = members.course_id",
        "DELETE FROM members WHERE course_id IN (SELECT course_id FROM members WHERE username = $1)
            AND username = $2",
        "UPDATE members SET username = $1 WHERE username = $2",
        "INSERT INTO hub_members (username, course, role)
            SELECT $1, course, role FROM hub_members WHERE username = $2
            ON CONFLICT (username, course) DO UPDATE SET
                role = CASE WHEN excluded.role > hub_members.role THEN excluded.role ELSE hub_members.role END",
        "INSERT INTO extensions (assignment_id, student, due_at, cutoff_at, note)
            SELECT assignment_id, $1, due_at, cutoff_at, note FROM extensions WHERE student = $2
            ON CONFLICT (assignment_id, student) DO UPDATE SET
                due_at = CASE WHEN extensions.due_at IS NULL OR excluded.due_at > extensions.due_at
                    THEN excluded.due_at ELSE extensions.due_at END,
                cutoff_at = CASE WHEN extensions.cutoff_at IS NULL OR excluded.cutoff_at > extensions.cutoff_at
                    THEN excluded.cutoff_at ELSE extensions.cutoff_at END,
                note = coalesce(extensions.note, excluded.note)",
        "INSERT INTO allowances (course_id, student, hours, note)
            SELECT course_id, $1, hours, note FROM allowances WHERE student = $2
            ON CONFLICT (course_id, student) DO UPDATE SET
                hours = CASE WHEN excluded.hours > allowances.hours THEN excluded.hours ELSE allowances.hours END,
                note = coalesce(allowances.note, excluded.note)",
        "INSERT INTO fetches (release_id, student, first_at, last_at, times)
            SELECT release_id, $1, first_at, last_at, times FROM fetches WHERE student = $2
            ON CONFLICT (release_id, student) DO UPDATE SET
                first_at = CASE WHEN excluded.first_at < fetches.first_at THEN excluded.first_at ELSE fetches.first_at END,
                last_at = CASE WHEN excluded.last_at > fetches.last_at THEN excluded.last_at ELSE fetches.last_at END,
                times = fetches.times + excluded.times",
        // Selected by assignment, since the index begins with it.
        "UPDATE submission_keys SET student = $1
            WHERE student = $2 AND assignment_id IN (SELECT id FROM assignments)
                AND NOT EXISTS (SELECT 1 FROM submission_keys AS kept
                    WHERE kept.assignment_id = submission_keys.assignment_id AND kept.student = $1
                        AND kept.idempotency = submission_keys.idempotency)",
        "UPDATE submissions SET student = $1
            WHERE student = $2 AND assignment_id IN (SELECT id FROM assignments)",
        "UPDATE submissions SET submitted_by = nullif($1, student) WHERE submitted_by = $2",
        "UPDATE releases SET released_by = $1 WHERE released_by = $2",
        "UPDATE feedback SET returned_by = $1 WHERE returned_by = $2",
        "UPDATE directories SET owner = $1 WHERE owner = $2",
        "UPDATE directories SET created_by = $1 WHERE created_by = $2",
        "UPDATE directory_versions SET made_by = $1 WHERE made_by = $2",
        // Of two grants of a directory, the higher counts.
        "UPDATE directory_grants SET level = other.level FROM directory_grants AS other
            WHERE directory_grants.person = $1 AND other.person = $2
                AND other.directory_id = directory_grants.directory_id AND other.level > directory_grants.level",
        "DELETE FROM directory_grants WHERE directory_id IN
                (SELECT directory_id FROM directory_grants WHERE person = $1)
            AND person = $2",
        "UPDATE directory_grants SET person = $1 WHERE person = $2",
        "UPDATE directory_grants SET granted_by = $1 WHERE granted_by = $2",
        "UPDATE starts SET person = $1 WHERE person = $2",
        "UPDATE shares SET made_by = $1 WHERE made_by = $2",
        "UPDATE shares SET revoked_by = $1 WHERE revoked_by = $2",
        "INSERT INTO activity (course_id, person, day, path, opens, saves, minutes)
            SELECT course_id, $1, day, path, opens, saves, minutes FROM activity WHERE person = $2
            ON CONFLICT (course_id, person, day, path) DO UPDATE SET
                opens = activity.opens + excluded.opens,
                saves = activity.saves + excluded.saves,
                minutes = CASE WHEN activity.minutes + excluded.minutes > 1440 THEN 1440
                    ELSE activity.minutes + excluded.minutes END",
    ] {
        diesel::sql_query(statement)
            .bind::<Text, _>(to.as_str())
            .bind::<Text, _>(from.as_str())
            .execute(conn)?;
    }
    remove_groups(conn, from)?;
    remove_extensions(conn, from)?;
    remove_allowances(conn, from)?;
    remove_fetches(conn, from)?;
    remove_activity(conn, from)?;
    remove_keys(conn, from)?;
    // The person who submitted and the student are the same now.
    let own = submissions::table
        .filter(submissions::student.eq(to.as_str()))
        .filter(submissions::submitted_by.eq(to.as_str()));
    diesel::update(own)
        .set(submissions::submitted_by.eq(None::<String>))
        .execute(conn)?;
    events::rename(conn, from, to)
}

#[derive(QueryableByName)]
struct Later {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    assignment_id: i64,
    #[diesel(sql_type = BigInt)]
    submitted_at: i64,
}

/// Moves the later of two submissions to the next free microsecond, if both people submitted to one assignment at the
/// same time.
fn part_times(conn: &mut Connection, from: &UserName, to: &UserName) -> Result<()> {
    let later = diesel::sql_query(
        "SELECT CASE WHEN one.id > other.id THEN one.id ELSE other.id END AS id, one.assignment_id, one.submitted_at
            FROM assignments
                JOIN submissions AS one ON one.assignment_id = assignments.id AND one.student = $1
                JOIN submissions AS other ON other.assignment_id = one.assignment_id AND other.student = $2
                    AND other.submitted_at = one.submitted_at
            ORDER BY 1",
    )
    .bind::<Text, _>(from.as_str())
    .bind::<Text, _>(to.as_str())
    .load::<Later>(conn)?;
    for row in later {
        let mut time = row.submitted_at + 1;
        while is_taken(conn, row.assignment_id, [from, to], time)? {
            time += 1;
        }
        diesel::update(submissions::table.find(row.id))
            .set(submissions::submitted_at.eq(time))
            .execute(conn)?;
    }
    Ok(())
}

/// Renames those directories of `from` whose names are also those of directories of `to`: `NAME` becomes `NAME-of-FROM`,
/// or the same with a number.
fn part_directories(conn: &mut Connection, from: &UserName, to: &UserName) -> Result<()> {
    let of = |person: &UserName| {
        directories::table
            .filter(directories::owner.eq(person.as_str().to_owned()))
            .filter(directories::deleted_at.is_null())
    };
    let taken: Vec<String> = of(to).select(directories::name).load(conn)?;
    let own: Vec<(i64, String)> = of(from)
        .select((directories::id, directories::name))
        .order(directories::id)
        .load(conn)?;
    let mut taken: HashSet<String> = taken.into_iter().collect();
    let names = own.iter().map(|(_, name)| name.clone());
    let mut all: HashSet<String> = names.chain(taken.iter().cloned()).collect();
    for (id, name) in own {
        if taken.insert(name.clone()) {
            continue;
        }
        let mut number = 1;
        let mut other = name_of_former(&name, from, number);
        while !all.insert(other.clone()) {
            number += 1;
            other = name_of_former(&name, from, number);
        }
        diesel::update(directories::table.find(id))
            .set(directories::name.eq(other))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns `NAME-of-PERSON`, with a number from 2 on. A long name is cut, so that it stays a legal one.
fn name_of_former(name: &str, person: &UserName, number: u32) -> String {
    let mut end = format!("-of-{person}");
    end.truncate(end.floor_char_boundary(LONGEST_NAME / 2));
    if number > 1 {
        end = format!("{end}-{number}");
    }
    let room = LONGEST_NAME - end.len();
    format!(
        "{}{end}",
        &name[..name.floor_char_boundary(room.min(name.len()))]
    )
}

fn is_taken(
    conn: &mut Connection,
    assignment: i64,
    students: [&UserName; 2],
    time: i64,
) -> Result<bool> {
    let taken = submissions::table.filter(
        submissions::assignment_id
            .eq(assignment)
            .and(submissions::student.eq_any(students.map(UserName::as_str)))
            .and(submissions::submitted_at.eq(time)),
    );
    Ok(diesel::select(diesel::dsl::exists(taken)).get_result(conn)?)
}

/// Removes a person's submissions with their feedback, keys, extensions, allowances, roles in courses, directories and
/// shared pages. The person's changes for others stay under the person's name.
pub fn remove(conn: &mut Connection, person: &UserName) -> Result<()> {
    remove_places(conn, person)?;
    remove_extensions(conn, person)?;
    remove_allowances(conn, person)?;
    diesel::delete(submissions::table.filter(submissions::student.eq(person.as_str())))
        .execute(conn)?;
    Ok(())
}

/// Removes a person's roles in courses with their details, their directories and grants, their shared pages, their
/// idempotency keys, what they have seen, the starts of their servers, and their activity. Their submissions remain.
pub fn remove_places(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(members::table.filter(members::username.eq(person.as_str()))).execute(conn)?;
    remove_groups(conn, person)?;
    remove_fetches(conn, person)?;
    remove_readings(conn, person)?;
    remove_directories(conn, person)?;
    remove_starts(conn, person)?;
    diesel::delete(shares::table.filter(shares::made_by.eq(person.as_str()))).execute(conn)?;
    remove_activity(conn, person)?;
    remove_keys(conn, person)
}

fn remove_starts(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(starts::table.filter(starts::person.eq(person.as_str()))).execute(conn)?;
    Ok(())
}

fn remove_activity(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(activity::table.filter(activity::person.eq(person.as_str()))).execute(conn)?;
    Ok(())
}

/// Removes a person's directories for good, and what others have granted to them.
fn remove_directories(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(directory_grants::table.filter(directory_grants::person.eq(person.as_str())))
        .execute(conn)?;
    diesel::delete(directories::table.filter(directories::owner.eq(person.as_str())))
        .execute(conn)?;
    Ok(())
}

fn remove_fetches(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(fetches::table.filter(fetches::student.eq(person.as_str()))).execute(conn)?;
    Ok(())
}

fn remove_readings(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::sql_query(
        "DELETE FROM feedback_readings WHERE feedback_id IN
            (SELECT f.id FROM submissions s JOIN feedback f ON f.submission_id = s.id WHERE s.student = $1)",
    )
    .bind::<Text, _>(person.as_str())
    .execute(conn)?;
    Ok(())
}

fn remove_keys(conn: &mut Connection, person: &UserName) -> Result<()> {
    // Selected by assignment, since the index begins with it.
    diesel::sql_query(
        "DELETE FROM submission_keys WHERE student = $1 AND assignment_id IN (SELECT id FROM assignments)",
    )
    .bind::<Text, _>(person.as_str())
    .execute(conn)?;
    Ok(())
}

fn remove_extensions(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(extensions::table.filter(extensions::student.eq(person.as_str())))
        .execute(conn)?;
    Ok(())
}

fn remove_allowances(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(allowances::table.filter(allowances::student.eq(person.as_str())))
        .execute(conn)?;
    Ok(())
}

/// Removes the groups of the hub in which a person was seen.
pub fn remove_groups(conn: &mut Connection, person: &UserName) -> Result<()> {
    diesel::delete(hub_members::table.filter(hub_members::username.eq(person.as_str())))
        .execute(conn)?;
    Ok(())
}
