//! The people who may use a directory: its grants, and the form that gives and takes them.

use super::{Place, address_of, done, level, sentence};
use crate::http::error::{Error, Result};
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::request::directory_path::InDirectory;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{
    AccessLevel, CourseId, DirectoryOwner, Principal, Role, Timestamp, UserName,
};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::sharing::{self, GrantView};
use nbcourier_exchange::directories::{DirectoryView, browsing};

#[derive(Template)]
#[template(path = "directory/sharing.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    directory: &'a DirectoryView,
    grants: &'a [GrantView],
    is_admin: bool,
    done: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn level(&self, level_of: &AccessLevel) -> String {
        level(self.view, *level_of)
    }

    /// Returns the levels that the form offers.
    fn levels(&self) -> Vec<(&'static str, String)> {
        let levels = AccessLevel::ALL.into_iter();
        levels
            .map(|each| (each.word(), level(self.view, each)))
            .collect()
    }

    fn receiver(&self, to: &Principal) -> String {
        let view = self.view;
        match to {
            Principal::Person(person) => person.as_str().to_owned(),
            Principal::Group(group) => view.say_with("to-group", "name", group),
            Principal::Course(course, role) => {
                let key = match role {
                    Role::Student => "to-members",
                    Role::Assistant => "to-staff",
                    Role::Instructor => "to-instructors",
                };
                view.say_with(key, "course", course.as_str())
            }
            Principal::Everybody => view.say("to-everybody"),
        }
    }

    /// Returns the fields that name a receiver.
    fn fields(&self, to: &Principal) -> (&'static str, String) {
        match to {
            Principal::Person(person) => ("user", person.as_str().to_owned()),
            Principal::Group(group) => ("group", group.clone()),
            Principal::Course(course, role) => {
                let kind = match role {
                    Role::Student => "members",
                    Role::Assistant => "staff",
                    Role::Instructor => "instructors",
                };
                (kind, course.as_str().to_owned())
            }
            Principal::Everybody => ("everybody", String::new()),
        }
    }

    fn owner(&self) -> String {
        match &self.directory.owner {
            DirectoryOwner::Person(person) => {
                self.view
                    .say_with("sharing-of-person", "name", person.as_str())
            }
            DirectoryOwner::Course(course) => {
                self.view
                    .say_with("sharing-of-course", "course", course.as_str())
            }
        }
    }
}

/// Returns the receiver that the fields name.
fn receiver(view: &View, fields: &Fields) -> Result<Principal> {
    let name = fields.text("name");
    let of_course = |role| {
        let course = CourseId::parse(name.to_owned())?;
        Ok::<_, Error>(Principal::Course(course, role))
    };
    let kind = fields.text("kind");
    if kind != "everybody" && name.is_empty() {
        return Err(Error::bad(view.say("sharing-name-missing")));
    }
    match kind {
        "user" => Ok(Principal::Person(UserName::parse(name.to_owned())?)),
        "group" => Ok(Principal::Group(name.to_owned())),
        "members" => of_course(Role::Student),
        "staff" => of_course(Role::Assistant),
        "instructors" => of_course(Role::Instructor),
        "everybody" => Ok(Principal::Everybody),
        _ => Err(Error::bad(view.say("nothing-chosen"))),
    }
}

/// The query of a page, with the change that was made before.
#[derive(serde::Deserialize)]
pub struct SharingQuery {
    done: Option<String>,
}

/// `GET d/{owner}/{directory}/sharing`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    Query(query): Query<SharingQuery>,
) -> Result<HttpResponse> {
    let (caller, need) = (&reader.caller, AccessLevel::Read);
    let directory = browsing::directory(&exchange, caller, address.clone(), need).await?;
    let grants = sharing::list(&exchange, caller, address).await?;
    let (reader, place) = Place::of(reader, &exchange, &directory).await?;
    let view = &reader.view;
    view.page(&Page {
        head: place.head(view, view.say("sharing-title"), "sharing"),
        is_admin: place.may == AccessLevel::Admin,
        done: sentence(view, query.done.as_deref()),
        at: place.at,
        directory: &directory,
        grants: &grants,
        view,
    })
}

/// Handles `POST d/{owner}/{directory}/sharing`: gives one receiver a level of access, or takes it back.
pub async fn set(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, view) = (&reader.caller, &reader.view);
    let need = AccessLevel::Admin;
    browsing::directory(&exchange, caller, address.clone(), need).await?;
    let to = receiver(view, &fields)?;
    let level = match fields.text("level") {
        "none" => None,
        word => {
            let level = AccessLevel::of_word(word);
            Some(level.ok_or_else(|| Error::bad(view.say("nothing-chosen")))?)
        }
    };
    let at = address_of(view, &address);
    sharing::set(&exchange, caller, address, to, level).await?;
    let what = if level.is_some() {
        "shared"
    } else {
        "unshared"
    };
    Ok(done(&format!("{at}/sharing"), what))
}
