//! Extensions: who has more time, and giving some.

use super::{allowance, done};
use crate::http::error::Result;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::local_time;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InAssignment;
use crate::http::request::person::detail;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, CourseId, Dates, Extension, OwnTime, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::allowances::{self, Consequences, NotedAllowance};
use nbcourier_exchange::board::{self, Board, BoardRow, Purpose, listed_name};
use nbcourier_exchange::dates::{self, NotedExtension};
use nbcourier_exchange::submissions::Target;
use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Maximum number of students who get more time at once.
const AT_ONCE: usize = 1000;
/// Maximum number of students with more time on the page.
const SHOWN: usize = 1000;
/// Maximum number of characters of a note.
const LONGEST_NOTE: usize = 500;
/// A day in microseconds.
const DAY: Duration = Duration::from_hours(24);

#[derive(Template)]
#[template(path = "course/more_time.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: String,
    address: String,
    board: &'a Board,
    extended: Vec<&'a BoardRow>,
    /// Whether more students have more time.
    has_more: bool,
    /// The chosen students, one per line.
    chosen: String,
    /// The names of the chosen students who are known.
    names: Vec<String>,
    days: String,
    date: String,
    time: String,
    by_date: bool,
    is_always: bool,
    hours: String,
    note: String,
    problem: Option<String>,
    /// The consequences for several students, if the form was looked at.
    consequences: Vec<String>,
    /// The times that the consequences depend on, as [`signature`] writes them.
    was: String,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn dates(&self, row: &BoardRow) -> Dates {
        row.dates(self.board.dates)
    }

    fn name(&self, row: &BoardRow) -> String {
        name_of(row)
    }

    /// Returns the hours that the person always has more.
    fn always(&self, row: &BoardRow) -> Option<String> {
        let hours = row.own.allowance?.hours();
        Some(self.view.say_with("always-more", "n", hours))
    }

    /// Returns the address of the page of the person, which changes the allowance.
    fn person(&self, row: &BoardRow) -> String {
        self.view.at(&["c", &self.course, "people", &row.username])
    }
}

fn name_of(row: &BoardRow) -> String {
    let listed = listed_name(
        row.first_name.as_deref(),
        row.last_name.as_deref(),
        &row.username,
    );
    if listed == row.username {
        listed
    } else {
        format!("{listed} ({})", row.username)
    }
}

/// Handles `GET c/{course}/a/{assignment}/more-time`. `who` names a chosen student, and may come often.
pub async fn show(
    request: HttpRequest,
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let purpose = Purpose::GiveTime;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let chosen = query.map(web::Query::into_inner).unwrap_or_default();
    let chosen: Vec<String> = chosen
        .into_iter()
        .filter(|(name, _)| name == "who")
        .map(|(_, value)| value)
        .take(AT_ONCE)
        .collect();
    let page = page(&view, (&course, &assignment), &board, &chosen);
    view.page(&page)
}

fn page<'a>(
    view: &'a View,
    (course, assignment): (&CourseId, &AssignmentId),
    board: &'a Board,
    chosen: &[String],
) -> Page<'a> {
    let address = view.assignment(course.as_str(), assignment.as_str());
    let known: BTreeSet<&str> = chosen.iter().map(String::as_str).collect();
    let mut extended: Vec<&BoardRow> = board
        .people
        .iter()
        .filter(|row| row.is_extended(board.dates))
        .take(SHOWN + 1)
        .collect();
    let has_more = extended.len() > SHOWN;
    extended.truncate(SHOWN);
    let named = board.people.iter();
    let named = named.filter(|row| known.contains(row.username.as_str()));
    let from = board.dates.due_at.unwrap_or(view.times.now());
    let (date, time) = local_time::written(from.after(2 * DAY), view.times.zone());
    Page {
        head: Head {
            title: view.say("more-time-title"),
            crumbs: vec![
                view.home_crumb(),
                view.course_link(course.as_str()),
                view.link(address.clone(), assignment.as_str()),
            ],
            ..Head::default()
        },
        course: course.to_string(),
        address,
        extended,
        has_more,
        chosen: chosen.join("\n"),
        names: named.map(name_of).collect(),
        days: "2".to_owned(),
        by_date: board.dates.due_at.is_none(),
        is_always: false,
        hours: "48".to_owned(),
        date,
        time,
        note: String::new(),
        problem: None,
        consequences: Vec::new(),
        was: signature(board, chosen),
        board,
        view,
    }
}

/// The time that a form gives.
enum Given {
    Extensions(Vec<(UserName, NotedExtension)>),
    Allowances(Vec<(UserName, NotedAllowance)>),
}

impl Given {
    /// Returns the number of students.
    fn students(&self) -> usize {
        match self {
            Self::Extensions(given) => given.len(),
            Self::Allowances(given) => given.len(),
        }
    }
}

/// Handles `POST c/{course}/a/{assignment}/more-time`: gives all named students more time, or none of them. If they are
/// several, it shows the consequences first, and gives it in the second step.
pub async fn give(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let purpose = Purpose::GiveTime;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let chosen: Vec<String> = fields
        .text("who")
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let mut page = page(&view, (&course, &assignment), &board, &chosen);
    page.days = fields.text("days").to_owned();
    page.date = fields.text("date").to_owned();
    page.time = fields.text("time").to_owned();
    page.by_date = fields.text("by") == "date";
    page.is_always = fields.text("by") == "always";
    page.hours = fields.text("hours").to_owned();
    page.note = fields.text("note").to_owned();
    let given = if page.is_always {
        read_allowances(&fields, &board, &chosen, &view).map(Given::Allowances)
    } else {
        read(&fields, &board, &chosen, &view).map(Given::Extensions)
    };
    let given = match given {
        Ok(given) => given,
        Err(problem) => {
            page.problem = Some(problem);
            return view.page_with(StatusCode::BAD_REQUEST, &page);
        }
    };
    // One student gets it at once. Before several get it, the page says what follows.
    let is_second = fields.text("step") == "give";
    if given.students() > 1 && !(is_second && fields.text("was") == page.was) {
        page.consequences = consequences(&exchange, &caller, course, &board, given, &view).await?;
        if is_second {
            page.problem = Some(view.say("changed-meanwhile"));
            return view.page_with(StatusCode::CONFLICT, &page);
        }
        return view.page(&page);
    }
    match given {
        Given::Extensions(extensions) => {
            let ready = board::ready_to_extend(&exchange, &caller, course, assignment).await?;
            ready.extend(extensions).await?;
        }
        Given::Allowances(given) => {
            let ready = allowances::ready(&exchange, &caller, course, Vec::new()).await?;
            ready.give(given).await?;
        }
    }
    Ok(done::to(&page.address))
}

/// Returns the times of the assignment and of the chosen students, as a text that differs for different times.
fn signature(board: &Board, chosen: &[String]) -> String {
    let chosen: BTreeSet<&str> = chosen.iter().map(String::as_str).collect();
    let rows = board.people.iter();
    let rows = rows.filter(|row| chosen.contains(row.username.as_str()));
    let times: Vec<(&str, OwnTime)> = rows.map(|row| (row.username.as_str(), row.own)).collect();
    let mut hasher = DefaultHasher::new();
    format!("{:?} {times:?}", board.dates).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Returns sentences about what giving this time to several students changes.
async fn consequences(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    board: &Board,
    given: Given,
    view: &View,
) -> Result<Vec<String>> {
    let students = given.students();
    let (first, found) = match given {
        Given::Extensions(extensions) => {
            let due = extensions
                .first()
                .and_then(|(_, noted)| noted.extension.due_at);
            let due = due.unwrap_or(view.times.now());
            let due = view.times.minute(due).text().to_owned();
            let values = [("n", students.to_value()), ("time", due.to_value())];
            let first = view.say_all("would-extend", &values);
            (first, of_extensions(board, &extensions))
        }
        Given::Allowances(given) => {
            let hours = given
                .first()
                .map_or(0, |(_, noted)| noted.allowance.hours());
            let values = [("n", students.to_value()), ("hours", hours.to_value())];
            let first = view.say_all("would-allow", &values);
            let ready = allowances::ready(exchange, caller, course, Vec::new()).await?;
            (first, ready.rehearse(given).await?)
        }
    };
    let mut said = vec![
        first,
        view.say_with("would-be-in-time", "n", found.in_time),
        view.say_with("would-be-late", "n", found.late),
    ];
    if found.replaced > 0 {
        said.push(view.say_with("would-be-replaced", "n", found.replaced));
    }
    Ok(said)
}

/// Returns the consequences of extensions for the latest submissions to the assignment.
fn of_extensions(board: &Board, extensions: &[(UserName, NotedExtension)]) -> Consequences {
    let mut found = Consequences::default();
    for (student, noted) in extensions {
        let mut rows = board.people.iter();
        let Some(row) = rows.find(|row| row.username == student.as_str()) else {
            continue;
        };
        let before = row.own.extension;
        let own = OwnTime {
            extension: Some(noted.extension),
            ..row.own
        };
        let after = BoardRow { own, ..row.clone() };
        let (was, will_be) = (row.is_late(board.dates), after.is_late(board.dates));
        found.in_time += usize::from(was && !will_be);
        found.late += usize::from(!was && will_be);
        found.replaced += usize::from(before.is_some_and(|before| before != noted.extension));
    }
    found
}

/// Returns the note of a form, or a sentence that says what is wrong with it.
pub(super) fn note_of(fields: &Fields, view: &View) -> std::result::Result<Option<String>, String> {
    let note = Some(fields.text("note")).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        return Err(view.say_with("note-too-long", "n", LONGEST_NOTE));
    }
    let note = note.map(|note| detail(note.to_owned()));
    note.transpose()
        .map_err(|error| error.message().into_owned())
}

/// Returns the chosen students, or a sentence that says what is wrong.
fn students(
    chosen: &[String],
    board: &Board,
    view: &View,
) -> std::result::Result<Vec<UserName>, String> {
    if chosen.is_empty() {
        return Err(view.say("nobody-chosen"));
    }
    if chosen.len() > AT_ONCE {
        return Err(view.say_with("too-many-chosen", "n", AT_ONCE));
    }
    let known: HashSet<&str> = board.people.iter().map(|row| &*row.username).collect();
    let mut students = Vec::new();
    for name in chosen {
        let is_known = known.contains(name.as_str());
        let student = UserName::parse(name.clone()).ok().filter(|_| is_known);
        students.push(student.ok_or_else(|| view.say_with("nobody-of-name", "name", name))?);
    }
    Ok(students)
}

/// Returns the allowance of each student, or a sentence that says what is wrong.
fn read_allowances(
    fields: &Fields,
    board: &Board,
    chosen: &[String],
    view: &View,
) -> std::result::Result<Vec<(UserName, NotedAllowance)>, String> {
    let noted = allowance::read(fields, view)?;
    let students = students(chosen, board, view)?.into_iter();
    Ok(students.map(|student| (student, noted.clone())).collect())
}

/// Returns the extension of each student, or a sentence that says what is wrong.
fn read(
    fields: &Fields,
    board: &Board,
    chosen: &[String],
    view: &View,
) -> std::result::Result<Vec<(UserName, NotedExtension)>, String> {
    let due_at = if fields.text("by") == "date" {
        local_time::parse(fields.text("date"), fields.text("time"), view.times.zone())
            .map_err(|_| view.say("no-time"))?
    } else {
        let days = fields.text("days").parse::<u32>();
        let days = days.ok().filter(|days| (1..=365).contains(days));
        let days = days.ok_or_else(|| view.say("no-days"))?;
        let due = board.dates.due_at;
        let due = due.ok_or_else(|| view.say("no-due-to-extend"))?;
        due.after(days * DAY)
    };
    let note = note_of(fields, view)?;
    let mut extensions = Vec::new();
    for student in students(chosen, board, view)? {
        // A cut-off moves along with the due time, so that no submission in time is refused.
        let extension = Extension {
            due_at: Some(due_at),
            cutoff_at: None,
        };
        let noted = NotedExtension {
            extension,
            note: note.clone(),
        };
        extensions.push((student, noted));
    }
    Ok(extensions)
}

/// Handles `POST c/{course}/a/{assignment}/more-time/remove`: takes the extension of one student back.
pub async fn take_back(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form {
        reader: Reader { caller, view },
        fields,
    } = form;
    let address = view.assignment(course.as_str(), assignment.as_str());
    let target = Target {
        course,
        assignment,
        student: UserName::parse(fields.text("who"))
            .map_err(|_| nbcourier_exchange::Error::NotFound(nbcourier_exchange::Thing::Student))?,
    };
    dates::remove_extension(&exchange, &caller, target).await?;
    Ok(done::to(&address))
}
