//! The reader of a page, as handlers receive them.

use super::view::View;
use crate::http::error::{Error, Result};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use jiff::tz::TimeZone;
use nbcourier_auth::{AuthError, Caller};
use nbcourier_domain::CourseId;
use nbcourier_exchange::{Exchange, course_settings};
use std::future::{Ready, ready};

/// A known person who opens a page, and the surroundings of the page for them.
pub struct Reader {
    /// The person.
    pub caller: Caller,
    /// The surroundings of the page.
    pub view: View,
}

impl Reader {
    /// Returns the reader of the request. An unknown person is an error, which leads to the login.
    pub fn of(request: &HttpRequest, caller: Option<Caller>) -> Result<Self> {
        let caller = caller.ok_or(AuthError::Anonymous)?;
        let view = View::of(request, Some(&caller))?;
        Ok(Self { caller, view })
    }

    /// Returns the reader with their rights in the course, its title, and its times: it may have a time zone of its own.
    pub async fn in_course(mut self, exchange: &Exchange, course: &CourseId) -> Result<Self> {
        self.enter(exchange, course).await?;
        Ok(self)
    }

    /// Does what [`Self::in_course`] does. If it fails, the reader stays as they were.
    pub async fn enter(&mut self, exchange: &Exchange, course: &CourseId) -> Result<()> {
        let visit = nbcourier_exchange::visit(exchange, &self.caller, course.clone()).await?;
        let view = &mut self.view;
        view.may = visit.may;
        view.is_counted = visit.is_counted;
        view.visited = Some(visit.place);
        // A person who left the course still sees their own work there.
        if let Some(settings) = visit.settings {
            view.course_title = settings.title.map(|title| title.as_str().to_owned());
            let zone = settings.time_zone.map(course_settings::TimeZone::name);
            if let Some(zone) = zone.and_then(|name| TimeZone::get(name).ok()) {
                view.times = view.times.in_zone(zone);
            }
        }
        Ok(())
    }
}

impl FromRequest for Reader {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(Self::of(request, caller.ok()))
    }
}
