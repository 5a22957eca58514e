//! A running server, alone or as several replicas behind a proxy.

use super::{Call, Form, Reply, percent_encode};
use crate::process::Process;
use crate::round_robin::RoundRobin;
use crate::setup::Setup;
use std::path::PathBuf;
use std::thread;

/// The time between the last connection to a replica and its end.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

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

impl Server {
    /// Starts the program and waits until it listens. If it ends without listening, returns its log.
    pub(crate) fn listening(setup: &Setup) -> Result<Self, String> {
        let (process, prefix) = Process::listening(setup.command())?;
        Ok(Self {
            port: process.port,
            processes: vec![process],
            proxy: None,
            started: 1,
            prefix,
            setup: setup.clone(),
        })
    }

    /// Starts so many servers of one exchange behind a proxy, each with a data directory of its own.
    pub(crate) fn replicas(setup: &Setup, number: usize) -> Self {
        let mut server = Self::listening(setup).unwrap_or_else(|log| panic!("{log}"));
        let proxy = RoundRobin::over(vec![server.port]);
        server.port = proxy.port();
        server.proxy = Some(proxy);
        for _ in 1..number {
            server.add_replica();
        }
        server
    }

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
        self.processes.iter().map(Process::log).collect()
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

    /// Opens a page in the browser of that user of a stand-alone server.
    #[track_caller]
    pub fn page(&self, target: &str, user: &str) -> Reply {
        self.send(&self.call("GET", target).browser(user))
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
        self.processes.iter_mut().for_each(Process::kill);
        self.setup.clone()
    }

    /// Returns the ID of the process.
    pub fn pid(&self) -> u32 {
        self.processes[0].id()
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
        self.processes.iter_mut().all(Process::is_running)
    }

    /// Whether `healthz` answers with success.
    pub fn is_healthy(&self) -> bool {
        let reply = self.call("GET", "healthz").send(self.port);
        reply.is_ok_and(|reply| reply.status == 200)
    }
}

fn form_of(user: &str, fields: &[(&str, &str)]) -> Form {
    fields
        .iter()
        .fold(Form::new().field("user", user), |form, (name, value)| {
            form.field(name, value)
        })
}
