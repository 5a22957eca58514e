//! The figures of a course: what its students have submitted, and when. The page names no student.

use super::tabs;
use crate::http::error::Result;
use crate::http::pages::bars::{Bar, Colour};
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InCourse;
use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use jiff::{Span, tz::TimeZone};
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::figures::{self, AssignmentFigures, Figures, SMALLEST_GROUP, Week};

/// The keys of the words for the spans before the due time.
const SPANS: [&str; 6] = [
    "before-3-days",
    "before-1-day",
    "before-6-hours",
    "before-1-hour",
    "before-due",
    "after-due",
];
/// The numbers of submissions that are counted together.
const TIMES: [&str; 4] = ["1", "2–3", "4–9", "10+"];
/// The number of shades of the hours.
const SHADES: i64 = 4;

#[derive(Template)]
#[template(path = "course/figures.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    course: &'a CourseId,
    figures: &'a Figures,
    /// The lines about the time before the due time: words, number and bar.
    before_due: Vec<(String, i64, Bar)>,
    /// The lines about the number of submissions.
    times: Vec<(&'static str, i64, Bar)>,
    weeks: Vec<(Moment, Week, Bar)>,
    /// Each hour with its cells, if any hour is shown.
    hours: Vec<(String, Vec<Cell>)>,
}

/// An hour on a day of the week: its number of submissions and its shade.
type Cell = Option<(i64, i64)>;

impl Page<'_> {
    fn number(&self, number: &i64) -> String {
        self.view.number(usize::try_from(*number).unwrap_or(0))
    }

    fn weekdays(&self) -> [String; 7] {
        std::array::from_fn(|day| self.view.say(&format!("weekday-{}", day + 1)))
    }

    fn bar(&self, assignment: &AssignmentFigures) -> Bar {
        let parts = [
            (Colour::Main, assignment.in_time),
            (Colour::Late, assignment.late),
        ];
        Bar::new(self.figures.students, &parts)
    }

    fn days(&self, days: &i64) -> String {
        self.view.say_with("figures-days", "n", *days)
    }

    fn small_groups(&self) -> String {
        self.view.say_with("hours-explained", "n", SMALLEST_GROUP)
    }

    fn stored(&self) -> String {
        let size = self.view.size(self.figures.stored.bytes);
        let Some(limit) = self.figures.limit else {
            return size;
        };
        let limit = self.view.size(limit);
        let values = [("size", size.to_value()), ("limit", limit.to_value())];
        self.view.say_all("size-of", &values)
    }

    fn counted_at(&self) -> Moment {
        self.view.times.minute(self.figures.stored.at)
    }
}

/// `GET c/{course}/figures`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let zone = view.times.zone();
    let figures = figures::of(&exchange, &caller, view.place(&course), zone).await?;
    let students = figures.students;
    let weeks = figures.weeks.iter().map(|week| {
        let parts = [
            (Colour::Main, week.seen),
            (Colour::Quiet, week.seen_so_far - week.seen),
        ];
        let monday = view.times.day(midnight(week.monday, zone));
        (monday, *week, Bar::new(students, &parts))
    });
    view.page(&Page {
        head: Head {
            title: view.say("figures-title"),
            aside: view.say_with("students", "n", students),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "figures"),
        },
        before_due: before_due(&view, &figures),
        times: times(&figures),
        // The newest week is the one that people look for.
        weeks: weeks.rev().collect(),
        hours: hours(&figures),
        course: &course,
        figures: &figures,
        view: &view,
    })
}

fn before_due(view: &View, figures: &Figures) -> Vec<(String, i64, Bar)> {
    let found = figures.before_due;
    let mut lines: Vec<(&str, i64)> = SPANS.into_iter().zip(found.spans).collect();
    if found.without_due > 0 {
        lines.push(("no-due-time", found.without_due));
    }
    let most = lines.iter().map(|(_, number)| *number).max().unwrap_or(0);
    let lines = lines.into_iter().map(|(key, number)| {
        let colour = match key {
            "after-due" => Colour::Late,
            _ => Colour::Main,
        };
        let bar = Bar::new(most, &[(colour, number)]);
        (view.say(key), number, bar)
    });
    lines.collect()
}

fn times(figures: &Figures) -> Vec<(&'static str, i64, Bar)> {
    let most = figures.times.into_iter().max().unwrap_or(0);
    let lines = TIMES.into_iter().zip(figures.times);
    let line = |(words, number)| (words, number, Bar::new(most, &[(Colour::Main, number)]));
    lines.map(line).collect()
}

/// Returns the hours of the day, each with its seven days.
fn hours(figures: &Figures) -> Vec<(String, Vec<Cell>)> {
    let days = &figures.hours;
    let most = days.iter().flatten().flatten().max();
    let Some(most) = most.copied().filter(|most| *most > 0) else {
        return Vec::new();
    };
    let hours = (0..24).map(|hour| {
        let shade = |number: i64| (number * SHADES + most - 1) / most;
        let cell = |day: &[Option<i64>; 24]| day[hour].map(|number| (number, shade(number)));
        (format!("{hour:02}:00"), days.iter().map(cell).collect())
    });
    hours.collect()
}

/// Returns the begin of a day, which is a number of days since 1970-01-01. A day outside the calendar is shown as a number.
fn midnight(day: i64, zone: &TimeZone) -> Timestamp {
    let epoch = Date::constant(1970, 1, 1);
    let date = Span::new().try_days(day).ok();
    let date = date.and_then(|days| epoch.checked_add(days).ok());
    let begin = date.and_then(|date| date.to_zoned(zone.clone()).ok());
    let micros = begin.map_or(i64::MAX, |begin| begin.timestamp().as_microsecond());
    Timestamp::from_micros(micros)
}
