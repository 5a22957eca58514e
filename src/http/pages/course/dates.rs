//! The dates of an assignment, and the consequences of changing them before they are changed.

use super::done;
use crate::http::error::Result;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::local_time::{self, NoSuchTime};
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AssignmentId, CourseId, Dates, Timestamp};
use nbcourier_exchange::board::{self, Board, Purpose};
use nbcourier_exchange::{Exchange, dates};

/// One date of the form.
#[derive(Debug, Clone, Default)]
struct Field {
    /// The name of the field, and the key of its label.
    name: &'static str,
    label: &'static str,
    /// The key of the label for no date.
    none: &'static str,
    date: String,
    time: String,
    is_absent: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "course/dates.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    fields: Vec<Field>,
    /// The dates that the form was made from.
    was: String,
    problem: Option<String>,
    /// The consequences, if the form was looked at.
    consequences: Option<Consequences>,
}

/// The consequences of new dates.
struct Consequences {
    before: Dates,
    after: Dates,
    /// People whose newest submission was late and would be in time.
    in_time: usize,
    /// People whose newest submission was in time and would be late.
    late: usize,
    /// Extensions that would end no later than the time for everybody.
    useless: usize,
}

impl Page<'_> {
    fn sentences(&self, consequences: &Consequences) -> Vec<String> {
        let view = self.view;
        vec![
            view.say_with("would-be-in-time", "n", consequences.in_time),
            view.say_with("would-be-late", "n", consequences.late),
            view.say_with("would-be-useless", "n", consequences.useless),
        ]
    }

    /// Returns the dates that change: label, before, after.
    fn changes(&self, consequences: &Consequences) -> Vec<(String, String, String)> {
        let text = |at: Option<Timestamp>| {
            at.map_or_else(
                || "–".to_owned(),
                |at| self.view.times.minute(at).text().to_owned(),
            )
        };
        let (before, after) = (consequences.before, consequences.after);
        let all = [
            ("opens", before.opens_at, after.opens_at),
            ("due", before.due_at, after.due_at),
            ("refused-after", before.cutoff_at, after.cutoff_at),
        ];
        all.into_iter()
            .filter(|(_, before, after)| before != after)
            .map(|(label, before, after)| (self.view.say(label), text(before), text(after)))
            .collect()
    }
}

const FIELDS: [(&str, &str, &str); 3] = [
    ("opens", "opens", "opens-at-once"),
    ("due", "due", "no-due-time"),
    ("cutoff", "refused-after", "never"),
];

fn field(place: usize) -> Field {
    let (name, label, none) = FIELDS[place];
    Field {
        name,
        label,
        none,
        ..Field::default()
    }
}

/// Changes of the due time that a link fills in, in minutes.
#[derive(serde::Deserialize)]
pub struct DatesQuery {
    later: Option<String>,
}

/// `GET c/{course}/a/{assignment}/dates`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<DatesQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let purpose = Purpose::SetDates;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let was = signature(board.dates);
    let later = query
        .later
        .as_deref()
        .and_then(|text| text.parse::<i64>().ok());
    let later = later.filter(|minutes| (0..=14 * 24 * 60).contains(minutes));
    let mut dates = board.dates;
    if let Some(minutes) = later {
        let moved = |at: Timestamp| Timestamp::from_micros(at.micros() + minutes * 60_000_000);
        dates.due_at = dates.due_at.map(moved);
        dates.cutoff_at = dates
            .cutoff_at
            .map(|cutoff| dates.due_at.map_or(cutoff, |due| due.max(cutoff)));
    }
    let given = [dates.opens_at, dates.due_at, dates.cutoff_at];
    let fields = given.into_iter().enumerate().map(|(place, at)| {
        let (date, time) = at.map_or_else(
            || (String::new(), "23:59".to_owned()),
            |at| local_time::written(at, view.times.zone()),
        );
        Field {
            date,
            time,
            is_absent: at.is_none(),
            ..field(place)
        }
    });
    let page = page(&view, (&course, &assignment), fields.collect(), was);
    view.page(&page)
}

fn page<'a>(
    view: &'a View,
    (course, assignment): (&CourseId, &AssignmentId),
    fields: Vec<Field>,
    was: String,
) -> Page<'a> {
    let address = view.assignment(course.as_str(), assignment.as_str());
    Page {
        head: Head {
            title: view.say("dates-title"),
            crumbs: vec![
                view.home_crumb(),
                view.course_link(course.as_str()),
                view.link(address.clone(), assignment.as_str()),
            ],
            ..Head::default()
        },
        address,
        fields,
        was,
        problem: None,
        consequences: None,
        view,
    }
}

/// Handles `POST c/{course}/a/{assignment}/dates`: shows the consequences, and in the second step sets the dates.
pub async fn set(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form {
        reader,
        fields: sent,
    } = form;
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let purpose = Purpose::SetDates;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let (fields, dates) = read(&sent, &view);
    let was = signature(board.dates);
    // Another person may have changed the dates since this one looked at the consequences.
    let is_unchanged = sent.text("was") == was;
    let mut page = page(&view, (&course, &assignment), fields, was);
    let Some(dates) = dates else {
        page.problem = Some(view.say("form-has-errors"));
        return view.page_with(StatusCode::BAD_REQUEST, &page);
    };
    if !dates.are_in_order() {
        page.problem = Some(view.say("failure-dates"));
        return view.page_with(StatusCode::BAD_REQUEST, &page);
    }
    let is_second = sent.text("step") == "set";
    if is_second && is_unchanged {
        let ready = dates::ready(&exchange, &caller, course, assignment).await?;
        ready.set(dates).await?;
        return Ok(done::to(&page.address));
    }
    page.consequences = Some(consequences(&board, dates));
    if is_second {
        page.problem = Some(view.say("changed-meanwhile"));
        return view.page_with(StatusCode::CONFLICT, &page);
    }
    view.page(&page)
}

/// Returns the fields as they were sent, each with its error, and the dates if there is none.
fn read(sent: &Fields, view: &View) -> (Vec<Field>, Option<Dates>) {
    let mut times = [None; 3];
    let mut fields = Vec::new();
    for (place, time) in times.iter_mut().enumerate() {
        let mut field = field(place);
        let of = |part: &str| sent.text(&format!("{}-{part}", FIELDS[place].0)).to_owned();
        field.date = of("date");
        field.time = of("time");
        field.is_absent = sent.has(&format!("{}-none", field.name));
        if !field.is_absent {
            match local_time::parse(&field.date, &field.time, view.times.zone()) {
                Ok(at) => *time = Some(at),
                Err(NoSuchTime::Unreadable) => field.error = Some(view.say("no-time")),
                Err(NoSuchTime::Skipped { before, after }) => {
                    let said = view.say_all(
                        "time-skipped",
                        &[("before", before.to_value()), ("after", after.to_value())],
                    );
                    field.error = Some(said);
                }
            }
        }
        fields.push(field);
    }
    let is_good = fields.iter().all(|field| field.error.is_none());
    let [opens_at, due_at, cutoff_at] = times;
    let dates = is_good.then_some(Dates {
        opens_at,
        due_at,
        cutoff_at,
    });
    (fields, dates)
}

fn consequences(board: &Board, after: Dates) -> Consequences {
    let before = board.dates;
    let mut found = Consequences {
        before,
        after,
        in_time: 0,
        late: 0,
        useless: 0,
    };
    for person in &board.people {
        let (was, will_be) = (person.is_late(before), person.is_late(after));
        found.in_time += usize::from(was && !will_be);
        found.late += usize::from(!was && will_be);
        let own = person.own.extension.and_then(|extension| extension.due_at);
        let is_useless = |dates: Dates| own.zip(dates.due_at).is_some_and(|(own, due)| own <= due);
        found.useless += usize::from(is_useless(after) && !is_useless(before));
    }
    found
}

/// Returns a text that differs for different dates.
fn signature(dates: Dates) -> String {
    let all = [dates.opens_at, dates.due_at, dates.cutoff_at];
    let texts = all.map(|at| at.map_or_else(|| "-".to_owned(), |at| at.micros().to_string()));
    texts.join(" ")
}
