//! The presence of a server among those of its database: a row that a thread of its own renews, and a lock that ends with
//! the process.
//!
//! The row alone would make a new server wait after a crash. The lock alone would be free while a connection is broken.

use super::backend::lock::Lock;
use super::backend::{Postgres, Purpose, apart};
use super::replicas::{self, Joining, Replica};
use super::{Connection, Database, Error, Result};
use nbcourier_domain::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The time between two renewals of a row.
const EVERY: Duration = Duration::from_secs(5);
/// The time between two looks at a server that may have ended.
const LOOK: Duration = Duration::from_millis(500);
/// The time to wait until the row of a server that ends is removed.
const PATIENCE: Duration = Duration::from_secs(2);
/// The maximum time of an answer by which the database's clock is read.
const QUICK: Duration = Duration::from_millis(500);
/// The difference of clocks that is worth a warning, in microseconds. Whether a submission is late depends on them.
pub const CLOCKS_DIFFER: i64 = 1_000_000;

/// The place of a process that copies the database, and that no server may disturb.
pub(crate) const MOVING: &str = "nbcourier move";

/// The place of a server's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// In its own data directory, which it has locked.
    Directory(PathBuf),
    /// Where all servers have them.
    Shared(String),
}

/// The position of a process among the servers of its database.
#[derive(Debug)]
pub struct Role {
    is_first: AtomicBool,
    clock_ahead: AtomicI64,
}

/// The value of a clock that was not compared yet.
const UNKNOWN: i64 = i64::MIN;

impl Default for Role {
    fn default() -> Self {
        Self {
            is_first: AtomicBool::new(true),
            clock_ahead: AtomicI64::new(UNKNOWN),
        }
    }
}

impl Role {
    /// Whether this process reports what all servers have in common. It is the server that started first, or the only
    /// one.
    pub fn is_first(&self) -> bool {
        self.is_first.load(Ordering::Relaxed)
    }

    /// Returns the time by which the clock of this machine is ahead of the database's, in microseconds, if it was
    /// compared.
    pub fn clock_ahead(&self) -> Option<i64> {
        Some(self.clock_ahead.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNKNOWN)
    }

    fn set_clock(&self, ahead: i64) {
        let before = self.clock_ahead.swap(ahead, Ordering::Relaxed);
        let differs = |ahead: i64| ahead != UNKNOWN && ahead.saturating_abs() > CLOCKS_DIFFER;
        if differs(ahead) && !differs(before) {
            log::warn!(
                "The clock of this machine is {} ms ahead of the database's. Servers whose clocks differ judge lateness \
                 differently. Set the clocks by NTP",
                ahead / 1000
            );
        }
    }
}

/// A server among those of its database. The presence ends with the value, and at the latest with the process.
pub struct Presence {
    stop: Option<mpsc::Sender<()>>,
    ended: mpsc::Receiver<()>,
    lost: oneshot::Receiver<Error>,
}

impl Presence {
    /// Joins the servers of the database. It waits for the end of a server that may have ended a moment ago, and fails
    /// if a running one excludes this one. Returns `None` for a file, which is claimed with its data directory.
    pub(crate) fn begin(
        database: &Database,
        version: &str,
        place: FilePlace,
        role: &Arc<Role>,
    ) -> Result<Option<Self>> {
        let Database::Postgres(postgres) = database else {
            return Ok(None);
        };
        let keeper = apart(|| Keeper::join(postgres, version, place, role))?;
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let (report, lost) = oneshot::channel();
        std::thread::Builder::new()
            .name("presence".into())
            .spawn(move || {
                if let Some(error) = keeper.keep(&stopped) {
                    // The server may have stopped meanwhile.
                    let _ = report.send(error);
                }
                let _ = end.send(());
            })
            .map_err(|error| Error::Connection(format!("no thread for the presence: {error}")))?;
        Ok(Some(Self {
            stop: Some(stop),
            ended,
            lost,
        }))
    }

    /// Waits until another server has taken this one's place, which happens after a long loss of the connection.
    pub async fn lost(&mut self) -> Error {
        match (&mut self.lost).await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Without an answer of the database, the row stays until it is old.
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

/// Renews the row of a server.
struct Keeper {
    postgres: Postgres,
    me: Replica,
    conn: Option<Connection>,
    has_lock: bool,
    role: Arc<Role>,
}

impl Keeper {
    fn join(
        postgres: &Postgres,
        version: &str,
        place: FilePlace,
        role: &Arc<Role>,
    ) -> Result<Self> {
        let mut conn = postgres.connect(Purpose::Write)?;
        let (id, now) = replicas::new_id(&mut conn)?;
        let (place, alone) = match place {
            FilePlace::Directory(path) => (path.display().to_string(), true),
            FilePlace::Shared(name) => (name, false),
        };
        let host = rustix::system::uname();
        let me = Replica {
            id,
            version: version.to_owned(),
            host: host.nodename().to_string_lossy().into_owned(),
            place,
            alone,
            started_at: now,
            seen_at: now,
            clock_ahead: 0,
        };
        let mut keeper = Self {
            postgres: postgres.clone(),
            has_lock: conn.claim(&Lock::Replica(&me.id))?,
            me,
            conn: Some(conn),
            role: Arc::clone(role),
        };
        let (me, mut has_waited) = (keeper.me.clone(), false);
        loop {
            match replicas::join(keeper.connection()?, &me)? {
                Joining::Joined => break,
                Joining::Refused(other) => return Err(keeper.refusal(&other)),
                Joining::Wait(other) => {
                    if !std::mem::replace(&mut has_waited, true) {
                        log::info!(
                            "Waiting until {other} counts as ended, at most {} seconds",
                            replicas::LEASE.as_secs()
                        );
                    }
                    std::thread::sleep(LOOK);
                }
            }
        }
        keeper.renew()?;
        Ok(keeper)
    }

    /// Renews the row until it is told to stop. Returns an error if another server has taken the place meanwhile.
    fn keep(mut self, stopped: &mpsc::Receiver<()>) -> Option<Error> {
        let mut is_away = false;
        while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            match self.renew() {
                Ok(None) => is_away = false,
                Ok(Some(lost)) => return Some(lost),
                Err(error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        log::warn!("The presence of this server could not be renewed: {error}");
                    }
                    self.conn = None;
                    self.role.is_first.store(false, Ordering::Relaxed);
                }
            }
        }
        let id = self.me.id.clone();
        if let Err(error) = self
            .connection()
            .and_then(|conn| replicas::leave(conn, &id))
        {
            log::debug!("The presence of this server ends by itself: {error}");
        }
        None
    }

    /// Renews the row, and what this server knows of its role. Returns an error if another server has taken its place.
    fn renew(&mut self) -> Result<Option<Error>> {
        let me = self.me.clone();
        if self.conn.is_none() {
            self.has_lock = false;
        }
        if !self.has_lock {
            // A connection that was lost on this side only may still have the lock, and then it vouches for this server.
            self.has_lock = self.connection()?.claim(&Lock::Replica(&me.id))?;
        }
        let (begun, before) = (Instant::now(), Timestamp::now());
        let ahead = self.role.clock_ahead().unwrap_or(0);
        let renewed = replicas::renew(self.connection()?, &me.id, ahead)?;
        let Some(renewed) = renewed else {
            return Ok(match replicas::join(self.connection()?, &me)? {
                Joining::Joined | Joining::Wait(_) => None,
                Joining::Refused(other) => Some(self.refusal(&other)),
            });
        };
        self.role
            .is_first
            .store(renewed.is_first, Ordering::Relaxed);
        let took = begun.elapsed();
        if took < QUICK {
            let half = i64::try_from(took.as_micros() / 2).unwrap_or(0);
            self.role.set_clock(before.micros() + half - renewed.now);
        }
        Ok(None)
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.postgres.connect(Purpose::Write)?,
        };
        Ok(self.conn.insert(conn))
    }

    fn refusal(&self, other: &Replica) -> Error {
        let (postgres, place) = (&self.postgres, &other.place);
        Error::Unusable(if other.place == MOVING {
            format!(
                "A move (nbcourier move) is copying {postgres}, on {}. Wait until it ends.",
                other.host
            )
        } else if self.me.alone || other.alone {
            format!(
                "Another nbcourier is serving {postgres} already: {other}, with its files in {place}. Stop it first: the \
                 files of submissions are in the directory of one server, so only one can serve them. \
                 Several servers need their files in one S3 bucket (--storage)."
            )
        } else {
            format!(
                "Another nbcourier is serving {postgres} already: {other}, with its files in {place}, and this one has \
                 them in {}. Give all servers the same --storage.",
                self.me.place
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Opening, Store};
    use nbcourier_testdb::shared;

    /// A database that several servers may open.
    struct Place(Database, String);

    impl Place {
        fn new() -> Self {
            let name = shared().create();
            let postgres = Postgres::parse(&shared().url(&name), None, None).unwrap();
            Self(Database::Postgres(Box::new(postgres)), name)
        }

        fn open(&self) -> Store {
            Store::open(&self.0, Opening::Migrate).unwrap()
        }

        fn sql(&self, statements: &str) -> String {
            shared().sql(&self.1, statements)
        }

        fn connect(&self) -> Connection {
            let Database::Postgres(postgres) = &self.0 else {
                unreachable!("it is one of PostgreSQL")
            };
            postgres.connect(Purpose::Write).unwrap()
        }
    }

    fn bucket(name: &str) -> FilePlace {
        FilePlace::Shared(format!("s3://{name}"))
    }

    fn directory(name: &str) -> FilePlace {
        FilePlace::Directory(format!("/srv/{name}").into())
    }

    fn refusal(store: &Store, place: FilePlace) -> String {
        match store.begin_presence("2", place) {
            Ok(_) => panic!("it is accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn servers_run_beside_each_other_if_they_have_the_same_files() {
        let place = Place::new();
        let (one, other, third) = (place.open(), place.open(), place.open());
        let first = one.begin_presence("1", bucket("a")).unwrap();
        let _second = other.begin_presence("2", bucket("a")).unwrap();
        assert!(refusal(&third, bucket("b")).contains("Give all servers the same --storage"));
        let alone = refusal(&third, directory("x"));
        assert!(alone.contains("Another nbcourier is serving"), "{alone}");
        // One of them reports what all have in common.
        assert_eq!(
            (one.role().is_first(), other.role().is_first()),
            (true, false)
        );
        assert!(other.role().clock_ahead().unwrap().abs() < CLOCKS_DIFFER);
        drop(first);
        assert_eq!(place.sql("SELECT version FROM replicas"), "2");
    }

    #[test]
    fn a_server_with_its_own_files_runs_alone_and_its_end_is_noticed_at_once() {
        let place = Place::new();
        let (one, other) = (place.open(), place.open());
        let first = one.begin_presence("1", directory("x")).unwrap();
        for files in [directory("x"), directory("y"), bucket("a")] {
            assert!(refusal(&other, files).contains("1 on"));
        }
        drop(first);
        assert!(other.begin_presence("2", directory("y")).is_ok());
    }

    #[test]
    fn the_successor_in_a_directory_does_not_wait_and_another_one_does() {
        let place = Place::new();
        let store = place.open();
        let dead = |host: &str| {
            let host = if host.is_empty() {
                rustix::system::uname()
                    .nodename()
                    .to_string_lossy()
                    .into_owned()
            } else {
                host.to_owned()
            };
            place.sql(&format!(
                "INSERT INTO replicas VALUES ('dead', '1', '{host}', '/srv/x', true, 0,
                    extract(epoch FROM clock_timestamp()) * 1000000, 0)"
            ));
        };
        dead("");
        drop(store.begin_presence("2", directory("x")).unwrap());
        assert_eq!(place.sql("SELECT count(*) FROM replicas"), "0");
        dead("elsewhere");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| store.begin_presence("2", directory("x")).map(drop));
            let mut conn = place.connect();
            let join = |conn: &mut Connection| {
                let other = Replica {
                    id: "other".into(),
                    version: "3".into(),
                    host: "third".into(),
                    place: "/srv/z".into(),
                    alone: true,
                    started_at: 0,
                    seen_at: 0,
                    clock_ahead: 0,
                };
                replicas::join(conn, &other).unwrap()
            };
            assert!(matches!(join(&mut conn), Joining::Wait(_)));
            assert!(!waiting.is_finished());
            place.sql("UPDATE replicas SET seen_at = seen_at - 60000000 WHERE id = 'dead'");
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_file_has_one_server_and_no_presence() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let store = Store::open(&path.as_path().into(), Opening::Migrate).unwrap();
        assert!(store.begin_presence("1", bucket("a")).unwrap().is_none());
        assert!(store.role().is_first());
        assert_eq!(store.role().clock_ahead(), None);
    }
}
