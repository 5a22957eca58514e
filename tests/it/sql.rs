//! The database of a server, whichever it is: what tests look up or change there behind its back.

use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::Server;

/// The database of a server.
pub enum Sql {
    Sqlite(SqliteConnection),
    Postgres(String),
}

impl Sql {
    pub fn of(server: &Server) -> Self {
        if let Some(url) = server.postgres() {
            return Self::Postgres(url.to_owned());
        }
        let path = server.data_dir().join("nbcourier.db");
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        Self::Sqlite(conn)
    }

    /// Runs statements that both databases understand.
    pub fn execute(&mut self, statements: &str) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(statements).unwrap(),
            Self::Postgres(url) => drop(nbcourier_testdb::sql(url, statements)),
        }
    }

    /// Returns the rows of a query whose only column is a text named `value`.
    pub fn texts(&mut self, query: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            value: String,
        }
        match self {
            Self::Sqlite(conn) => {
                let rows = diesel::sql_query(query).load::<Row>(conn).unwrap();
                rows.into_iter().map(|row| row.value).collect()
            }
            Self::Postgres(url) => {
                let rows = nbcourier_testdb::sql(url, query);
                rows.lines().map(str::to_owned).collect()
            }
        }
    }

    /// Returns the SQL that makes bytes of a text.
    pub fn bytes_of(&self, text: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("CAST({text} AS BLOB)"),
            Self::Postgres(_) => format!("convert_to({text}, 'UTF8')"),
        }
    }

    /// Counts the rows or values, such as `count(*)` of `blobs`.
    pub fn count(&mut self, what: &str, table: &str) -> i64 {
        let query = format!("SELECT CAST({what} AS TEXT) AS value FROM {table}");
        self.texts(&query)[0].parse().unwrap()
    }

    /// Returns all columns: table, name, whether it is a text.
    pub fn columns(&mut self) -> Vec<(String, String, bool)> {
        let query = match self {
            Self::Sqlite(_) => {
                "SELECT m.name || ' ' || c.name || ' ' || CASE WHEN c.type = 'TEXT' THEN 'text' ELSE '' END AS value
                    FROM sqlite_master m JOIN pragma_table_info(m.name) c
                    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'"
            }
            Self::Postgres(_) => {
                "SELECT table_name || ' ' || column_name || ' ' || CASE WHEN data_type = 'text' THEN 'text' ELSE '' END AS value
                    FROM information_schema.columns
                    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'"
            }
        };
        let rows = self.texts(query);
        let columns = rows.iter().map(|row| {
            let mut parts = row.split(' ');
            let mut next = || parts.next().unwrap_or_default().to_owned();
            (next(), next(), next() == "text")
        });
        columns.collect()
    }
}
