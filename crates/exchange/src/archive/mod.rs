//! A course as something that can be taken away: all that is known of it, read in one snapshot, and put into an exchange
//! in one transaction. What a file looks like that holds it is nobody's business here.

mod insert;
mod looks;
mod manifest;
mod names;
mod read;

pub use insert::{Bringing, Impossible, insert};
pub use looks::look_alikes;
pub use manifest::{Assignment, Course, Entry, Event, Submission, TreeOf, VERSION};
pub use names::plain;
pub use read::{Reader, read};
