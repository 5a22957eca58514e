//! A person on a roster, as the ngshare protocol reads and writes them.

use crate::http::error::{Error, Result};
use crate::http::request::form::Fields;
use crate::tables::LONGEST_DETAIL;
use nbcourier_domain::{Person, UserName};

/// Maximum length of a detail of a person or of a note, in bytes. A page of a listing holds many of them.
const LONGEST: usize = LONGEST_DETAIL;

/// Returns the detail. Fails if it is too long, or holds the one character that PostgreSQL cannot store.
pub fn detail(text: String) -> Result<String> {
    if text.contains('\0') {
        return Err(Error::bad(
            "A name, an e-mail address or a note contains the character U+0000: remove it",
        ));
    }
    if text.len() > LONGEST {
        return Err(Error::FieldTooLarge(LONGEST));
    }
    Ok(text)
}

/// The three details of a person.
pub struct Details {
    first_name: String,
    last_name: String,
    email: String,
}

impl Details {
    /// Reads the details from a form. All three must be present, but may be empty.
    pub fn of(fields: &Fields) -> Result<Self> {
        let required = |field: &str, missing: &'static str| {
            fields
                .get(field)?
                .ok_or_else(|| Error::bad(missing))
                .and_then(|text| detail(text.to_owned()))
        };
        Ok(Self {
            first_name: required("first_name", "Please supply first name")?,
            last_name: required("last_name", "Please supply last name")?,
            email: required("email", "Please supply email")?,
        })
    }

    /// Returns the person with these details.
    pub fn person(self, username: UserName) -> Person {
        Person {
            username,
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            email: Some(self.email),
        }
    }
}

/// A person in the reply that shows only them.
#[derive(serde::Serialize)]
pub struct PersonReply {
    success: bool,
    #[serde(flatten)]
    person: Person,
}

impl From<Person> for PersonReply {
    fn from(person: Person) -> Self {
        Self {
            success: true,
            person,
        }
    }
}
