//! The number and the bytes of all contents, for monitoring.

use super::backend::prelude::*;
use super::{Result, blobs};
use diesel::sql_types::{BigInt, Double};

/// The number of rows above which an estimate is good enough. Counting millions of rows would read all of them.
const MANY: i64 = 100_000;
/// The number of rows whose sizes are averaged for an estimate.
const SAMPLE: i64 = 10_000;
/// The number of rows of a sample that lie beside each other.
const WINDOW: i64 = 10;

/// Returns the number and the bytes of all contents. Large numbers are estimates.
pub fn totals(conn: &mut Connection) -> Result<(u64, u64)> {
    match estimate(conn, MANY)? {
        Some(estimated) => Ok(estimated),
        None => blobs::totals(conn),
    }
}

#[derive(QueryableByName)]
struct Estimated {
    #[diesel(sql_type = Double)]
    value: f64,
}

/// Returns an estimate if there are more than `many` rows, as far as the database knows without counting.
fn estimate(conn: &mut Connection, many: i64) -> Result<Option<(u64, u64)>> {
    if conn.is_postgres() {
        estimate_by_statistics(conn, many)
    } else {
        estimate_by_ids(conn, many)
    }
}

/// Returns the estimate of PostgreSQL.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "they are estimates, and not negative"
)]
fn estimate_by_statistics(conn: &mut Connection, many: i64) -> Result<Option<(u64, u64)>> {
    // https://www.postgresql.org/docs/current/row-estimation-examples.html
    let rows: Estimated = diesel::sql_query(
        "SELECT CAST(reltuples AS double precision) AS value FROM pg_class WHERE oid = CAST('blobs' AS regclass)",
    )
    .get_result(conn)?;
    let rows = rows.value;
    if rows <= many as f64 {
        return Ok(None);
    }
    let percent = (100.0 * SAMPLE as f64 / rows).min(100.0);
    let size: Estimated = diesel::sql_query(format!(
        "SELECT CAST(coalesce(avg(size), 0) AS double precision) AS value FROM blobs TABLESAMPLE SYSTEM ({percent})"
    ))
    .get_result(conn)?;
    Ok(Some((rows as u64, (rows * size.value) as u64)))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    step: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The rows in windows of IDs that lie equally far apart. `$1` is the greatest number of windows, `$2` their width, and `$3`
/// the number of IDs from which on they are looked at.
const IN_WINDOWS: &str = "
    WITH RECURSIVE ends AS (SELECT (SELECT min(id) FROM blobs) AS first, (SELECT max(id) FROM blobs) AS last),
    steps AS (SELECT first, last, max((last - first) / $1 + 1, $2) AS step FROM ends WHERE last - first >= $3),
    windows AS (
        SELECT first, last, step FROM steps
        UNION ALL SELECT first + step, last, step FROM windows WHERE first + step <= last)
    SELECT max(windows.step) AS step, count(blobs.id) AS number, CAST(coalesce(sum(blobs.size), 0) AS BIGINT) AS bytes
        FROM windows LEFT JOIN blobs ON blobs.id >= windows.first AND blobs.id < windows.first + $2
        HAVING max(windows.step) IS NOT NULL";

/// Returns an estimate by the IDs, which SQLite gives in sequence: the rows in some windows of them stand for all.
fn estimate_by_ids(conn: &mut Connection, many: i64) -> Result<Option<(u64, u64)>> {
    let found: Option<Found> = diesel::sql_query(IN_WINDOWS)
        .bind::<BigInt, _>(SAMPLE / WINDOW)
        .bind::<BigInt, _>(WINDOW)
        .bind::<BigInt, _>(many)
        .get_result(conn)
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let all = |part: i64| {
        let all = i128::from(part) * i128::from(found.step) / i128::from(WINDOW);
        u64::try_from(all).unwrap_or_default()
    };
    Ok(Some((all(found.number), all(found.bytes))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backend::{Postgres, Purpose};
    use crate::{Database, Opening, Store, migrate};
    use nbcourier_testdb::shared;

    #[test]
    fn many_contents_are_estimated_well_and_few_are_counted() {
        let url = shared().url(&shared().create());
        let postgres = Postgres::parse(&url, None, None).unwrap();
        Store::open(
            &Database::Postgres(Box::new(postgres.clone())),
            Opening::Migrate,
        )
        .unwrap();
        let mut conn = postgres.connect(Purpose::Write).unwrap();
        conn.batch_execute(
            "INSERT INTO blobs (sha256, size, in_database, stored_at)
                SELECT decode(md5(CAST(number AS text)) || md5('x'), 'hex'), number % 1000, false, 0
                FROM generate_series(1, 20000) AS number;
             ANALYZE blobs",
        )
        .unwrap();
        let exact = blobs::totals(&mut conn).unwrap();
        assert_eq!(exact, (20_000, 9_990_000));
        assert_eq!(totals(&mut conn).unwrap(), exact);
        let (rows, bytes) = estimate(&mut conn, 1000).unwrap().unwrap();
        assert!((19_000..21_000).contains(&rows), "{rows}");
        assert!((9_000_000..11_000_000).contains(&bytes), "{bytes}");
    }

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }

    #[test]
    fn an_estimate_in_sqlite_reads_as_many_rows_however_many_there_are() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        assert_eq!(totals(&mut conn).unwrap(), (0, 0));
        // A fifth of the rows was removed.
        conn.batch_execute(
            "WITH RECURSIVE numbers AS (SELECT 1 AS number UNION ALL SELECT number + 1 FROM numbers WHERE number < 150000)
                INSERT INTO blobs (sha256, size, in_database, stored_at)
                SELECT CAST(printf('%032d', number) AS BLOB), number % 997, false, 0 FROM numbers;
             DELETE FROM blobs WHERE id % 5 = 0",
        )
        .unwrap();
        let (rows, bytes) = blobs::totals(&mut conn).unwrap();
        assert_eq!(rows, 120_000);
        let near = |estimated: u64, exact: u64| estimated.abs_diff(exact) < exact / 10;
        let (estimated, its_bytes) = totals(&mut conn).unwrap();
        assert!(near(estimated, rows), "{estimated} for {rows}");
        assert!(near(its_bytes, bytes), "{its_bytes} for {bytes}");
        let few = "DELETE FROM blobs WHERE id > 50000";
        conn.batch_execute(few).unwrap();
        assert_eq!(totals(&mut conn).unwrap().0, 40_000);
        // It reads the rows of the windows alone, by their IDs.
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {IN_WINDOWS}"));
        for step in plan.load::<Step>(&mut conn).unwrap() {
            assert!(!step.detail.starts_with("SCAN blobs"), "{}", step.detail);
        }
    }
}
