//! The work of students on the notebooks of a course: by student, by notebook, and by day. Students see their own.

use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::csv_file;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, Link, View};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use crate::http::v1::activity::{encode_cursor, figures, parse_cursor};
use crate::tables::figures as table_of;
use actix_web::{HttpResponse, web};
use askama::Template;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_api::ActivityFigures;
use nbcourier_domain::{ActivityBy, Day, RelativePath, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::activity::{self, ActivityFilter, Scope};

/// Number of lines on the page.
const LINES: usize = 500;
/// Number of lines that are read at a time for the table.
const ROWS: usize = 2000;

#[derive(Template)]
#[template(path = "course/notebooks.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    is_on: bool,
    /// Whether the page shows the work of everybody.
    is_of_all: bool,
    by: ActivityBy,
    /// The only student or notebook of the page.
    of: Option<String>,
    units: Vec<Link>,
    lines: Vec<ActivityFigures>,
    /// The address of the lines after these.
    more: Option<String>,
    /// The address of the same figures as a table.
    table: String,
}

impl Page<'_> {
    fn unit(&self) -> String {
        self.view.say(word_of(self.by))
    }

    fn is_by(&self, word: &str) -> bool {
        self.by.word() == word
    }

    /// Returns the address of the notebooks of a student, or of the students of a notebook.
    fn details(&self, line: &ActivityFigures) -> Option<String> {
        let (by, name) = match self.by {
            ActivityBy::Student => (ActivityBy::Notebook, "student"),
            ActivityBy::Notebook if self.is_of_all => (ActivityBy::Student, "path"),
            ActivityBy::Notebook => (ActivityBy::Day, "path"),
            ActivityBy::Day => return None,
        };
        let of = self.view.segment(line.of());
        Some(format!("?by={}&{name}={of}", by.word()))
    }
}

fn word_of(by: ActivityBy) -> &'static str {
    match by {
        ActivityBy::Student => "notebooks-student",
        ActivityBy::Notebook => "notebooks-notebook",
        ActivityBy::Day => "notebooks-day",
    }
}

/// The work that the page shows.
#[derive(serde::Deserialize)]
pub struct NotebooksQuery {
    by: Option<String>,
    student: Option<String>,
    path: Option<String>,
    since: Option<String>,
    after: Option<String>,
}

impl NotebooksQuery {
    /// Returns the filter. Without a unit, `usual` is the unit.
    fn filter(&self, usual: ActivityBy) -> Result<ActivityFilter> {
        let by = self.by.as_deref().and_then(ActivityBy::of_word);
        let by = by.unwrap_or(usual);
        let student = self.student.clone().map(UserName::parse).transpose();
        let path = self.path.clone().map(RelativePath::parse).transpose();
        let since = self.since.as_deref().map(Day::parse).transpose();
        let after = self.after.as_deref();
        Ok(ActivityFilter {
            student: student.map_err(|_| Error::bad("Illegal user id"))?,
            path: path.map_err(|_| Error::bad("Illegal path"))?,
            since: since.map_err(|error| Error::bad(error.to_string()))?,
            after: after.and_then(|text| parse_cursor(by, text)),
            ..ActivityFilter::all(by)
        })
    }

    /// Returns the arguments that choose the work, for an address.
    fn arguments(&self, view: &View) -> String {
        let given = [
            ("student", &self.student),
            ("path", &self.path),
            ("since", &self.since),
        ];
        let given = given.iter().filter_map(|(name, value)| {
            let value = view.segment(value.as_deref()?);
            Some(format!("&{name}={value}"))
        });
        given.collect()
    }
}

/// `GET c/{course}/notebooks`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<NotebooksQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let filter = query.filter(if view.may.see_activity {
        ActivityBy::Student
    } else {
        ActivityBy::Notebook
    })?;
    let by = filter.by;
    let page = activity::page(&exchange, &caller, course.clone(), filter, LINES).await?;
    let is_of_all = page.scope == Scope::All;
    let arguments = query.arguments(&view);
    let units = ActivityBy::ALL.into_iter().filter(|unit| {
        // A page of one student or one notebook has only one line for it.
        let is_one = match unit {
            ActivityBy::Student => !is_of_all || query.student.is_some(),
            ActivityBy::Notebook => query.path.is_some(),
            ActivityBy::Day => false,
        };
        !is_one
    });
    let units = units.map(|unit| Link {
        href: format!("?by={}{arguments}", unit.word()),
        text: view.say(match unit {
            ActivityBy::Student => "notebooks-by-student",
            ActivityBy::Notebook => "notebooks-by-notebook",
            ActivityBy::Day => "notebooks-by-day",
        }),
        is_current: unit == by,
    });
    let of = [query.student.as_deref(), query.path.as_deref()];
    let of: Vec<&str> = of.into_iter().flatten().collect();
    let home = format!("{}/notebooks", view.course(course.as_str()));
    let word = by.word();
    view.page(&Page {
        head: Head {
            title: view.say("notebooks-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: if is_of_all {
                tabs(&view, &course, "notebooks")
            } else {
                Vec::new()
            },
            ..Head::default()
        },
        is_on: page.is_on,
        is_of_all,
        by,
        of: Some(of.join(", ")).filter(|of| !of.is_empty()),
        units: units.collect(),
        lines: page
            .lines
            .into_iter()
            .map(|line| figures(by, line))
            .collect(),
        more: page.next.map(|next| {
            let after = encode_cursor(next);
            format!("?by={word}{arguments}&after={}", view.segment(&after))
        }),
        table: format!("{home}.csv?by={word}{arguments}"),
        view: &view,
    })
}

/// Handles `GET c/{course}/notebooks.csv`: the same figures as a table.
pub async fn table(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<NotebooksQuery>,
) -> Result<HttpResponse> {
    let filter = query.filter(ActivityBy::Student)?;
    let by = filter.by;
    let name = format!("{course}-notebooks-{}.csv", by.word());
    let (exchange, caller) = (exchange.get_ref().clone(), reader.caller);
    let read = async move |after| {
        let filter = ActivityFilter {
            after,
            ..filter.clone()
        };
        let page = activity::page(&exchange, &caller, course.clone(), filter, ROWS).await?;
        let lines = page.lines.into_iter().map(|line| figures(by, line));
        let rows = table_of::rows(&lines.collect::<Vec<_>>())?;
        Ok::<_, Error>((rows, page.next))
    };
    let (first, next) = read(None).await?;
    let head = csv_file::MARK.to_owned() + &table_of::head(by)? + &first;
    let rest = stream::try_unfold((read, next), async |(read, after)| {
        let Some(after) = after else {
            return Ok(None);
        };
        let (rows, next) = read(Some(after)).await?;
        Ok::<_, Error>(Some((Bytes::from(rows), (read, next))))
    });
    let body = stream::iter([Ok(Bytes::from(head))]).chain(rest);
    Ok(csv_file::reply(&name).streaming(body.boxed_local()))
}
