//! The parts of a connection that are particular to PostgreSQL: the address, encryption, and the session's settings.
//!
//! The driver is tokio-postgres, without libpq. Queries run through diesel-async's wrapper, which waits for them.

mod encryption;

use super::{Backend, Connection, Failure};
use crate::{Error, Result};
use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::query_builder::SqlQuery;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use encryption::Encryption;
use nbcourier_work::Bug;
use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;

/// A connection of diesel to PostgreSQL.
pub(super) type PgConnection = AsyncConnectionWrapper<AsyncPgConnection, OwnThread>;

/// The oldest supported version, in the form of `server_version_num`.
const OLDEST: i32 = 150_000;

/// The default number of connections of a process. The default maximum of a server is 100.
pub const CONNECTIONS: u32 = 20;

/// The settings of each session. A client that waits for locks, or that stopped in the middle of a transaction, never
/// holds up others for longer than this.
///
/// `synchronous_commit` is only raised: an operator may have set it to `remote_apply`.
const SESSION: &str = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; \
     SET statement_timeout = '60s'; SET client_min_messages = warning; \
     SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// The settings of a session that reads. Each of its transactions sees one snapshot. It holds up nobody while it is idle,
/// such as while an export writes files.
const READING: &str = "SET default_transaction_isolation = 'repeatable read'; \
     SET default_transaction_read_only = on; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '15min'";

/// The settings of a session that writes. Each of its statements sees what was committed before it.
const WRITING: &str = "SET default_transaction_isolation = 'read committed'";

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To read on snapshots.
    Read,
    /// To make changes.
    Write,
}

/// The runtime of one connection. Its driver runs on the thread that waits for a statement, so no other thread is
/// involved, and no stalled worker of the server stalls it.
pub struct OwnThread(Option<Runtime>);

thread_local! {
    /// The runtime in which a connection was just opened. [`BlockOn::get_runtime`] has no argument for it.
    static OPENED_IN: Cell<Option<Runtime>> = const { Cell::new(None) };
}

impl BlockOn for OwnThread {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.0.as_ref();
        runtime
            .expect("it is there until the drop")
            .block_on(future)
    }

    fn get_runtime() -> Self {
        let runtime = OPENED_IN.take();
        Self(Some(
            runtime.expect("`Postgres::connect` hands the runtime over before"),
        ))
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        // A dropped runtime waits for its threads. An async thread must not wait. This runtime has no threads.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs work that waits for PostgreSQL, on a thread of its own. The caller may be an async thread, which must not wait
/// for another runtime.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(payload) => std::panic::resume_unwind(payload),
    })
}

/// A PostgreSQL database cannot be used as it was named. The sentence says why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PostgresError(String);

/// The address of a PostgreSQL database, and the way to connect to it. Cheap enough to clone.
#[derive(Clone)]
pub struct Postgres {
    config: tokio_postgres::Config,
    encryption: Encryption,
    password_file: Option<PathBuf>,
    /// The number of connections of this process.
    connections: u32,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Postgres({self})")
    }
}

/// The address without the password.
impl fmt::Display for Postgres {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(out, "{user}@")?;
        }
        for (number, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) if name.contains(':') => write!(out, "{comma}[{name}]")?,
                Host::Tcp(name) => write!(out, "{comma}{name}")?,
                Host::Unix(path) => write!(out, "{comma}{}", path.display())?,
            }
            let ports = self.config.get_ports();
            if let Some(port) = ports.get(number).or(ports.first()) {
                write!(out, ":{port}")?;
            }
        }
        write!(out, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl PartialEq for Postgres {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config
            && self.encryption == other.encryption
            && self.password_file == other.password_file
            && self.connections == other.connections
    }
}

impl Eq for Postgres {}

impl Postgres {
    /// Whether the URL names a PostgreSQL database.
    pub fn is_meant(url: &str) -> bool {
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    }

    /// Whether the URL holds a password.
    pub fn has_password(url: &str) -> bool {
        url.parse::<tokio_postgres::Config>()
            .is_ok_and(|config| config.get_password().is_some())
            || url
                .split(['?', '&'])
                .skip(1)
                .any(|option| option.starts_with("password="))
            || url
                .split_once("://")
                .and_then(|(_, rest)| rest.split('/').next())
                .and_then(|authority| authority.rsplit_once('@'))
                .is_some_and(|(person, _)| person.contains(':'))
    }

    /// Parses a URL `postgres://USER@HOST:PORT/DATABASE`, with the options of libpq that tokio-postgres knows, and
    /// `sslmode` and `sslrootcert` as libpq has them
    /// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>).
    ///
    /// The password comes from the file, which is read for each connection, else from the URL, else from `password`.
    pub fn parse(
        url: &str,
        password_file: Option<PathBuf>,
        password: Option<&str>,
    ) -> std::result::Result<Self, PostgresError> {
        let (url, options) = Encryption::take_options(url)?;
        // The message of the driver repeats no values of the URL.
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| {
                PostgresError(format!(
                    "The URL of the PostgreSQL database cannot be used: {}. Write \
                 --database postgres://USER@HOST:PORT/DATABASE",
                    with_cause(&error)
                ))
            })?;
        if config.get_hosts().is_empty() {
            return Err(PostgresError(
                "The URL of the PostgreSQL database names no host. Write \
                 --database postgres://USER@HOST:PORT/DATABASE"
                    .into(),
            ));
        }
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(PostgresError(
                "The URL of the PostgreSQL database names no database. Write \
                 --database postgres://USER@HOST:PORT/DATABASE"
                    .into(),
            ));
        }
        if let Some(password) = password
            && config.get_password().is_none()
        {
            config.password(password);
        }
        let encryption = Encryption::new(options, config.get_hosts())?;
        config.ssl_mode(if encryption.is_off() {
            SslMode::Disable
        } else {
            SslMode::Require
        });
        if config.get_application_name().is_none() {
            config.application_name("nbcourier");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        config.tcp_user_timeout(Duration::from_secs(10));
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        // Of several servers, only one accepts changes.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.load_balance_hosts(LoadBalanceHosts::Disable);
        Ok(Self {
            config,
            encryption,
            password_file,
            connections: CONNECTIONS,
        })
    }

    /// Returns the same database, to which this process opens at most this many connections.
    #[must_use]
    pub fn with_connections(self, connections: u32) -> Self {
        Self {
            connections,
            ..self
        }
    }

    /// Returns the maximum number of connections of this process.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// Opens a connection. The caller is no async thread (see [`apart`]).
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<Connection> {
        let mut config = self.config.clone();
        if let Some(path) = &self.password_file {
            config.password(read_password(path)?);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Connection(format!("no runtime for a connection: {error}")))?;
        let opened = runtime.block_on(async {
            let (client, driver) = config
                .connect(self.encryption.connector()?)
                .await
                .map_err(|error| self.refusal(&error))?;
            AsyncPgConnection::try_from_client_and_connection(client, driver)
                .await
                .map_err(|error| Error::Connection(format!("{self} failed at once: {error}")))
        })?;
        OPENED_IN.set(Some(runtime));
        let mut conn = Connection {
            backend: Backend::Postgres(Box::new(PgConnection::from(opened))),
            failed: None,
        };
        conn.batch_execute(SESSION)?;
        conn.batch_execute(match purpose {
            Purpose::Read => READING,
            Purpose::Write => WRITING,
        })?;
        Ok(conn)
    }

    /// Checks that this program can use the server.
    pub(crate) fn check_server(&self, conn: &mut Connection) -> Result<()> {
        #[derive(diesel::QueryableByName)]
        struct Server {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            version: i32,
            #[diesel(sql_type = diesel::sql_types::Text)]
            shown_version: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            encoding: String,
            #[diesel(sql_type = diesel::sql_types::Bool)]
            is_standby: bool,
            #[diesel(sql_type = diesel::sql_types::Bool)]
            is_durable: bool,
        }
        let found = diesel::sql_query(
            "SELECT current_setting('server_version_num')::int AS version, \
             current_setting('server_version') AS shown_version, \
             current_setting('server_encoding') AS encoding, \
             pg_is_in_recovery() AS is_standby, \
             current_setting('fsync')::bool AND current_setting('full_page_writes')::bool AS is_durable",
        );
        let found: Vec<Server> = load_rows(found, conn)?;
        let Some(server) = found.first() else {
            return Err(Error::Damaged("PostgreSQL does not describe itself"));
        };
        let refuse = |why: String| Err(Error::Unusable(why));
        if server.version < OLDEST {
            return refuse(format!(
                "{self} is PostgreSQL {}, and nbcourier needs 15 or newer. Nothing was changed. Upgrade the server.",
                server.shown_version
            ));
        }
        if server.encoding != "UTF8" {
            return refuse(format!(
                "The database of {self} has the encoding {}, and nbcourier needs UTF8. Nothing was changed. Create the \
                 database anew with ENCODING 'UTF8' TEMPLATE template0.",
                server.encoding
            ));
        }
        if server.is_standby {
            return refuse(format!(
                "{self} is a standby, which accepts no changes. Name the primary with --database, or list all servers: \
                 postgres://USER@HOST1,HOST2/DATABASE.",
            ));
        }
        if !server.is_durable {
            log::warn!(
                "{self} runs with fsync or full_page_writes off: a crash of its machine loses submissions that were \
                 answered. Switch both on"
            );
        }
        Ok(())
    }

    /// Returns the error for a connection that was not opened.
    fn refusal(&self, error: &tokio_postgres::Error) -> Error {
        let why = with_cause(error);
        let Some(code) = error.code() else {
            let advice = if why.contains("TLS") || why.contains("certificate") {
                "Check sslmode and sslrootcert in the URL; see docs/configuration.md"
            } else if why.contains("does not allow writes") {
                "It is a standby, or in recovery. Name the primary with --database"
            } else {
                "Check that the server runs, and that --database names its address"
            };
            return Error::Connection(format!("{self} cannot be reached: {why}. {advice}"));
        };
        let advice = match *code {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                "Check the user in --database, and the password in --database-password-file or PGPASSWORD"
            }
            SqlState::INVALID_CATALOG_NAME => "Create the database first, with ENCODING 'UTF8'",
            SqlState::TOO_MANY_CONNECTIONS => {
                "Raise max_connections of the server, or lower --database-connections"
            }
            _ => "See the log of the server",
        };
        Error::Connection(format!("{self} refuses the connection: {why}. {advice}"))
    }
}

impl Connection {
    /// Runs `work` with diesel's connection to PostgreSQL.
    pub(crate) fn with_postgres<T>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T>,
    ) -> Result<T> {
        let done = match &mut self.backend {
            Backend::Postgres(conn) => work(conn),
            Backend::Sqlite(_) => {
                Err(Bug::new("a connection to SQLite in place of PostgreSQL").into())
            }
        };
        if done.is_err() {
            self.failed = self.failed.max(Some(Failure::Lasting));
        }
        done
    }
}

/// Loads the rows of a query that only PostgreSQL understands.
pub(crate) fn load_rows<U>(query: SqlQuery, conn: &mut Connection) -> Result<Vec<U>>
where
    U: QueryableByName<Pg> + 'static,
{
    conn.with_postgres(|conn| Ok(diesel::RunQueryDsl::load(query, conn)?))
}

/// Returns the password in the file, without the line's end.
fn read_password(path: &Path) -> Result<String> {
    let failed = |why: String| {
        Error::Connection(format!(
            "The password of the database cannot be read from {}: {why}. Name a file with the password alone by \
             --database-password-file",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(failed("it is empty".into()));
    }
    Ok(password.to_owned())
}

/// Returns the error with its causes in one line.
fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> std::result::Result<Postgres, PostgresError> {
        Postgres::parse(url, None, None)
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "postgres://ann:s3cret@db.example.org/exchange",
                "postgres://ann@db.example.org:5432/exchange",
            ),
            (
                "postgresql://ann@db1:5433,db2:5434/x",
                "postgres://ann@db1:5433,db2:5434/x",
            ),
            ("postgres://ann@[::1]:5433/x", "postgres://ann@[::1]:5433/x"),
            (
                "postgres://ann@%2Frun%2Fpostgresql/x",
                "postgres://ann@/run/postgresql:5432/x",
            ),
            (
                "postgres://ann@h/x?password=s3cret&sslmode=require",
                "postgres://ann@h:5432/x",
            ),
        ] {
            let postgres = parse(url).unwrap();
            assert_eq!(postgres.to_string(), shown);
            assert!(!format!("{postgres:?}").contains("s3cret"), "{postgres:?}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_noticed() {
        for (url, has) in [
            ("postgres://ann:s3cret@host/x", true),
            ("postgres://ann@host/x?password=s3cret", true),
            ("postgres://ann:s3cret@host/x?sslmode=verify-full", true),
            ("postgres://ann@host:5432/x", false),
            ("postgres://host/x", false),
        ] {
            assert_eq!(Postgres::has_password(url), has, "{url}");
        }
    }

    #[test]
    fn an_unusable_address_is_refused_without_its_password() {
        for url in [
            "postgres://",
            "postgres:///x",
            "postgres://ann:s3cret@host",
            "postgres://ann:s3cret@host/",
            "postgres://ann:s3cret@host:port/x",
            "postgres://ann:s3cret@host/x?nonsense=1",
            "postgres://ann:s3cret@host/x?sslmode=perhaps",
            "postgres://ann:s3cret@host/x?sslmode=prefer",
            "postgres://ann:s3cret@host/x?sslrootcert=/nowhere/ca.pem",
        ] {
            let refused = parse(url).unwrap_err().to_string();
            assert!(!refused.contains("s3cret"), "{refused}");
            assert!(
                refused.contains("--database")
                    || refused.contains("sslmode")
                    || refused.contains("sslrootcert"),
                "{refused}"
            );
        }
    }
}
