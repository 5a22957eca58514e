//! Whether a request changed something, and whether an event describes the change.

use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::Server;
use std::cell::RefCell;

/// Whether a server changed its database, and recorded an event.
pub struct Changes {
    conn: RefCell<SqliteConnection>,
    before: i64,
}

impl Changes {
    pub fn of(server: &Server) -> Self {
        let path = server.data_dir().join("nbcourier.db");
        let url = path.to_str().expect("a path");
        let mut changes = Self {
            conn: RefCell::new(SqliteConnection::establish(url).expect("the database")),
            before: 0,
        };
        changes.before = changes.version();
        changes
    }

    /// Returns SQLite's counter of commits by other connections.
    fn version(&self) -> i64 {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = BigInt)]
            data_version: i64,
        }
        let mut conn = self.conn.borrow_mut();
        let rows = diesel::sql_query("PRAGMA data_version").load::<Version>(&mut *conn);
        rows.expect("a version")[0].data_version
    }

    pub fn happened(&self) -> bool {
        self.version() != self.before
    }

    pub fn has_event_of(&self, request: &str) -> bool {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let mut conn = self.conn.borrow_mut();
        let rows = diesel::sql_query("SELECT count(*) AS count FROM events WHERE request_id = ?")
            .bind::<Text, _>(request)
            .load::<Count>(&mut *conn);
        rows.expect("a count")[0].count > 0
    }
}
