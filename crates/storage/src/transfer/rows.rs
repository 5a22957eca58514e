//! The tables whose rows are copied, and how their rows are read, written and summed up.

use super::Files;
use crate::backend::prelude::*;
use crate::schema;
use crate::{Result, objects};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool, Text};
use sha2::{Digest as _, Sha256};

/// A value of a column.
trait Value {
    /// Adds the value to a checksum, so that different rows have different checksums.
    fn feed(&self, sum: &mut Sha256);

    /// Whether PostgreSQL can store the value. Its texts cannot contain U+0000, and those of SQLite can.
    fn is_storable(&self) -> bool {
        true
    }
}

impl Value for i64 {
    fn feed(&self, sum: &mut Sha256) {
        sum.update([1]);
        sum.update(self.to_be_bytes());
    }
}

impl Value for i16 {
    fn feed(&self, sum: &mut Sha256) {
        sum.update([5]);
        sum.update(self.to_be_bytes());
    }
}

impl Value for bool {
    fn feed(&self, sum: &mut Sha256) {
        sum.update([2, u8::from(*self)]);
    }
}

impl Value for Vec<u8> {
    fn feed(&self, sum: &mut Sha256) {
        sum.update([3]);
        sum.update((self.len() as u64).to_be_bytes());
        sum.update(self);
    }
}

impl Value for String {
    fn feed(&self, sum: &mut Sha256) {
        sum.update([4]);
        sum.update((self.len() as u64).to_be_bytes());
        sum.update(self);
    }

    fn is_storable(&self) -> bool {
        !self.contains('\0')
    }
}

impl<T: Value> Value for Option<T> {
    fn feed(&self, sum: &mut Sha256) {
        match self {
            None => sum.update([0]),
            Some(value) => value.feed(sum),
        }
    }

    fn is_storable(&self) -> bool {
        self.as_ref().is_none_or(Value::is_storable)
    }
}

/// A table whose rows are copied.
pub(super) trait Table {
    /// The name of the table.
    const NAME: &'static str;
    /// The maximum number of rows per statement.
    const PAGE: usize = 1000;
    type Row: Clone;

    /// Returns up to [`Self::PAGE`] rows behind that row, in the order of their keys.
    fn page(conn: &mut Connection, after: Option<&Self::Row>) -> Result<Vec<Self::Row>>;

    fn insert(conn: &mut Connection, rows: &[Self::Row]) -> Result<()>;

    /// Returns the number of rows.
    fn count(conn: &mut Connection) -> Result<u64>;

    fn clear(conn: &mut Connection) -> Result<()>;

    fn feed(row: &Self::Row, sum: &mut Sha256);

    /// Returns the name of a column whose value PostgreSQL cannot store.
    fn unstorable(row: &Self::Row) -> Option<&'static str>;

    /// Returns the rows of a page that are copied.
    fn chosen(_: &mut Connection, rows: Vec<Self::Row>, _: Files) -> Result<Vec<Self::Row>> {
        Ok(rows)
    }

    /// Changes a row to what is compared in the end.
    fn compared(_: &mut Self::Row, _: Files) {}

    /// Changes a row to what is inserted.
    fn inserted(_: &mut Self::Row, _: Files) {}
}

macro_rules! table {
    (
        $table:ident by $first:ident: $first_type:ident $(, $more:ident: $more_type:ident)*;
        { $($column:ident: $type:ty,)+ }
        $($changes:tt)*
    ) => {
        pub(super) mod $table {
            use crate::schema::$table;
            use diesel::prelude::*;

            /// All rows of the table.
            pub struct All;

            #[derive(Clone, Queryable, Insertable)]
            #[diesel(table_name = $table, treat_none_as_default_value = false)]
            pub struct Row { $(pub $column: $type,)+ }
        }

        impl Table for $table::All {
            const NAME: &'static str = stringify!($table);
            type Row = $table::Row;

            fn page(conn: &mut Connection, after: Option<&Self::Row>) -> Result<Vec<Self::Row>> {
                use schema::$table::{self as columns, table};
                // The comparison of whole keys, for which both databases use the index.
                const COLUMNS: &str = concat!("(", stringify!($first) $(, ", ", stringify!($more))*, ") > (");
                let behind = after.map(|row| {
                    sql::<Bool>(COLUMNS)
                        .bind::<$first_type, _>(row.$first.clone())
                        $(.sql(", ").bind::<$more_type, _>(row.$more.clone()))*
                        .sql(")")
                });
                let rows = table
                    .filter(maybe(behind))
                    .order((columns::$first, $(columns::$more,)*))
                    .select(($(columns::$column,)+))
                    .at_most(Self::PAGE);
                Ok(rows.load(conn)?)
            }

            fn insert(conn: &mut Connection, rows: &[Self::Row]) -> Result<()> {
                let rows: Vec<&Self::Row> = rows.iter().collect();
                diesel::insert_into(schema::$table::table).values(rows).execute(conn)?;
                Ok(())
            }

            fn count(conn: &mut Connection) -> Result<u64> {
                let count: i64 = schema::$table::table.count().get_result(conn)?;
                Ok(u64::try_from(count).unwrap_or(0))
            }

            fn clear(conn: &mut Connection) -> Result<()> {
                diesel::delete(schema::$table::table).execute(conn)?;
                Ok(())
            }

            fn feed(row: &Self::Row, sum: &mut Sha256) {
                $(row.$column.feed(sum);)+
            }

            fn unstorable(row: &Self::Row) -> Option<&'static str> {
                $(if !row.$column.is_storable() { return Some(stringify!($column)); })+
                None
            }

            $($changes)*
        }
    };
}

table! {
    courses by id: BigInt;
    {
        id: i64,
        name: String,
        created_at: i64,
        deleted_at: Option<i64>,
        title: Option<String>,
        time_zone: Option<String>,
        sharing: String,
        activity: bool,
    }
}

table! {
    members by id: BigInt;
    {
        id: i64,
        course_id: i64,
        username: String,
        first_name: Option<String>,
        last_name: Option<String>,
        email: Option<String>,
        role: i16,
    }
}

table! {
    hub_members by username: Text, course: Text;
    {
        username: String,
        course: String,
        role: i16,
    }
}

table! {
    people by id: BigInt;
    {
        id: i64,
        username: String,
        account_made_at: i64,
    }
}

table! {
    blobs by id: BigInt;
    {
        id: i64,
        sha256: Vec<u8>,
        md5: Option<Vec<u8>>,
        size: i64,
        in_database: bool,
        stored_at: i64,
        arrived: bool,
    }

    /// Leaves out uploads that did not end, if files are copied. There is nothing to copy.
    fn chosen(conn: &mut Connection, rows: Vec<Self::Row>, files: Files) -> Result<Vec<Self::Row>> {
        let is_open = |row: &Self::Row| !row.in_database && !row.arrived;
        if files == Files::Stay || !rows.iter().any(is_open) {
            return Ok(rows);
        }
        let open: Vec<i64> = rows.iter().filter(|row| is_open(row)).map(|row| row.id).collect();
        let named = objects::named(conn, &open)?;
        let chosen = rows.into_iter().filter(|row| !is_open(row) || named.contains(&row.id));
        Ok(chosen.collect())
    }

    /// The copied files arrive one after the other.
    fn compared(row: &mut Self::Row, files: Files) {
        if files != Files::Stay {
            row.arrived = true;
        }
    }

    fn inserted(row: &mut Self::Row, files: Files) {
        if files == Files::ToBucket {
            row.arrived = row.in_database;
        }
    }
}

table! {
    blob_contents by blob_id: BigInt;
    {
        blob_id: i64,
        content: Vec<u8>,
    }

    /// A content has up to 64 KiB.
    const PAGE: usize = 128;
}

table! {
    trees by id: BigInt;
    {
        id: i64,
        digest: Vec<u8>,
        files: i64,
        bytes: i64,
    }
}

table! {
    tree_files by tree_id: BigInt, position: BigInt;
    {
        tree_id: i64,
        position: i64,
        path: String,
        blob_id: i64,
    }
}

table! {
    assignments by id: BigInt;
    {
        id: i64,
        course_id: i64,
        name: String,
        current_release: Option<i64>,
        opens_at: Option<i64>,
        due_at: Option<i64>,
        cutoff_at: Option<i64>,
        deleted_at: Option<i64>,
    }

    /// The releases come later, since they refer to their assignment, too.
    fn inserted(row: &mut Self::Row, _: Files) {
        row.current_release = None;
    }
}

table! {
    extensions by assignment_id: BigInt, student: Text;
    {
        assignment_id: i64,
        student: String,
        due_at: Option<i64>,
        cutoff_at: Option<i64>,
        note: Option<String>,
    }
}

table! {
    allowances by course_id: BigInt, student: Text;
    {
        course_id: i64,
        student: String,
        hours: i64,
        note: Option<String>,
    }
}

table! {
    releases by id: BigInt;
    {
        id: i64,
        assignment_id: i64,
        version: i64,
        tree_id: i64,
        released_by: String,
        released_at: i64,
    }
}

table! {
    fetches by release_id: BigInt, student: Text;
    {
        release_id: i64,
        student: String,
        first_at: i64,
        last_at: i64,
        times: i64,
    }
}

table! {
    submissions by id: BigInt;
    {
        id: i64,
        assignment_id: i64,
        student: String,
        submitted_at: i64,
        tree_id: i64,
        submitted_by: Option<String>,
        deleted_at: Option<i64>,
    }
}

table! {
    submission_keys by assignment_id: BigInt, student: Text, idempotency: Text;
    {
        assignment_id: i64,
        student: String,
        idempotency: String,
        submission_id: i64,
    }
}

table! {
    feedback by id: BigInt;
    {
        id: i64,
        submission_id: i64,
        tree_id: i64,
        returned_by: String,
        returned_at: i64,
        deleted_at: Option<i64>,
    }
}

table! {
    feedback_readings by feedback_id: BigInt;
    {
        feedback_id: i64,
        first_at: i64,
        last_at: i64,
        times: i64,
    }
}

table! {
    directories by id: BigInt;
    {
        id: i64,
        owner: Option<String>,
        course_id: Option<i64>,
        name: String,
        description: Option<String>,
        parent_id: Option<i64>,
        parent_version: Option<i64>,
        head: i64,
        deliver: Option<String>,
        deliver_at_start: bool,
        created_by: String,
        created_at: i64,
        deleted_at: Option<i64>,
    }
}

table! {
    directory_versions by directory_id: BigInt, version: BigInt;
    {
        directory_id: i64,
        version: i64,
        made_at: i64,
        made_by: String,
        device: Option<String>,
        message: Option<String>,
        origin: Option<String>,
        label: Option<String>,
        files: i64,
        folders: i64,
        bytes: i64,
        path_bytes: i64,
        digest: Option<Vec<u8>>,
    }
}

table! {
    directory_entries by id: BigInt;
    {
        id: i64,
        directory_id: i64,
        path: String,
        blob_id: Option<i64>,
        executable: bool,
        since: i64,
        until: Option<i64>,
    }
}

table! {
    directory_grants by id: BigInt;
    {
        id: i64,
        directory_id: i64,
        person: Option<String>,
        hub_group: Option<String>,
        course_id: Option<i64>,
        role: Option<i16>,
        level: i16,
        granted_by: String,
        granted_at: i64,
    }
}

table! {
    sources by directory_id: BigInt;
    {
        directory_id: i64,
        url: String,
        branch: Option<String>,
        folder: Option<String>,
        exclude: String,
        every_seconds: i64,
        allow_solutions: bool,
        token: Option<Vec<u8>>,
        hook_id: String,
        hook_secret: Vec<u8>,
        commit_id: Option<String>,
        checked_at: Option<i64>,
        next_at: i64,
        failures: i64,
        running: Option<i64>,
        running_until: Option<i64>,
    }
}

table! {
    source_runs by id: BigInt;
    {
        id: i64,
        directory_id: i64,
        began_at: i64,
        ended_at: Option<i64>,
        cause: String,
        outcome: Option<String>,
        commit_id: Option<String>,
        version: Option<i64>,
        report: Option<String>,
    }
}

table! {
    shares by id: BigInt;
    {
        id: i64,
        token: Vec<u8>,
        made_by: String,
        course_id: i64,
        title: String,
        audience: String,
        page_blob: Option<i64>,
        source_blob: Option<i64>,
        made_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
        revoked_by: Option<String>,
    }
}

table! {
    starts by id: BigInt;
    {
        id: i64,
        course_id: i64,
        person: String,
        directory: Option<String>,
        at: i64,
        outcome: String,
        millis: i64,
        version: Option<i64>,
        report: Option<String>,
    }
}

table! {
    activity by course_id: BigInt, person: Text, day: BigInt, path: Text;
    {
        course_id: i64,
        person: String,
        day: i64,
        path: String,
        opens: i64,
        saves: i64,
        minutes: i64,
    }
}

table! {
    event_people by person: Text, event_id: BigInt;
    {
        person: String,
        event_id: i64,
    }
}

table! {
    events by id: BigInt;
    {
        id: i64,
        at: i64,
        action: String,
        actor: String,
        subject: Option<String>,
        course: Option<String>,
        assignment: Option<String>,
        submission_id: Option<i64>,
        detail: Option<String>,
        request_id: Option<String>,
        course_id: Option<i64>,
    }
}

table! {
    runs by task: Text;
    {
        task: String,
        ended_at: i64,
        succeeded_at: Option<i64>,
    }
}

table! {
    removed_objects by blob_id: BigInt;
    {
        blob_id: i64,
        sha256: Vec<u8>,
        size: i64,
        removed_at: i64,
    }

    /// Objects that wait for their deletion stay in their bucket.
    fn chosen(_: &mut Connection, rows: Vec<Self::Row>, files: Files) -> Result<Vec<Self::Row>> {
        Ok(if files == Files::Stay { rows } else { Vec::new() })
    }
}

table! {
    ended_sessions by id: Text;
    {
        id: String,
        expires_at: i64,
    }
}
