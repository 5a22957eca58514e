//! PostgreSQL servers for tests. `scripts/setup-postgres.sh` installs the programs.

#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on stops")]

use nbcourier_testprocess::{new_directory, spawn};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time to wait for a server to start or stop.
const PATIENCE: Duration = Duration::from_mins(2);
/// The time between two looks at a server.
const POLL: Duration = Duration::from_millis(20);
/// The user who owns all databases.
pub const USER: &str = "nbcourier";
/// The beginning of the names of data directories. The ID of the process follows.
const PREFIX: &str = "nbcourier-testdb.";
/// The database for commands that need one.
const MAINTENANCE: &str = "postgres";

/// The way in which a server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It undoes open transactions.
    Fast,
    /// It stops like a crash.
    Immediate,
}

/// The number of ports that a server tries.
const ATTEMPTS: u8 = 10;

/// A PostgreSQL server with a data directory of its own. It ends with the value, and at the latest with the process.
pub struct Cluster {
    directory: TempDir,
    port: u16,
    options: Vec<String>,
    server: Mutex<Option<Child>>,
    created: AtomicUsize,
}

/// Returns the server that all tests of this process share. It does not flush, since nobody needs its data later.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(&["fsync=off", "max_connections=1000"]))
}

/// Runs statements on the database of that URL. Returns their rows with `|` between the columns.
pub fn sql(url: &str, statements: &str) -> String {
    let output = try_sql(url, statements);
    assert!(
        output.status.success(),
        "{statements}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

fn try_sql(url: &str, statements: &str) -> Output {
    let mut psql = Command::new(program("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
    psql.args(["--set", "ON_ERROR_STOP=1", "--command", statements]);
    psql.arg(url);
    psql.stdin(Stdio::null()).output().expect("psql starts")
}

impl Cluster {
    /// Creates a cluster and starts its server with these settings. The collation is that of English, in which the order
    /// of names differs from the order of their bytes.
    pub fn start(settings: &[&str]) -> Self {
        let mut cluster = Self::stopped(settings);
        let data = cluster.data().display().to_string();
        succeed(as_owner("initdb").args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=icu",
            "--icu-locale=en-US",
            "--username",
            USER,
            "--pgdata",
            &data,
        ]));
        cluster.come_up_on_a_free_port();
        cluster
    }

    /// Returns a server that does not run, and has no data yet.
    fn stopped(settings: &[&str]) -> Self {
        let directory = new_directory(PREFIX);
        give_away(directory.path());
        Self {
            port: 0,
            options: settings.iter().map(ToString::to_string).collect(),
            server: Mutex::default(),
            created: AtomicUsize::default(),
            directory,
        }
    }

    fn come_up_on_a_free_port(&mut self) {
        // Another program may take a free port before the server does.
        for _ in 0..ATTEMPTS {
            self.port = free_port();
            if self.comes_up() {
                return;
            }
        }
        panic!("the server finds no port");
    }

    /// Returns the port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns the URL of the database with that name.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates an empty database. Returns its name.
    pub fn create(&self) -> String {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        let name = format!("exchange_{number}");
        self.sql(MAINTENANCE, &format!("CREATE DATABASE {name}"));
        name
    }

    /// Runs statements, and returns their rows with `|` between the columns.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        sql(&self.url(database), statements)
    }

    /// Runs statements, which may fail.
    pub fn try_sql(&self, database: &str, statements: &str) -> Output {
        try_sql(&self.url(database), statements)
    }

    /// Starts a standby of this server. From now on, the server answers a commit only once the standby has it as well.
    #[must_use]
    pub fn start_standby(&self, settings: &[&str]) -> Self {
        let mut standby = Self::stopped(settings);
        standby.copy_from(self);
        standby.come_up_on_a_free_port();
        self.wait_for_standby();
        standby
    }

    /// Starts this stopped server on its port as a standby of another one, whose data replace its own. From now on, the
    /// other one answers a commit only once this one has it as well.
    pub fn follow(&self, primary: &Self) {
        std::fs::remove_dir_all(self.data()).expect("it is stopped");
        self.copy_from(primary);
        self.resume();
        primary.wait_for_standby();
    }

    /// Copies the data of a running server, and makes them those of its standby.
    fn copy_from(&self, primary: &Self) {
        let port = primary.port.to_string();
        let data = self.data().display().to_string();
        succeed(as_owner("pg_basebackup").args([
            "--host=127.0.0.1",
            "--port",
            &port,
            "--username",
            USER,
            "--checkpoint=fast",
            "--no-sync",
            // Makes the copy a standby that reads from the same server.
            "--write-recovery-conf",
            "--pgdata",
            &data,
        ]));
    }

    /// Waits until a standby has all that was committed, and makes it a condition of each commit.
    fn wait_for_standby(&self) {
        self.sql(
            MAINTENANCE,
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
        );
        self.sql(MAINTENANCE, "SELECT pg_reload_conf()");
        let begun = Instant::now();
        let is_there = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'";
        while self.sql(MAINTENANCE, is_there) != "1" {
            assert!(begun.elapsed() < PATIENCE, "no standby follows");
            std::thread::sleep(POLL);
        }
    }

    /// Makes a standby accept changes, and returns when it does.
    pub fn promote(&self) {
        assert_eq!(self.sql(MAINTENANCE, "SELECT pg_promote()"), "t");
    }

    /// Makes the server accept encrypted connections with this certificate and key.
    pub fn encrypt(&self, certificate: &Path, key: &Path) {
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = self.data().join(name);
            std::fs::copy(from, &to).expect("a copy in the data directory");
            succeed(Command::new("chmod").arg("600").arg(&to));
            give_away(&to);
        }
        self.sql(MAINTENANCE, "ALTER SYSTEM SET ssl = on");
        self.sql(MAINTENANCE, "SELECT pg_reload_conf()");
    }

    /// Starts the server again.
    pub fn resume(&self) {
        assert!(self.comes_up(), "the server does not start");
    }

    /// Starts the server. Returns whether it answers, and false if it has ended.
    fn comes_up(&self) -> bool {
        let mut server = self.server.lock().expect("no panic while it is held");
        assert!(server.is_none(), "it is running");
        let mut command = as_owner("postgres");
        command.arg("-D").arg(self.data());
        command.args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        for setting in ["unix_socket_directories=", "log_min_messages=fatal"] {
            command.args(["-c", setting]);
        }
        for setting in &self.options {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = spawn(command);
        let begun = Instant::now();
        let data = self.data().display().to_string();
        loop {
            // Another server may have the port.
            let answer = self.try_sql(MAINTENANCE, "SHOW data_directory").stdout;
            if String::from_utf8_lossy(&answer).trim() == data {
                *server = Some(child);
                return true;
            }
            if child.try_wait().expect("a child").is_some() {
                return false;
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(POLL);
        }
    }

    /// Stops the server, and returns when it has ended.
    pub fn stop(&self, how: Stop) {
        use rustix::process::{Pid, Signal, kill_process};
        let mut server = self.server.lock().expect("no panic while it is held");
        let mut child = server.take().expect("it is running");
        let pid = Pid::from_child(&child);
        // https://www.postgresql.org/docs/current/server-shutdown.html
        let signal = match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        };
        kill_process(pid, signal).expect("it is running");
        child.wait().expect("it ends");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.server.get_mut().is_ok_and(|server| server.is_some()) {
            self.stop(Stop::Immediate);
        }
    }
}

/// Returns a program of PostgreSQL. Debian keeps those of the server out of the search path.
fn program(name: &str) -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").ok();
    let mut versions: Vec<PathBuf> = installed
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| {
        let is_there = Command::new(name).arg("--version").output().is_ok();
        assert!(
            is_there,
            "PostgreSQL is missing: run scripts/setup-postgres.sh"
        );
        PathBuf::from(name)
    })
}

/// The account that Debian's package creates. The server refuses to run as root.
const ACCOUNT: &str = "postgres";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns the command, run by another user if this one is root. It ends with the thread that starts it.
fn as_owner(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    command.arg("--").arg(program(name)).current_dir("/");
    command
        .env_remove("PGHOST")
        .env_remove("PGPORT")
        .env_remove("PGUSER");
    command
}

/// Makes the directory one of the user who runs the server.
fn give_away(directory: &Path) {
    if is_root() {
        succeed(Command::new("chown").arg(ACCOUNT).arg(directory));
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_keeps_its_data_over_a_crash() {
        let cluster = Cluster::start(&[]);
        let database = cluster.create();
        cluster.sql(
            &database,
            "CREATE TABLE numbers (number int); INSERT INTO numbers VALUES (7)",
        );
        for how in [Stop::Immediate, Stop::Fast] {
            cluster.stop(how);
            assert!(!cluster.try_sql(&database, "SELECT 1").status.success());
            cluster.resume();
            assert_eq!(cluster.sql(&database, "SELECT number FROM numbers"), "7");
        }
    }

    #[test]
    fn a_promoted_standby_has_what_was_answered_and_the_former_primary_follows_it() {
        let first = Cluster::start(&[]);
        let database = first.create();
        first.sql(&database, "CREATE TABLE numbers (number int)");
        let second = first.start_standby(&[]);
        let pairs = [(&first, &second), (&second, &first)];
        for (number, (primary, standby)) in pairs.into_iter().enumerate() {
            primary.sql(&database, &format!("INSERT INTO numbers VALUES ({number})"));
            primary.stop(Stop::Immediate);
            let refused = standby.try_sql(&database, "INSERT INTO numbers VALUES (-1)");
            assert!(!refused.status.success(), "it is a standby");
            standby.promote();
            let held = standby.sql(&database, "SELECT max(number), count(*) FROM numbers");
            assert_eq!(held, format!("{number}|{}", number + 1));
            primary.follow(standby);
        }
    }
}
