//! The last runs of the operator's tasks, by any process.

use super::Result;
use super::backend::prelude::*;
use super::schema::runs;
use nbcourier_domain::Timestamp;

/// The last run of a task.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Run {
    /// The name of the task.
    pub task: String,
    /// The end of the run, in microseconds since 1970.
    pub ended_at: i64,
    /// The end of the last successful run, in microseconds since 1970.
    pub succeeded_at: Option<i64>,
}

/// Records that a task has ended.
pub fn note(conn: &mut Connection, task: &str, at: Timestamp, well: bool) -> Result<()> {
    let succeeded_at = well.then_some(at.micros());
    let row = (
        runs::task.eq(task),
        runs::ended_at.eq(at.micros()),
        runs::succeeded_at.eq(succeeded_at),
    );
    let insert = diesel::insert_into(runs::table).values(row);
    let insert = insert.on_conflict(runs::task).do_update();
    if well {
        insert
            .set((
                runs::ended_at.eq(at.micros()),
                runs::succeeded_at.eq(succeeded_at),
            ))
            .execute(conn)?;
    } else {
        insert.set(runs::ended_at.eq(at.micros())).execute(conn)?;
    }
    Ok(())
}

/// Returns the last run of every task that ever ran, by name.
pub fn list(conn: &mut Connection) -> Result<Vec<Run>> {
    Ok(runs::table.order(runs::task).load(conn)?)
}
