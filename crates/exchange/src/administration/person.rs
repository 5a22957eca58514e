//! The courses, work and former names of a person.

use crate::{Exchange, Result};
use nbcourier_domain::{Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::usage::{self, Owner};

pub use nbcourier_storage::administration::{PersonLine, PersonPlace};

/// Maximum number of courses of a person.
const PLACES: i64 = 500;
/// Maximum number of people with a similar name.
const SIMILAR: i64 = 50;

/// A name, and what is stored under it.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name.
    pub name: UserName,
    /// The time at which the hub made the account, if the hub reported it.
    pub account_made_at: Option<Timestamp>,
    /// The courses, by name.
    pub places: Vec<PersonPlace>,
    /// The bytes of the submissions.
    pub bytes: u64,
    /// Maximum bytes of a person, if there is a limit.
    pub quota: Option<u64>,
    /// The names that keep the work of former owners of the name.
    pub former: Vec<UserName>,
}

impl Person {
    /// Whether nothing is stored under the name.
    pub fn is_unknown(&self) -> bool {
        self.account_made_at.is_none() && self.places.is_empty() && self.former.is_empty()
    }
}

/// Returns what is stored under the name, and people on rosters whose names contain the text if nothing is. Only
/// administrators may ask.
pub async fn find(
    exchange: &Exchange,
    caller: &Caller,
    text: String,
) -> Result<(Option<Person>, Vec<PersonLine>)> {
    let find = exchange.read_as_admin(caller, move |op| {
        let (conn, limits) = (&mut *op.conn, op.exchange.quota.limits());
        let person = match UserName::parse(text.clone()) {
            Ok(name) => Some(person(conn, name, limits.person_bytes)?),
            Err(_) => None,
        };
        let person = person.filter(|person| !person.is_unknown());
        let similar = match &person {
            Some(_) => Vec::new(),
            None => store::administration::people_like(conn, &text, SIMILAR)?,
        };
        Ok((person, similar))
    });
    find.await
}

fn person(conn: &mut store::Connection, name: UserName, quota: Option<u64>) -> Result<Person> {
    let places = store::administration::places_of(conn, &name, PLACES)?;
    let bytes = if places.iter().any(|place| place.submissions > 0) {
        usage::total(conn, &Owner::Person(name.clone()))?
    } else {
        0
    };
    let former = store::people::former_with_work(conn, &name)?.into_iter();
    Ok(Person {
        account_made_at: store::people::account(conn, &name)?,
        places,
        bytes,
        quota,
        former: former
            .filter(|former| former.was_set_aside_from(&name))
            .collect(),
        name,
    })
}
