//! The people of a course, for those who see its roster.

use super::done::{self, Done};
use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::csv_file;
use crate::http::pages::failure::reason;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::request::path::InCourse;
use crate::http::request::person::detail;
use crate::http::request::query::Query;
use crate::tables::lines;
use actix_web::{HttpResponse, web};
use askama::Template;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_domain::{CourseId, Person, Role, UserName};
use nbcourier_exchange::board::listed_name;
use nbcourier_exchange::roster::{self, Member, RosterPage, RosterUpdate};
use nbcourier_exchange::{Error as Refusal, Exchange, May, Thing};

/// Maximum number of people on the page.
const PEOPLE: usize = 2000;
/// Number of people who are read at a time for the table.
const ROWS: usize = 2000;
/// The columns of the table of people.
pub(super) const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

#[derive(Template)]
#[template(path = "course/people.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    people: Vec<Member>,
    has_more: bool,
    may: May,
    given: Given,
    problem: Option<String>,
    done: Option<Done>,
}

/// The fields of the form that adds a person.
#[derive(Default)]
struct Given {
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    role: String,
}

impl Given {
    /// Returns the person with the given details. An empty field leaves the detail as it is.
    fn person(&self, username: UserName) -> Result<Person> {
        let optional = |text: &str| {
            let text = Some(text.to_owned()).filter(|text| !text.is_empty());
            text.map(detail).transpose()
        };
        Ok(Person {
            username,
            first_name: optional(&self.first_name)?,
            last_name: optional(&self.last_name)?,
            email: optional(&self.email)?,
        })
    }
}

impl Page<'_> {
    fn name(&self, member: &Member) -> String {
        listed_name(
            member.person.first_name.as_deref(),
            member.person.last_name.as_deref(),
            member.person.username.as_str(),
        )
    }

    fn role(&self, role: &Role) -> String {
        role_name(self.view, *role)
    }

    /// Returns the roles that the reader may give.
    fn roles(&self) -> Vec<Role> {
        let all = [
            (Role::Student, self.may.change_roster),
            (Role::Assistant, self.may.appoint_assistants),
            (Role::Instructor, self.may.appoint_instructors),
        ];
        let given = all.into_iter().filter(|(_, may)| *may);
        given.map(|(role, _)| role).collect()
    }

    fn is_given(&self, role: &Role) -> bool {
        self.given.role == role.word()
    }

    fn may_take_off(&self, member: &Member) -> bool {
        !member.by_group && self.roles().contains(&member.role)
    }

    fn person(&self, member: &Member) -> Option<String> {
        let is_student = member.role == Role::Student;
        (is_student && self.may.read_work).then(|| {
            let name = member.person.username.as_str();
            self.view.at(&["c", self.course.as_str(), "people", name])
        })
    }
}

/// Returns the name of a role.
pub(super) fn role_name(view: &View, role: Role) -> String {
    view.say(match role {
        Role::Student => "role-student",
        Role::Assistant => "role-assistant",
        Role::Instructor => "role-instructor",
    })
}

/// Returns the name of a person with the user name.
pub(super) fn full_name(person: &Person) -> String {
    let username = person.username.as_str();
    let listed = listed_name(
        person.first_name.as_deref(),
        person.last_name.as_deref(),
        username,
    );
    if listed == username {
        listed
    } else {
        format!("{listed} ({username})")
    }
}

/// The request whose changes the page tells.
#[derive(serde::Deserialize)]
pub struct PeopleQuery {
    done: Option<String>,
}

/// `GET c/{course}/people`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<PeopleQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = &reader;
    let done = Done::of(&exchange, caller, view, &course, query.done).await?;
    page(&exchange, &reader, &course, Given::default(), None, done).await
}

async fn page(
    exchange: &Exchange,
    reader: &Reader,
    course: &CourseId,
    given: Given,
    problem: Option<String>,
    done: Option<Done>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let roster = roster::page(exchange, caller, course.clone(), None, PEOPLE).await?;
    let template = Page {
        head: Head {
            title: view.say("people-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(view, course, "people"),
            ..Head::default()
        },
        course,
        people: roster.people,
        has_more: roster.next.is_some(),
        may: view.may,
        given,
        problem,
        done,
        view,
    };
    view.page_of_form(&template, template.problem.is_some())
}

/// Handles `POST c/{course}/people`: adds a person, or changes their details.
pub async fn add(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let ready = roster::ready(&exchange, &reader.caller, course.clone()).await?;
    let reader = reader.in_course(&exchange, &course).await?;
    let given = Given {
        username: fields.text("username").to_owned(),
        first_name: fields.text("first-name").to_owned(),
        last_name: fields.text("last-name").to_owned(),
        email: fields.text("email").to_owned(),
        role: fields.text("role").to_owned(),
    };
    let role = Role::ALL.into_iter().find(|role| role.word() == given.role);
    let Ok(username) = UserName::parse_new(given.username.clone()) else {
        let problem = reader.view.say("no-user-name");
        return page(&exchange, &reader, &course, given, Some(problem), None).await;
    };
    let Some(role) = role else {
        let problem = reader.view.say("no-role");
        return page(&exchange, &reader, &course, given, Some(problem), None).await;
    };
    let changed = match given.person(username) {
        Ok(person) => {
            let change = ready.change(vec![(role, person)], RosterUpdate::Amend);
            change.await.map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(to_people(&reader.view, &course)),
        Err(error) => {
            let problem = Some(reason(error, &reader.view)?);
            page(&exchange, &reader, &course, given, problem, None).await
        }
    }
}

/// Handles `GET c/{course}/people.csv`: everybody as a table. Adding from a file reads it.
pub async fn table(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    let name = format!("{course}-people.csv");
    let (exchange, caller) = (exchange.get_ref().clone(), reader.caller);
    let first = roster::page(&exchange, &caller, course.clone(), None, ROWS).await?;
    let head = csv_file::MARK.to_owned() + &lines([COLUMNS.to_vec()])?;
    let head = head + &rows(&first)?;
    let rest = stream::try_unfold(first.next, move |after| {
        let (exchange, caller, course) = (exchange.clone(), caller.clone(), course.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = roster::page(&exchange, &caller, course, Some(after), ROWS).await?;
            Ok::<_, Error>(Some((Bytes::from(rows(&page)?), page.next)))
        }
    });
    let body = stream::iter([Ok(Bytes::from(head))]).chain(rest);
    Ok(csv_file::reply(&name).streaming(body))
}

fn rows(page: &RosterPage) -> Result<String> {
    let rows = page.people.iter().map(|member| {
        let person = &member.person;
        vec![
            person.username.as_str(),
            member.role.word(),
            person.first_name.as_deref().unwrap_or_default(),
            person.last_name.as_deref().unwrap_or_default(),
            person.email.as_deref().unwrap_or_default(),
        ]
    });
    Ok(lines(rows)?)
}

#[derive(Template)]
#[template(path = "course/take_off.html")]
struct TakeOff<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    username: &'a str,
}

/// The person who is to be removed.
#[derive(serde::Deserialize)]
pub struct TakeOffQuery {
    who: Option<String>,
}

/// Handles `GET c/{course}/remove`: says what removing a person means.
pub async fn ask(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<TakeOffQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    roster::ready(&exchange, &caller, course.clone()).await?;
    let who = query.who.unwrap_or_default();
    let people = format!("{}/people", view.course(course.as_str()));
    view.page(&TakeOff {
        head: Head {
            title: view.say("take-off-title"),
            crumbs: vec![
                view.home_crumb(),
                view.course_link(course.as_str()),
                view.link(people, &view.say("people-title")),
            ],
            ..Head::default()
        },
        course: &course,
        username: &who,
        view: &view,
    })
}

/// `POST c/{course}/remove`
pub async fn remove(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let person = UserName::parse(fields.text("who").to_owned());
    let person = person.map_err(|_| Refusal::NotFound(Thing::Student))?;
    roster::remove(&exchange, &reader.caller, course.clone(), person, None).await?;
    Ok(to_people(&reader.view, &course))
}

/// Returns the redirect to the people of the course.
pub(super) fn to_people(view: &View, course: &CourseId) -> HttpResponse {
    done::to(&format!("{}/people", view.course(course.as_str())))
}
