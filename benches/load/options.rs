//! The settings of a run, each given as `--name=value`.

use crate::Failure;
use std::time::Duration;

/// The requests of a run: their target, content and number.
#[derive(Debug, Clone)]
pub struct Options {
    /// `HOST:PORT`.
    pub address: String,
    /// The prefix. It begins with `/` and does not end with it.
    pub prefix: String,
    /// The course and the assignment, as a part of a path.
    pub place: String,
    /// Number of concurrent requests.
    pub connections: usize,
    /// Total number of requests. `None` means as many as fit into `time`.
    pub count: Option<usize>,
    /// How long new requests are begun if no count is given.
    pub time: Duration,
    /// Number of students, who take turns with the requests.
    pub students: usize,
    /// Number of files of a submission.
    pub files: usize,
    /// Size of each file, in bytes.
    pub bytes: usize,
    /// A number that makes the bytes of this run differ from those of other runs.
    pub salt: u32,
    /// Whether every submission has the same bytes.
    pub same: bool,
    /// Whether the health of the server is requested meanwhile.
    pub health: bool,
}

impl Options {
    /// Parses the arguments. Fails if one is unknown or incomplete.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self {
            address: "127.0.0.1:12121".into(),
            prefix: "/api".into(),
            place: "course/assignment".into(),
            connections: 64,
            count: None,
            time: Duration::from_secs(3),
            students: 500,
            files: 1,
            bytes: 1024,
            salt: 0,
            same: false,
            health: false,
        };
        for argument in arguments {
            match argument.split_once('=') {
                Some((name, value)) => options.set(name, value)?,
                None => options.switch_on(&argument)?,
            }
        }
        Ok(options)
    }

    fn switch_on(&mut self, name: &str) -> Result<(), Failure> {
        match name {
            "--same" => self.same = true,
            "--health" => self.health = true,
            _ => return Err(format!("{name} is no setting, or needs a value").into()),
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        match name {
            "--address" => self.address = value.into(),
            "--prefix" => self.prefix = value.into(),
            "--place" => self.place = value.into(),
            "--connections" => self.connections = value.parse()?,
            "--count" => self.count = Some(value.parse()?),
            "--seconds" => self.time = Duration::from_secs_f64(value.parse()?),
            "--students" => self.students = value.parse()?,
            "--files" => self.files = value.parse()?,
            "--bytes" => self.bytes = value.parse()?,
            "--salt" => self.salt = value.parse()?,
            _ => return Err(format!("{name} is no setting").into()),
        }
        Ok(())
    }

    /// Returns the student who sends the request with this number.
    pub fn student(&self, number: usize) -> String {
        format!("s{:05}", number % self.students.max(1))
    }

    /// Returns the mark in the bytes of the request with this number.
    pub fn mark(&self, number: usize) -> u64 {
        let own = if self.same { 0 } else { number as u64 + 1 };
        u64::from(self.salt) << 32 | own
    }
}
