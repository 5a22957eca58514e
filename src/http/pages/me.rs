//! How a reader wants pages: language and theme. Only cookies of the browser keep it.

use super::form::Form;
use super::reader::Reader;
use super::view::{Head, LANGUAGE_COOKIE, THEME_COOKIE, Theme, View};
use super::words::Language;
use crate::http::error::{Error, Result};
use crate::http::reply::redirect::see_other;
use crate::http::request::query::Query;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::REFERER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Credential;

/// How long a browser keeps a choice.
const KEPT: Duration = Duration::days(365);

#[derive(Template)]
#[template(path = "me.html")]
struct Me<'a> {
    view: &'a View,
    head: Head,
    name: &'a str,
    by_hub: bool,
    groups: String,
    themes: [Theme; 3],
    saved: bool,
}

impl Me<'_> {
    fn theme_name(&self, theme: &Theme) -> String {
        self.view.say(match theme {
            Theme::System => "theme-system",
            Theme::Light => "theme-light",
            Theme::Dark => "theme-dark",
        })
    }
}

/// Whether something was saved just now.
#[derive(serde::Deserialize)]
pub struct MeQuery {
    saved: Option<String>,
}

/// `GET me`
pub async fn show(reader: Reader, Query(query): Query<MeQuery>) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    view.page(&Me {
        head: Head::new(view.say("me-title")),
        name: caller.name().as_str(),
        by_hub: caller.via() != Credential::Standalone,
        groups: caller.groups().join(", "),
        themes: Theme::ALL,
        saved: query.saved.is_some(),
        view: &view,
    })
}

/// `POST me`
pub async fn save(form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let view = reader.view;
    let mut response = see_other(&format!("{}?saved=1", view.at(&["me"])));
    match fields.text("language") {
        "" => {
            response.cookie(forgotten(LANGUAGE_COOKIE, &view.prefix));
        }
        tag => {
            let language = Language::parse(tag).ok_or_else(|| Error::bad(view.say("me-odd")))?;
            response.cookie(kept(LANGUAGE_COOKIE, language.tag(), &view.prefix));
        }
    }
    let theme = Theme::parse(fields.text("theme"));
    let theme = theme.ok_or_else(|| Error::bad(view.say("me-odd")))?;
    response.cookie(kept(THEME_COOKIE, theme.name(), &view.prefix));
    Ok(response.finish())
}

/// Handles `GET language/{tag}`: keeps the language, and leads back to the page that had the link. It changes nothing
/// but how pages look, so it is a link.
pub async fn language(request: HttpRequest, tag: web::Path<String>) -> Result<HttpResponse> {
    let view = View::of(&request, None)?;
    let language = Language::parse(&tag).ok_or(Error::NoSuchPath)?;
    let back = request
        .headers()
        .get(REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|address| address.parse::<actix_web::http::Uri>().ok())
        .and_then(|address| Some(address.path_and_query()?.as_str().to_owned()))
        .unwrap_or_default();
    let back = nbcourier_auth::page_below(&view.prefix, &back);
    Ok(see_other(&back)
        .cookie(kept(LANGUAGE_COOKIE, language.tag(), &view.prefix))
        .finish())
}

fn kept(name: &'static str, value: &'static str, prefix: &str) -> Cookie<'static> {
    Cookie::build(name, value)
        .path(prefix.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(KEPT)
        .finish()
}

fn forgotten(name: &'static str, prefix: &str) -> Cookie<'static> {
    let mut cookie = Cookie::build(name, "").path(prefix.to_owned()).finish();
    cookie.make_removal();
    cookie
}
