//! `v1/activity` and `v1/courses/{course}/activity`: the work on notebooks.

use crate::http::error::{Error, Result};
use crate::http::reply::created::Accepted;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{self, encode_name, encode_position, parse_name, parse_position};
use crate::http::request::json::JsonBody;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{
    Activity, ActivityCounted, ActivityFigures, ActivityItem, CountingCourses, NewActivity,
};
use nbcourier_auth::Caller;
use nbcourier_domain::{ActivityBy, CourseId, Day, RelativePath, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::activity::{self, ActivityFilter, Cursor, Item, LONGEST_PATH, Line};
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximum number of items in a report.
const ITEMS: usize = 200;
/// Maximum length of a report in bytes.
const LONGEST: usize = 256 * 1024;
/// Number of lines in a reply without a limit.
const PAGE: usize = 1000;

/// `GET v1/activity`
pub async fn courses(
    exchange: web::Data<Exchange>,
    caller: Caller,
) -> Result<Listing<CountingCourses>> {
    let courses = activity::counting_courses(&exchange, &caller).await?;
    Listing::of(courses.len(), move || CountingCourses { courses }).await
}

/// `POST v1/activity`
pub async fn note(
    exchange: web::Data<Exchange>,
    caller: Caller,
    body: JsonBody<NewActivity>,
) -> Result<Accepted<ActivityCounted>> {
    let items = body.read_within(LONGEST).await?.items;
    if items.len() > ITEMS {
        return Err(Error::bad(format!("A report has at most {ITEMS} items")));
    }
    // One odd file name at the reporter must not cost the rest of the report.
    let items = items.into_iter().filter_map(item).collect();
    let counted = activity::note(&exchange, &caller, items).await?;
    Ok(Accepted(ActivityCounted { counted }))
}

fn item(given: ActivityItem) -> Option<Item> {
    let path = Some(given.path).filter(|path| path.len() <= LONGEST_PATH)?;
    Some(Item {
        course: CourseId::parse(given.course).ok()?,
        path: RelativePath::parse(path).ok()?,
        kind: given.kind,
        times: given.n.unwrap_or(1),
        at: given.at.map_or_else(Timestamp::now, |at| at.0),
    })
}

/// The figures that are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct ActivityQuery {
    /// The unit for which work is summed up: `student` if it is absent.
    #[schemars(with = "Option<ActivityBy>")]
    by: Option<String>,
    /// Only the work of this student.
    student: Option<String>,
    /// Only the work on this notebook.
    path: Option<String>,
    /// Only the work of this day and later ones, such as `2026-11-30`.
    since: Option<String>,
    /// Only the work of this day and earlier ones.
    until: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// `GET v1/courses/{course}/activity`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<ActivityQuery>,
) -> Result<Listing<Activity>> {
    let by = wanted.by.as_deref().map_or(Ok(ActivityBy::Student), |by| {
        ActivityBy::of_word(by).ok_or_else(|| Error::bad("by is student, notebook or day"))
    })?;
    let day = |text: Option<String>| text.as_deref().map(Day::parse).transpose();
    let day = |text| day(text).map_err(|error| Error::bad(error.to_string()));
    let student = wanted.student.map(UserName::parse).transpose();
    let path = wanted.path.map(RelativePath::parse).transpose();
    let filter = ActivityFilter {
        by,
        student: student.map_err(|_| Error::bad("Illegal user id"))?,
        path: path.map_err(|_| Error::bad("Illegal path"))?,
        since: day(wanted.since)?,
        until: day(wanted.until)?,
        after: paging::cursor(wanted.cursor.as_deref(), |text| parse_cursor(by, text))?,
    };
    let at_most = paging::limit(wanted.limit.as_deref(), PAGE)?;
    let page = activity::page(&exchange, &caller, course, filter, at_most).await?;
    Listing::of(page.lines.len(), move || Activity {
        on: page.is_on,
        by,
        activity: page
            .lines
            .into_iter()
            .map(|line| figures(by, line))
            .collect(),
        next: page.next.map(encode_cursor),
    })
    .await
}

/// Returns the JSON of a line.
pub fn figures(by: ActivityBy, Line { of, figures }: Line) -> ActivityFigures {
    let of_unit = |unit| Some(of.clone()).filter(|_| by == unit);
    ActivityFigures {
        student: of_unit(ActivityBy::Student),
        path: of_unit(ActivityBy::Notebook),
        day: of_unit(ActivityBy::Day),
        students: figures.students,
        notebooks: figures.notebooks,
        days: figures.days,
        opens: figures.opens,
        saves: figures.saves,
        minutes: figures.minutes,
        last_day: figures.last_day.map(|day| day.to_string()),
    }
}

/// Returns the text for a place in a listing.
pub fn encode_cursor(cursor: Cursor) -> String {
    match cursor {
        Cursor::Student(position) => encode_position(position),
        Cursor::Notebook(path) => encode_name(&path),
        Cursor::Day(day) => day.to_string(),
    }
}

/// Returns the place in a listing for a text.
pub fn parse_cursor(by: ActivityBy, text: &str) -> Option<Cursor> {
    match by {
        ActivityBy::Student => parse_position(text).map(Cursor::Student),
        ActivityBy::Notebook => parse_name(text).map(Cursor::Notebook),
        ActivityBy::Day => Day::parse(text).ok().map(Cursor::Day),
    }
}
