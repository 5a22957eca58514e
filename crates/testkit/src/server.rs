//! The built program, running on a port and a data directory of its own.

use super::{Call, FakeHub, Form, Reply, percent_encode};
use crate::patience::Finish as _;
use crate::round_robin::RoundRobin;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use tempfile::TempDir;

/// The administrator in every test.
pub const ADMIN: &str = "root";

/// The service's own token at the hub.
pub const SERVICE_TOKEN: &str = "token-of-the-service-itself";
/// The OAuth client ID of the service.
pub const CLIENT_ID: &str = "service-nbcourier";

const HUB_PREFIX: &str = "/services/nbcourier/";

/// Returns the program under test: the one in `NBCOURIER_BIN`, or the one that cargo built beside this test.
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("NBCOURIER_BIN") {
        return program.into();
    }
    let test = std::env::current_exe().expect("the path of this test");
    // Cargo puts tests into `deps` below the directory of the program.
    let directory = test.parent().and_then(Path::parent);
    directory.expect("a directory of cargo").join("nbcourier")
}

/// Runs a subcommand to its end, without a server, and without the settings of the person who runs the tests.
pub fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new(program());
    isolate(&mut command, home.path());
    name_places(&mut command, arguments);
    command
        .args(arguments)
        .finish()
        .expect("the program starts")
}

/// Starts a command and kills it after that time. Returns its exit code if it had ended by then.
pub fn run_and_kill(mut command: Command, after: std::time::Duration) -> Option<i32> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    thread::sleep(after);
    child.kill().expect("it was running");
    child.wait().expect("it ends").code()
}

/// The variables that name databases and buckets, by the data directories that do not hold them.
static PLACES: Mutex<Vec<(String, [String; 2])>> = Mutex::new(Vec::new());

/// Names the database and the bucket to a command on a data directory, as the environment of an operator does.
pub fn name_places(command: &mut Command, arguments: &[&str]) {
    let known = PLACES.lock().expect("no panic while it is held");
    let named = known
        .iter()
        .filter(|(directory, _)| arguments.contains(&directory.as_str()));
    command.envs(named.map(|(_, [name, value])| (name, value)));
}

/// The configuration of a server. Servers started from the same setup have the same data directory.
#[derive(Clone)]
pub struct Setup {
    directory: Arc<TempDir>,
    admins: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    through: Vec<String>,
    behind_hub: bool,
    /// The URL of the PostgreSQL database, if there is one.
    postgres: Option<String>,
    /// The bucket, if there is one.
    bucket: Option<String>,
}

/// The variable that makes all servers use PostgreSQL, if its value contains `postgres`, and buckets, if it contains
/// `s3`.
const STORE: &str = "NBCOURIER_TEST_STORE";
/// The beginning of the names of all objects.
pub const BUCKET_PREFIX: &str = "term";

impl Setup {
    /// Returns the setup of a server without a hub, which believes the argument `user`.
    pub fn standalone() -> Self {
        Self::new(false).args(&["--standalone", "--port", "0"])
    }

    /// Returns the setup of a service of that hub.
    pub fn behind(hub: &FakeHub) -> Self {
        Self::new(true)
            .env("JUPYTERHUB_API_URL", &hub.api_url())
            .env("JUPYTERHUB_API_TOKEN", SERVICE_TOKEN)
            .env("JUPYTERHUB_BASE_URL", "/")
            .env("JUPYTERHUB_SERVICE_NAME", "nbcourier")
            .env("JUPYTERHUB_SERVICE_PREFIX", HUB_PREFIX)
            .env("JUPYTERHUB_CLIENT_ID", CLIENT_ID)
            .env(
                "JUPYTERHUB_OAUTH_CALLBACK_URL",
                "/services/nbcourier/oauth_callback",
            )
    }

    fn new(behind_hub: bool) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        let setup = Self {
            directory,
            admins: ADMIN.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            through: Vec::new(),
            behind_hub,
            postgres: None,
            bucket: None,
        };
        let data = setup.data_dir().display().to_string();
        let mut setup = setup.args(&["--data-dir", &data]);
        let store = std::env::var(STORE).unwrap_or_default();
        if store.contains("postgres") {
            let cluster = nbcourier_testdb::shared();
            let database = cluster.create();
            setup = setup.on_postgres(&cluster.url(&database));
        }
        if store.contains("s3") {
            let buckets = nbcourier_testbuckets::shared();
            setup = setup.on_bucket(&buckets.endpoint(), &buckets.create());
        }
        setup
    }

    /// Returns the same setup with its large files in that bucket of an object store.
    pub fn on_bucket(self, endpoint: &str, bucket: &str) -> Self {
        let [id, secret] = nbcourier_testbuckets::OWNER;
        let place = format!("s3://{bucket}/{BUCKET_PREFIX}");
        let setup = Self {
            bucket: Some(bucket.to_owned()),
            ..self
        };
        [
            ("NBCOURIER_STORAGE", place.as_str()),
            ("NBCOURIER_S3_ENDPOINT", endpoint),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
        .into_iter()
        .fold(setup, |setup, (name, value)| {
            setup.know(name, value);
            setup.env(name, value)
        })
    }

    /// Returns the same setup with its large files in the data directory.
    pub fn without_bucket(&self) -> Self {
        let mut setup = self.clone();
        let of_bucket = ["NBCOURIER_STORAGE", "NBCOURIER_S3_ENDPOINT"];
        setup
            .environment
            .retain(|(name, _)| !of_bucket.contains(&name.as_str()));
        setup.bucket = None;
        setup
    }

    /// Gives the variable to commands on the data directory, too.
    fn know(&self, name: &str, value: &str) {
        let directory = self.data_dir().display().to_string();
        let variable = [name.to_owned(), value.to_owned()];
        let mut known = PLACES.lock().expect("no panic while it is held");
        known.push((directory, variable));
    }

    /// Returns the same setup with the PostgreSQL database of that URL.
    pub fn on_postgres(self, url: &str) -> Self {
        let setup = Self {
            postgres: Some(url.to_owned()),
            ..self
        };
        setup.know("NBCOURIER_DATABASE", url);
        // Each process opens connections of its own, and many tests run at the same time.
        setup.args(&["--database", url, "--database-connections", "5"])
    }

    /// Sets the value of `--admins`, instead of [`ADMIN`].
    pub fn admins(mut self, admins: &str) -> Self {
        admins.clone_into(&mut self.admins);
        self
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        let added = arguments.iter().map(ToString::to_string);
        self.arguments.extend(added);
        self
    }

    /// Removes the limits for a single caller, because one test sends the requests of many.
    pub fn unlimited(self) -> Self {
        let limits = ["--max-request-rate", "0", "--max-uploads", "0"];
        let open = ["--max-open-requests", "0"];
        self.args(&limits)
            .args(&open)
            .args(&["--max-submissions", "0"])
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the program by a command that ends by replacing itself with the given command (`exec`).
    pub fn through(mut self, command: &[&str]) -> Self {
        self.through = command.iter().map(ToString::to_string).collect();
        self
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns the data directory of the replica with this number, from 2 on.
    fn data_dir_of(&self, number: usize) -> PathBuf {
        self.beside(&format!("data-{number}"))
    }

    /// Returns a path beside the data directory.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the program and waits until it listens. If tests run on replicas, several of them start behind a proxy.
    pub fn start(&self) -> Server {
        let replicas = if self.shares_files() { replicas() } else { 1 };
        if replicas > 1 {
            return self.start_replicas(replicas);
        }
        Server::listening(self).unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts the program; returns none if it ends without listening.
    pub fn try_start(&self) -> Option<Server> {
        Server::listening(self).ok()
    }

    /// Starts so many servers of one exchange behind a proxy, each with a data directory of its own.
    pub fn start_replicas(&self, number: usize) -> Server {
        let mut server = Server::listening(self).unwrap_or_else(|log| panic!("{log}"));
        server.proxy = Some(RoundRobin::over(vec![server.processes[0].port]));
        for _ in 1..number {
            server.add_replica();
        }
        server.port = server.proxy.as_ref().expect("it was started").port();
        server
    }

    /// Whether several servers may run at the same time.
    fn shares_files(&self) -> bool {
        let mut places = self.environment.iter();
        self.postgres.is_some()
            && places.any(|(name, value)| name == "NBCOURIER_STORAGE" && value.starts_with("s3://"))
    }

    /// Starts the program and kills it after that time, whether it listens by then or not.
    pub fn start_and_kill(&self, after: std::time::Duration) {
        run_and_kill(self.command(), after);
    }

    /// Returns the setup of another server of the same exchange, with a data directory of its own.
    pub fn replica(&self, number: usize) -> Self {
        let (from, to) = (
            self.data_dir().display().to_string(),
            self.data_dir_of(number).display().to_string(),
        );
        let mut setup = self.clone();
        for argument in &mut setup.arguments {
            if *argument == from {
                argument.clone_from(&to);
            }
        }
        setup
    }

    fn command(&self) -> Command {
        let mut command = match self.through.split_first() {
            None => Command::new(program()),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program());
                command
            }
        };
        isolate(&mut command, self.directory.path());
        command.args(["serve", "--admins", &self.admins]);
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if self.behind_hub {
            let url = format!("http://127.0.0.1:{}", free_port());
            command.env("JUPYTERHUB_SERVICE_URL", url);
        }
        command
    }
}

/// The time between the last connection to a replica and its end.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

/// The variable with the number of servers that make up an exchange, if they share database and files.
const REPLICAS: &str = "NBCOURIER_TEST_REPLICAS";

fn replicas() -> usize {
    let number = std::env::var(REPLICAS);
    number.map_or(1, |number| number.parse().expect("it is a number"))
}

/// A running server, which is killed when dropped. It may consist of several replicas behind a proxy.
pub struct Server {
    processes: Vec<Process>,
    proxy: Option<RoundRobin>,
    /// The number of replicas so far, which distinguishes their data directories.
    started: usize,
    port: u16,
    prefix: String,
    setup: Setup,
}

/// A process of the program, which is killed when dropped.
struct Process {
    child: Child,
    port: u16,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the path below which the service answers, with its slashes.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub fn data_dir(&self) -> PathBuf {
        self.setup.data_dir()
    }

    /// Returns the data directories of all replicas so far.
    pub fn data_dirs(&self) -> Vec<PathBuf> {
        let others = 2..=self.started;
        let others = others.map(|number| self.setup.data_dir_of(number));
        std::iter::once(self.data_dir()).chain(others).collect()
    }

    /// Returns the URL of the PostgreSQL database, if there is one.
    pub fn postgres(&self) -> Option<&str> {
        self.setup.postgres.as_deref()
    }

    /// Returns the bucket, if there is one.
    pub fn bucket(&self) -> Option<&str> {
        self.setup.bucket.as_deref()
    }

    /// Returns the text written to standard error so far.
    pub fn log(&self) -> String {
        let logs = self.processes.iter().map(|process| {
            let log = process.log.lock();
            log.expect("the log").clone()
        });
        logs.collect()
    }

    /// Returns the ports of the replicas.
    pub fn replica_ports(&self) -> Vec<u16> {
        self.processes.iter().map(|process| process.port).collect()
    }

    /// Starts one more replica.
    pub fn add_replica(&mut self) {
        self.started += 1;
        let setup = self.setup.replica(self.started);
        let mut started = Self::listening(&setup).unwrap_or_else(|log| panic!("{log}"));
        self.processes.append(&mut started.processes);
        self.balance();
    }

    /// Kills a replica with `kill -9`. The proxy notices it by itself.
    pub fn kill_replica(&mut self, number: usize) {
        drop(self.processes.remove(number));
    }

    /// Gives no more connections to a replica, asks it to stop, and returns its exit code.
    pub fn retire_replica(&mut self, number: usize) -> Option<i32> {
        let mut process = self.processes.remove(number);
        self.balance();
        // A connection that the proxy has just opened waits to be accepted. The chart has a pause of seconds for it.
        thread::sleep(PAUSE);
        process.ask_to_stop();
        process.exit_code()
    }

    fn balance(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.set(self.replica_ports());
        }
    }

    /// Returns a request to a path below the prefix, or to the whole path if `target` begins with `/`.
    pub fn call(&self, method: &str, target: &str) -> Call {
        if target.starts_with('/') {
            Call::new(method, target)
        } else {
            Call::new(method, &format!("{}{target}", self.prefix))
        }
    }

    #[track_caller]
    pub fn send(&self, call: &Call) -> Reply {
        let reply = call
            .send(self.port)
            .unwrap_or_else(|error| panic!("{error}\nfor {call:?}\n{}", self.log()));
        super::document::check(&self.prefix, call, &reply);
        reply
    }

    /// Sends a GET as that user of a stand-alone server.
    #[track_caller]
    pub fn get(&self, target: &str, user: &str) -> Reply {
        let and = if target.contains('?') { '&' } else { '?' };
        let target = format!("{target}{and}user={}", percent_encode(user));
        self.send(&self.call("GET", &target))
    }

    /// Sends a POST as that user of a stand-alone server.
    #[track_caller]
    pub fn post(&self, target: &str, user: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(&self.call("POST", target).form(&form_of(user, fields)))
    }

    /// Sends a DELETE as that user of a stand-alone server.
    #[track_caller]
    pub fn delete(&self, target: &str, user: &str) -> Reply {
        self.send(&self.call("DELETE", target).form(&form_of(user, &[])))
    }

    /// Kills the server with `kill -9`. A new server of the returned setup has the same data.
    pub fn kill(mut self) -> Setup {
        for process in &mut self.processes {
            process.child.kill().expect("it was running");
            process.child.wait().expect("it ends");
        }
        self.setup.clone()
    }

    /// Returns the maximum memory of the process so far, in bytes, without the pages of files (proc(5)).
    ///
    /// The pages of the program file would count what the compiler made, which depends on how it was called. File
    /// pages that came after the maximum are subtracted as well, some megabytes at most.
    pub fn peak_memory(&self) -> u64 {
        self.without_files("VmHWM:")
    }

    /// Returns the current memory of the process, in bytes, without the pages of files.
    pub fn resident_memory(&self) -> u64 {
        self.without_files("VmRSS:")
    }

    /// Makes the current memory the maximum so far (proc(5)).
    pub fn reset_peak_memory(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").expect("a process of ours");
    }

    fn without_files(&self, kind: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("the process's status");
        let bytes = |kind: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(kind));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            kilobytes
                .map(|kilobytes: u64| kilobytes * 1024)
                .expect("its size")
        };
        bytes(kind).saturating_sub(bytes("RssFile:"))
    }

    /// Returns the ID of the process.
    pub fn pid(&self) -> u32 {
        self.processes[0].child.id()
    }

    /// Returns the number of files and connections that the process has open.
    pub fn open_files(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.pid()));
        open.expect("its open files").count()
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid()));
        tasks.expect("its threads").count()
    }

    /// Asks the process to stop (SIGTERM).
    pub fn ask_to_stop(&self) {
        self.processes.iter().for_each(Process::ask_to_stop);
    }

    /// Waits until the process has ended by itself; returns its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let codes: Vec<_> = self.processes.iter_mut().map(Process::exit_code).collect();
        codes[0]
    }

    /// Whether the process is still running.
    pub fn is_running(&mut self) -> bool {
        let mut states = self.processes.iter_mut();
        states.all(|process| process.child.try_wait().expect("its state").is_none())
    }

    /// Whether `healthz` answers with success.
    pub fn is_healthy(&self) -> bool {
        let reply = self.call("GET", "healthz").send(self.port);
        reply.is_ok_and(|reply| reply.status == 200)
    }

    fn listening(setup: &Setup) -> Result<Self, String> {
        let mut child = setup
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (found, address) = mpsc::channel();
        let stderr = child.stderr.take().expect("standard error");
        let kept = Arc::clone(&log);
        thread::spawn(move || keep_log(stderr, &kept, &found));
        let Ok((port, prefix)) = address.recv_timeout(super::http::PATIENCE) else {
            child.kill().expect("it was started");
            child.wait().expect("it ends");
            let log = log.lock().expect("the log");
            return Err(format!("the server does not listen:\n{log}"));
        };
        Ok(Self {
            processes: vec![Process { child, port, log }],
            proxy: None,
            started: 1,
            port,
            prefix,
            setup: setup.clone(),
        })
    }
}

impl Process {
    fn ask_to_stop(&self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is running");
    }

    fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        super::eventually("the server ends", || {
            status = self.child.try_wait().expect("its state");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Removes everything but the search path from the environment, so that no setting of the user has an effect.
pub fn isolate(command: &mut Command, home: &Path) {
    command.env_clear().current_dir(home).env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
}

fn keep_log(stderr: impl Read, log: &Mutex<String>, found: &mpsc::Sender<(u16, String)>) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line).into_owned();
        if let Some(address) = address_in(&text) {
            let _ = found.send(address);
        }
        log.lock().expect("the log").push_str(&text);
        line.clear();
    }
}

/// Returns port and prefix from `… listening on http://127.0.0.1:PORT/prefix/ …`.
fn address_in(line: &str) -> Option<(u16, String)> {
    let (_, url) = line.split_once("listening on http://")?;
    let url = url.split([' ', '"', '\n']).next()?;
    let (authority, path) = url.split_once('/')?;
    let (_, port) = authority.rsplit_once(':')?;
    Some((port.parse().ok()?, format!("/{path}")))
}

/// Returns a port that was free a moment ago.
pub fn free_port() -> u16 {
    // Below the ports that Linux gives to outgoing connections, which might take it before the server does.
    const FIRST: u16 = 20_000;
    const PORTS: u64 = 12_000;
    loop {
        let random = RandomState::new().build_hasher().finish() % PORTS;
        let port = FIRST + u16::try_from(random).expect("a small number");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn form_of(user: &str, fields: &[(&str, &str)]) -> Form {
    fields
        .iter()
        .fold(Form::new().field("user", user), |form, (name, value)| {
            form.field(name, value)
        })
}
