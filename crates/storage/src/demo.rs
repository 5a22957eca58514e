//! Clears the whole database, or dumps it in the form of ngshare's tables. For demonstrations, never for production.

use super::backend::prelude::*;
use super::courses::role;
use super::schema::{
    assignments, blob_contents, blobs, courses, events, hub_members, members, people, releases,
    submissions, trees,
};
use super::{Result, trees as stored_trees};
use nbcourier_domain::{Md5Sum, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Removes every row.
pub fn clear(conn: &mut Connection) -> Result<()> {
    diesel::delete(courses::table).execute(conn)?;
    diesel::delete(trees::table).execute(conn)?;
    diesel::delete(blob_contents::table).execute(conn)?;
    super::objects::note_all_removed(conn, Timestamp::now())?;
    diesel::delete(blobs::table).execute(conn)?;
    diesel::delete(hub_members::table).execute(conn)?;
    diesel::delete(people::table).execute(conn)?;
    diesel::delete(events::table).execute(conn)?;
    Ok(())
}

/// Returns everything that is currently visible, under the names of ngshare's tables. Empty tables are left out.
pub fn dump(conn: &mut Connection) -> Result<Map<String, Value>> {
    let mut tables = Tables::default();
    let people = members::table
        .inner_join(courses::table)
        .order(members::id)
        .select((
            courses::deleted_at,
            courses::name,
            members::username,
            members::role,
            (members::first_name, members::last_name, members::email),
        ))
        .load::<(
            Option<i64>,
            String,
            String,
            i16,
            (Option<String>, Option<String>, Option<String>),
        )>(conn)?;
    let mut users = BTreeSet::new();
    let course_rows = courses::table
        .filter(courses::deleted_at.is_null())
        .order(courses::id)
        .select((courses::id, courses::name))
        .load::<(i64, String)>(conn)?;
    for (id, name) in &course_rows {
        tables.add("courses", json!({ "_id": id, "id": name }));
    }
    for (deleted, course, username, number, (first_name, last_name, email)) in people {
        users.insert(username.clone());
        if deleted.is_none() {
            // ngshare knows no assistants. They teach rather than take the course.
            let table = if role(number)?.is_staff() {
                "instructor_assoc_table"
            } else {
                "student_assoc_table"
            };
            tables.add(
                table,
                json!({ "left_id": username, "right_id": course, "first_name": first_name,
                        "last_name": last_name, "email": email }),
            );
        }
    }
    let released = assignments::table
        .inner_join(courses::table)
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .filter(courses::deleted_at.is_null())
        .filter(assignments::deleted_at.is_null())
        .order(assignments::id)
        .select((
            assignments::id,
            assignments::name,
            courses::id,
            releases::tree_id,
        ))
        .load::<(i64, String, i64, i64)>(conn)?;
    for (id, name, course, tree) in released {
        tables.add(
            "assignments",
            json!({ "_id": id, "id": name, "course_id": course, "released": true, "due": null }),
        );
        tables.add_files(conn, "assignment_files_assoc_table", id, tree)?;
        let handed_in = submissions::table
            .filter(submissions::assignment_id.eq(id))
            .filter(submissions::deleted_at.is_null())
            .order(submissions::id)
            .select((
                submissions::id,
                submissions::student,
                submissions::submitted_at,
                submissions::tree_id,
            ))
            .load::<(i64, String, i64, i64)>(conn)?;
        for (submission, student, time, tree) in handed_in {
            let timestamp = Timestamp::from_micros(time);
            tables.add(
                "submissions",
                json!({ "_id": submission, "assignment_id": id, "timestamp": format!("{timestamp} "),
                        "student_id": student }),
            );
            users.insert(student);
            tables.add_files(conn, "submission_files_assoc_table", submission, tree)?;
            if let Some((_, tree)) = super::feedback::current(conn, submission)? {
                tables.add_files(conn, "feedback_files_assoc_table", submission, tree)?;
            }
        }
    }
    for user in users {
        tables.add("users", json!({ "id": user }));
    }
    Ok(tables.rows)
}

#[derive(Default)]
struct Tables {
    rows: Map<String, Value>,
    files: u64,
}

impl Tables {
    fn add(&mut self, table: &str, row: Value) {
        if let Value::Array(rows) = self.rows.entry(table).or_insert_with(|| json!([])) {
            rows.push(row);
        }
    }

    fn add_files(
        &mut self,
        conn: &mut Connection,
        table: &str,
        owner: i64,
        tree: i64,
    ) -> Result<()> {
        for file in stored_trees::files(conn, tree)?.iter() {
            self.files += 1;
            let blob = file.blob.blob;
            self.add(
                "files",
                json!({ "_id": self.files, "filename": file.path, "checksum": blob.md5.unwrap_or(Md5Sum::UNKNOWN),
                        "size": blob.size, "actual_name": blob.sha256.to_string() }),
            );
            self.add(table, json!({ "left_id": owner, "right_id": self.files }));
        }
        Ok(())
    }
}
