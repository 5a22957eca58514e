//! One line of a roster, as the protocol takes and shows it.

use super::error::{Error, Result};
use super::receive::Fields;
use nbcourier_domain::{Person, UserName};

/// The longest detail of a person, in bytes: the pages of a roster have many of them.
const LONGEST: usize = 4096;

/// The detail, if it is not too long.
pub fn detail(text: String) -> Result<String> {
    if text.len() > LONGEST {
        return Err(Error::FieldTooLarge(LONGEST));
    }
    Ok(text)
}

/// The three fields that come with a person.
pub struct Details {
    first_name: String,
    last_name: String,
    email: String,
}

impl Details {
    /// From a form, in which all three must be, though they may be empty.
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

    /// The details of this person.
    pub fn person(self, username: UserName) -> Person {
        Person {
            username,
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            email: Some(self.email),
        }
    }
}

/// A person as the reply that shows just them.
#[derive(serde::Serialize)]
pub struct Shown {
    success: bool,
    #[serde(flatten)]
    person: Person,
}

impl From<Person> for Shown {
    fn from(person: Person) -> Self {
        Self {
            success: true,
            person,
        }
    }
}
