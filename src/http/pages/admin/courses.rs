//! All courses, and a form that makes one.

use super::{address, head};
use crate::http::error::Result;
use crate::http::pages::failure::reason;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::reply::redirect::see_other;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{CourseId, Timestamp, UserName};
use nbcourier_exchange::administration::{
    self, CourseFilter, CourseList, CourseOrder, ListedCourse,
};
use nbcourier_exchange::{Exchange, courses};

/// Number of courses on a page.
const PAGE: i64 = 100;
/// Maximum number of instructors that are named in a row.
const NAMED: usize = 3;
/// Maximum length of a text to find, in bytes. No name is longer.
const LONGEST: usize = 255;

#[derive(Template)]
#[template(path = "admin/courses.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    list: CourseList,
    find: String,
    sort: CourseOrder,
    number: i64,
    given: Given,
    problem: Option<String>,
    notices: Vec<String>,
}

/// The orders: the value in the address, and the key of the column's head.
const ORDERS: [(CourseOrder, &str); 4] = [
    (CourseOrder::Name, "name"),
    (CourseOrder::Students, "students"),
    (CourseOrder::Submissions, "submissions"),
    (CourseOrder::Used, "used"),
];

/// The fields of the form that makes a course.
#[derive(Default)]
struct Given {
    course: String,
    instructors: String,
}

impl Page<'_> {
    fn number(&self, number: &i64) -> String {
        self.view.number(usize::try_from(*number).unwrap_or(0))
    }

    fn moment(&self, at: &Timestamp) -> Moment {
        self.view.times.short(*at)
    }

    /// Returns the first instructors, and the number of the others.
    fn teachers(&self, course: &ListedCourse) -> String {
        let named = course.teachers.iter().take(NAMED);
        let named: Vec<&str> = named.map(String::as_str).collect();
        let named = named.join(", ");
        match course.teachers.len().saturating_sub(NAMED) {
            0 => named,
            more => self.view.say_all(
                "and-more",
                &[("names", named.to_value()), ("n", more.to_value())],
            ),
        }
    }

    fn stored(&self, course: &ListedCourse) -> String {
        let sizes = self.list.sizes.as_ref();
        let Some((_, bytes)) = sizes.and_then(|sizes| sizes.courses.get(&course.id)) else {
            return "–".to_owned();
        };
        let stored = self.view.size(*bytes);
        match self.list.quota {
            Some(quota) => {
                let quota = self.view.size(quota);
                let values = [("size", stored.to_value()), ("limit", quota.to_value())];
                self.view.say_all("size-of", &values)
            }
            None => stored,
        }
    }

    fn is_sorted(&self, name: &str) -> bool {
        order(name) == self.sort
    }

    fn sorted_by(&self, name: &str) -> String {
        self.listed(name, 1)
    }

    fn listed(&self, sort: &str, page: i64) -> String {
        let find = self.view.segment(&self.find);
        format!("?find={find}&sort={sort}&page={page}#courses")
    }

    fn sort_name(&self) -> &'static str {
        let found = ORDERS.iter().find(|(order, _)| *order == self.sort);
        found.map_or("name", |(_, name)| name)
    }

    fn next(&self) -> Option<String> {
        let is_more = self.number * PAGE < self.list.found;
        is_more.then(|| self.listed(self.sort_name(), self.number + 1))
    }

    fn previous(&self) -> Option<String> {
        (self.number > 1).then(|| self.listed(self.sort_name(), self.number - 1))
    }
}

fn order(name: &str) -> CourseOrder {
    let found = ORDERS.iter().find(|(_, known)| *known == name);
    found.map_or(CourseOrder::Name, |(order, _)| *order)
}

/// The courses that the page shows.
#[derive(serde::Deserialize, Default)]
pub struct CoursesQuery {
    find: Option<String>,
    sort: Option<String>,
    page: Option<String>,
    /// The course that was made just now.
    made: Option<String>,
}

/// `GET admin/courses`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<CoursesQuery>,
) -> Result<HttpResponse> {
    page(&exchange, &reader, query, Given::default(), None).await
}

async fn page(
    exchange: &Exchange,
    reader: &Reader,
    query: CoursesQuery,
    given: Given,
    problem: Option<String>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let mut find = query.find.unwrap_or_default();
    find.truncate(find.floor_char_boundary(LONGEST));
    let sort = order(query.sort.as_deref().unwrap_or_default());
    let number = query.page.and_then(|page| page.parse().ok());
    let number: i64 = number.unwrap_or(1).clamp(1, 1_000_000);
    let wanted = CourseFilter {
        find: find.trim().to_owned(),
        order: sort,
        skip: (number - 1) * PAGE,
        at_most: PAGE,
    };
    let list = administration::list(exchange, caller, wanted).await?;
    let mut notices = Vec::new();
    if let Some(course) = query.made.and_then(|name| CourseId::parse(name).ok()) {
        notices.push(view.say_with("done-course", "name", course.as_str()));
        let unknown = administration::unknown_teachers(exchange, caller, course).await?;
        if !unknown.is_empty() {
            notices.push(view.say_with("unknown-teachers", "names", unknown.join(", ")));
        }
    }
    let template = Page {
        head: head(view, "courses"),
        address: address(view, "courses"),
        list,
        find,
        sort,
        number,
        given,
        problem,
        notices,
        view,
    };
    view.page_of_form(&template, template.problem.is_some())
}

/// Handles `POST admin/courses`: makes a course with its first instructors.
pub async fn create(exchange: web::Data<Exchange>, form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    administration::require(&exchange, &reader.caller)?;
    let given = Given {
        course: fields.text("course").to_owned(),
        instructors: fields.text("instructors").to_owned(),
    };
    let nothing = CoursesQuery::default;
    let Ok(course) = CourseId::parse_new(given.course.clone()) else {
        let problem = reader.view.say("no-course-name");
        return page(&exchange, &reader, nothing(), given, Some(problem)).await;
    };
    let names = given.instructors.split(['\n', ',', ';']).map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    let mut instructors = Vec::new();
    for name in names {
        match UserName::parse_new(name) {
            Ok(name) if !name.is_given_by_exchange() => instructors.push(name),
            _ => {
                let problem = reader.view.say_with("no-such-name", "name", name);
                return page(&exchange, &reader, nothing(), given, Some(problem)).await;
            }
        }
    }
    let made = match courses::ready(&exchange, &reader.caller, course.clone()).await {
        Ok(ready) => ready.create(instructors).await,
        Err(error) => Err(error),
    };
    if let Err(error) = made {
        let problem = Some(reason(error.into(), &reader.view)?);
        return page(&exchange, &reader, nothing(), given, problem).await;
    }
    let name = reader.view.segment(course.as_str());
    let back = format!("{}?made={name}#done", address(&reader.view, "courses"));
    Ok(see_other(&back).finish())
}
