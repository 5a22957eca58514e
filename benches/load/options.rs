//! The settings of a run, as `--name=value` each.

use crate::Failure;
use std::time::Duration;

/// What to send, where to, how often.
#[derive(Debug, Clone)]
pub struct Options {
    /// `HOST:PORT`.
    pub address: String,
    /// Begins and does not end with `/`.
    pub prefix: String,
    /// The course and the assignment, as they stand in a path.
    pub place: String,
    /// Requests in flight.
    pub connections: usize,
    /// Requests in all; `None`: as many as go into `time`.
    pub count: Option<usize>,
    /// For how long to begin new requests when no count is given.
    pub time: Duration,
    /// The requests are shared out among so many students in turn.
    pub students: usize,
    /// Files of a submission.
    pub files: usize,
    /// Bytes of each file.
    pub bytes: usize,
    /// Makes the bytes of this run differ from those of other runs.
    pub salt: u32,
    /// Every submission has the same bytes.
    pub same: bool,
    /// Ask for the health of the server meanwhile.
    pub health: bool,
}

impl Options {
    /// Reads the arguments; complains about any that is unknown or incomplete.
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

    /// The student whose turn is the request of this number.
    pub fn student(&self, number: usize) -> String {
        format!("s{:05}", number % self.students.max(1))
    }

    /// What the bytes of the request of this number are marked with.
    pub fn mark(&self, number: usize) -> u64 {
        let own = if self.same { 0 } else { number as u64 + 1 };
        u64::from(self.salt) << 32 | own
    }
}
