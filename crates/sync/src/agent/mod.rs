//! The agent: it keeps folders and directories equal, each as its pair says.
//!
//! Being offline needs no queue. The difference to what both sides last agreed on is the queue.

mod folder_steps;
mod follow;
mod found;
mod held;
mod here;
mod holding;
mod notebooks;
mod opened;
mod pair;
mod pairs;
mod progress;
mod question;
mod receive;
mod report;
mod round;
mod send;
mod sequence;
mod spelling;
mod there;
mod trouble;
mod watch;
mod wishes;

pub use follow::{Ending, Times, follow};
pub use held::{Held, LeftOut};
pub use notebooks::OpenNotebooks;
pub use pair::{DEFAULT_MAX_FILE, Pair, device_of_host};
pub use pairs::Pairs;
pub use progress::{Noted, Progress, Work};
pub use report::{Asked, Outcome, Report};
pub use round::{Agent, News, Spans};
pub use wishes::{Confirmed, Wishes};
