//! The settings of a course: title, time zone, sharing and activity, the limits that hold for it, and moving it to the
//! trash.

use super::done::{self, Done};
use super::tabs;
use crate::http::error::Result;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::reply::redirect::see_other;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{CourseId, Sharing};
use nbcourier_exchange::course_settings::{self, CourseSettings, CourseTitle, TimeZone};
use nbcourier_exchange::{Exchange, May, courses};

#[derive(Template)]
#[template(path = "course/settings.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    course: &'a CourseId,
    given: Given,
    /// The settings that the form was made from.
    was: Given,
    /// The limits: what is limited, and the limit.
    limits: Vec<(String, String)>,
    /// The lines for `nbgrader_config.py`.
    config: String,
    /// Whether the work on notebooks can be counted.
    has_activity: bool,
    may: May,
    problem: Option<String>,
    done: Option<Done>,
}

/// The fields of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Given {
    title: String,
    zone: String,
    sharing: String,
    activity: bool,
}

impl Given {
    fn of(settings: &CourseSettings) -> Self {
        let title = settings.title.as_ref().map(CourseTitle::as_str);
        Self {
            title: title.unwrap_or_default().to_owned(),
            zone: settings.time_zone.map_or("", TimeZone::name).to_owned(),
            sharing: settings.sharing.word().to_owned(),
            activity: settings.activity,
        }
    }

    /// Returns the settings, or the key of the sentence that says what is wrong.
    fn read(&self) -> Result<CourseSettings, &'static str> {
        let title = Some(self.title.as_str()).filter(|title| !title.is_empty());
        let title = title.map(CourseTitle::parse).transpose();
        let zone = Some(self.zone.as_str()).filter(|zone| !zone.is_empty());
        let zone = zone.map(TimeZone::parse).transpose();
        Ok(CourseSettings {
            title: title.map_err(|_| "settings-wrong-title")?,
            time_zone: zone.map_err(|_| "settings-wrong-zone")?,
            sharing: match self.sharing.as_str() {
                "" => Sharing::default(),
                word => Sharing::of_word(word).ok_or("nothing-chosen")?,
            },
            activity: self.activity,
        })
    }
}

impl Page<'_> {
    /// Returns the choices about shared pages.
    fn sharings(&self) -> Vec<(&'static str, String)> {
        let choices = Sharing::ALL.into_iter();
        choices
            .map(|sharing| {
                let key = match sharing {
                    Sharing::Off => "sharing-off",
                    Sharing::Course => "sharing-course",
                    Sharing::Hub => "sharing-hub",
                };
                (sharing.word(), self.view.say(key))
            })
            .collect()
    }

    fn zones(&self) -> Vec<&'static str> {
        TimeZone::names().collect()
    }
}

/// The request whose changes the page tells.
#[derive(serde::Deserialize)]
pub struct SettingsQuery {
    done: Option<String>,
}

/// `GET c/{course}/settings`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InCourse(course): InCourse,
    Query(query): Query<SettingsQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    course_settings::ready(&exchange, &reader.caller, course.clone()).await?;
    let (caller, view) = (&reader.caller, &reader.view);
    let done = Done::of(&exchange, caller, view, &course, query.done).await?;
    let place = (exchange.get_ref(), retention.get_ref(), &course);
    page(place, &reader, None, None, done).await
}

async fn page(
    (exchange, retention, course): (&Exchange, &Retention, &CourseId),
    reader: &Reader,
    given: Option<Given>,
    problem: Option<&str>,
    done: Option<Done>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let settings = course_settings::read(exchange, caller, course.clone()).await?;
    let was = Given::of(&settings);
    // The name is a Python string inside a page: it is quoted for Python here, and escaped for HTML by the template.
    let name = serde_json::Value::from(course.as_str());
    let template = Page {
        head: Head {
            title: view.say("settings-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(view, course, "settings"),
            ..Head::default()
        },
        has_activity: exchange.allows_activity() || was.activity,
        address: view.course(course.as_str()),
        course,
        given: given.unwrap_or_else(|| was.clone()),
        was,
        limits: limits(view, exchange, retention),
        config: format!(
            "import nbcourier\nc = get_config()\nnbcourier.configure(c)\nc.CourseDirectory.course_id = {name}"
        ),
        may: view.may,
        problem: problem.map(|key| view.say(key)),
        done,
        view,
    };
    view.page_of_form(&template, template.problem.is_some())
}

/// Returns the limits that the people who run the exchange have set.
fn limits(view: &View, exchange: &Exchange, retention: &Retention) -> Vec<(String, String)> {
    let (limits, quotas) = (exchange.limits(), exchange.quotas());
    let none = || view.say("limit-none");
    let size = |bytes: Option<u64>| bytes.map_or_else(none, |bytes| view.size(bytes));
    let number = |number: u64| view.number(usize::try_from(number).unwrap_or(usize::MAX));
    let days = retention.days();
    vec![
        (view.say("limit-file"), view.size(limits.file_bytes)),
        (view.say("limit-files"), view.number(limits.files)),
        (view.say("limit-tree"), view.size(limits.tree_bytes)),
        (
            view.say("limit-submissions"),
            quotas.submissions.map_or_else(none, number),
        ),
        (view.say("limit-person"), size(quotas.person_bytes)),
        (view.say("limit-course"), size(quotas.course_bytes)),
        (
            view.say("limit-trash"),
            view.say_with("days-long", "n", days),
        ),
    ]
}

/// `POST c/{course}/settings`
pub async fn set(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let ready = course_settings::ready(&exchange, &reader.caller, course.clone()).await?;
    let field = |name: &str| fields.text(name).to_owned();
    let given = Given {
        title: field("title"),
        zone: field("zone"),
        sharing: field("sharing"),
        activity: field("activity") == "on",
    };
    let was = Given {
        title: field("title-was"),
        zone: field("zone-was"),
        sharing: field("sharing-was"),
        activity: field("activity-was") == "on",
    };
    match (given.read(), was.read()) {
        (Ok(settings), Ok(seen)) => {
            ready.set_instead_of(seen, settings).await?;
            let address = reader.view.course(course.as_str());
            Ok(done::to(&format!("{address}/settings")))
        }
        (given_settings, was_settings) => {
            let wrong = given_settings.err().or(was_settings.err());
            let reader = reader.in_course(&exchange, &course).await?;
            let place = (exchange.get_ref(), retention.get_ref(), &course);
            page(place, &reader, Some(given), wrong, None).await
        }
    }
}

/// Handles `POST c/{course}/delete`: moves the course to the trash, if its name was typed.
pub async fn delete(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    courses::ready_to_delete(&exchange, &reader.caller, course.clone()).await?;
    if fields.text("name") != course.as_str().trim() {
        let reader = reader.in_course(&exchange, &course).await?;
        let place = (exchange.get_ref(), retention.get_ref(), &course);
        return page(place, &reader, None, Some("settings-other-name"), None).await;
    }
    courses::delete(&exchange, &reader.caller, course).await?;
    Ok(see_other(&reader.view.prefix).finish())
}
