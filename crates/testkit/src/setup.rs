//! The configuration of a server, and its start.

use crate::hub::FakeHub;
use crate::program::{free_port, isolate, know, program, run_and_kill};
use crate::server::Server;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// The administrator in every test.
pub const ADMIN: &str = "root";

/// The service's own token at the hub.
pub const SERVICE_TOKEN: &str = "token-of-the-service-itself";
/// The OAuth client ID of the service.
pub const CLIENT_ID: &str = "service-nbcourier";

const HUB_PREFIX: &str = "/services/nbcourier/";

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
    pub(crate) postgres: Option<String>,
    /// The bucket, if there is one.
    pub(crate) bucket: Option<String>,
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
            know(&setup.data_dir(), name, value);
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

    /// Returns the same setup with the PostgreSQL database of that URL.
    pub fn on_postgres(self, url: &str) -> Self {
        let setup = Self {
            postgres: Some(url.to_owned()),
            ..self
        };
        know(&setup.data_dir(), "NBCOURIER_DATABASE", url);
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
    pub(crate) fn data_dir_of(&self, number: usize) -> PathBuf {
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
        Server::replicas(self, number)
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

    pub(crate) fn command(&self) -> Command {
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

/// The variable with the number of servers that make up an exchange, if they share database and files.
const REPLICAS: &str = "NBCOURIER_TEST_REPLICAS";

fn replicas() -> usize {
    let number = std::env::var(REPLICAS);
    number.map_or(1, |number| number.parse().expect("it is a number"))
}
