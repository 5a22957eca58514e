//! The courses and work under a name, and the commands that change them. Commands that cannot be undone are not on a page.

use super::{address, head};
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{Role, Timestamp, UserName, shell_word};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::accounts::adopt_command;
use nbcourier_exchange::administration::{self, Person, PersonLine, PersonPlace};
use nbcourier_exchange::board::listed_name;

/// Maximum length of a text to find, in bytes. No name is longer.
const LONGEST: usize = 255;

#[derive(Template)]
#[template(path = "admin/people.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    find: &'a str,
    person: Option<Person>,
    similar: Vec<PersonLine>,
}

/// A command, ready to copy.
struct Command {
    /// The key of its purpose.
    purpose: &'static str,
    command: String,
}

impl Page<'_> {
    fn day(&self, at: &Timestamp) -> Moment {
        self.view.times.day(*at)
    }

    fn number(&self, number: &i64) -> String {
        self.view.number(usize::try_from(*number).unwrap_or(0))
    }

    fn link_to(&self, name: &str) -> String {
        format!("{}?name={}", self.address, self.view.segment(name))
    }

    fn name(&self, person: &PersonLine) -> String {
        let (first, last) = (person.first_name.as_deref(), person.last_name.as_deref());
        listed_name(first, last, &person.username)
    }

    fn names(&self, place: &PersonPlace) -> String {
        let [first, last, email] = &place.details;
        let names = [first, last].into_iter().flatten().map(String::as_str);
        let mut text = names.collect::<Vec<_>>().join(" ");
        if let Some(email) = email.as_deref().filter(|email| !email.is_empty()) {
            text = format!("{text} <{email}>");
        }
        text.trim().to_owned()
    }

    fn role(&self, place: &PersonPlace) -> String {
        let role = place.role.max(place.by_group);
        role.map_or_else(
            || self.view.say("not-enrolled"),
            |role| {
                self.view.say(match role {
                    Role::Student => "role-student",
                    Role::Assistant => "role-assistant",
                    Role::Instructor => "role-instructor",
                })
            },
        )
    }

    fn is_by_group(&self, place: &PersonPlace) -> bool {
        place.by_group > place.role
    }

    fn stored(&self, person: &Person) -> String {
        let stored = self.view.size(person.bytes);
        match person.quota {
            Some(quota) => {
                let quota = self.view.size(quota);
                let values = [("size", stored.to_value()), ("limit", quota.to_value())];
                self.view.say_all("size-of", &values)
            }
            None => stored,
        }
    }

    fn total(&self, person: &Person) -> usize {
        let all = person.places.iter().map(|place| place.submissions);
        usize::try_from(all.sum::<i64>()).unwrap_or(0)
    }

    /// Returns the commands for the person. A name that looks like an option stands behind `--`.
    fn commands(&self, person: &Person) -> Vec<Command> {
        let name = shell_word(person.name.as_str());
        let before = if person.name.as_str().starts_with('-') {
            "-- "
        } else {
            ""
        };
        let command = |purpose, what: &str, rest: &str| Command {
            purpose,
            command: format!("nbcourier user {what} {before}{name}{rest}"),
        };
        let mut commands = vec![
            command("command-show", "show", ""),
            command("command-rename", "rename", " NEW-NAME"),
            command("command-merge", "merge", " NAME-TO-KEEP"),
            command("command-export", "export", ""),
            command("command-purge", "purge", ""),
        ];
        if !person.former.is_empty() {
            commands.push(Command {
                purpose: "command-adopt",
                command: adopt_command(std::slice::from_ref(&person.name)),
            });
        }
        commands
    }

    fn former(&self, person: &Person) -> String {
        let names: Vec<&str> = person.former.iter().map(UserName::as_str).collect();
        names.join(", ")
    }
}

/// The name to look up.
#[derive(serde::Deserialize)]
pub struct PeopleQuery {
    name: Option<String>,
}

/// `GET admin/people`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<PeopleQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    administration::require(&exchange, &caller)?;
    let name = query.name.unwrap_or_default();
    let find = name.trim();
    let find = &find[..find.floor_char_boundary(LONGEST.min(find.len()))];
    let (person, similar) = if find.is_empty() {
        (None, Vec::new())
    } else {
        administration::find(&exchange, &caller, find.to_owned()).await?
    };
    view.page(&Page {
        head: head(&view, "people"),
        address: address(&view, "people"),
        find,
        person,
        similar,
        view: &view,
    })
}
