//! The client of an exchange, which the commands use. The exchange may run on another machine.
//!
//! The client uses `v1/` where possible. It uses the ngshare protocol for requests that exist only there (creating
//! and deleting courses), and for those that must work against ngshare as well.

mod activity;
mod allowances;
mod courses;
mod dates;
mod directories;
mod error;
mod events;
mod feedback;
mod files;
mod http;
mod ngshare;
mod presence;
mod probe;
mod recognition;
mod roster;
mod shares;
mod sources;
mod starts;
mod submissions;
mod token;
mod trash;

pub use activity::WantedActivity;
pub use directories::{DirectoryAddress, EntryFilter, RemoteFile};
pub use error::Error;
pub use files::Source;
pub use http::{Address, Client};
pub use ngshare::{Details, Enrolment};
pub use probe::{BodyProbe, Health, Probe};
pub use shares::{NewShare, SentFile};
pub use token::oddity as oddity_of_token;
pub use trash::Kind;

/// The result of a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;
