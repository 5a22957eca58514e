//! The people who may use a directory: its grants, and the form that gives and takes them.

use super::{Place, address_of, done, level, sentence};
use crate::http::error::{Error, Result};
use crate::http::pages::failure::reason;
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
use nbcourier_exchange::directories::sharing::{self, GrantView};
use nbcourier_exchange::directories::{DirectoryView, browsing};
use nbcourier_exchange::{DirectoryAddress, Exchange};

#[derive(Template)]
#[template(path = "directory/sharing.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    directory: &'a DirectoryView,
    grants: &'a [GrantView],
    is_admin: bool,
    given: Given,
    problem: Option<String>,
    done: Option<String>,
}

/// The fields of the form.
#[derive(Default)]
struct Given {
    kind: String,
    name: String,
    level: String,
}

impl Given {
    fn of_form(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            kind: text("kind"),
            name: text("name"),
            level: text("level"),
        }
    }
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

    /// Returns the kinds of receivers that the form offers.
    fn kinds(&self) -> [(&'static str, String); 6] {
        [
            ("user", "kind-person"),
            ("group", "kind-group"),
            ("members", "kind-members"),
            ("staff", "kind-staff"),
            ("instructors", "kind-instructors"),
            ("everybody", "to-everybody"),
        ]
        .map(|(kind, key)| (kind, self.view.say(key)))
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
fn receiver(view: &View, Given { kind, name, .. }: &Given) -> Result<Principal> {
    let of_course = |role| {
        let course = CourseId::parse(name.clone())?;
        Ok::<_, Error>(Principal::Course(course, role))
    };
    if kind != "everybody" && name.is_empty() {
        return Err(Error::bad(view.say("sharing-name-missing")));
    }
    match kind.as_str() {
        "user" => Ok(Principal::Person(UserName::parse(name.clone())?)),
        "group" => Ok(Principal::Group(name.clone())),
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
    let done = sentence(&reader.view, query.done.as_deref());
    page(reader, &exchange, address, None, done).await
}

/// Returns the page. A form that is wrong comes back with its fields and the reason.
async fn page(
    reader: Reader,
    exchange: &Exchange,
    address: DirectoryAddress,
    wrong: Option<(Given, String)>,
    done: Option<String>,
) -> Result<HttpResponse> {
    let (directory, grants) = sharing::list(exchange, &reader.caller, address).await?;
    let (reader, place) = Place::of(reader, exchange, &directory).await?;
    let view = &reader.view;
    let (given, problem) = wrong.unzip();
    let page = Page {
        head: place.head(view, view.say("sharing-title"), "sharing"),
        is_admin: place.may == AccessLevel::Admin,
        at: place.at,
        directory: &directory,
        grants: &grants,
        given: given.unwrap_or_default(),
        problem,
        done,
        view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// Handles `POST d/{owner}/{directory}/sharing`: gives one receiver a level of access, or takes it back.
pub async fn set(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let (caller, need) = (&reader.caller, AccessLevel::Admin);
    browsing::directory(&exchange, caller, address.clone(), need).await?;
    let given = Given::of_form(&fields);
    match grant(&exchange, &reader, &address, &given).await {
        Ok(what) => {
            let at = address_of(&reader.view, &address);
            Ok(done(&format!("{at}/sharing"), what))
        }
        Err(error) => {
            let problem = reason(error, &reader.view)?;
            page(reader, &exchange, address, Some((given, problem)), None).await
        }
    }
}

/// Sets the level of access that the fields name. Returns what was done.
async fn grant(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    address: &DirectoryAddress,
    given: &Given,
) -> Result<&'static str> {
    let to = receiver(view, given)?;
    let level = match given.level.as_str() {
        "none" => None,
        word => {
            let level = AccessLevel::of_word(word);
            Some(level.ok_or_else(|| Error::bad(view.say("nothing-chosen")))?)
        }
    };
    sharing::set(exchange, caller, address.clone(), to, level).await?;
    Ok(if level.is_some() {
        "shared"
    } else {
        "unshared"
    })
}
