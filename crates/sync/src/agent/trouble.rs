//! The reasons for which a round ends early.

use crate::words::reason;
use nbcourier_client::Error;
use std::io;

/// The reason for which a round ended early.
#[derive(Debug)]
pub enum Trouble {
    /// It may end by itself. The next round tries again.
    Passing(String),
    /// Somebody has to do something. The pair rests until then.
    Lasting(String),
    /// The program is to end.
    Ending,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let sentence = error.to_string();
        match error {
            Error::Refused {
                status: 401 | 403 | 404,
                ..
            }
            // Other conflicts are errors of their own. This is a directory that follows a repository.
            | Error::Refused { status: 409, .. }
            | Error::TooOld(_)
            | Error::Moved { .. } => Self::Lasting(sentence),
            _ => Self::Passing(sentence),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Passing(reason(&error))
    }
}
