//! Tickets: signed addresses under which the contents that people made are shown, without cookies.

use super::jwt::{Purpose, Seal};
use super::{AuthError, SigningKey};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long a ticket is valid. A page that leads to contents makes a new one each time.
const LIFETIME: Duration = Duration::from_mins(10);

/// The right to see files of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The place of the files.
    pub place: Place,
    /// The person who may see it, for the log.
    pub reader: String,
    /// The way in which a browser shows the files.
    pub showing: Showing,
}

/// Files that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The contents of the tree with this digest.
    Tree(String),
    /// The contents of a directory, by its number, in a version.
    Directory(i64, i64),
    /// The shared page with this number.
    Share(i64),
}

/// A way to show files that people made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Showing {
    /// Everything is plain text.
    Text,
    /// HTML is shown as such, and nothing of it runs.
    Html,
    /// The same, and a script of the server draws the formulas.
    Formulas,
}

/// Issues and reads tickets. Cheap to clone.
#[derive(Clone)]
pub struct Tickets(Arc<Seal>);

impl Tickets {
    /// Returns the tickets of the service at this prefix.
    pub fn new(key: &SigningKey, prefix: &str) -> Self {
        Self(Arc::new(Seal::new(key, prefix)))
    }

    /// Returns the text of a new ticket.
    pub fn issue(&self, ticket: &Ticket) -> Result<String, AuthError> {
        self.0.seal(Purpose::View, LIFETIME, ticket)
    }

    /// Returns the ticket of that text, if it is ours and not over.
    pub fn open(&self, text: &str) -> Option<Ticket> {
        self.0.open(Purpose::View, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tickets_are_opened() {
        let tickets = |key| Tickets::new(&SigningKey::from_bytes([key; 32]), "/x/");
        let ticket = Ticket {
            place: Place::Tree("7d86".into()),
            reader: "sam".into(),
            showing: Showing::Html,
        };
        let text = tickets(7).issue(&ticket).unwrap();
        assert_eq!(tickets(7).open(&text), Some(ticket.clone()));
        assert_eq!(tickets(8).open(&text), None);
        let elsewhere = Tickets::new(&SigningKey::from_bytes([7; 32]), "/y/");
        assert_eq!(elsewhere.open(&text), None);
        for forged in ["", "a.b.c", &text[1..], &format!("{text}A")] {
            assert_eq!(tickets(7).open(forged), None, "{forged}");
        }
        let seal = Seal::new(&SigningKey::from_bytes([7; 32]), "/x/");
        let session = seal.seal(Purpose::Session, LIFETIME, &ticket).unwrap();
        assert_eq!(tickets(7).open(&session), None);
        let over = seal.seal_between(Purpose::View, 1, 2, &ticket).unwrap();
        assert_eq!(tickets(7).open(&over), None);
    }
}
