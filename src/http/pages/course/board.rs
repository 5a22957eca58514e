//! The class of an assignment: who has submitted, who has not, and how it goes in the last minutes.

use super::done::Done;
use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::chart::Curve;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::reply::live;
use crate::http::reply::zip;
use crate::http::request::path::InAssignment;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::board::{self, Board, BoardRow, Purpose, listed_name};
use nbcourier_exchange::collect::{self, CollectionQuery};
use nbcourier_exchange::overview::FeedbackState;
use nbcourier_work::Bug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Number of students on a page.
const PAGE: usize = 1000;
/// Maximum number of versions about which the page says who has fetched them.
const VERSIONS: usize = 10;
/// How near to the due time the numbers change quickly, in microseconds.
const NEAR: Duration = Duration::from_hours(1);

/// The rows that the page shows.
#[derive(serde::Deserialize, Default, Clone)]
pub struct BoardQuery {
    /// A part of a name.
    find: Option<String>,
    /// One of [`SHOWN`].
    show: Option<String>,
    /// One of `name`, `state`, `time`.
    sort: Option<String>,
    /// The number of the page, from 1.
    page: Option<String>,
    done: Option<String>,
}

/// The filters: the value in the address, and the key of its words.
const SHOWN: [(&str, &str); 8] = [
    ("all", "show-all"),
    ("missing", "show-missing"),
    ("not-fetched", "show-not-fetched"),
    ("late", "show-late"),
    ("in-time", "show-in-time"),
    ("extended", "show-extended"),
    ("no-feedback", "show-no-feedback"),
    ("others", "show-others"),
];

#[derive(Template)]
#[template(path = "course/board.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    address: String,
    live: Live<'a>,
    /// The address of the live part alone.
    live_address: String,
    board: &'a Board,
    rows: Vec<&'a BoardRow>,
    /// The number of rows that the filter admits.
    found: usize,
    find: &'a str,
    show: &'a str,
    sort: &'a str,
    /// The address of the next page.
    next: Option<String>,
    version: String,
    every: u32,
    done: Option<Done>,
}

/// The part of the page that is requested again.
#[derive(Template)]
#[template(path = "course/board_live.html")]
struct Live<'a> {
    view: &'a View,
    board: &'a Board,
    address: &'a str,
    curve: Option<Curve>,
}

impl Live<'_> {
    /// Returns who has fetched which of the newest versions.
    fn fetched(&self) -> Vec<String> {
        let versions = self.board.fetched.iter().take(VERSIONS).enumerate();
        let sentence = |(place, (version, students)): (usize, &(i64, usize))| {
            let key = if place == 0 {
                "fetched-version"
            } else {
                "fetched-only"
            };
            let version = version.to_string();
            let values = [("n", students.to_value()), ("version", version.to_value())];
            self.view.say_all(key, &values)
        };
        versions.map(sentence).collect()
    }

    fn number(&self, number: &usize) -> String {
        self.view.number(*number)
    }

    /// Returns how far the due time is away, and whether it is over.
    fn due(&self) -> Option<String> {
        let due = self.board.dates.due_at?;
        Some(self.view.times.distance(due))
    }
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn short(&self, at: &Timestamp) -> Moment {
        self.view.times.short(*at)
    }

    fn name(&self, row: &BoardRow) -> String {
        listed_name(
            row.first_name.as_deref(),
            row.last_name.as_deref(),
            &row.username,
        )
    }

    fn has_name(&self, row: &BoardRow) -> bool {
        row.first_name.is_some() || row.last_name.is_some()
    }

    fn state(&self, row: &BoardRow) -> (&'static str, String) {
        let dates = self.board.dates;
        if row.work.is_none() {
            let own = row.is_extended(dates).then(|| row.dates(dates).due_at);
            return match own.flatten() {
                Some(due) => {
                    let time = self.view.times.short(due);
                    (
                        "",
                        self.view.say_with("state-extended", "time", time.text()),
                    )
                }
                None => ("", self.view.say("state-missing")),
            };
        }
        if row.is_late(dates) {
            ("late", self.view.say("state-late"))
        } else {
            ("good", self.view.say("state-in-time"))
        }
    }

    fn feedback(&self, row: &BoardRow) -> String {
        match row.work.map(|work| work.feedback) {
            Some(FeedbackState::Returned) => self.view.say("given"),
            Some(FeedbackState::Outdated) => self.view.say("outdated"),
            _ => "–".to_owned(),
        }
    }

    fn shown(&self) -> [(&'static str, String); 8] {
        SHOWN.map(|(name, key)| (name, self.view.say(key)))
    }

    fn is_sorted(&self, by: &str) -> bool {
        self.sort == by
    }

    fn is_shown(&self, name: &str) -> bool {
        self.show == name
    }

    fn sorted_by(&self, sort: &str) -> String {
        format!("?show={}&sort={sort}#students", self.show)
    }

    fn person(&self, row: &BoardRow) -> String {
        self.view
            .at(&["c", self.course.as_str(), "people", &row.username])
    }
}

fn fits(row: &BoardRow, board: &Board, show: &str, find: &str) -> bool {
    let fits_show = match show {
        "missing" => row.work.is_none() && row.enrolled,
        "not-fetched" => row.is_untouched(),
        "late" => row.is_late(board.dates),
        "in-time" => row.work.is_some() && !row.is_late(board.dates),
        "extended" => row.is_extended(board.dates),
        "no-feedback" => row
            .work
            .is_some_and(|work| work.feedback != FeedbackState::Returned),
        "others" => !row.enrolled,
        _ => true,
    };
    let names = [
        row.first_name.as_deref().unwrap_or_default(),
        row.last_name.as_deref().unwrap_or_default(),
        &row.username,
    ];
    let text = names.join(" ").to_lowercase();
    fits_show
        && find
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
}

/// Returns the class of the assignment.
pub async fn show(
    exchange: &Exchange,
    reader: Reader,
    (course, assignment): (CourseId, AssignmentId),
    query: BoardQuery,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let board = board::of(
        exchange,
        &caller,
        view.place(&course),
        &assignment,
        Purpose::Look,
    )
    .await?;
    let find = query.find.as_deref().unwrap_or_default().trim();
    let show = query.show.as_deref().unwrap_or("all");
    let show = SHOWN.iter().find(|(name, _)| *name == show);
    let show = show.map_or("all", |(name, _)| name);
    let sort = match query.sort.as_deref() {
        Some("state") => "state",
        Some("time") => "time",
        _ => "name",
    };
    let mut rows: Vec<&BoardRow> = board
        .people
        .iter()
        .filter(|row| fits(row, &board, show, find))
        .collect();
    match sort {
        "state" => rows.sort_by_key(|row| (row.work.is_some(), row.is_late(board.dates))),
        "time" => rows.sort_by_key(|row| std::cmp::Reverse(row.work.map(|work| work.last_at))),
        _ => {}
    }
    let number = query.page.as_deref().unwrap_or("1").parse::<usize>();
    let number = number.unwrap_or(1).max(1);
    let found = rows.len();
    let begin = PAGE.saturating_mul(number - 1).min(found);
    let end = found.min(begin + PAGE);
    let next = (end < found).then(|| {
        let find = percent_encoding::utf8_percent_encode(find, percent_encoding::NON_ALPHANUMERIC);
        format!("?show={show}&sort={sort}&find={find}&page={}", number + 1)
    });
    let address = view.assignment(course.as_str(), assignment.as_str());
    let release = match board.release {
        Some((version, _)) => view.say_with("released-version", "version", version.to_string()),
        None => view.say("state-not-released"),
    };
    let is_near = board
        .dates
        .due_at
        .is_some_and(|due| due.distance(view.times.now()) < NEAR);
    let request = query.done.clone();
    let done = Done::of(exchange, &caller, &view, &course, request).await?;
    view.page(&Page {
        head: Head {
            title: assignment.to_string(),
            aside: release,
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "assignments"),
        },
        live: live_part(&view, &board, &address),
        rows: rows[begin..end].to_vec(),
        version: etag(board.version, &view),
        every: if is_near { 5 } else { 30 },
        live_address: view.at(&["live", course.as_str(), assignment.as_str()]),
        address: address.clone(),
        course: &course,
        board: &board,
        found,
        find,
        show,
        sort,
        next,
        done,
        view: &view,
    })
}

fn live_part<'a>(view: &'a View, board: &'a Board, address: &'a str) -> Live<'a> {
    let begin = board.release.map(|(_, released_at)| released_at);
    Live {
        curve: Curve::new(
            &board.first_submissions,
            board.counts.enrolled,
            begin,
            board.dates.due_at,
            &view.times,
        ),
        view,
        board,
        address,
    }
}

/// Returns the tag of the live part: it changes with every change of the course, and with every minute.
fn etag(version: i64, view: &View) -> String {
    let minute = view.times.now().micros() / 60_000_000;
    let mut hasher = DefaultHasher::new();
    (
        version,
        minute,
        view.language().tag(),
        view.times.zone_name(),
    )
        .hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// Handles `GET live/{course}/{assignment}`: the numbers and the curve, or 304 if nothing has changed.
pub async fn live(
    request: HttpRequest,
    caller: Caller,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let reader = Reader {
        view: View::of(&request, Some(&caller))?,
        caller,
    };
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let version = board::version(&exchange, &caller, course.clone()).await?;
    let tag = etag(version, &view);
    if let Some(unchanged) = live::unchanged(&request, &tag) {
        return Ok(unchanged);
    }
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        Purpose::Look,
    )
    .await?;
    let address = view.assignment(course.as_str(), assignment.as_str());
    let html = live_part(&view, &board, &address)
        .render()
        .map_err(Bug::new)?;
    Ok(live::part(html, &tag))
}

/// Maximum number of submissions in one archive of a page.
const ARCHIVED: usize = 20_000;

/// Handles `GET c/{course}/a/{assignment}/collected.zip`: the newest submission of each student, below the user name.
pub async fn collected(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let name = format!("{course}-{assignment}.zip");
    let query = CollectionQuery {
        course,
        assignment,
        student: None,
        before: None,
        after: None,
        at_most: ARCHIVED,
    };
    let found = collect::collect(&exchange, &reader.caller, query).await?;
    if found.next.is_some() {
        return Err(Error::bad(reader.view.say("too-many-for-zip")));
    }
    let trees = found.submissions.into_iter();
    let trees = trees.map(|submission| {
        let tree = submission.tree();
        (submission.student, tree)
    });
    Box::pin(zip::trees(&exchange, &name, trees.collect())).await
}
