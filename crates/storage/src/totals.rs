//! The number and the bytes of all contents, for monitoring.

use super::backend::prelude::*;
use super::{Result, blobs};

/// The number of rows above which PostgreSQL's estimate is good enough. Counting millions of rows would read all of them.
const MANY: f64 = 100_000.0;
/// The number of rows whose sizes are averaged for an estimate.
const SAMPLE: f64 = 10_000.0;

/// Returns the number and the bytes of all contents. With PostgreSQL, large numbers are estimates.
pub fn totals(conn: &mut Connection) -> Result<(u64, u64)> {
    match estimate(conn, MANY)? {
        Some(estimated) => Ok(estimated),
        None => blobs::totals(conn),
    }
}

/// Returns an estimate if there are more than `many` rows, as far as PostgreSQL knows.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "they are estimates, and not negative"
)]
fn estimate(conn: &mut Connection, many: f64) -> Result<Option<(u64, u64)>> {
    #[derive(QueryableByName)]
    struct Estimated {
        #[diesel(sql_type = diesel::sql_types::Double)]
        value: f64,
    }
    if !conn.is_postgres() {
        return Ok(None);
    }
    // https://www.postgresql.org/docs/current/row-estimation-examples.html
    let rows: Estimated = diesel::sql_query(
        "SELECT CAST(reltuples AS double precision) AS value FROM pg_class WHERE oid = CAST('blobs' AS regclass)",
    )
    .get_result(conn)?;
    let rows = rows.value;
    if rows <= many {
        return Ok(None);
    }
    let percent = (100.0 * SAMPLE / rows).min(100.0);
    let size: Estimated = diesel::sql_query(format!(
        "SELECT CAST(coalesce(avg(size), 0) AS double precision) AS value FROM blobs TABLESAMPLE SYSTEM ({percent})"
    ))
    .get_result(conn)?;
    Ok(Some((rows as u64, (rows * size.value) as u64)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backend::{Postgres, Purpose};
    use crate::{Database, Opening, Store};
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
        let (rows, bytes) = estimate(&mut conn, 1000.0).unwrap().unwrap();
        assert!((19_000..21_000).contains(&rows), "{rows}");
        assert!((9_000_000..11_000_000).contains(&bytes), "{bytes}");
    }
}
