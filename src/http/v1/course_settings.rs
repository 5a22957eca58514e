//! `v1/courses/{course}/settings`: the settings of a course.

use crate::http::error::{Error, Result};
use crate::http::reply::listing::Listing;
use crate::http::request::json::JsonBody;
use crate::http::request::path::InCourse;
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::course_settings::{
    self, CourseSettings, CourseTitle, GivenSettings, TimeZone,
};

/// `GET v1/courses/{course}/settings`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<Listing<nbcourier_api::CourseSettings>> {
    let settings = course_settings::read(&exchange, &caller, course).await?;
    Listing::of(1, move || shown(&settings)).await
}

/// `PUT v1/courses/{course}/settings`
pub async fn set(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    body: JsonBody<nbcourier_api::NewCourseSettings>,
) -> Result<web::Json<nbcourier_api::CourseSettings>> {
    let ready = course_settings::ready(&exchange, &caller, course).await?;
    let given = body.read().await?;
    let title = given.title.as_deref().map(CourseTitle::parse).transpose();
    let zone = given.time_zone.as_deref().map(TimeZone::parse).transpose();
    let given = GivenSettings {
        title: title.map_err(|error| Error::bad(error.to_string()))?,
        time_zone: zone.map_err(|error| Error::bad(error.to_string()))?,
        sharing: given.sharing,
        activity: given.activity,
    };
    let settings = ready.set(given).await?;
    Ok(web::Json(shown(&settings)))
}

fn shown(settings: &CourseSettings) -> nbcourier_api::CourseSettings {
    nbcourier_api::CourseSettings {
        title: settings
            .title
            .as_ref()
            .map(|title| title.as_str().to_owned()),
        time_zone: settings.time_zone.map(|zone| zone.name().to_owned()),
        sharing: settings.sharing,
        activity: settings.activity,
    }
}
