//! Pages of a course. The address of a course and of an assignment is the same for everybody: students see their own
//! work there, and those who read all work see the class.

pub mod activity;
pub mod allowance;
pub mod board;
pub mod dates;
pub mod done;
pub mod figures;
pub mod import;
pub mod more_time;
pub mod notebooks;
mod overview;
pub mod people;
pub mod release;
pub mod settings;
pub mod shares;
pub mod starts;
pub mod trash;
pub mod versions;

use super::reader::Reader;
use super::student;
use super::view::{Link, View};
use crate::http::error::Result;
use crate::http::reply::redirect::see_other;
use crate::http::request::path::{InAssignment, InCourse};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use nbcourier_domain::{CourseId, UserName};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};

/// Whether a person who reads all work sees the page of a student.
#[derive(serde::Deserialize)]
pub struct AsQuery {
    r#as: Option<String>,
}

impl AsQuery {
    fn is_student(&self) -> bool {
        self.r#as.as_deref() == Some("student")
    }
}

/// `GET c/{course}`
pub async fn course(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<AsQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let may = reader.view.may;
    // A registrar of a course who takes no part in it cares for its roster.
    if !may.take_part && may.see_roster {
        return Ok(to_people(&reader.view, &course));
    }
    if may.read_work && !query.is_student() {
        overview::show(&exchange, reader, course).await
    } else {
        student::course::show(&exchange, reader, course, None, (None, None)).await
    }
}

fn to_people(view: &View, course: &CourseId) -> HttpResponse {
    see_other(&format!("{}/people", view.course(course.as_str()))).finish()
}

/// `GET c/{course}/everybody`
pub async fn everybody(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    overview::everybody(&exchange, reader, course).await
}

/// What is shown of an assignment.
#[derive(serde::Deserialize)]
pub struct AssignmentQuery {
    #[serde(flatten)]
    own: student::assignment::PageQuery,
    #[serde(flatten)]
    board: board::BoardQuery,
    r#as: Option<String>,
    /// The student whose page another person opens.
    student: Option<String>,
}

/// `GET c/{course}/a/{assignment}`
pub async fn assignment(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<AssignmentQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let may = reader.view.may;
    let as_student = query.r#as.as_deref() == Some("student");
    if let Some(name) = query.student {
        let student = UserName::parse(name).map_err(|_| Refusal::NotFound(Thing::Student))?;
        let place = (course, assignment);
        return student::assignment::show(&exchange, reader, place, Some(student), &query.own)
            .await;
    }
    if may.read_work && !as_student {
        board::show(&exchange, reader, (course, assignment), query.board).await
    } else {
        let place = (course, assignment);
        student::assignment::show(&exchange, reader, place, None, &query.own).await
    }
}

/// Returns the pages of a course that the reader may open. `current` is the name of the open one.
fn tabs(view: &View, course: &CourseId, current: &str) -> Vec<Link> {
    let may = view.may;
    let mut tabs = Vec::new();
    let mut add = |name: &str, shown: bool, href: String, text: &str| {
        if shown {
            tabs.push(Link {
                href,
                text: view.say(text),
                is_current: name == current,
            });
        }
    };
    let home = view.course(course.as_str());
    let below = |name: &str| format!("{home}/{name}");
    add("assignments", may.take_part, home.clone(), "assignments");
    add("people", may.see_roster, below("people"), "people-title");
    add(
        "activity",
        may.see_activity,
        below("activity"),
        "activity-title",
    );
    add("figures", may.read_work, below("figures"), "figures-title");
    add("shares", may.read_work, below("shares"), "shares-title");
    add("trash", may.trash, below("trash"), "trash-title");
    let may_change = may.change_settings;
    add("settings", may_change, below("settings"), "settings-title");
    tabs
}
